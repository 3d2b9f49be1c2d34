"""One call of a sink: whatever happens in it, there is an answer for each of its messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from quantapilot.sinks.sink import Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.sinks.sink import Message, Outcome, Sink


async def answers(sink: Sink, batch: Sequence[Message], deadline: float) -> Sequence[Outcome]:
    """Send messages, and return what became of each.

    A sink that raises, does not return within `deadline` seconds, or answers for another number
    of messages has a fault of its own: nobody knows what arrived, so all are sent again.
    """
    try:
        async with asyncio.timeout(deadline):
            outcomes = await sink.send(batch)
    except TimeoutError:
        fault = "no answer in time"
    except Exception as error:  # noqa: BLE001
        # Its text may show what was sent.
        fault = f"fault of the sink: {type(error).__name__}"
    else:
        if len(outcomes) == len(batch):
            return outcomes
        fault = f"fault of the sink: {len(outcomes)} answers for {len(batch)} events"
    return [Retry(fault)] * len(batch)
