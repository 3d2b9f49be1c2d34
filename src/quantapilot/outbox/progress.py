"""How far a sink has got: a cursor that moves over what is behind it, and a row for each exception.

All events up to the cursor are delivered, but for those with a row: they wait after a try, are
dead, or were dropped. Beyond the cursor a row also tells what was delivered out of order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.outbox.chain import row_sum
from quantapilot.outbox.ports import Settlement

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    DeliveryRow = tuple[str, int, str, int, float, str, int]

# A reason is a few words; a sink that gives a page of them fills no disk.
_REASON_CHARACTERS = 200


class Progress:
    """The progress of one sink, as the one who records it keeps it between commits."""

    def __init__(self, connection: sqlite3.Connection, sink: str) -> None:
        """Read it.

        Raises:
            LookupError: There is no such sink.
            sqlite3.Error: The database can't be read.
        """
        row = connection.execute("SELECT cursor FROM sinks WHERE name=?", (sink,)).fetchone()
        if row is None:
            raise LookupError(sink)
        self._sink = sink
        self._cursor: int = row[0]
        self._ahead = {
            seq
            for (seq,) in connection.execute(
                "SELECT seq FROM deliveries WHERE sink=? AND seq>?", (sink, self._cursor)
            )
        }
        self._gaps: dict[int, int] = {
            max(first, self._cursor + 1): last
            for first, last in connection.execute(
                "SELECT first, last FROM gaps WHERE last>?", (self._cursor,)
            )
        }
        self._out_of_order = bool(self._ahead)

    def record(
        self, connection: sqlite3.Connection, settlements: Sequence[Settlement], tail: int
    ) -> None:
        """Write down what became of events; what has no event is left out.

        Raises:
            sqlite3.Error: It can't be written; this object is of no use then.
        """
        delivered = set()
        rows = []
        settled_late = []
        for each in settlements:
            if not 0 < each.seq <= tail:
                continue
            if each.state != "delivered":
                rows.append(delivery_row(self._sink, each))
                if each.seq > self._cursor:
                    self._ahead.add(each.seq)
                    delivered.discard(each.seq)
            elif each.seq > self._cursor:
                if each.seq in self._ahead:
                    settled_late.append((self._sink, each.seq))
                self._ahead.add(each.seq)
                delivered.add(each.seq)
            else:
                settled_late.append((self._sink, each.seq))
        if rows:
            put_delivery(connection, rows)
        if settled_late:
            connection.executemany("DELETE FROM deliveries WHERE sink=? AND seq=?", settled_late)
        self._advance(connection, delivered)

    def _advance(self, connection: sqlite3.Connection, delivered: set[int]) -> None:
        start = self._cursor
        cursor = start + 1
        ahead = self._ahead
        while True:
            if cursor in ahead:
                ahead.remove(cursor)
                cursor += 1
            elif cursor in self._gaps:
                cursor = self._gaps.pop(cursor) + 1
            else:
                break
        self._cursor = cursor - 1
        if self._cursor > start:
            put_cursor(connection, self._sink, self._cursor)
            if self._out_of_order:
                connection.execute(
                    "DELETE FROM deliveries WHERE sink=? AND state='delivered' AND seq<=?",
                    (self._sink, self._cursor),
                )
        beyond = [Settlement(seq, "delivered", 0) for seq in delivered if seq > self._cursor]
        if beyond:
            self._out_of_order = True
            put_delivery(connection, [delivery_row(self._sink, each) for each in beyond])
        elif not ahead:
            self._out_of_order = False


def delivery_row(sink: str, each: Settlement) -> DeliveryRow:
    """Return the row that tells what became of an event."""
    values = (
        sink,
        each.seq,
        each.state,
        each.attempts,
        float(each.due),
        each.reason[:_REASON_CHARACTERS],
    )
    return (*values, row_sum(*values))


def put_delivery(connection: sqlite3.Connection, rows: Iterable[DeliveryRow]) -> None:
    """Write down what became of events.

    Raises:
        sqlite3.Error: It can't be written.
    """
    connection.executemany("INSERT OR REPLACE INTO deliveries VALUES(?, ?, ?, ?, ?, ?, ?)", rows)


def register(connection: sqlite3.Connection, sink: str) -> str | None:
    """Make a sink known, and return why it is disabled; its events are all that are kept.

    Raises:
        sqlite3.Error: It can't be read or written.
    """
    row = connection.execute("SELECT disabled FROM sinks WHERE name=?", (sink,)).fetchone()
    if row is not None:
        reason: str | None = row[0]
        return reason
    first = connection.execute("SELECT last FROM gaps WHERE first=1").fetchone()
    cursor = first[0] if first else 0
    connection.execute(
        "INSERT INTO sinks VALUES(?, ?, NULL, ?)", (sink, cursor, row_sum(sink, cursor, None))
    )
    return None


def put_cursor(connection: sqlite3.Connection, sink: str, cursor: int) -> None:
    """Set how far a sink has got.

    Raises:
        sqlite3.Error: It can't be written.
    """
    row = connection.execute("SELECT disabled FROM sinks WHERE name=?", (sink,)).fetchone()
    connection.execute(
        "UPDATE sinks SET cursor=?, sum=? WHERE name=?",
        (cursor, row_sum(sink, cursor, row[0]), sink),
    )


def put_disabled(connection: sqlite3.Connection, sink: str, reason: str | None) -> None:
    """Set why a sink wants no more events; None where it does.

    Raises:
        sqlite3.Error: It can't be written.
    """
    row = connection.execute("SELECT cursor FROM sinks WHERE name=?", (sink,)).fetchone()
    if row is None:
        return
    kept = None if reason is None else reason[:_REASON_CHARACTERS]
    connection.execute(
        "UPDATE sinks SET disabled=?, sum=? WHERE name=?",
        (kept, row_sum(sink, row[0], kept), sink),
    )
