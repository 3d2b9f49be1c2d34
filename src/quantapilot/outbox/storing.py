"""Events become rows: each request whole or not at all, within the open transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import InvalidStateError
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from quantapilot.errors import DuplicateEventError, OutboxError
from quantapilot.outbox.chain import link
from quantapilot.outbox.ports import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    Waiter: TypeAlias = "Future[Sequence[int]] | asyncio.Future[Sequence[int]] | Blocked"
    Answer = tuple[Waiter, Sequence[int] | OutboxError]
    Tail = tuple[int, bytes]
    Row = tuple[int, str, str, str, int, bytes, bytes]

_INSERT = "INSERT INTO events VALUES(?, ?, ?, ?, ?, ?, ?)"


class Blocked:
    """One who blocks until the answer is there; other than a future, it holds no lock meanwhile.

    So a signal's handler may wait for events of its own while it interrupts one who waits.
    """

    def __init__(self) -> None:
        self._answer: SimpleQueue[Sequence[int] | BaseException] = SimpleQueue()
        self.set_result = self.set_exception = self._answer.put

    def done(self) -> bool:
        """Return whether the answer is there."""
        return not self._answer.empty()

    def result(self) -> Sequence[int]:
        """Wait, and return the places.

        Raises:
            OutboxError: They could not be stored.
        """
        told = self._answer.get()
        if isinstance(told, BaseException):
            raise told
        return told


class Request:
    """Entries that are stored all or not at all, and who waits for it until when."""

    __slots__ = ("deadline", "entries", "size", "waiter")

    def __init__(self, entries: Sequence[Entry], waiter: Waiter, deadline: float) -> None:
        self.entries = entries
        self.waiter = waiter
        self.deadline = deadline
        self.size = sum([len(entry.body) for entry in entries])


def store(
    connection: sqlite3.Connection, requests: Sequence[Request], tail: Tail, now: int
) -> tuple[list[Answer], Tail]:
    """Insert what requests hold, and return what to answer after the commit, and the new tail.

    Args:
        connection: One with an open transaction.
        requests: In the order in which their events get their places.
        tail: The last place that is taken, and the hash of the event there.
        now: Milliseconds since the epoch.

    Raises:
        sqlite3.Error: They can't be written.
    """
    before = tail
    rows: list[Row] = []
    answers: list[Answer] = []
    for request in requests:
        made = _rows(request.entries, tail, now)
        if isinstance(made, OutboxError):
            answers.append((request.waiter, made))
            continue
        answers.append((request.waiter, [row[0] for row in made]))
        if made:
            tail = made[-1][0], made[-1][5]
            rows += made
    if not rows:
        return answers, tail
    connection.execute("SAVEPOINT stored")
    try:
        connection.executemany(_INSERT, rows)
    except sqlite3.IntegrityError:
        connection.execute("ROLLBACK TO stored")
        answers, tail, rows = _store_singly(connection, requests, before, now)
    connection.execute("RELEASE stored")
    connection.execute(
        "UPDATE meta SET events=events+?, bytes=bytes+?",
        (len(rows), sum([len(row[6]) for row in rows])),
    )
    return answers, tail


def _rows(entries: Iterable[Entry], tail: Tail, now: int) -> list[Row] | OutboxError:
    seq, chain = tail
    rows: list[Row] = []
    try:
        for entry in entries:
            seq += 1
            names = (entry.id, entry.type, entry.subject)
            chain = link(chain, seq, names, now, entry.body)
            rows.append((seq, *names, now, chain, entry.body))
    except (UnicodeEncodeError, TypeError):
        return OutboxError(
            "an entry can't be stored: its id, type and subject are to be text without halves of "
            "surrogate pairs, its body bytes"
        )
    return rows


def _store_singly(
    connection: sqlite3.Connection, requests: Sequence[Request], tail: Tail, now: int
) -> tuple[list[Answer], Tail, list[Row]]:
    """Store requests one after another: an id of theirs is there already, or comes twice."""
    answers: list[Answer] = []
    rows: list[Row] = []
    for request in requests:
        known: dict[str, tuple[int, Entry]] = {}
        new: list[Entry] = []
        seqs: list[int] = []
        refused: OutboxError | None = None
        for entry in request.entries:
            found = known.get(entry.id) or _standing(connection, entry)
            if found is None:
                found = (tail[0] + len(new) + 1, entry)
                new.append(entry)
            if (found[1].type, found[1].body) != (entry.type, entry.body):
                refused = DuplicateEventError(
                    f"another event stands in the outbox under the id of this one (place "
                    f"{found[0]}); give each event an id of its own"
                )
                break
            known[entry.id] = found
            seqs.append(found[0])
        made = _rows(new, tail, now) if refused is None else refused
        if isinstance(made, OutboxError):
            answers.append((request.waiter, made))
            continue
        connection.executemany(_INSERT, made)
        rows += made
        if made:
            tail = made[-1][0], made[-1][5]
        answers.append((request.waiter, seqs))
    return answers, tail, rows


def _standing(connection: sqlite3.Connection, entry: Entry) -> tuple[int, Entry] | None:
    try:
        row = connection.execute(
            "SELECT seq, id, type, subject, body FROM events WHERE id=?", (entry.id,)
        ).fetchone()
    except UnicodeEncodeError:
        return None
    if row is None:
        return None
    return row[0], Entry(*row[1:])


def answer(answers: Iterable[Answer]) -> None:
    """Tell who waits; those of one event loop are told in one call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for waiter, result in answers:
        if isinstance(waiter, asyncio.Future):
            by_loop.setdefault(waiter.get_loop(), []).append((waiter, result))
        else:
            # One who has given up waiting.
            with suppress(InvalidStateError):
                _resolve(waiter, result)
    for loop, group in by_loop.items():
        # A loop that was closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve_all, group)


def _resolve_all(group: Iterable[Answer]) -> None:
    for waiter, result in group:
        if not waiter.done():
            _resolve(waiter, result)


def _resolve(waiter: Waiter, result: Sequence[int] | OutboxError) -> None:
    if isinstance(result, OutboxError):
        waiter.set_exception(result)
    else:
        waiter.set_result(result)
