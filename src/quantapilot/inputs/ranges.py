"""Ranges: the lines that begin within some bytes of a file, so that several can share one file.

Ranges that follow each other give every line once, wherever they are cut.
"""

from __future__ import annotations

from typing import BinaryIO

# Bytes that are read at once in search of the end of a line.
_SEARCHED = 1 << 16


class LineRange:
    """The lines that begin in the bytes from `start` up to `stop` of a stream.

    Attributes:
        ends: How many ends of lines were read.
    """

    def __init__(self, stream: BinaryIO, start: int, stop: int | None) -> None:
        """Take a stream that can be read from any place; `stop` None is its end.

        Raises:
            OSError: It can't be read.
        """
        self._stream = stream
        self._stop = stop
        self._at = start
        self._over = False
        self.ends = 0
        if start:
            self._to_first_line()

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size` of them; none at the end.

        Raises:
            OSError: The stream can't be read.
        """
        if self._over:
            return b""
        begins, stop = self._at, self._stop
        if stop is not None:
            size = min(size, max(stop - begins, _SEARCHED))
        data = self._stream.read(size)
        self._at += len(data)
        if stop is not None and self._at >= stop:
            # The last line ends where it may, behind the range.
            end = data.find(b"\n", max(0, stop - 1 - begins))
            if end >= 0:
                data = data[: end + 1]
                self._over = True
        self._over |= not data
        self.ends += data.count(b"\n")
        return data

    def _to_first_line(self) -> None:
        """Move behind the line that begins before the range, or to its end."""
        at = self._stream.seek(self._at - 1)
        while self._stop is None or at < self._stop - 1:
            data = self._stream.read(_SEARCHED)
            end = data.find(b"\n")
            if end >= 0:
                self._at = at + end + 1
                self._over = self._stop is not None and self._at >= self._stop
                self._stream.seek(self._at)
                return
            if not data:
                break
            at += len(data)
        self._over = True
