"""Events that every sink has settled are kept for a while, and give way where room is short."""

from __future__ import annotations

from itertools import takewhile
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# So few at a time that whoever waits for a commit hardly feels it.
STEP = 1024


def prune(connection: sqlite3.Connection, keep: float, after: int = 0) -> tuple[int, int]:
    """Delete the oldest settled events, a step of them, within the open transaction.

    An event goes when every registered sink has settled it; where none is registered, none goes.

    Args:
        connection: One with an open transaction.
        keep: Seconds that an event is kept after it was stored; 0 for none, whatever the clock
            says: it may have been set back.
        after: The place to begin behind.

    Returns:
        How many went, and the last place that was looked at.

    Raises:
        sqlite3.Error: The database can't be read or written.
    """
    floor = connection.execute("SELECT min(cursor) FROM sinks").fetchone()[0]
    if floor is None:
        return 0, after
    found = connection.execute(
        "SELECT seq, chain, length(body), time FROM events WHERE seq>? AND seq<=?"
        " AND NOT EXISTS(SELECT 1 FROM deliveries WHERE deliveries.seq=events.seq"
        " AND state='waiting') ORDER BY seq LIMIT ?",
        (after, floor, STEP),
    ).fetchall()
    # Places follow time: behind the first that is too young, none is looked at.
    youngest = int((time() - keep) * 1000)
    rows = list(takewhile(lambda row: row[3] <= youngest, found)) if keep else found
    if not rows:
        return 0, after
    first = last = rows[0][0]
    chain = rows[0][1]
    for seq, hashed, *_ in rows[1:]:
        if seq != last + 1:
            _cut(connection, first, last, chain)
            first = seq
        last, chain = seq, hashed
    _cut(connection, first, last, chain)
    connection.execute(
        "UPDATE meta SET events=events-?, bytes=bytes-?", (len(rows), sum(row[2] for row in rows))
    )
    return len(rows), last


def _cut(connection: sqlite3.Connection, first: int, last: int, chain: bytes) -> None:
    connection.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", (first, last))
    connection.execute("DELETE FROM deliveries WHERE seq BETWEEN ? AND ?", (first, last))
    grown = connection.execute(
        "UPDATE gaps SET last=?, chain=? WHERE last=? AND lost=0", (last, chain, first - 1)
    )
    if not grown.rowcount:
        connection.execute("INSERT INTO gaps VALUES(?, ?, ?, 0)", (first, last, chain))


def holder(connection: sqlite3.Connection) -> str | None:
    """Return the sink whose oldest event keeps others from going; None where there is none.

    Raises:
        sqlite3.Error: The database can't be read.
    """
    row = connection.execute(
        "SELECT name FROM sinks ORDER BY min(cursor + 1, coalesce((SELECT min(seq) FROM deliveries"
        " WHERE sink=name AND state='waiting'), cursor + 1)) LIMIT 1"
    ).fetchone()
    return None if row is None else row[0]
