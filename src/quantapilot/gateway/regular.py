"""What is done again and again beside all requests: whatever fails in it, it is done once more.

A store that is away for an hour is told of twice: when it goes, and when it is back.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from quantapilot.errors import shown
from quantapilot.relay.recorder import pause

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

_LOG = logging.getLogger(__name__)


async def regularly(
    name: str, part: Callable[[], Awaitable[object]], seconds: float, ends: asyncio.Event
) -> None:
    """Do something at once, and again after each pause, until an end; it is not cut short then.

    Args:
        name: What the log calls it.
        part: Does it once.
        seconds: The pause.
        ends: Is set where it is to end.
    """
    fails = False
    while not ends.is_set():
        try:
            await part()
        except Exception as error:  # noqa: BLE001
            if not fails:
                _LOG.warning("%s is held up: %s", name, shown(error))
            fails = True
        else:
            if fails:
                _LOG.warning("%s goes on", name)
            fails = False
        await pause(ends, seconds)
