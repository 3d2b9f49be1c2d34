"""SQLite's write-ahead log, mended: what stands behind a damaged frame can be read again.

Each frame's checksum covers all frames before it, so that one changed byte hides all that follows.
With checksums made anew nothing is hidden, and nothing is proven either: the outbox's own chain
tells which events are as they were. The format is that of https://sqlite.org/fileformat2.html,
sections 4.1 and 4.2.
"""

from __future__ import annotations

import struct
import sys
from array import array

# The low bit of the magic number tells in which byte order checksums are made.
_LITTLE, _BIG = 0x377F0682, 0x377F0683
_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_SUMS = struct.Struct(">2I")
_WORD = 0xFFFFFFFF

Sums = tuple[int, int]


def mended(log: bytes) -> bytes | None:
    """Return a log whose checksums fit what is in it; None where that is no log, or nothing is.

    A frame that belongs to an earlier use of the file ends it, as it does for SQLite.
    """
    if len(log) < _HEADER.size:
        return None
    magic, _, page, _, *salts, _, _ = _HEADER.unpack_from(log)
    if magic not in {_LITTLE, _BIG} or page not in {1 << power for power in range(9, 17)}:
        return None
    big = magic == _BIG
    size = _FRAME.size + page
    starts = range(_HEADER.size, len(log) - size + 1, size)
    ours = [at for at in starts if list(_FRAME.unpack_from(log, at)[2:4]) == salts]
    if not ours:
        return None
    out = bytearray(log)
    sums = _summed((0, 0), log[: _HEADER.size - _SUMS.size], big=big)
    _SUMS.pack_into(out, _HEADER.size - _SUMS.size, *sums)
    for at in range(_HEADER.size, ours[-1] + 1, size):
        body = at + _FRAME.size
        sums = _summed(sums, log[at : at + 8] + log[body : body + page], big=big)
        _FRAME.pack_into(out, at, *_FRAME.unpack_from(log, at)[:2], *salts, *sums)
    return bytes(out)


def _summed(sums: Sums, data: bytes, *, big: bool) -> Sums:
    words = array("I", data)
    if big != (sys.byteorder == "big"):
        words.byteswap()
    first, second = sums
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
