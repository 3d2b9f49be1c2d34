"""Standings: where many runs stand, the least recently touched ones in a temporary file.

Nothing of an event is kept, in memory or on the disk, but keyed digests of 64 bits, whose key is
made anew for each store, and the places of events. Runs that ended are kept as well: one that
begins a second time must be known.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import orjson

from quantapilot.contract.standing import Standing
from quantapilot.errors import ScratchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from quantapilot.contract.standing import Held

MOST_RUNS = 65_536
# The share of them that is spilled at a time.
_BATCHES = 8
# Bits of the filter that tells which runs were never spilled: 4 MiB.
_FILTER_BITS = 25
_MASK = (1 << _FILTER_BITS) - 1


class Standings:
    """Where runs stand, by the digests of their ids; a context manager.

    Attributes:
        recent: The runs that were touched last.
    """

    def __init__(self, most: int | None = None) -> None:
        """Take how many runs are held in memory at most; `MOST_RUNS` where it is None."""
        self.recent: dict[int, Held] = {}
        self._older: dict[int, Held] = {}
        self._most = max(MOST_RUNS if most is None else most, 2)
        self._batch = max(self._most // _BATCHES, 1)
        # So many recent ones count as older together.
        self._many = max(self._most * 3 // 4, 1)
        self._spilled: _Spilled | None = None

    @property
    def in_memory(self) -> int:
        """Return how many runs are held in memory."""
        return len(self.recent) + len(self._older)

    def recall(self, key: int) -> Held | None:
        """Return where a run stands that is not among the recent ones; None where it is unknown.

        Raises:
            ScratchError: It can't be read back, or what makes room for it can't be written.
        """
        held = self._older.pop(key, None)
        if held is None and self._spilled is not None:
            held = self._spilled.read(key)
            if held is not None:
                self.put(key, held)
                return held
        if held is not None:
            self.recent[key] = held
        return held

    def put(self, key: int, held: Held) -> None:
        """Keep where a run stands.

        Raises:
            ScratchError: What makes room for it can't be written.
        """
        if key not in self.recent and self._older.pop(key, None) is None:
            self._make_room()
        self.recent[key] = held

    def forget(self, key: int) -> None:
        """Forget a run that is in memory."""
        self.recent.pop(key, None)
        self._older.pop(key, None)

    def _make_room(self) -> None:
        if len(self.recent) >= self._many:
            # Those that are in use come back before their turn to be spilled comes.
            newer, self.recent = self.recent, {}
            if self._older:
                self._older.update(newer)
            else:
                self._older = newer
        if self.in_memory < self._most:
            return
        if self._spilled is None:
            self._spilled = _Spilled()
        batch = list(islice(self._older, self._batch))
        self._spilled.write([(key, self._older[key]) for key in batch])
        for key in batch:
            del self._older[key]

    def close(self) -> None:
        """Forget all; the temporary file is gone then."""
        self.recent.clear()
        self._older.clear()
        spilled, self._spilled = self._spilled, None
        if spilled is not None:
            spilled.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Spilled:
    """Standings in a temporary file, which nobody else can open and which outlives nobody."""

    def __init__(self) -> None:
        with _typed():
            self._folder = Path(tempfile.mkdtemp(prefix="qp-order-"))
        self._filter = bytearray(1 << (_FILTER_BITS - 3))
        try:
            with _typed():
                file = self._folder / "standings"
                self._database = sqlite3.connect(
                    file, isolation_level=None, check_same_thread=False
                )
                # What is lost with a crash is of no use behind it.
                for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE"):
                    self._database.execute(f"PRAGMA {pragma}").close()
                self._database.execute("CREATE TABLE runs(run INTEGER PRIMARY KEY, standing BLOB)")
                if os.name != "nt":
                    # It stays as long as it is open, and not longer, however this process ends.
                    file.unlink()
                    self._folder.rmdir()
        except BaseException:
            self.close()
            raise

    def write(self, batch: Sequence[tuple[int, Held]]) -> None:
        rows = sorted((key, _written(held)) for key, held in batch)
        with _typed():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR REPLACE INTO runs VALUES(?, ?)", rows)
            self._database.execute("COMMIT")
        bits = self._filter
        for key, _ in batch:
            for bit in (key & _MASK, (key >> _FILTER_BITS) & _MASK):
                bits[bit >> 3] |= 1 << (bit & 7)

    def read(self, key: int) -> Held | None:
        bits = self._filter
        first, second = key & _MASK, (key >> _FILTER_BITS) & _MASK
        if not (bits[first >> 3] >> (first & 7) & bits[second >> 3] >> (second & 7) & 1):
            return None
        with _typed():
            statement = "SELECT standing FROM runs WHERE run=?"
            with closing(self._database.execute(statement, (key,))) as cursor:
                row = cursor.fetchone()
        return None if row is None else _read(row[0])

    def close(self) -> None:
        database: sqlite3.Connection | None = getattr(self, "_database", None)
        if database is not None:
            database.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def new_digest() -> Callable[[str], int]:
    """Return a keyed digest of 64 bits, other than 0, with a random key of its own.

    Python's own hash of a text is one where it is SipHash, which is keyed for each process; it
    takes a fraction of the time of BLAKE2b (RFC 7693).
    """
    salt = token_hex(16)
    if sys.hash_info.algorithm.startswith("siphash") and sys.hash_info.width == 64:
        return lambda text: hash(salt + text) or 1
    key = salt.encode()

    def digest(text: str) -> int:
        data = text.encode("utf-8", "surrogatepass")
        made = blake2b(data, key=key, digest_size=8).digest()
        return int.from_bytes(made, "big", signed=True) or 1

    return digest


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScratchError(
            f"more runs than fit into memory, and the folder for temporary files can't hold them: "
            f"{reason}; name another one with room by the variable TMPDIR"
        ) from None


def _written(held: Held) -> bytes:
    readings = held if isinstance(held, list) else [held]
    return orjson.dumps([each.tolist() for each in readings])


def _read(written: bytes) -> Held:
    readings = [Standing("q", each) for each in orjson.loads(written)]
    return readings if len(readings) > 1 else readings[0]
