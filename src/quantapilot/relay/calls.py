"""Calls of a sink: whatever happens in one, there is an answer, and no text that shows a value."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from quantapilot.errors import QuantaPilotError
from quantapilot.sinks.sink import Dead, Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.sinks.sink import Message, Outcome, Sink

_REASONED = (Retry, Dead, Disabled)


async def opening(sink: Sink) -> str:
    """Open a sink; return what is wrong with it for now, and nothing where it is open.

    Raises:
        SinkError: It can't be used at all.
    """
    try:
        await sink.open()
    except QuantaPilotError:
        raise
    except Exception as error:  # noqa: BLE001
        return _fault(error)
    return ""


async def closing(sink: Sink, seconds: float) -> None:
    """Close a sink; one that fails to, or takes too long, holds nobody up."""
    try:
        async with asyncio.timeout(seconds):
            await sink.close()
    except Exception:  # noqa: BLE001
        # All that was to be recorded is: there is nothing left to tell.
        return


async def answers(sink: Sink, batch: Sequence[Message], seconds: float) -> Sequence[Outcome]:
    """Send messages, and return what became of each.

    A sink that raises, does not return in time, or does not answer for each message has a fault of
    its own: nobody knows what arrived, so all are sent again.
    """
    try:
        async with asyncio.timeout(seconds):
            outcomes = await sink.send(batch)
        if len(outcomes) == len(batch) and all(map(_known, outcomes)):
            return outcomes
        fault = f"fault of the sink: {len(outcomes)} answers for {len(batch)} events"
        if len(outcomes) == len(batch):
            fault = "fault of the sink: answers of no known kind"
    except TimeoutError:
        fault = "no answer in time"
    except Exception as error:  # noqa: BLE001
        fault = _fault(error)
    return [Retry(fault)] * len(batch)


def _known(outcome: Outcome) -> bool:
    """Return whether an answer is one that can be recorded: another one would stop all records."""
    if isinstance(outcome, Delivered):
        return True
    if not isinstance(outcome, _REASONED):
        return False
    reason: object = outcome.reason
    after: object = outcome.after if isinstance(outcome, Retry) else None
    if not isinstance(reason, str) or not isinstance(after, int | float | None):
        return False
    return reason.isascii() or not any("\ud800" <= each <= "\udfff" for each in reason)


def _fault(error: Exception) -> str:
    # Its text may show what was sent.
    return f"fault of the sink: {type(error).__name__}"
