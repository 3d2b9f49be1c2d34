"""HTTP streams: what a server gives out, read in windows, from any place where it gives ranges.

What came before a connection broke is returned first, then the fault: fsspec's own file would drop
it. Where the server gives ranges (RFC 9110, section 14), what is missing is asked for again.
"""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

    from aiohttp import ClientResponse

    _Result = TypeVar("_Result")

# Bytes that are asked for at once: a part of an input, and the line that runs over its end.
WINDOW: Final = 5 << 20
# So often what a broken connection left out is asked for again.
_TRIES: Final = 3
# Windows in a row after which the next is asked for before it is needed; a part has fewer.
_IN_A_ROW: Final = 2
_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class _Window:
    """Bytes that came, and what ended them too early."""

    data: bytes
    error: Exception | None = None


class HttpStream(io.BufferedIOBase):
    """A resource of HTTP as a stream; who only reads from a place asks for nothing before it."""

    def __init__(self, system: Any, url: str, window: int = WINDOW) -> None:
        """Take what asks, and for what.

        Args:
            system: fsspec's file system of HTTP, which has the session and its loop.
            url: The address.
            window: Bytes that are asked for at once.
        """
        self._system = system
        self._url = url
        self._most = window
        self._answered = False
        self._size: int | None = None
        # The whole resource, where the server gives no ranges.
        self._body: ClientResponse | None = None
        self._tag: str | None = None
        self._window = b""
        # Where the window begins, and where in it is read.
        self._begins = self._offset = 0
        self._row = self._broken = 0
        self._ahead: Future[_Window] | None = None
        self._fault: Exception | None = None

    @property
    def size(self) -> int | None:
        """Return how many bytes there are; None where the server does not tell.

        Raises:
            Exception: It can't be had; `remote_faults` tells why.
        """
        self._ask()
        return self._size

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell whether it can be read from any place.

        Raises:
            Exception: It can't be had; `remote_faults` tells why.
        """
        self._ask()
        return self._ranged

    def tell(self) -> int:
        """Return from where the next bytes are read."""
        return self._begins + self._offset

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Read on from another place, and return it.

        Raises:
            io.UnsupportedOperation: The server gives no ranges.
        """
        place = offset
        if whence == io.SEEK_CUR:
            place += self.tell()
        elif whence == io.SEEK_END:
            place += self.size or 0
        if self._answered and not self._ranged:
            raise io.UnsupportedOperation("the server gives no ranges")
        inside = place - self._begins
        if 0 <= inside <= len(self._window):
            self._offset = inside
        else:
            self._forget_ahead()
            self._window, self._begins, self._offset = b"", place, 0
            self._row, self._fault = 0, None
        return place

    def read(self, size: int | None = -1, /) -> bytes:
        """Return so many bytes, fewer only at the end or before a fault.

        Raises:
            Exception: Nothing more can be had; `remote_faults` tells why.
        """
        wanted = -1 if size is None else size
        found: list[bytes] = []
        while wanted:
            if self._offset == len(self._window) and not self._load():
                if self._fault is not None and not found:
                    raise self._fault
                break
            end = len(self._window) if wanted < 0 else self._offset + wanted
            found.append(self._window[self._offset : end])
            self._offset += len(found[-1])
            wanted -= len(found[-1]) if wanted > 0 else 0
        return found[0] if len(found) == 1 else b"".join(found)

    def close(self) -> None:
        """End the connection."""
        if not self.closed:
            self._forget_ahead()
            if self._body is not None:
                self._system.loop.call_soon_threadsafe(self._body.close)
        super().close()

    @property
    def _ranged(self) -> bool:
        return self._body is None and self._size is not None

    def _ask(self) -> None:
        if not self._answered and not self._load() and self._fault is not None:
            raise self._fault

    def _load(self) -> bool:
        """Take the next window, and tell whether there is one."""
        if self._fault is not None:
            return False
        self._begins += len(self._window)
        self._offset = 0
        ahead, self._ahead = self._ahead, None
        taken = (ahead or self._asked(self._got(self._begins))).result()
        self._window, self._row = taken.data, self._row + 1
        if taken.error is not None:
            self._broken += 1
            if not (taken.data and self._ranged and self._broken <= _TRIES):
                self._fault = taken.error
        elif taken.data and self._row >= _IN_A_ROW:
            self._ahead = self._asked(self._got(self._begins + len(taken.data)))
        return bool(taken.data)

    def _asked(self, coroutine: Coroutine[Any, Any, _Result]) -> Future[_Result]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._system.loop)

    def _forget_ahead(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()

    async def _got(self, start: int) -> _Window:
        """Return the window that begins at a place."""
        try:
            if self._body is not None:
                return await _gathered(self._body, self._most)
            if self._size is not None and start >= self._size:
                return _Window(b"")
            return await self._range(start)
        except Exception as error:  # noqa: BLE001 - told behind what came before it.
            return _Window(b"", error)

    async def _range(self, start: int) -> _Window:
        session = await self._system.set_session()
        answer: ClientResponse = await session.get(
            self._system.encode_url(self._url),
            headers={"Range": f"bytes={start}-{start + self._most - 1}"},
        )
        first, self._answered = not self._answered, True
        if answer.status == 200 and start == 0 and first:
            self._body, self._size = answer, answer.content_length
            return await _gathered(answer, self._most)
        async with answer:
            told = _RANGE.match(answer.headers.get("Content-Range", ""))
            total = int(told[2]) if told and told[2] != "*" else None
            if answer.status == 416 and total in {None, start}:
                self._size = start
                return _Window(b"")
            answer.raise_for_status()
            tag = answer.headers.get("ETag")
            if first:
                self._size, self._tag = total, tag
            if (total, tag) != (self._size, self._tag):
                raise InputFaultError(
                    "input/unreadable", "can't be read: it was changed while it was read"
                )
            if answer.status != 206 or not told or told[1] != str(start):
                raise InputFaultError(
                    "input/unreadable", "can't be read: the server gives another range than asked"
                )
            return await _gathered(answer, self._most)


async def _gathered(answer: ClientResponse, most: int) -> _Window:
    """Return what comes of an answer, until that are so many bytes or more."""
    data = bytearray()
    try:
        # Waiting all the time: what comes while nobody waits is dropped when the connection breaks.
        while len(data) < most and (some := await answer.content.readany()):
            data += some
    except Exception as error:  # noqa: BLE001 - told behind what came before it.
        return _Window(bytes(data), error)
    return _Window(bytes(data))
