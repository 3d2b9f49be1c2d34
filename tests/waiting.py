"""Waits for what is about to hold, on a thread or on an event loop; never for a time alone."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 30.0


def until(holds: Callable[[], object], seconds: float = _PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.005)


async def eventually(holds: Callable[[], object]) -> None:
    """Wait on an event loop until something holds."""
    async with asyncio.timeout(_PATIENCE):
        while not holds():
            await asyncio.sleep(0.002)
