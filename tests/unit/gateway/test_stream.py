"""What a stream hears: all of its own, in order, nothing of others, and for as long as it may."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.events_source import MemorySource
from tests.waiting import eventually

from quantapilot.errors import QuantaPilotError
from quantapilot.gateway.frames import HEARTBEAT
from quantapilot.gateway.live import PAGE, Tail, TailSettings
from quantapilot.gateway.model import EVERY_PROJECT, Token
from quantapilot.gateway.stream import (
    Streams,
    StreamSettings,
    TokenEndedError,
    TooManyStreamsError,
    Wanted,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from quantapilot.gateway.model import StoredEvent
    from quantapilot.gateway.stream import EventStream

OTHER_RUN = "9a0c6f0e-0f3e-4c62-9d5c-6a6f6f0f3e4c"
QUICK = TailSettings(poll=3600.0, rest=0.0)
ALL = Wanted()


def token(*projects: str, token_id: str = "000000000001") -> Token:
    scopes = frozenset({"events:subscribe"})
    return Token(token_id, "bearer", scopes, frozenset(projects or {"proj_a"}), 0.0)


@dataclass
class Place:
    """A tail, its source and its streams."""

    source: MemorySource
    tail: Tail
    streams: Streams
    holder: Token | None = field(default_factory=token)

    def add(self, *arguments: Any, **more: Any) -> list[StoredEvent]:
        made = self.source.add(*arguments, **more)
        self.tail.told(made)
        return made

    async def open(self, wanted: Wanted = ALL, last: str | None = None) -> EventStream:
        return await self.streams.open(lambda: self.holder, wanted, last)


@asynccontextmanager
async def place(
    count: int = 0, tail_settings: TailSettings = QUICK, **settings: Any
) -> AsyncIterator[Place]:
    source = MemorySource(count)
    async with asyncio.timeout(30), Tail(source, tail_settings) as tail:
        yield Place(source, tail, Streams(tail, StreamSettings(**settings)))


async def heard(stream: EventStream, count: int) -> list[str]:
    """Return the ids of the next events of a stream."""
    ids: list[str] = []
    while len(ids) < count:
        chunk = await anext(aiter(stream.body_iterator))
        assert isinstance(chunk, bytes)
        ids += [line[4:].decode() for line in chunk.split(b"\n") if line.startswith(b"id: ")]
    return ids


async def ended(stream: EventStream) -> bytes:
    """Return all that comes until a stream ends."""
    return b"".join([bytes(each) async for each in stream.body_iterator])  # type: ignore[arg-type]


def ids(events: Iterable[StoredEvent]) -> list[str]:
    return [each.id for each in events]


def test_a_stream_begins_with_what_is_new() -> None:
    async def go() -> None:
        async with place(3) as it:
            stream = await it.open()
            made = it.add(2)
            assert await heard(stream, 2) == ids(made)

    asyncio.run(go())


def test_what_comes_between_the_request_and_the_first_byte_is_not_lost() -> None:
    async def go() -> None:
        async with place() as it:
            stream = await it.open()
            made = it.add(3)
            await eventually(lambda: it.tail.shown == 3)
            assert await heard(stream, 3) == ids(made)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("wanted", "projects", "expected"),
    [
        (ALL, ["proj_a"], [0, 1, 2]),
        (ALL, ["proj_b"], [3]),
        (ALL, ["proj_a", "proj_b"], [0, 1, 2, 3]),
        (ALL, [EVERY_PROJECT], [0, 1, 2, 3, 4]),
        (Wanted(project_id="proj_a"), [EVERY_PROJECT], [0, 1, 2]),
        (Wanted(project_id="proj_b"), ["proj_a"], []),
        (Wanted(run_id=OTHER_RUN), ["proj_a"], [1]),
        (Wanted(run_id=OTHER_RUN), ["proj_b"], []),
        (Wanted(types=frozenset({"quantapilot.run_failed"})), ["proj_a"], [2]),
        (Wanted(frozenset({"quantapilot.run_failed"}), "proj_a", OTHER_RUN), ["proj_a"], []),
    ],
)
def test_a_stream_hears_what_it_asked_for_and_is_granted(
    wanted: Wanted, projects: list[str], expected: list[int]
) -> None:
    async def go() -> None:
        async with place(heartbeat=0.0) as it:
            it.holder = token(*projects)
            made = [
                *it.add(),
                *it.add(run=OTHER_RUN),
                *it.add(kind="quantapilot.run_failed"),
                *it.add(project="proj_b"),
                *it.add(project="proj_c"),
            ]
            await eventually(lambda: it.tail.shown == 5)
            for last in (None, "unknown"):
                stream = await it.open(wanted, last)
                everything = await heard(stream, len(expected)) if last else []
                chunk = await anext(aiter(stream.body_iterator))
                assert chunk == (HEARTBEAT if last and expected else b"retry: 3000\n\n")
                assert everything == [made[each].id for each in expected if last]

    asyncio.run(go())


@pytest.mark.parametrize("remembered", [10_000, 3], ids=["in memory", "in the store"])
def test_a_stream_resumes_behind_the_last_event_that_the_client_has(remembered: int) -> None:
    async def go() -> None:
        async with place(0, replace(QUICK, most=remembered)) as it:
            made = it.add(PAGE + 50)
            await eventually(lambda: it.tail.shown == PAGE + 50)
            stream = await it.open(last=made[9].id)
            later = it.add(2)
            assert await heard(stream, PAGE + 42) == ids([*made[10:], *later])

    asyncio.run(go())


def test_an_unknown_id_begins_at_the_oldest_event_that_is_kept() -> None:
    async def go() -> None:
        async with place(5) as it:
            for unknown in ("unknown", "5", "x" * 65, "\x00", "' or 1=1 --"):
                assert await heard(await it.open(last=unknown), 5) == ids(it.source.events)

    asyncio.run(go())


def test_the_id_of_an_event_of_another_project_tells_nothing() -> None:
    async def go() -> None:
        async with place(2) as it:
            foreign = it.source.add(3, project="proj_b")
            async with Tail(it.source, QUICK) as tail:
                there = Place(it.source, tail, Streams(tail))
                stream = await there.open(last=foreign[1].id)
                later = there.add()
                assert await heard(stream, 3) == ids([*it.source.events[:2], *later])

    asyncio.run(go())


def test_a_store_whose_old_events_are_gone_goes_on_with_what_there_is() -> None:
    async def go() -> None:
        async with place(5) as it:
            it.source.events.clear()
            stream = await it.open(last="unknown")
            reading = asyncio.create_task(heard(stream, 1))
            await eventually(lambda: it.source.reads)
            reads = len(it.source.reads)
            it.source.events.clear()
            made = it.source.add(1, gap=20)
            it.tail.told(made)
            assert await reading == ids(made)
            # It did not ask again and again for what is not there.
            assert len(it.source.reads) <= reads + 2

    asyncio.run(go())


def test_a_quiet_stream_is_kept_alive() -> None:
    async def go() -> None:
        async with place(heartbeat=0.01) as it:
            stream = await it.open()
            chunks = [await anext(aiter(stream.body_iterator)) for _ in range(4)]
            assert chunks[1:] == [HEARTBEAT] * 3

    asyncio.run(go())


def test_a_stream_that_is_only_passed_by_is_kept_alive_too() -> None:
    async def go() -> None:
        async with place(heartbeat=0.05) as it:
            stream = await it.open()
            chunks: list[object] = []

            async def listen() -> None:
                while True:
                    chunks.append(await anext(aiter(stream.body_iterator)))

            listening = asyncio.create_task(listen())

            def passes() -> bool:
                it.add(project="proj_b")
                return len(chunks) >= 3

            await eventually(passes)
            listening.cancel()
            assert set(chunks[1:]) == {HEARTBEAT}

    asyncio.run(go())


@pytest.mark.parametrize("when", ["woken", "quiet"])
def test_a_token_that_ended_hears_nothing_more(when: str) -> None:
    async def go() -> None:
        async with place(heartbeat=30.0 if when == "woken" else 0.01) as it:
            stream = await it.open()
            made = it.add()
            assert await heard(stream, 1) == ids(made)
            it.holder = None
            if when == "woken":
                it.add()
            assert await ended(stream) in {b"", HEARTBEAT}

    asyncio.run(go())


def test_a_token_that_ends_while_the_store_is_read_hears_nothing_more() -> None:
    async def go() -> None:
        async with place(5) as it:
            stream = await it.open(last="unknown")
            await anext(aiter(stream.body_iterator))
            reads = it.source.events_after

            def ending(*given: Any) -> Any:
                it.holder = None
                return reads(*given)

            it.source.events_after = ending  # type: ignore[method-assign,assignment]
            assert await ended(stream) == b""

    asyncio.run(go())


def test_whoever_begins_at_the_oldest_reads_no_more_for_what_others_have() -> None:
    async def go() -> None:
        async with place() as it:
            first = it.add(project="proj_b")
            it.source.add(PAGE * 5)
            last = it.source.add(project="proj_b")
            it.holder = token("proj_b")
            async with Tail(it.source, QUICK) as tail:
                stream = await Streams(tail).open(lambda: it.holder, ALL, "unknown")
                assert await heard(stream, 2) == ids([*first, *last])
            assert it.source.reads == [0]

    asyncio.run(go())


def test_a_grant_that_is_taken_away_holds_at_once() -> None:
    async def go() -> None:
        async with place() as it:
            it.holder = token("proj_a", "proj_b")
            stream = await it.open()
            it.holder = token("proj_b")
            it.add()
            mine = it.add(project="proj_b")
            assert await heard(stream, 1) == ids(mine)

    asyncio.run(go())


def test_a_stream_ends_with_the_server() -> None:
    async def go() -> None:
        async with place() as it:
            stream = await it.open()
            ending = asyncio.create_task(ended(stream))
            await eventually(lambda: it.streams.count)
            it.tail.end()
            assert await ending == b"retry: 3000\n\n"
            assert it.streams.count == 0

    asyncio.run(go())


def test_a_stream_ends_by_itself_once_it_is_old() -> None:
    async def go() -> None:
        async with place(longest=0.02, retry=1.0) as it:
            assert await ended(await it.open()) == b"retry: 1000\n\n"

    asyncio.run(go())


def test_a_store_that_is_away_ends_a_stream_that_needs_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def go() -> None:
        async with place(3) as it:
            stream = await it.open(last="unknown")
            it.source.fault = QuantaPilotError("secret address")
            assert await ended(stream) == b"retry: 3000\n\n"
            with pytest.raises(QuantaPilotError):
                await it.open(last="unknown")

    asyncio.run(go())
    assert [each.getMessage() for each in caplog.records] == [
        "event stream ended: QuantaPilotError"
    ]


def test_there_are_so_many_streams_and_no_more() -> None:
    async def go() -> None:
        async with place(most=4, most_of_token=2) as it:
            held = [await it.open() for _ in range(2)]
            for each in held:
                await anext(aiter(each.body_iterator))
            with pytest.raises(TooManyStreamsError, match="of this token"):
                await it.open()
            it.holder = token(token_id="000000000002")
            held += [await it.open() for _ in range(2)]
            for each in held[2:]:
                await anext(aiter(each.body_iterator))
            it.holder = token(token_id="000000000003")
            with pytest.raises(TooManyStreamsError, match="are open"):
                await it.open()
            assert it.streams.count == 4
            it.tail.end()
            for each in held:
                await ended(each)
            assert it.streams.count == 0
            it.holder = None
            with pytest.raises(TokenEndedError):
                await it.open()

    asyncio.run(go())


def test_many_streams_of_one_kind_are_sent_the_same_bytes() -> None:
    async def go() -> None:
        async with place() as it:
            streams = [await it.open() for _ in range(50)]
            for each in streams:
                await anext(aiter(each.body_iterator))
            it.add(5)
            chunks = await asyncio.gather(*[anext(aiter(s.body_iterator)) for s in streams])
            assert len({id(each) for each in chunks}) == 1

    asyncio.run(go())


def test_much_is_sent_in_pieces() -> None:
    async def go() -> None:
        async with place() as it:
            made = it.add(100, body=b'"' + b"x" * 3000 + b'"')
            await eventually(lambda: it.tail.shown == 100)
            stream = await it.open(last="unknown")
            got: list[str] = []
            while len(got) < 100:
                chunk = await anext(aiter(stream.body_iterator))
                assert len(chunk) <= 64 << 10
                got += [x[4:].decode() for x in bytes(chunk).split(b"\n") if x[:4] == b"id: "]  # type: ignore[arg-type]
            assert got == ids(made)

    asyncio.run(go())
