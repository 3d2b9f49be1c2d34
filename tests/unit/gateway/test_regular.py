"""What is done again and again goes on, whatever fails in it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from quantapilot.errors import StoreUnavailableError
from quantapilot.gateway.regular import regularly

if TYPE_CHECKING:
    import pytest


def done(*faults: Exception | None) -> None:
    """Have a part done that fails like this, one after the other, and end then."""

    async def run() -> None:
        ends, left = asyncio.Event(), list(faults)

        async def part() -> None:
            fault = left.pop(0)
            if not left:
                ends.set()
            if fault is not None:
                raise fault

        async with asyncio.timeout(20):
            await regularly("to look", part, 0.001, ends)

    asyncio.run(run())


def test_whatever_fails_it_is_done_again_and_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        done(None, ValueError("alice@example.com"), KeyError("secret"), None, None)
    assert [each.getMessage() for each in caplog.records] == [
        "to look is held up: ValueError",
        "to look goes on",
    ]


def test_a_store_that_is_away_is_named(caplog: pytest.LogCaptureFixture) -> None:
    done(StoreUnavailableError("store.db can't be used: the disk is full"))
    assert caplog.messages == ["to look is held up: store.db can't be used: the disk is full"]
