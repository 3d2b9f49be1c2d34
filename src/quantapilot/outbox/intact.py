"""Is everything there that was acknowledged, and as it was?

The mark tells how far the outbox had got, the chain that nothing before was changed or left out.
SQLite itself calls a database sound whose write-ahead log lost its tail.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.errors import OutboxDamagedError, OutboxVersionError
from quantapilot.outbox.chain import link, row_sum
from quantapilot.outbox.faults import READ_FAULTS, UNCHANGED, damage
from quantapilot.outbox.mark import Mark, mark_path, read_mark
from quantapilot.outbox.reading import connect, holds_data
from quantapilot.outbox.schema import VERSION, check_version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

_STATES = ("delivered", "waiting", "dead", "dropped")
NO_DATABASE = "{path} is no outbox, nor a database; name another file"
_HEAD = b"SQLite format 3\0"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found: `checked` events, and spans of places that are missing or changed.

    `problems` are sentences on what else is damaged.
    """

    checked: int = 0
    missing: tuple[Span, ...] = ()
    changed: tuple[Span, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Return whether all is there as it was."""
        return not (self.missing or self.changed or self.problems)

    def told(self) -> str:
        """Return what is damaged, in words."""
        parts = [
            f"{_count(spans)} {what}: {_listed(spans)}"
            for spans, what in ((self.missing, "missing"), (self.changed, "changed"))
            if spans
        ]
        return "; ".join([*parts, *self.problems])


def check_open(path: Path) -> None:
    """Check an outbox before it is opened to write: its tail, and all that is still to deliver.

    Raises:
        OutboxDamagedError: Something is missing or changed.
        OutboxVersionError: It is of a newer version, or no outbox.
        sqlite3.Error: It can't be read for another reason.
        OSError: Its mark can't be read.
    """
    found = examine(path, full=False)
    if not found.clean:
        raise OutboxDamagedError(f"{path} is damaged: {found.told()}; {UNCHANGED}")


def examine(path: Path, *, full: bool) -> Examination:
    """Examine an outbox, and change nothing; it may be in use.

    Args:
        path: The outbox; where there is none, and no mark of one, nothing is wrong.
        full: Whether to check events that every sink has got, and SQLite's own structures, too.

    Raises:
        OutboxVersionError: It is of a newer version, or no outbox.
        sqlite3.Error: It can't be read, but for damage.
        OSError: Its mark can't be read.
    """
    mark: Mark | None = None
    problems: list[str] = []
    # The mark comes first: events that are added meanwhile are beyond it.
    try:
        mark = read_mark(path)
    except ValueError:
        problems.append(f"the mark {mark_path(path).name} is damaged")
    if not holds_data(path):
        missing = ((1, mark.seq),) if mark is not None and mark.seq else ()
        gone = ["the database is empty, or gone"] if missing or problems else []
        return Examination(0, missing, (), (*problems, *gone))
    try:
        with closing(connect(path)) as connection:
            return _examine(connection, path, mark, problems, full=full)
    except (*READ_FAULTS, TypeError) as error:
        if not damage(error):
            raise
    if mark is None and not problems and not is_database(path):
        raise OutboxVersionError(NO_DATABASE.format(path=path))
    return Examination(0, (), (), (*problems, "SQLite can't read all of it"))


def is_database(path: Path) -> bool:
    """Return whether a file begins as SQLite's do.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD


def _examine(
    connection: sqlite3.Connection,
    path: Path,
    mark: Mark | None,
    problems: list[str],
    *,
    full: bool,
) -> Examination:
    connection.execute("BEGIN")
    try:
        version = check_version(connection, path)
    except OutboxVersionError:
        if mark is None or connection.execute("PRAGMA user_version").fetchone()[0] > VERSION:
            raise
        return Examination(0, (), (), (*problems, "its header is damaged"))
    if version < VERSION:
        # It is examined once it is of this version.
        if full:
            raise OutboxVersionError(
                f"{path} is an outbox of version {version}; what opens it makes it one of {VERSION}"
            )
        return Examination()
    problems += _progress(connection)
    checked, missing, changed, tail = _walk(connection, 1 if full else _first_open(connection))
    if mark is None:
        # One that was made since the mark was looked for has it by now.
        if tail[0] and not problems and not mark_path(path).exists():
            problems.append(f"the mark {mark_path(path).name} is gone")
    elif mark.seq > tail[0]:
        missing.append((tail[0] + 1, mark.seq))
    elif _chain_at(connection, mark.seq) not in (None, mark.chain):
        changed.append((mark.seq, mark.seq))
    if full:
        problems += _structures(connection)
    return Examination(checked, tuple(missing), tuple(changed), tuple(problems))


def _first_open(connection: sqlite3.Connection) -> int:
    """Return the first place that a sink has not settled."""
    cursor = connection.execute("SELECT min(cursor) FROM sinks").fetchone()[0]
    waiting = connection.execute(
        "SELECT min(seq) FROM deliveries WHERE state='waiting' AND sink IN (SELECT name FROM sinks)"
    ).fetchone()[0]
    if cursor is None:
        return 1
    first: int = min(cursor + 1, cursor + 1 if waiting is None else waiting)
    return first


def _walk(
    connection: sqlite3.Connection, start: int
) -> tuple[int, list[Span], list[Span], tuple[int, bytes]]:
    """Follow the chain; return the number of events, what is missing and changed, and the tail."""
    missing: list[Span] = []
    changed: list[Span] = []
    seq, before = _before(connection, start)
    checked = 0
    gaps = _Gaps(connection, seq)
    rows = connection.execute(
        "SELECT seq, id, type, subject, time, body, chain FROM events WHERE seq>? ORDER BY seq",
        (seq,),
    )
    for place, name, kind, subject, time, body, chain in rows:
        if place != seq + 1:
            seq, before = gaps.crossed(seq, before, place, missing)
            if place > seq + 1:
                missing.append((seq + 1, place - 1))
                before = None
        try:
            fits = before is None or chain == link(before, place, (name, kind, subject), time, body)
        except (TypeError, UnicodeEncodeError):
            # A changed byte may make a number of a text.
            fits = False
        if not fits:
            changed.append((place, place))
        seq, before = place, chain
        checked += 1
    seq, before = gaps.crossed(seq, before, None, missing)
    return checked, missing, joined(place for place, _ in changed), (seq, before or b"")


class _Gaps:
    """The gaps behind a place, crossed in order."""

    def __init__(self, connection: sqlite3.Connection, after: int) -> None:
        self._rows = connection.execute(
            "SELECT first, last, chain FROM gaps WHERE last>? ORDER BY first", (after,)
        ).fetchall()
        self._at = 0

    def crossed(
        self, seq: int, chain: bytes | None, to: int | None, missing: list[Span]
    ) -> tuple[int, bytes | None]:
        """Return the last place of the gaps before `to`, or of all, and its hash."""
        while self._at < len(self._rows) and (to is None or self._rows[self._at][0] < to):
            first, last, chain = self._rows[self._at]
            if first > seq + 1:
                missing.append((seq + 1, first - 1))
            seq = last
            self._at += 1
        return seq, chain


def _before(connection: sqlite3.Connection, start: int) -> tuple[int, bytes | None]:
    """Return the place before `start`, or before the first event behind it, and its hash."""
    if start > 1:
        chain = _chain_at(connection, start - 1)
        if chain is not None:
            return start - 1, chain
    return 0, connection.execute("SELECT origin FROM meta").fetchone()[0]


def _chain_at(connection: sqlite3.Connection, seq: int) -> bytes | None:
    """Return the hash at a place; None where nothing is left that would tell."""
    row = connection.execute("SELECT chain FROM events WHERE seq=?", (seq,)).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT chain FROM gaps WHERE last=? AND lost=0", (seq,)
        ).fetchone()
    return None if row is None else row[0]


def _progress(connection: sqlite3.Connection) -> list[str]:
    return [
        f"what is known of the sink {name} is changed" for name in sorted(broken_sinks(connection))
    ]


def broken_sinks(connection: sqlite3.Connection) -> set[str]:
    """Return the sinks whose progress does not have the checksum that it was written with.

    Raises:
        sqlite3.Error: It can't be read.
    """
    broken = set()
    names = set()
    for *values, given in connection.execute("SELECT * FROM sinks"):
        names.add(str(values[0]))
        if given != row_sum(*values):
            broken.add(str(values[0]))
    for *values, given in connection.execute("SELECT * FROM deliveries"):
        if given != row_sum(*values) or values[0] not in names or values[2] not in _STATES:
            broken.add(str(values[0]))
    return broken


def _structures(connection: sqlite3.Connection) -> list[str]:
    problems = []
    if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
        problems.append("SQLite's integrity check fails")
    kept = connection.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM events")
    if kept.fetchone() != connection.execute("SELECT events, bytes FROM meta").fetchone():
        problems.append("the number of events is not the one that was written down")
    return problems


def joined(places: Iterable[int]) -> list[Span]:
    """Return spans of ascending places."""
    spans: list[Span] = []
    for place in places:
        if spans and spans[-1][1] == place - 1:
            spans[-1] = (spans[-1][0], place)
        else:
            spans.append((place, place))
    return spans


def _count(spans: Iterable[Span]) -> str:
    total = sum(last - first + 1 for first, last in spans)
    return f"{total:,} event{'' if total == 1 else 's'}"


def _listed(spans: tuple[Span, ...]) -> str:
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:5]]
    return ", ".join(shown) + (f" and {len(spans) - 5:,} more spans" if len(spans) > 5 else "")
