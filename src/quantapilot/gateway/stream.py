"""The body of `GET /events`: what a token may hear of what it asked for, for as long as it holds.

A client resumes with the id of the last event that it has. Ids are used and never places in the
store, as those would tell one project how much the others do. An id that is unknown, or of a
project that the token is not granted, begins at the oldest event that is kept: to get an event
twice is better than never.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from quantapilot.errors import QuantaPilotError
from quantapilot.gateway.frames import HEARTBEAT, retry
from quantapilot.gateway.model import EVERY_PROJECT
from quantapilot.gateway.problems import HEADERS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

    from starlette.types import Send

    from quantapilot.gateway.frames import Frame
    from quantapilot.gateway.live import Tail
    from quantapilot.gateway.model import Token

_LOG = logging.getLogger(__name__)
# What an id of an event can be; anything else is no id, and the store is not asked for it.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# So much is sent in one go, and a client that does not read holds no more than that.
_CHUNK = 64 << 10
# How many different answers to one signal are remembered.
_REMEMBERED = 256
_HEADERS = {**HEADERS, "x-accel-buffering": "no"}


class TooManyStreamsError(QuantaPilotError):
    """There are as many streams as there may be; the text says so, and of whom."""


class TokenEndedError(QuantaPilotError):
    """The token of a stream that is to begin does not hold any more."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How streams are kept open.

    Attributes:
        heartbeat: Seconds without an event after which a comment is sent, so that both sides and
            all between them know that the connection stands.
        longest: Seconds after which a stream ends, about: its client resumes it, and is spread
            over the servers there are then.
        retry: Seconds that clients are asked to wait before they connect again.
        most, most_of_token: How many streams may be open at a time, in all and of one token: a
            few of the one leave plenty of the other.
    """

    heartbeat: float = 15.0
    longest: float = 3600.0
    retry: float = 3.0
    most: int = 4000
    most_of_token: int = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stream is to hear: all that its token may where nothing is named."""

    types: frozenset[str] = frozenset()
    project_id: str | None = None
    run_id: str | None = None

    def among(self, projects: frozenset[str]) -> frozenset[str]:
        """Return the projects that are wanted, of those that are granted."""
        return projects if self.project_id is None else frozenset({self.project_id})

    def has(self, frame: Frame, projects: frozenset[str]) -> bool:
        """Return whether an event is wanted, and of one of the granted projects."""
        return (
            (frame.project_id in projects or EVERY_PROJECT in projects)
            and (self.project_id is None or frame.project_id == self.project_id)
            and (self.run_id is None or frame.run_id == self.run_id)
            and (not self.types or frame.type in self.types)
        )


class Streams:
    """All streams of a process.

    Args:
        tail: Where events come from.
        settings: How streams are kept open.
    """

    def __init__(self, tail: Tail, settings: StreamSettings | None = None) -> None:
        self._tail = tail
        self._settings = settings or StreamSettings()
        self._open: Counter[str] = Counter()
        # Streams that ask for the same and are as far as each other are sent the same bytes.
        self._made: dict[tuple[int, frozenset[str], Wanted], tuple[bytes, int]] = {}
        self._made_at = 0

    @property
    def count(self) -> int:
        """Return how many streams are open."""
        return self._open.total()

    async def open(
        self, holder: Callable[[], Token | None], wanted: Wanted, last_event_id: str | None = None
    ) -> EventStream:
        """Begin a stream: from now on, or behind the last event that the client has.

        Args:
            holder: Returns the token as it is at that time; None once it does not hold any more.
                It is asked before anything is sent.
            wanted: What is to be heard.
            last_event_id: The header `Last-Event-ID`, where it was sent.

        Returns:
            The answer to the request.

        Raises:
            TooManyStreamsError: So many are open already.
            TokenEndedError: The token does not hold any more.
            QuantaPilotError: The store can't be read.
        """
        token = holder()
        if token is None:
            raise TokenEndedError("the token does not hold any more")
        if self.count >= self._settings.most:
            raise TooManyStreamsError("too many event streams are open: try again later")
        if self._open[token.token_id] >= self._settings.most_of_token:
            raise TooManyStreamsError("too many event streams of this token: close some first")
        cursor = self._tail.shown
        if last_event_id:
            cursor = await self._resumed(last_event_id, token)
        return EventStream(self._body(holder, token, wanted, cursor))

    async def _resumed(self, event_id: str, token: Token) -> int:
        if not _ID.fullmatch(event_id):
            return 0
        return await self._tail.place(event_id, token.projects) or 0

    @contextmanager
    def _counted(self, token_id: str) -> Iterator[None]:
        self._open[token_id] += 1
        try:
            yield
        except QuantaPilotError as error:
            # The client resumes where it is, here or elsewhere.
            _LOG.warning("event stream ended: %s", type(error).__name__)
        finally:
            self._open[token_id] -= 1
            if not self._open[token_id]:
                del self._open[token_id]

    async def _body(
        self, holder: Callable[[], Token | None], token: Token, wanted: Wanted, cursor: int
    ) -> AsyncGenerator[bytes, None]:
        now, heartbeat = asyncio.get_running_loop().time, self._settings.heartbeat
        # Not all at once, where all began at once.
        end = now() + self._settings.longest * random.uniform(0.9, 1.1)  # noqa: S311 no secret
        with self._counted(token.token_id):
            yield retry(self._settings.retry)
            sent = now()
            while not self._tail.ended and now() < end:
                frames, cursor = await self._stored(cursor, wanted.among(token.projects))
                # Asked behind every wait: nothing is sent for a token that ended meanwhile.
                held = holder()
                if held is None:
                    return
                token = held
                chunk, cursor = self._next(cursor, token.projects, wanted, frames)
                # A page is not held while the client reads.
                del frames
                if chunk or now() - sent >= heartbeat:
                    yield chunk or HEARTBEAT
                    sent = now()
                else:
                    await self._tail.wait(cursor, min(sent + heartbeat, end) - now())

    async def _stored(self, cursor: int, projects: frozenset[str]) -> tuple[Sequence[Frame], int]:
        """Return what is only in the store of what is next; where there is no more, what is not."""
        floor = self._tail.floor
        if cursor >= floor:
            return (), cursor
        frames = await self._tail.stored(cursor, projects)
        return frames, cursor if frames else floor

    def _next(
        self, cursor: int, projects: frozenset[str], wanted: Wanted, frames: Sequence[Frame]
    ) -> tuple[bytes, int]:
        """Return what is next to be sent, and how far it leads: of a page, else from memory."""
        if frames:
            return _chunk(cursor, frames, projects, wanted)
        if self._made_at != self._tail.shown or len(self._made) >= _REMEMBERED:
            self._made.clear()
            self._made_at = self._tail.shown
        key = (cursor, projects, wanted)
        made = self._made.get(key)
        if made is None:
            made = b"", cursor
            while not made[0] and (frames := self._tail.remembered(made[1])):
                made = _chunk(made[1], frames, projects, wanted)
            self._made[key] = made
        return made


class EventStream(StreamingResponse):
    """The answer to `GET /events`; what it holds is given back when its client goes."""

    def __init__(self, body: AsyncGenerator[bytes, None]) -> None:
        super().__init__(body, headers=_HEADERS, media_type="text/event-stream")
        self._body = body

    async def stream_response(self, send: Send) -> None:
        """Send the body; where that is cancelled, end it too."""
        try:
            await super().stream_response(send)
        finally:
            await self._body.aclose()


def _chunk(
    cursor: int, frames: Sequence[Frame], projects: frozenset[str], wanted: Wanted
) -> tuple[bytes, int]:
    parts: list[bytes] = []
    size = 0
    for frame in frames:
        if wanted.has(frame, projects):
            size += len(frame.data)
            if parts and size > _CHUNK:
                break
            parts.append(frame.data)
        cursor = frame.seq
    return b"".join(parts), cursor
