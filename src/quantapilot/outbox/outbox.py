"""The outbox: events that were accepted, kept in SQLite until every sink has settled them."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from quantapilot.errors import (
    OutboxError,
    OutboxUnwritableError,
    OutboxVersionError,
    UnknownNameError,
)
from quantapilot.outbox import progress, upkeep
from quantapilot.outbox.chain import tail
from quantapilot.outbox.faults import typed
from quantapilot.outbox.intact import check_open
from quantapilot.outbox.limits import Limits
from quantapilot.outbox.lock import ROLES, RoleLock
from quantapilot.outbox.mark import MarkFile
from quantapilot.outbox.ports import Pending
from quantapilot.outbox.reading import connect, holds_data
from quantapilot.outbox.schema import create, migrate, synced_folder
from quantapilot.outbox.writer import Writer
from quantapilot.sinks.sink import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from quantapilot.outbox.ports import Entry, Settlement
    from quantapilot.outbox.storing import Waiter

__all__ = ["Limits", "Outbox"]

_BUSY_SECONDS = 10.0
# A longer write-ahead log means fewer, longer pauses; about 8 MB.
_CHECKPOINT_PAGES = 2000

_WAITING = (
    "SELECT events.seq, id, type, subject, body, attempts, due FROM deliveries"
    " JOIN events ON events.seq=deliveries.seq"
    " WHERE sink=? AND state='waiting' AND deliveries.seq>? ORDER BY deliveries.seq LIMIT ?"
)
_UNTRIED = (
    "SELECT seq, id, type, subject, body, 0, 0.0 FROM events WHERE seq>? AND NOT EXISTS"
    "(SELECT 1 FROM deliveries WHERE sink=? AND deliveries.seq=events.seq) ORDER BY seq LIMIT ?"
)
_KNOWN = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?))"
_BODIES = "SELECT seq, body FROM events WHERE seq>? ORDER BY seq LIMIT ?"
_PAGE = 1000


class Outbox:
    """Keeps events durably, and how far each sink has got; a context manager.

    Safe to use from several threads. A process that is forked off can't use it: it opens its own.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        append: bool = True,
        relay: bool = True,
        limits: Limits | None = None,
        patience: float = 0.0,
    ) -> None:
        """Open an outbox, or make one where there is none.

        Args:
            path: Its file; others stand beside it, named after it.
            append: Whether events will be added here; one process at a time may.
            relay: Whether deliveries will be recorded here; one process at a time may.
            limits: What it may hold; `Limits()` where it is None.
            patience: Seconds to wait for another process that has one of the roles.

        Raises:
            OutboxLockedError: Another process has one of the roles.
            OutboxDamagedError: Events are missing or changed; nothing was written.
            OutboxVersionError: It is of a newer version, or no outbox.
            OutboxUnwritableError: Its folder is not there, or it can't be written.
        """
        self._path = Path(os.path.realpath(path))
        self._pid = os.getpid()
        self._roles = {"append": append, "relay": relay}
        self._sinks: set[str] = set()
        self._closed = False
        self._closing = threading.Lock()
        self._reading = threading.Lock()
        if not self._path.parent.is_dir():
            raise OutboxUnwritableError(
                f"{self._path.parent} is no folder: make it, or name another place for the outbox"
            )
        if self._path.is_dir():
            raise OutboxUnwritableError(f"{self._path} is a folder: name a file for the outbox")
        with ExitStack() as stack, typed(self._path):
            # A new outbox takes the place of an empty file: a device would be gone.
            if self._path.exists() and not self._path.is_file():
                raise OutboxVersionError(
                    f"{self._path} is no regular file: name another place for the outbox"
                )
            for role in ROLES:
                if self._roles[role]:
                    stack.callback(RoleLock(self._path, role, patience).release)
            check_open(self._path)
            if not holds_data(self._path):
                create(self._path)
            connection = self._connect(stack)
            if migrate(connection, self._path):
                check_open(self._path)
            self._mark = self._marked(connection) if append else None
            if self._mark is not None:
                stack.callback(self._mark.close)
            self._reader = connect(self._path)
            stack.callback(self._reader.close)
            self._writer = Writer(
                self._path, connection, self._mark, limits or Limits(), relays=relay
            )
            self._resources = stack.pop_all()

    def _connect(self, stack: ExitStack) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, _BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        stack.callback(connection.close)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
        return connection

    def _marked(self, connection: sqlite3.Connection) -> MarkFile:
        mark = MarkFile(self._path)
        try:
            mark.write(*tail(connection))
            mark.sync()
            synced_folder(self._path.parent)
        except BaseException:
            mark.close()
            raise
        return mark

    def append(self, entries: Sequence[Entry], waiter: Waiter) -> None:
        """Have entries stored, all or none; `waiter` gets their places once that is durable.

        An entry whose id stands there already, with the same type and body, gets the place of that
        one. One who no longer waits changes nothing about what is stored.

        Args:
            entries: In order.
            waiter: A future of `concurrent.futures` or `asyncio`. It may get a
                `DuplicateEventError`, an `OutboxFullError` or an `OutboxUnwritableError` instead;
                of these entries, none is stored then.

        Raises:
            OutboxError: The outbox is closed, was opened by another process or without this role.
        """
        self._owned("append")
        self._writer.add(entries, waiter)

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return which ids stand there already.

        Raises:
            OutboxError: The outbox can't be read.
        """
        self._owned(None)
        with self._reading, typed(self._path):
            self._owned(None)
            rows = self._reader.execute(_KNOWN, (json.dumps(ids),)).fetchall()
        return {row[0] for row in rows}

    def bodies(self) -> Iterator[bytes]:
        """Yield the bodies of all events that are kept, in their order.

        Raises:
            OutboxError: The outbox can't be read.
        """
        last = 0
        while True:
            self._owned(None)
            with self._reading, typed(self._path):
                rows = self._reader.execute(_BODIES, (last, _PAGE)).fetchall()
            yield from (body for _, body in rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    def register(self, sink: str) -> str | None:
        """Make a sink known, and return why it is disabled; None where it is not.

        A sink that is new gets all events that are still kept.

        Raises:
            OutboxError: It can't be recorded.
        """
        self._owned("relay")
        reason: str | None = self._writer.do(lambda at: progress.register(at, sink))
        self._sinks.add(sink)
        return reason

    def pending(self, sink: str, after: int, limit: int) -> list[Pending]:
        """Return, in order, the first events behind the place `after` that a sink has to get.

        What was handed to `settle` before counts, committed or not.

        Raises:
            OutboxError: The outbox can't be read, or knows no such sink.
        """
        self._owned("relay")
        with self._reading, typed(self._path):
            self._owned("relay")
            found: list[Pending] = []
            while len(found) < limit:
                unrecorded = self._writer.unrecorded(sink)
                rows = self._rows(sink, after, limit)
                for row in rows:
                    late = unrecorded.get(row[0])
                    if late is None:
                        found.append(Pending(Message(*row[:5]), row[5], row[6]))
                    elif late.state == "waiting":
                        found.append(Pending(Message(*row[:5]), late.attempts, late.due))
                if len(rows) < limit:
                    break
                after = rows[-1][0]
            return found[:limit]

    def _rows(
        self, sink: str, after: int, limit: int
    ) -> list[tuple[int, str, str, str, bytes, int, float]]:
        reader = self._reader
        reader.execute("BEGIN")
        try:
            row = reader.execute("SELECT cursor FROM sinks WHERE name=?", (sink,)).fetchone()
            if row is None:
                raise OutboxError(f"{self._path} knows no sink {sink}; register it first")
            waiting = reader.execute(_WAITING, (sink, after, limit)).fetchall()
            untried = reader.execute(_UNTRIED, (max(after, row[0]), sink, limit)).fetchall()
        finally:
            reader.execute("COMMIT")
        return sorted([*waiting, *untried])[:limit] if waiting else untried

    def settle(self, sink: str, settlements: Sequence[Settlement]) -> None:
        """Have outcomes recorded with the next commit; it does not wait for it.

        Outcomes that can't be written now are written when they can be; `flush` tells.

        Raises:
            OutboxError: The outbox is closed, was opened by another process or without this role,
                or the sink was not registered.
        """
        self._known(sink)
        self._writer.settle(sink, settlements)

    def disable(self, sink: str, reason: str) -> None:
        """Have recorded that a sink wants no more events; its events stay.

        Raises:
            OutboxError: The outbox is closed, was opened by another process or without this role,
                or the sink was not registered.
        """
        self._known(sink)
        self._writer.disable(sink, reason)

    def flush(self) -> None:
        """Wait until all that was to be recorded is committed.

        Raises:
            OutboxError: It can't be written; it is kept, and tried again.
        """
        self._owned("relay")
        self._writer.do(lambda _: None)

    def retry(self, ids: Sequence[str] | None = None, sink: str | None = None) -> int:
        """Make dead and waiting events due now; return how many it concerned.

        Args:
            ids: The events; all where it is None, and then disabled sinks are enabled too.
            sink: The sink; all where it is None. One that is named is enabled again.

        Raises:
            UnknownNameError: There is no such sink.
            OutboxError: It can't be written.
        """
        return self._kept_up(lambda at: upkeep.retry(at, ids, sink))

    def drop(
        self, ids: Sequence[str] | None = None, sink: str | None = None, *, dead: bool = False
    ) -> int:
        """Give up events that a sink has not got; return how many it concerned.

        Args:
            ids: The events; all where it is None.
            sink: The sink; all where it is None.
            dead: Whether only dead events are meant.

        Raises:
            UnknownNameError: There is no such sink.
            OutboxError: It can't be written.
        """
        return self._kept_up(lambda at: upkeep.drop(at, ids, sink, dead=dead))

    def forget(self, sink: str) -> int:
        """Let go of a sink and its progress; return how many events it had not got.

        Raises:
            UnknownNameError: There is no such sink.
            OutboxError: It can't be written.
        """
        left = self._kept_up(lambda at: upkeep.forget(at, sink))
        self._sinks.discard(sink)
        return left

    def _kept_up(self, work: Callable[[sqlite3.Connection], int]) -> int:
        self._owned("relay")
        try:
            concerned: int = self._writer.do(work)
        except LookupError as error:
            raise UnknownNameError(f"{self._path} knows no sink {error.args[0]}") from None
        return concerned

    def on_commit(self, told: Callable[[], None]) -> None:
        """Have `told` called, from another thread, whenever events were added."""
        self._owned(None)
        self._writer.on_commit(told)

    def close(self) -> None:
        """Commit what waits, and let go of all; a second call does nothing."""
        if self._pid != os.getpid():
            return
        with self._closing:
            if self._closed:
                return
            self._closed = True
            # The last connection that is closed tidies up, and this one may not write.
            with self._reading:
                self._reader.close()
            self._writer.close()
            if self._mark is not None:
                with suppress(OSError):
                    self._mark.sync()
            self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Outbox({str(self._path)!r})"

    def _known(self, sink: str) -> None:
        self._owned("relay")
        if sink not in self._sinks:
            raise OutboxError(f"{self._path} knows no sink {sink}; register it first")

    def _owned(self, role: str | None) -> None:
        if self._pid != os.getpid():
            raise OutboxError(
                f"{self._path} was opened by the process that this one was forked from; open it "
                "again, once that one has closed it"
            )
        if self._closed:
            raise OutboxError(f"{self._path} was closed; open it again")
        if role is not None and not self._roles[role]:
            raise OutboxError(f"{self._path} was opened without the role '{role}'")
