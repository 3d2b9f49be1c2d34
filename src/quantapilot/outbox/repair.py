"""Going on with what is left of a damaged outbox, once it was copied as it is.

What can be read, and is as it was, goes into a new database; that one then takes the place of the
damaged one in a single transaction, so that a crash leaves the one or the other.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from quantapilot.errors import OutboxVersionError
from quantapilot.outbox.chain import link, tail
from quantapilot.outbox.faults import READ_FAULTS, damage, typed
from quantapilot.outbox.intact import broken_sinks
from quantapilot.outbox.lock import ROLES, RoleLock
from quantapilot.outbox.mark import MarkFile, mark_path, read_mark
from quantapilot.outbox.progress import put_cursor, register
from quantapilot.outbox.reading import connect, holds_data
from quantapilot.outbox.schema import check_version, create, synced_folder
from quantapilot.outbox.wal import mended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.outbox.mark import Mark

    Row = tuple[int, str, str, str, int, bytes, bytes]

_T = TypeVar("_T")
# Behind a place that can't be read so many are tried one by one; then steps grow with the distance,
# up to where no page could hide more.
_CLOSE = 256
_PAGE = 4096
_REACH = 1_000_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of it: events that are kept, and those that were acknowledged and are gone.

    `changed` of the gone ones could be read, but not as they were. `copies` hold the damaged
    files. `reset` are sinks whose progress was lost: they get all events again.
    """

    kept: int
    gone: int
    changed: int
    copies: tuple[Path, ...]
    reset: tuple[str, ...]


def accept(path: Path | str) -> Accepted:
    """Copy a damaged outbox as it is, and make it one of all that is intact.

    Raises:
        OutboxLockedError: Another process has it open.
        OutboxUnwritableError: The copies, or what is left, can't be written.
        OutboxVersionError: It is of a newer version.
    """
    place = Path(os.path.realpath(path))
    with ExitStack() as stack, typed(place):
        for role in ROLES:
            stack.callback(RoleLock(place, role).release)
        copies = _copied(place)
        try:
            mark = read_mark(place)
        except ValueError:
            mark = None
        part = place.with_name(f".{place.name}.{os.getpid()}.accepted")
        part.unlink(missing_ok=True)
        stack.callback(part.unlink, missing_ok=True)
        create(part)
        with closing(sqlite3.connect(part, isolation_level=None)) as new:
            # It is copied as one file.
            new.execute("PRAGMA journal_mode=DELETE")
            new.execute("PRAGMA synchronous=FULL")
            sources = [_headed(each, part, mark, stack) for each in _sources(place, stack)]
            kept, gone, changed, reset = _salvaged(sources, new, mark)
            _put(new, part, place)
            end = tail(new)
        with closing(MarkFile(place)) as file:
            file.write(*end)
            file.sync()
    return Accepted(kept, gone, changed, copies, reset)


def _copied(path: Path) -> tuple[Path, ...]:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    base = path.with_name(f"{path.name}.damaged-{stamp}")
    pairs = (
        (path, base),
        (path.with_name(f"{path.name}-wal"), base.with_name(f"{base.name}-wal")),
        (mark_path(path), mark_path(base)),
    )
    copies = []
    for source, target in pairs:
        if source.exists():
            shutil.copyfile(source, target)
            with target.open("rb+") as file:
                os.fsync(file.fileno())
            copies.append(target)
    synced_folder(path.parent)
    return tuple(copies)


def _put(new: sqlite3.Connection, part: Path, path: Path) -> None:
    """Have the new database take the place of the old one."""
    if holds_data(path):
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as old:
                old.execute("PRAGMA synchronous=FULL")
                new.backup(old)
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except READ_FAULTS as error:
            if not damage(error):
                raise
        else:
            return
    # Not even SQLite's header is left; a log without its database is of no use.
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(part, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    synced_folder(path.parent)


def _sources(path: Path, stack: ExitStack) -> Iterator[Path]:
    """Yield what may be read from: the outbox, and a copy whose log is read to its end."""
    if not holds_data(path):
        return
    yield path
    log = path.with_name(f"{path.name}-wal")
    made = mended(log.read_bytes()) if log.exists() else None
    if made is not None:
        copy = _copy_for_reading(path, "mended", stack)
        copy.with_name(f"{copy.name}-wal").write_bytes(made)
        yield copy


def _copy_for_reading(path: Path, name: str, stack: ExitStack) -> Path:
    """Return a copy of a database and its log, which goes when the stack ends."""
    copy = path.with_name(f".{path.name}.{os.getpid()}.{name}")
    for suffix in ("", "-wal", "-shm"):
        file = copy.with_name(copy.name + suffix)
        file.unlink(missing_ok=True)
        stack.callback(file.unlink, missing_ok=True)
    shutil.copyfile(path, copy)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(f"{copy.name}-wal"))
    return copy


def _salvaged(
    sources: Sequence[Path], new: sqlite3.Connection, mark: Mark | None
) -> tuple[int, int, int, tuple[str, ...]]:
    with ExitStack() as stack:
        olds = [stack.enter_context(closing(connect(each))) for each in sources]
        new.execute("BEGIN")
        if olds:
            kept, gone, changed = _events(olds, new, mark)
            reset = _sinks(olds, new)
        else:
            kept, changed, reset = 0, 0, ()
            gone = 0 if mark is None else _gap(new, 1, mark.seq, new_chain(new))
        new.execute("COMMIT")
    return kept, gone, changed, reset


def _headed(path: Path, fresh: Path, mark: Mark | None, stack: ExitStack) -> Path:
    """Return what to read from: the outbox, or a copy with a new first page if that one is hit.

    The first page tells where the tables are, and without it nothing is found; it is the same in
    every outbox of this version, but for counters that are of no use here.
    """
    try:
        with closing(connect(path)) as old:
            check_version(old, path)
            found = {row[0] for row in old.execute("SELECT name FROM sqlite_master")}
        if {"events", "gaps", "meta", "sinks", "deliveries"} <= found:
            return path
    except OutboxVersionError:
        # Beside a mark of an outbox, another program's database is one whose header was hit.
        if mark is None:
            raise
    except READ_FAULTS as error:
        if not damage(error):
            raise
    copy = _copy_for_reading(path, "headed", stack)
    head = bytearray(fresh.read_bytes()[:_PAGE])
    head[18:20] = b"\x02\x02"
    head[28:32] = (copy.stat().st_size // _PAGE).to_bytes(4, "big")
    head[92:96] = head[24:28]
    with copy.open("rb+") as writing:
        writing.write(head)
    return copy


def new_chain(new: sqlite3.Connection) -> bytes:
    """Return what the first event is chained to."""
    origin: bytes = new.execute("SELECT origin FROM meta").fetchone()[0]
    return origin


def _events(
    olds: Sequence[sqlite3.Connection], new: sqlite3.Connection, mark: Mark | None
) -> tuple[int, int, int]:
    """Copy what is as it was, chained anew, with gaps where events are gone."""
    gaps = _last(olds, lambda old: old.execute("SELECT first, last, lost FROM gaps").fetchall())
    known = sorted(row for row in gaps or () if all(isinstance(value, int) for value in row))
    anchors = {place: chain for old in olds for place, chain in _anchors(old).items()}
    seq, chain = 0, new_chain(new)
    kept = gone = changed = size = 0
    for row, same in _judged(_merged(olds), mark, anchors):
        if not same:
            changed += 1
            continue
        place, name, kind, subject, time, _, body = row
        if place > seq + 1:
            gone += _gaps(new, (seq + 1, place - 1), known, chain)
        chain = link(chain, place, (name, kind, subject), time, body)
        new.execute(
            "INSERT INTO events VALUES(?, ?, ?, ?, ?, ?, ?)",
            (place, name, kind, subject, time, chain, body),
        )
        seq = place
        kept += 1
        size += len(body)
    end = max([seq, mark.seq if mark else 0, *(last for _, last, _ in known)])
    if end > seq:
        gone += _gaps(new, (seq + 1, end), known, chain)
    new.execute("UPDATE meta SET events=?, bytes=?", (kept, size))
    return kept, gone, changed


def _anchors(old: sqlite3.Connection) -> dict[int, bytes]:
    """Return what the first event and those behind gaps are chained to, by the place before."""
    origin = _try(lambda: old.execute("SELECT 0, origin FROM meta").fetchall())
    gaps = _try(lambda: old.execute("SELECT last, chain FROM gaps").fetchall())
    rows = [*(origin or ()), *(gaps or ())]
    return {
        last: chain for last, chain in rows if isinstance(last, int) and isinstance(chain, bytes)
    }


def _gaps(
    new: sqlite3.Connection, span: tuple[int, int], known: list[tuple[int, int, int]], chain: bytes
) -> int:
    """Write down what is between events; return how many of these places are newly gone."""
    at, end = span
    gone = 0
    for first, last, lost in known:
        if last < at or first > end:
            continue
        if first > at:
            gone += _gap(new, at, first - 1, chain)
        row = (max(first, at), min(last, end), chain, lost)
        new.execute("INSERT INTO gaps VALUES(?, ?, ?, ?)", row)
        at = last + 1
    if at <= end:
        gone += _gap(new, at, end, chain)
    return gone


def _gap(new: sqlite3.Connection, first: int, last: int, chain: bytes) -> int:
    if last < first:
        return 0
    new.execute("INSERT INTO gaps VALUES(?, ?, ?, 1)", (first, last, chain))
    return last - first + 1


def _merged(olds: Sequence[sqlite3.Connection]) -> Iterator[Row]:
    """Yield each event that can be read anywhere, in order, from the first that has it.

    What SQLite itself reads of a log is as it was written; more may stand behind the damage.
    """
    last = 0
    # Of equal places, that of the first comes first.
    for row in merge(*map(_readable, olds), key=itemgetter(0)):
        if row[0] != last:
            yield row
            last = row[0]


def _readable(old: sqlite3.Connection) -> Iterator[Row]:
    """Yield, in order, each event that SQLite can read; what it can't is stepped over."""
    after = 0
    missed = 0
    while True:
        try:
            for row in old.execute(
                "SELECT seq, id, type, subject, time, chain, body FROM events WHERE seq>?"
                " ORDER BY seq",
                (after,),
            ):
                yield row
                after = row[0]
                missed = 0
        except READ_FAULTS as error:
            if not damage(error):
                raise
        else:
            return
        step = 1 + missed // _CLOSE
        after += step
        missed += step
        if missed > _REACH:
            return


def _judged(
    rows: Iterator[Row], mark: Mark | None, anchors: dict[int, bytes]
) -> Iterator[tuple[Row, bool]]:
    """Yield each event, and whether it is as it was; one that nothing tells about counts as so.

    Where the hash does not fit, the next event tells whether the event changed or its hash did.
    """
    seq, before = 0, anchors.get(0)
    row = next(rows, None)
    while row is not None:
        following = next(rows, None)
        same = True
        chain = row[5]
        known = before if row[0] == seq + 1 else anchors.get(row[0] - 1)
        if known is not None and (made := _link(known, row)) != chain:
            if following is not None and following[0] == row[0] + 1:
                same = _link(made, following) == following[5]
            else:
                same = mark is not None and (mark.seq, mark.chain) == (row[0], made)
            chain = made if same else chain
        if not all(isinstance(value, kind) for value, kind in zip(row, _KINDS, strict=True)):
            same = False
        yield row, same
        seq, before = row[0], chain
        row = following


_KINDS = (int, str, str, str, int, bytes, bytes)


def _link(before: bytes, row: Row) -> bytes:
    with suppress(TypeError, UnicodeEncodeError):
        return link(before, row[0], (row[1], row[2], row[3]), row[4], row[6])
    return b""


def _sinks(olds: Sequence[sqlite3.Connection], new: sqlite3.Connection) -> tuple[str, ...]:
    """Copy progress; return the sinks that have lost theirs."""
    whole = [old for old in olds if _try(partial(broken_sinks, old)) == set()]
    old = whole[-1] if whole else olds[0]
    sinks = _try(lambda: old.execute("SELECT name, cursor, disabled FROM sinks").fetchall())
    rows = _try(lambda: old.execute("SELECT * FROM deliveries").fetchall())
    broken = _try(lambda: broken_sinks(old))
    reset = []
    for name, cursor, disabled in sinks or ():
        if not isinstance(name, str):
            continue
        register(new, name)
        if broken is None or rows is None or name in broken:
            reset.append(name)
            continue
        put_cursor(new, name, cursor)
        new.execute("UPDATE sinks SET disabled=? WHERE name=?", (disabled, name))
        put_cursor(new, name, cursor)
        new.executemany(
            "INSERT INTO deliveries SELECT ?, ?, ?, ?, ?, ?, ?"
            " WHERE EXISTS(SELECT 1 FROM events WHERE seq=?)",
            [(*row, row[1]) for row in rows if row[0] == name],
        )
    return tuple(reset)


def _last(
    olds: Sequence[sqlite3.Connection], read: Callable[[sqlite3.Connection], _T]
) -> _T | None:
    """Return what the last of some databases has that can be read."""
    found = None
    for old in olds:
        read_here = _try(partial(read, old))
        found = read_here if read_here is not None else found
    return found


def _try(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except (*READ_FAULTS, TypeError) as error:
        if not damage(error):
            raise
    return None
