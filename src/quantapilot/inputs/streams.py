"""Streams: bytes that can only be read on, with a look ahead; and sections of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.inputs.blocks import Readable

_SKIPPED_AT_ONCE = 1 << 20


class Forward:
    """A stream that is read on only, from whatever it comes.

    Args:
        stream: Gives the bytes.
        head: Bytes that were read of it already, and come first.
        count: Is told of the bytes that are read from the stream, `head` included.
    """

    def __init__(
        self, stream: Readable, head: bytes = b"", count: Callable[[int], None] | None = None
    ) -> None:
        self._stream = stream
        self._head = head
        self._count = count
        self._at = 0
        if count is not None:
            count(len(head))

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes, fewer at the end or before a fault only.

        Raises:
            InputFaultError: They can't be read.
            OSError: They can't be read.
        """
        head, self._head = self._head[:size], self._head[size:]
        try:
            data = head + self._more(size - len(head)) if head else self._more(size)
        except (InputFaultError, OSError):
            if not head:
                raise
            # What came is looked at; who reads on meets the fault again.
            data = head
        self._at += len(data)
        return data

    def peek(self, size: int, /) -> bytes:
        """Return the same, to be read again."""
        if len(self._head) < size:
            self._head += self._more(size - len(self._head))
        return self._head[:size]

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._at

    def seekable(self) -> bool:
        """Tell that nothing can be read again."""
        return False

    def skip_to(self, position: int, /) -> bool:
        """Read on to a position; tell whether the stream reaches so far."""
        while self._at < position:
            if not self.read(min(position - self._at, _SKIPPED_AT_ONCE)):
                return False
        return self._at == position

    def _more(self, size: int) -> bytes:
        data = self._stream.read(size)
        if self._count is not None:
            self._count(len(data))
        return data


class Section:
    """The next `size` bytes of a stream."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end of the section or of the stream."""
        data = self._stream.read(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data
