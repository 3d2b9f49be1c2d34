"""The end of the events in memory: nothing is missing or out of order, and it is bounded."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.events_source import MemorySource
from tests.waiting import eventually

from quantapilot.errors import QuantaPilotError
from quantapilot.gateway.live import PAGE, EventSource, Tail, TailSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

QUICK = TailSettings(poll=0.01, rest=0.0)
# It never looks by itself within a test.
DEAF = TailSettings(poll=3600.0, rest=0.0)


@asynccontextmanager
async def tailing(source: EventSource, settings: TailSettings = DEAF) -> AsyncIterator[Tail]:
    async with asyncio.timeout(30), Tail(source, settings) as tail:
        yield tail


def places(tail: Tail, cursor: int = 0) -> list[int]:
    """Return the places of all events in memory behind one."""
    found: list[int] = []
    while page := tail.remembered(found[-1] if found else cursor):
        found += [each.seq for each in page]
    return found


def test_what_was_there_before_is_left_to_the_store() -> None:
    async def go() -> None:
        source = MemorySource(10)
        async with tailing(source) as tail:
            assert (tail.shown, tail.floor, places(tail)) == (10, 10, [])
            assert [each.seq for each in await tail.stored(4, {"*"})] == [5, 6, 7, 8, 9, 10]
            assert source.reads == [4]

    asyncio.run(go())


def test_told_events_are_shown_without_the_store_being_read() -> None:
    async def go() -> None:
        source = MemorySource(3)
        async with tailing(source) as tail:
            tail.told(source.add(2))
            tail.told(source.add(1))
            await eventually(lambda: tail.shown == 6)
            assert places(tail) == [4, 5, 6]
            assert source.reads == []

    asyncio.run(go())


def test_a_place_that_another_says_it_has_is_read_and_one_that_is_known_is_not() -> None:
    async def go() -> None:
        source = MemorySource(3)
        async with tailing(source) as tail:
            tail.reached(3)
            tail.told(source.add(1))
            await eventually(lambda: tail.shown == 4)
            assert source.reads == []
            source.add(2)
            tail.reached(6)
            await eventually(lambda: tail.shown == 6)
            assert places(tail) == [4, 5, 6]

    asyncio.run(go())


def test_events_of_other_processes_before_told_ones_are_read() -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source) as tail:
            source.add(3)
            tail.told(source.add(1))
            await eventually(lambda: tail.shown == 4)
            assert places(tail) == [1, 2, 3, 4]

    asyncio.run(go())


def test_places_that_stay_empty_are_no_reason_to_wait() -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source) as tail:
            tail.told(source.add(1, gap=5))
            await eventually(lambda: tail.shown == 6)
            tail.told([*source.add(1), *source.add(1, gap=2)])
            await eventually(lambda: tail.shown == 10)
            assert places(tail) == [6, 7, 10]

    asyncio.run(go())


def test_what_is_told_twice_is_there_once() -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source) as tail:
            made = source.add(3)
            tail.told(made[:2])
            tail.told(made)
            tail.told(made[:1])
            tail.told()
            await eventually(lambda: source.reads)
            assert places(tail) == [1, 2, 3]

    asyncio.run(go())


def test_events_of_other_processes_are_found_by_looking() -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source, QUICK) as tail:
            source.add(PAGE * 2 + 5)
            await eventually(lambda: tail.shown == PAGE * 2 + 5)
            assert places(tail) == list(range(1, PAGE * 2 + 6))

    asyncio.run(go())


def test_threads_may_tell_while_the_store_is_read() -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source, QUICK) as tail:
            lock = threading.Lock()

            def write() -> None:
                for _ in range(200):
                    with lock:
                        made = source.add(2)
                    tail.told(made)

            threads = [threading.Thread(target=write) for _ in range(4)]
            for each in threads:
                each.start()
            await eventually(lambda: tail.shown == 1600)
            for each in threads:
                each.join()
            assert places(tail) == list(range(1, 1601))

    asyncio.run(go())


@pytest.mark.parametrize(
    "settings",
    [
        TailSettings(most=100, poll=3600.0, rest=0.0),
        TailSettings(most_bytes=100_000, poll=3600.0, rest=0.0),
    ],
    ids=["events", "bytes"],
)
def test_memory_is_bounded_and_the_rest_is_in_the_store(settings: TailSettings) -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source, settings) as tail:
            for _ in range(30):
                tail.told(source.add(10, body=b"x" * 400))
            await eventually(lambda: tail.shown == 300)
            assert tail.floor >= 195
            assert places(tail) == list(range(tail.floor + 1, 301))
            assert len(await tail.stored(0, {"*"})) == PAGE

    asyncio.run(go())


def test_all_who_wait_are_woken_at_once() -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source) as tail:
            waiting = [asyncio.create_task(tail.wait(0, 30)) for _ in range(100)]
            await asyncio.sleep(0)
            tail.told(source.add(1))
            await asyncio.gather(*waiting)
            assert tail.shown == 1
            # Who is behind does not wait, and who is not waits no longer than it wants to.
            await tail.wait(0, 30)
            await tail.wait(1, 0.01)

    asyncio.run(go())


def test_the_end_wakes_all() -> None:
    async def go() -> None:
        async with tailing(MemorySource()) as tail:
            waiting = asyncio.create_task(tail.wait(0, 30))
            await asyncio.sleep(0)
            tail.end()
            await waiting
            await tail.wait(0, 30)
        tail.told([])

    asyncio.run(go())


def test_telling_after_the_loop_is_gone_does_no_harm() -> None:
    async def go() -> Tail:
        tail = Tail(MemorySource(), DEAF)
        tail.told([])
        return await tail.__aenter__()

    tail = asyncio.run(go())
    tail.told([])


def test_a_store_that_is_away_is_told_of_once_and_read_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def go() -> None:
        source = MemorySource()
        async with tailing(source, QUICK) as tail:
            source.fault = QuantaPilotError("secret address")
            source.add(2)
            await eventually(lambda: caplog.records)
            source.fault = None
            await eventually(lambda: tail.shown == 2)

    with caplog.at_level(logging.WARNING):
        asyncio.run(go())
    assert [each.getMessage() for each in caplog.records] == [
        "event streams wait: the store can't be read (QuantaPilotError)"
    ]


def test_the_place_of_an_event_is_told_to_its_project_alone() -> None:
    async def go() -> None:
        source = MemorySource(3)
        async with tailing(source) as tail:
            known = source.events[1].id
            assert await tail.place(known, {"proj_a"}) == 2
            assert await tail.place(known, {"*"}) == 2
            assert await tail.place(known, {"proj_b"}) is None
            assert await tail.place("unknown", {"*"}) is None

    asyncio.run(go())
