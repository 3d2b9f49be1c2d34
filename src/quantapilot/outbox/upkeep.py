"""What people do about events that wait or are dead: send them again, or give them up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.outbox.ports import Settlement
from quantapilot.outbox.progress import (
    delivery_row,
    put_cursor,
    put_delivery,
    put_disabled,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_OPEN = "SELECT seq, attempts FROM deliveries WHERE sink=? AND state=?"


def sink_names(connection: sqlite3.Connection, only: str | None) -> list[str]:
    """Return the sinks that are meant: one, or all.

    Raises:
        LookupError: There is no such sink.
        sqlite3.Error: The database can't be read.
    """
    names = [row[0] for row in connection.execute("SELECT name FROM sinks ORDER BY name")]
    if only is None:
        return names
    if only not in names:
        raise LookupError(only)
    return [only]


def places(connection: sqlite3.Connection, ids: Sequence[str]) -> set[int]:
    """Return where events are; an id that none has is left out.

    Raises:
        sqlite3.Error: The database can't be read.
    """
    found = (
        # Half a surrogate pair stands for a byte that is no text: no event has such an id.
        connection.execute("SELECT seq FROM events WHERE id=?", (each,)).fetchone()
        for each in ids
        if not any("\ud800" <= character <= "\udfff" for character in each)
    )
    return {row[0] for row in found if row is not None}


def retry(connection: sqlite3.Connection, ids: Sequence[str] | None, sink: str | None) -> int:
    """Make dead and waiting events due now, and enable sinks again; return how many it concerned.

    Args:
        connection: One with an open transaction.
        ids: The events; all where it is None, and then disabled sinks are enabled too.
        sink: The sink; all where it is None.

    Raises:
        LookupError: There is no such sink.
        sqlite3.Error: The database can't be read or written.
    """
    wanted = None if ids is None else places(connection, ids)
    concerned = 0
    for name in sink_names(connection, sink):
        rows = [
            Settlement(seq, "waiting", attempts if state == "waiting" else 0)
            for state in ("dead", "waiting")
            for seq, attempts in connection.execute(_OPEN, (name, state)).fetchall()
            if wanted is None or seq in wanted
        ]
        put_delivery(connection, [delivery_row(name, each) for each in rows])
        concerned += len(rows)
        if ids is None or sink is not None:
            concerned += _enable(connection, name)
    return concerned


def _enable(connection: sqlite3.Connection, sink: str) -> int:
    row = connection.execute("SELECT disabled FROM sinks WHERE name=?", (sink,)).fetchone()
    if row[0] is None:
        return 0
    put_disabled(connection, sink, None)
    return 1


def drop(
    connection: sqlite3.Connection, ids: Sequence[str] | None, sink: str | None, *, dead: bool
) -> int:
    """Give up events that a sink has not got; return how many it concerned.

    Args:
        connection: One with an open transaction.
        ids: The events; all where it is None.
        sink: The sink; all where it is None.
        dead: Whether only dead events are meant.

    Raises:
        LookupError: There is no such sink.
        sqlite3.Error: The database can't be read or written.
    """
    wanted = None if ids is None else places(connection, ids)
    concerned = 0
    for name in sink_names(connection, sink):
        rows = [
            Settlement(seq, "dropped", attempts)
            for state in (("dead",) if dead else ("dead", "waiting"))
            for seq, attempts in connection.execute(_OPEN, (name, state)).fetchall()
            if wanted is None or seq in wanted
        ]
        if not dead:
            rows += [Settlement(seq, "dropped", 0) for seq in _untried(connection, name, wanted)]
        put_delivery(connection, [delivery_row(name, each) for each in rows])
        concerned += len(rows)
        if wanted is None and not dead:
            _move_to_end(connection, name)
    return concerned


def _untried(connection: sqlite3.Connection, sink: str, wanted: set[int] | None) -> list[int]:
    return [
        seq
        for (seq,) in connection.execute(
            "SELECT seq FROM events WHERE seq>(SELECT cursor FROM sinks WHERE name=?)"
            " AND NOT EXISTS(SELECT 1 FROM deliveries WHERE sink=? AND deliveries.seq=events.seq)",
            (sink, sink),
        )
        if wanted is None or seq in wanted
    ]


def _move_to_end(connection: sqlite3.Connection, sink: str) -> None:
    end = connection.execute("SELECT max(seq) FROM events").fetchone()[0]
    cursor = connection.execute("SELECT cursor FROM sinks WHERE name=?", (sink,)).fetchone()[0]
    if end is not None and end > cursor:
        put_cursor(connection, sink, end)
        connection.execute(
            "DELETE FROM deliveries WHERE sink=? AND state='delivered' AND seq<=?", (sink, end)
        )


def forget(connection: sqlite3.Connection, sink: str) -> int:
    """Let go of a sink and all that is known of it; return how many events it had not got.

    Raises:
        LookupError: There is no such sink.
        sqlite3.Error: The database can't be read or written.
    """
    (name,) = sink_names(connection, sink)
    waiting = connection.execute(
        "SELECT count(*) FROM deliveries WHERE sink=? AND state IN ('waiting', 'dead')", (name,)
    ).fetchone()[0]
    left: int = waiting + len(_untried(connection, name, None))
    connection.execute("DELETE FROM deliveries WHERE sink=?", (name,))
    connection.execute("DELETE FROM sinks WHERE name=?", (name,))
    return left
