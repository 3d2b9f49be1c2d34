"""Each event carries a hash over itself and the hash before it: a change shows, and so does a loss.

The hash is BLAKE2b (RFC 7693) of 16 bytes. It is no signature: who may write the file may forge it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    import sqlite3


def link(before: bytes, seq: int, event: tuple[str, str, str], time: int, body: bytes) -> bytes:
    """Return the hash of an event.

    Args:
        before: The hash of the one before it.
        seq: Its place.
        event: Its id, type and subject.
        time: When it was stored, in milliseconds since the epoch.
        body: Its JSON.

    Raises:
        UnicodeEncodeError: A text holds half a surrogate pair.
    """
    name, kind, subject = event
    head = f"{seq},{time},{len(name)},{len(kind)},{len(subject)},{name}{kind}{subject}"
    return blake2b(b"%b%b\0%b" % (before, head.encode(), body), digest_size=16).digest()


def row_sum(*values: object) -> int:
    """Return the checksum that a row of progress carries."""
    return crc32("\0".join(map(str, values)).encode("utf-8", "surrogatepass"))


def tail(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Return the last place that was ever given out, and what the next event is chained to.

    Raises:
        sqlite3.Error: The database can't be read.
    """
    event = connection.execute("SELECT seq, chain FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    gap = connection.execute("SELECT last, chain FROM gaps ORDER BY last DESC LIMIT 1").fetchone()
    rows = [row for row in (event, gap) if row is not None]
    if not rows:
        return 0, connection.execute("SELECT origin FROM meta").fetchone()[0]
    seq, chain = max(rows)
    return seq, chain
