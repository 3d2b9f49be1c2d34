"""The high-water mark: a small file beside the database that tells how far it had got.

SQLite takes a write-ahead log whose tail is damaged for a shorter one. The mark is written after
each commit and before anyone is told of it, so that a database behind its mark has lost events.
"""

from __future__ import annotations

import errno
import os
import struct
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SLOT = struct.Struct(">4sQQ16s")
_MAGIC = b"QPM1"
_SUM = 12
# Each slot has a sector of its own: a write that a power cut tears leaves the other one whole.
_STRIDE = 512
# How long a mark may be in the system's memory alone; there it survives a kill, not a power cut.
_SYNC_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Mark:
    """The last place that was acknowledged, and the hash of the event there."""

    seq: int
    chain: bytes


def mark_path(path: Path) -> Path:
    """Return where an outbox's mark is."""
    return path.with_name(f"{path.name}.mark")


def read_mark(path: Path) -> Mark | None:
    """Return the mark of an outbox; None where there is no file.

    Raises:
        ValueError: The file is there, but holds no whole mark.
        OSError: It can't be read.
    """
    try:
        raw = mark_path(path).read_bytes()
    except FileNotFoundError:
        return None
    found = _newest(raw)
    if found is None:
        raise ValueError("no whole mark")
    return found[1]


def _newest(raw: bytes) -> tuple[int, Mark] | None:
    slots = [_slot(raw[at : at + _SLOT.size + _SUM]) for at in (0, _STRIDE)]
    return max((slot for slot in slots if slot is not None), key=lambda slot: slot[0], default=None)


def _slot(raw: bytes) -> tuple[int, Mark] | None:
    head, given = raw[: _SLOT.size], raw[_SLOT.size :]
    if len(head) < _SLOT.size or given != blake2b(head, digest_size=_SUM).digest():
        return None
    magic, turn, seq, chain = _SLOT.unpack(head)
    return (turn, Mark(seq, chain)) if magic == _MAGIC else None


def _packed(turn: int, seq: int, chain: bytes) -> bytes:
    head = _SLOT.pack(_MAGIC, turn, seq, chain)
    return head + blake2b(head, digest_size=_SUM).digest()


def _begin(place: Path) -> None:
    """Write a mark of nothing; whoever looks, or is killed here, finds none of it or all."""
    part = place.with_name(f".{place.name}.new")
    try:
        with part.open("wb") as file:
            file.write(_packed(0, 0, b"").ljust(2 * _STRIDE, b"\0"))
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


class MarkFile:
    """The mark of an outbox that this process adds events to."""

    def __init__(self, path: Path) -> None:
        """Open the mark, or make one.

        Raises:
            OSError: It can't be written.
        """
        place = mark_path(path)
        found = _newest(place.read_bytes()) if place.exists() else None
        if found is None:
            _begin(place)
        self._turn = found[0] if found else 0
        self._handle = os.open(place, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._synced = monotonic()

    def write(self, seq: int, chain: bytes) -> None:
        """Set the mark.

        Raises:
            OSError: It can't be written.
        """
        turn = self._turn + 1
        self._put(_packed(turn, seq, chain), _STRIDE * (turn % 2))
        self._turn = turn
        if monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def _put(self, raw: bytes, at: int) -> None:
        os.lseek(self._handle, at, os.SEEK_SET)
        if os.write(self._handle, raw) != len(raw):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        """Have the mark survive a power cut.

        Raises:
            OSError: It can't be written.
        """
        os.fsync(self._handle)
        self._synced = monotonic()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)
