"""The end of the store's events, in memory, and one signal for all who wait for more of them.

Thousands of streams would otherwise ask the store again and again, or each need a queue. Here they
hold no more than a number, how far they are, and look at the same list.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from quantapilot.gateway.frames import framed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from quantapilot.gateway.frames import Frame
    from quantapilot.gateway.model import StoredEvent

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_SEQ = attrgetter("seq")
# How many events are looked at in one go; a page of the store is held for no longer than that.
PAGE = 256
# Two, so that a stream that reads from far back does not hold up the events that are new.
_READERS = 2
# What an event costs in memory besides its bytes.
_OVERHEAD = 512


class EventSource(Protocol):
    """Where events are read from, in the order in which they were committed; may block.

    Where a call takes projects, None stands for every project, as `*` among them does.
    """

    def events_after(
        self, seq: int, limit: int, projects: Collection[str] | None = None
    ) -> Sequence[StoredEvent]:
        """Return the first events of some projects behind a place."""

    def last_seq(self) -> int:
        """Return the place of the last event; 0 where there is none."""

    def seq_of(self, event_id: str, projects: Collection[str] | None = None) -> int | None:
        """Return the place of an event; None where none of the projects has such an event."""


@dataclass(frozen=True, slots=True)
class TailSettings:
    """How much is kept in memory, and how often it is looked for more.

    Attributes:
        most, most_bytes: Of how many events, and of how many bytes.
        poll: Seconds between two looks into the store, where other processes may write too.
        rest: Seconds at least between two signals: what comes meanwhile is sent together.
    """

    most: int = 10_000
    most_bytes: int = 64 << 20
    poll: float = 0.5
    rest: float = 0.1


class Tail:
    """Follows a store from `async with` on until the block ends.

    Attributes:
        floor: All events behind this place are in memory.
        shown: The place of the last event that streams may look at.
        ended: Whether streams are to end.
    """

    def __init__(
        self,
        source: EventSource,
        settings: TailSettings | None = None,
        *,
        found: Callable[[Sequence[StoredEvent]], None] = lambda _: None,
    ) -> None:
        """Take what is followed.

        Args:
            source: Where events are read from.
            settings: How much is kept in memory, and how often it is looked for more.
            found: Called, on the event loop, with events that nobody told of: other processes
                accepted them.
        """
        self._source = source
        self._settings = settings or TailSettings()
        self._found = found
        self._frames: list[Frame] = []
        self._bytes = 0
        self._last = 0
        self._behind = False
        self._failing = False
        self._news = asyncio.Event()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._following: asyncio.Task[None] | None = None
        self._readers = ThreadPoolExecutor(_READERS, "quantapilot-tail")
        self.floor = 0
        self.shown = 0
        self.ended = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.shown = self.floor = self._last = await self._read(self._source.last_seq)
        self._following = asyncio.create_task(self._follow(), name="quantapilot-tail")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end()
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self._readers.shutdown(wait=False, cancel_futures=True)

    def end(self) -> None:
        """Have all streams end, as the server is about to; to be called on the event loop."""
        self.ended = True
        self._wake.set()

    def told(self, events: Sequence[StoredEvent] = ()) -> None:
        """Learn that events were committed; from any thread.

        Args:
            events: Which; the store is read where it is not said, or where others lie before them.
        """
        if self._loop is None or self.ended:
            return
        # The loop may close between the look and the call.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, events)

    def reached(self, seq: int) -> None:
        """Learn that there are events up to a place, says another node; on the event loop."""
        if seq > self._last and not self.ended:
            self._take(())

    async def wait(self, cursor: int, seconds: float) -> None:
        """Return once there is more behind a place, the streams are to end, or time is up."""
        wake = self._wake
        if self.shown > cursor or self.ended or seconds <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()

    def remembered(self, cursor: int) -> Sequence[Frame]:
        """Return the next events behind a place, of those in memory: `PAGE` of them at most."""
        frames = self._frames
        start = bisect_right(frames, cursor, key=_SEQ)
        page = frames[start : start + PAGE]
        while page and page[-1].seq > self.shown:
            page.pop()
        return page

    async def stored(self, cursor: int, projects: Collection[str]) -> Sequence[Frame]:
        """Return the next events of some projects, of those in the store: `PAGE` of them at most.

        How many events others have makes it no slower.

        Raises:
            QuantaPilotError: The store can't be read.
        """
        page = await self._read(self._source.events_after, cursor, PAGE, projects)
        return [framed(each) for each in page]

    async def place(self, event_id: str, projects: Collection[str]) -> int | None:
        """Return the place of an event; None where none of the projects has such an event.

        Raises:
            QuantaPilotError: The store can't be read.
        """
        return await self._read(self._source.seq_of, event_id, projects)

    async def _read(self, read: Callable[..., _T], *arguments: object) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, read, *arguments)

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.poll):
                    await self._news.wait()
            except TimeoutError:
                self._behind = True
            self._news.clear()
            if self._behind:
                await self._catch_up()
            if self._last > self.shown:
                self.shown = self._last
                wake, self._wake = self._wake, asyncio.Event()
                wake.set()
                await asyncio.sleep(self._settings.rest)

    async def _catch_up(self) -> None:
        """Read what is not in memory; a store that can't be read is told of once."""
        self._behind = False
        try:
            page = await self._read(self._source.events_after, self._last, PAGE)
        except Exception as error:  # noqa: BLE001 whatever fails there, streams must go on
            if not self._failing:
                kind = type(error).__name__
                _LOG.warning("event streams wait: the store can't be read (%s)", kind)
            self._failing = True
            return
        self._failing = False
        fresh = [each for each in page if each.seq > self._last]
        self._keep(fresh)
        if fresh:
            self._found(fresh)
        if len(page) >= PAGE:
            self._behind = True
            self._news.set()

    def _take(self, events: Sequence[StoredEvent]) -> None:
        fresh = [each for each in events if each.seq > self._last]
        # Places follow each other in the order of commits, so that nothing is missing then.
        if fresh and fresh[0].seq == self._last + 1 and fresh[-1].seq == self._last + len(fresh):
            self._keep(fresh)
        elif fresh or not events:
            self._behind = True
        self._news.set()

    def _keep(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            frame = framed(event)
            self._frames.append(frame)
            self._bytes += len(frame.data) + _OVERHEAD
            self._last = frame.seq
        frames, settings, gone = self._frames, self._settings, 0
        while len(frames) - gone > settings.most or self._bytes > settings.most_bytes:
            self._bytes -= len(frames[gone].data) + _OVERHEAD
            self.floor = frames[gone].seq
            gone += 1
        del frames[:gone]
