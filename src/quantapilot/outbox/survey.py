"""What stands in an outbox: how much, what waits for which sink, what is dead, and why."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING

from quantapilot.errors import OutboxDamagedError, OutboxVersionError
from quantapilot.outbox.faults import READ_FAULTS, UNCHANGED, fault
from quantapilot.outbox.intact import NO_DATABASE, is_database
from quantapilot.outbox.lock import ROLES, Owner, owner
from quantapilot.outbox.mark import mark_path
from quantapilot.outbox.reading import connect, holds_data
from quantapilot.outbox.schema import check_version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantapilot.outbox.lock import Role


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """How far a sink has got; `oldest` is when its oldest waiting event was stored.

    Times are in seconds since the epoch. `disabled` is the reason; None where it is not.
    """

    name: str
    waiting: int
    dead: int
    dropped: int
    disabled: str | None
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Status:
    """What an outbox holds: events that are kept, the bytes of their bodies and of its files.

    `lost` counts events that were given up as lost when damage was accepted.
    """

    events: int
    bytes: int
    size: int
    lost: int
    oldest: float | None
    sinks: tuple[SinkStatus, ...]
    owners: dict[Role, Owner]


@dataclass(frozen=True, slots=True)
class Item:
    """An event that a sink has not got, without its body."""

    sink: str
    seq: int
    id: str
    type: str
    subject: str
    state: str
    attempts: int
    due: float
    reason: str


class _OddError(Exception):
    """A column holds a value of another kind than was written there."""


_ODD = "a value in it is of another kind than was written"
_ITEM = (int, str, str, str, str, int, float, str)


def _as_written(rows: Sequence[Sequence[object]], *kinds: type | UnionType) -> None:
    if not all(
        isinstance(value, kind) for row in rows for value, kind in zip(row, kinds, strict=False)
    ):
        raise _OddError


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        _check_there(path)
        with closing(connect(path)) as connection:
            connection.execute("BEGIN")
            check_version(connection, path)
            yield connection
    except (OSError, *READ_FAULTS) as error:
        raise fault(error, path) from None
    except _OddError:
        raise OutboxDamagedError(f"{path} is damaged: {_ODD}; {UNCHANGED}") from None


def _check_there(path: Path) -> None:
    if mark_path(path).exists():
        if not holds_data(path):
            raise OutboxDamagedError(f"{path} is damaged: it is empty, or gone; {UNCHANGED}")
    elif holds_data(path) and not is_database(path):
        raise OutboxVersionError(NO_DATABASE.format(path=path))


def status(path: Path) -> Status:
    """Return what an outbox holds; it may be in use.

    Raises:
        OutboxDamagedError: It can't be read.
        OutboxVersionError: It is of a newer version, or no outbox.
    """
    with _reading(path) as at:
        events, size = at.execute("SELECT events, bytes FROM meta").fetchone()
        lost = at.execute("SELECT coalesce(sum(last-first+1), 0) FROM gaps WHERE lost").fetchone()
        oldest = at.execute("SELECT time FROM events ORDER BY seq LIMIT 1").fetchone()
        sinks = at.execute("SELECT name, cursor, disabled FROM sinks ORDER BY name").fetchall()
        _as_written(sinks, str, int, str | NoneType)
        _as_written([oldest or (0,)], int)
        told = tuple(_sink(at, *row) for row in sinks)
    files = [path, path.with_name(f"{path.name}-wal")]
    return Status(
        events,
        size,
        sum(file.stat().st_size for file in files if file.exists()),
        lost[0],
        None if oldest is None else oldest[0] / 1000,
        told,
        {role: found for role in ROLES if (found := owner(path, role)) is not None},
    )


def _sink(at: sqlite3.Connection, name: str, cursor: int, disabled: str | None) -> SinkStatus:
    counts = dict(
        at.execute("SELECT state, count(*) FROM deliveries WHERE sink=? GROUP BY state", (name,))
    )
    untried, first = at.execute(
        "SELECT count(*), min(seq) FROM events WHERE seq>? AND NOT EXISTS"
        "(SELECT 1 FROM deliveries WHERE sink=? AND deliveries.seq=events.seq)",
        (cursor, name),
    ).fetchone()
    tried = at.execute(
        "SELECT min(seq) FROM deliveries WHERE sink=? AND state='waiting'", (name,)
    ).fetchone()[0]
    seqs = [seq for seq in (first, tried) if seq is not None]
    stored = at.execute("SELECT time FROM events WHERE seq=?", (min(seqs),)) if seqs else None
    row = None if stored is None else stored.fetchone()
    _as_written([row or (0,)], int)
    return SinkStatus(
        name,
        untried + counts.get("waiting", 0),
        counts.get("dead", 0),
        counts.get("dropped", 0),
        disabled,
        None if row is None else row[0] / 1000,
    )


def items(path: Path, sink: str | None, state: str | None, limit: int) -> list[Item]:
    """Return the first events that sinks have not got, by sink and place.

    Args:
        path: The outbox.
        sink: Only those of this one.
        state: Only those that are `waiting`, `dead` or `dropped`.
        limit: The most that are returned.

    Raises:
        LookupError: There is no such sink.
        OutboxDamagedError: It can't be read.
        OutboxVersionError: It is of a newer version, or no outbox.
    """
    found: list[Item] = []
    with _reading(path) as at:
        sinks = at.execute("SELECT name, cursor FROM sinks ORDER BY name").fetchall()
        _as_written(sinks, str, int)
        if sink is not None and sink not in [name for name, _ in sinks]:
            raise LookupError(sink)
        for name, cursor in sinks:
            if sink in (None, name):
                found += _items(at, name, cursor, state, limit - len(found))
    return found


def _items(
    at: sqlite3.Connection, sink: str, cursor: int, state: str | None, limit: int
) -> list[Item]:
    rows = at.execute(
        "SELECT events.seq, id, type, subject, state, attempts, due, reason FROM deliveries"
        " JOIN events ON events.seq=deliveries.seq WHERE sink=? AND state<>'delivered'"
        " AND coalesce(?, state)=state ORDER BY deliveries.seq LIMIT ?",
        (sink, state, limit),
    ).fetchall()
    if state in (None, "waiting"):
        rows += at.execute(
            "SELECT seq, id, type, subject, 'waiting', 0, 0.0, '' FROM events WHERE seq>?"
            " AND NOT EXISTS(SELECT 1 FROM deliveries WHERE sink=? AND deliveries.seq=events.seq)"
            " ORDER BY seq LIMIT ?",
            (cursor, sink, limit),
        ).fetchall()
    _as_written(rows, *_ITEM)
    return [Item(sink, *row) for row in sorted(rows)[:limit]]
