"""Compressed streams: gzip, bzip2, xz, lzma and zstd, read on a piece at a time.

Everything is bounded: what one step gives out, the memory a decompressor may take, and by
`Expansion` what an input may unpack to. Nothing is ever written to a disk.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from quantapilot.inputs.rules import InputFaultError
from quantapilot.inputs.unpacking import HEAD_BYTES, packing_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.inputs.blocks import Readable

# What any input may unpack to, and above that how many times its own size. Logs shrink by 5 to 60,
# very regular ones by 120 (zstd) to 500 (xz); what is made to harm by 1,000 (gzip) to a million.
FREE_BYTES: Final = 1 << 30
MOST_RATIO: Final = 200
# The window that the programs of zstd unpack without being asked, and xz with its largest preset.
_WINDOW_LOG = 27
_XZ_MEMORY = (1 << _WINDOW_LOG) + (16 << 20)
_STORED_AT_ONCE = 1 << 16


class Decompressor(Protocol):
    """Unpacks one frame, as those of the standard library do."""

    @property
    def eof(self) -> bool:
        """Tell whether the frame has ended."""

    @property
    def needs_input(self) -> bool:
        """Tell whether more must be given before more is given out."""

    @property
    def unused_data(self) -> bytes:
        """Return what was given and stands behind the frame's end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most `max_length` bytes."""


class Inflate:
    """Deflated data (RFC 1951) as the other decompressors give it, in gzip's frame or in none."""

    def __init__(self, wbits: int) -> None:
        """Take the frame, as `zlib.decompressobj` does."""
        self._inflate = zlib.decompressobj(wbits)
        self._full = False
        self._error: zlib.error | None = None

    @property
    def eof(self) -> bool:
        """Tell whether the frame has ended."""
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        """Tell whether more must be given before more is given out."""
        return not (self._full or self._inflate.unconsumed_tail or self._error)

    @property
    def unused_data(self) -> bytes:
        """Return what was given and stands behind the frame's end."""
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most `max_length` bytes; the error is raised behind the last that is whole.

        Raises:
            zlib.error: The data is damaged.
        """
        if self._error is not None:
            raise self._error
        data = self._inflate.unconsumed_tail + data
        before = self._inflate.copy()
        try:
            found = self._inflate.decompress(data, max_length)
        except zlib.error as error:
            self._error = error
            return _whole(before, data)
        self._full = len(found) == max_length
        return found


def _whole(inflate: Any, data: bytes) -> bytes:
    """Return what data gives before it turns out to be damaged."""
    found = bytearray()
    try:
        for at in range(len(data)):
            found += inflate.decompress(data[at : at + 1])
    except zlib.error:
        pass
    return bytes(found)


@dataclass(frozen=True, slots=True)
class Compression:
    """A compression: its name, what unpacks a frame, and whether frames may follow each other."""

    name: str
    frame: Callable[[], Decompressor]
    frames: bool = True


def _bzip2() -> Decompressor:
    from bz2 import BZ2Decompressor

    return BZ2Decompressor()


def _xz() -> Decompressor:
    from lzma import FORMAT_XZ, LZMADecompressor

    return LZMADecompressor(FORMAT_XZ, memlimit=_XZ_MEMORY)


def _lzma() -> Decompressor:
    from lzma import FORMAT_ALONE, LZMADecompressor

    return LZMADecompressor(FORMAT_ALONE, memlimit=_XZ_MEMORY)


def _zstd() -> Decompressor:
    zstd = _zstd_module()
    options = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
    made: Decompressor = zstd.ZstdDecompressor(options=options)
    return made


def _zstd_module() -> Any:
    """Return `compression.zstd`, or what brings it to Python before 3.14."""
    from importlib import import_module

    try:
        return import_module("compression.zstd")
    except ModuleNotFoundError:
        pass
    try:
        return import_module("backports.zstd")
    except ModuleNotFoundError as error:
        raise InputFaultError(
            "input/needs-extra",
            "zstd needs the extra 'zstd': pip install 'quantapilot-contract[zstd]'",
        ) from error


COMPRESSIONS: Final = {
    each.name: each
    for each in (
        Compression("gzip", lambda: Inflate(31)),
        Compression("deflate", lambda: Inflate(-15), frames=False),
        Compression("bzip2", _bzip2),
        Compression("xz", _xz),
        Compression("lzma", _lzma, frames=False),
        Compression("zstd", _zstd),
    )
}


class Expansion:
    """How much an input was unpacked to, against how much of it was read.

    The sum is bounded: where it is too much, what is left to any other member is halved, so that
    they are still checked, and many of them come to no more than twice as much.
    """

    def __init__(self, free: int = FREE_BYTES, ratio: int = MOST_RATIO) -> None:
        """Take what may be unpacked to in any case, and how many times what is stored above."""
        self._free = free
        self._ratio = ratio
        self._allowed = 0
        self._made = 0

    def stored(self, size: int) -> None:
        """Count bytes that were read as they are stored."""
        self._allowed += size * self._ratio

    def made(self, size: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            InputFaultError: They are too many.
        """
        self._made += size
        if self._made <= self._allowed + self._free:
            return
        message = (
            f"unpacks to over {self._free:,} bytes and {self._ratio} times its size: what stands "
            "up to there was checked"
        )
        self._made = self._allowed
        self._free //= 2
        raise InputFaultError("input/expansion", message)


class Unpacked:
    """A compressed stream, read as what it holds.

    Where it is damaged or unpacks to too much it ends, and `fault` tells why: so what stands before
    that is looked at, down to a last line without an end.
    """

    def __init__(self, stream: Readable, compression: Compression, expansion: Expansion) -> None:
        """Take the stream, how it is compressed, and what bounds it."""
        self.fault: InputFaultError | None = None
        self._stream = stream
        self._compression = compression
        self._expansion = expansion
        self._frame: Decompressor | None = None
        self._given = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes of what it holds, fewer at the end only.

        Raises:
            OSError: The stream can't be read.
        """
        pieces: list[bytes] = []
        left = size
        try:
            while left and not self._ended:
                piece = self._piece(left)
                self._expansion.made(len(piece))
                pieces.append(piece)
                left -= len(piece)
        except InputFaultError as fault:
            self.fault = fault
            self._ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        """Return what the next step unpacks, at most so many bytes, perhaps none."""
        frame = self._frame
        if frame is not None and frame.eof:
            self._given = self._behind(frame.unused_data)
            frame = None
            if not self._given:
                self._ended = True
                return b""
        if frame is None:
            frame = self._frame = self._compression.frame()
        data, self._given = self._given, b""
        if not data and frame.needs_input:
            data = self._stream.read(_STORED_AT_ONCE)
            if not data:
                raise self._damaged("ends too early")
        try:
            return frame.decompress(data, most)
        except Exception as error:
            if isinstance(error, MemoryError) or "emory" in str(error):
                raise InputFaultError(
                    "input/expansion",
                    f"takes over {_XZ_MEMORY >> 20} MiB of memory to unpack",
                ) from error
            raise self._damaged("is damaged") from error

    def _behind(self, rest: bytes) -> bytes:
        """Return the beginning of the next frame, none at the end; zeros may stand before it."""
        while not (rest := rest.lstrip(b"\0")):
            rest = self._stream.read(_STORED_AT_ONCE)
            if not rest:
                return b""
        if len(rest) < HEAD_BYTES:
            rest += self._stream.read(_STORED_AT_ONCE)
        name = self._compression.name
        if not self._compression.frames or packing_of(rest[:HEAD_BYTES]) != name:
            raise self._damaged("is followed by something else")
        return rest

    def _damaged(self, how: str) -> InputFaultError:
        return InputFaultError(
            "input/damaged",
            f"its {self._compression.name} data {how}: only what stands before that was checked",
        )
