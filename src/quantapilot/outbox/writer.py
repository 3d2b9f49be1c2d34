"""The one thread that writes: what many ask for at a time goes into one transaction.

A commit waits for the disk. While it does, others ask; the next one covers all of them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from quantapilot.errors import OutboxError, OutboxFullError
from quantapilot.outbox.chain import tail
from quantapilot.outbox.faults import fault
from quantapilot.outbox.progress import Progress, put_disabled
from quantapilot.outbox.retention import holder, prune
from quantapilot.outbox.storing import Request, answer, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from quantapilot.outbox.limits import Limits
    from quantapilot.outbox.mark import MarkFile
    from quantapilot.outbox.ports import Entry, Settlement
    from quantapilot.outbox.storing import Answer, Waiter

_GROUP = 512
# SQLite takes rows of 10**9 bytes, and what stands beside a body also stands in it.
_MOST_BODY = 400_000_000
# How often another process's commits are looked for, and room that one made.
_POLL_SECONDS = 0.05
# How soon outcomes that could not be written are written again.
_RETRY_SECONDS = 0.5
_PRUNE_SECONDS = 30.0


class _Record:
    """What is to be written down about a sink."""

    __slots__ = ("disabled", "settlements", "sink")

    def __init__(
        self, sink: str, settlements: Sequence[Settlement] = (), disabled: str | None = None
    ) -> None:
        self.sink = sink
        self.settlements = settlements
        self.disabled = disabled


class _Task:
    """Something to be done in a transaction of its own, for one who waits."""

    __slots__ = ("done", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        self.work = work
        self.done: Future[Any] = Future()


class Writer:
    """Commits what is handed to it, in groups, and then tells who waits."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        mark: MarkFile | None,
        limits: Limits,
        *,
        relays: bool,
    ) -> None:
        """Take a connection that nothing else uses from now on, and begin.

        Args:
            path: The outbox, for messages.
            connection: Its connection, in autocommit mode.
            mark: The high-water mark of one that adds events; None where another process does.
            limits: What may be stored.
            relays: Whether deliveries are recorded here: it then also prunes.

        Raises:
            sqlite3.Error: The database can't be read.
        """
        self._path = path
        self._connection = connection
        self._mark = mark
        self._limits = limits
        self._relays = relays
        self._tail = self._marked = tail(connection)
        self._version = self._data_version()
        self._progress: dict[str, Progress] = {}
        self._told: list[Callable[[], None]] = []
        # Who adds never holds a lock that the thread needs: a signal's handler may add too, and
        # wait for it, while the program it interrupted stands in the midst of `add`.
        self._adding = threading.RLock()
        self._inbox: deque[Request] = deque()
        self._added_entries = self._added_bytes = 0
        self._gone_entries = self._gone_bytes = 0
        self._ready = threading.Lock()
        self._news: SimpleQueue[None] = SimpleQueue()
        self._asleep = False
        self._closing = False
        self._ended = False
        self._backlog: deque[Request] = deque()
        self._no_room = False
        # Whether there may be room since it was last looked for.
        self._moved = True
        self._records: list[_Record] = []
        self._unrecorded: dict[str, dict[int, Settlement]] = {}
        self._unwritable: OutboxError | None = None
        self._tasks: list[_Task] = []
        self._prune_at = monotonic()
        self._pruned_to = 0
        self._thread = threading.Thread(target=self._run, name="outbox-writer", daemon=True)
        self._thread.start()

    def add(self, entries: Sequence[Entry], waiter: Waiter) -> None:
        """Have entries stored; see `Outbox.append`."""
        request = Request(entries, waiter, monotonic() + self._limits.wait)
        limits = self._limits
        count, size = len(entries), request.size
        if count > limits.events or size > limits.bytes:
            answer([(waiter, OutboxFullError(f"{self._path} may not hold as much as this batch"))])
            return
        if size > _MOST_BODY and any(len(entry.body) > _MOST_BODY for entry in entries):
            text = f"an entry can't be stored: its body has more than {_MOST_BODY:,} bytes"
            answer([(waiter, OutboxError(f"{self._path}: {text}"))])
            return
        with self._adding:
            self._refuse_closed()
            waiting = self._added_entries - self._gone_entries
            fits = not waiting or (
                waiting + count <= limits.queue
                and self._added_bytes - self._gone_bytes + size <= limits.queue_bytes
            )
            if fits:
                self._added_entries += count
                self._added_bytes += size
                self._inbox.append(request)
                self._wake()
        if self._ended:
            self._refuse_left()
        if not fits:
            text = (
                f"{self._path}: {waiting:,} events wait in memory to be written, and "
                "no more may; emit again when some are stored"
            )
            answer([(waiter, OutboxFullError(text))])

    def settle(self, sink: str, settlements: Sequence[Settlement]) -> None:
        """Have outcomes recorded; see `Ledger.settle`."""
        with self._ready:
            self._refuse_closed()
            self._records.append(_Record(sink, settlements))
            self._unrecorded.setdefault(sink, {}).update({each.seq: each for each in settlements})
            self._wake()

    def disable(self, sink: str, reason: str) -> None:
        """Have recorded that a sink wants no more events."""
        with self._ready:
            self._refuse_closed()
            self._records.append(_Record(sink, disabled=reason))
            self._wake()

    def unrecorded(self, sink: str) -> dict[int, Settlement]:
        """Return what was handed in about a sink and is not committed yet, by place."""
        with self._ready:
            return dict(self._unrecorded.get(sink, {}))

    def do(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Have something done in a transaction of its own behind all that waits; wait for it.

        Raises:
            OutboxError: It, or what was to be recorded before it, can't be written.
        """
        task = _Task(work)
        with self._ready:
            self._refuse_closed()
            self._tasks.append(task)
            self._wake()
        return task.done.result()

    def on_commit(self, told: Callable[[], None]) -> None:
        """Have `told` called whenever events were added."""
        with self._ready:
            self._told.append(told)
            self._wake()

    def close(self) -> None:
        """Commit what waits, and end; who waits for room in vain is told."""
        with self._adding, self._ready:
            self._closing = True
            self._wake()
        self._thread.join()

    def _refuse_closed(self) -> None:
        if self._closing:
            raise OutboxError(f"{self._path} was closed; open it again")

    def _refuse_left(self) -> None:
        """Tell those whose events came when the thread had ended, or was about to."""
        problem = OutboxError(f"{self._path} was closed; open it again")
        with suppress(IndexError):
            while True:
                answer([(self._inbox.popleft().waiter, problem)])

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            self._news.put(None)

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:
            self._die(type(error).__name__)
            raise
        finally:
            self._ended = True
            self._refuse_left()
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()

    def _die(self, name: str) -> None:
        """Leave nobody waiting for a thread that ends by a fault of its own."""
        problem = OutboxError(
            f"{self._path}: internal fault {name} while writing; please report it"
        )
        with self._ready:
            self._closing = True
            requests = list(self._backlog)
            tasks = self._tasks
        with suppress(IndexError):
            while True:
                requests.append(self._inbox.popleft())
        answer([(request.waiter, problem) for request in requests])
        for task in tasks:
            task.done.set_exception(problem)

    def _step(self) -> bool:
        """Do what there is to do; return whether there may be more."""
        records, tasks, closing = self._take()
        if records or self._backlog:
            answer(self._write(records))
        if self._backlog:
            answer(self._given_up(closing=closing))
        for task in tasks:
            self._perform(task)
        self._look_around()
        return not closing or bool(self._backlog)

    def _take(self) -> tuple[list[_Record], list[_Task], bool]:
        if not self._needed():
            self._asleep = True
            # Whoever came before that did not know.
            if not self._needed():
                with suppress(Empty):
                    self._news.get(timeout=self._patience())
            self._asleep = False
        with self._ready:
            closing = self._closing
            while self._inbox:
                self._backlog.append(self._inbox.popleft())
            records, self._records = self._records, []
            tasks, self._tasks = self._tasks, []
            return records, tasks, closing

    def _needed(self) -> bool:
        """Return whether there is something to do at once."""
        retried = self._records and self._unwritable is None
        crowded = self._backlog and not self._no_room
        return bool(self._inbox or self._tasks or self._closing or retried or crowded)

    def _patience(self) -> float:
        """Return how many seconds to wait at most for something to do."""
        if self._backlog or (self._mark is None and self._told):
            return _POLL_SECONDS
        if self._records:
            return _RETRY_SECONDS
        return max(0.0, self._prune_at - monotonic()) if self._relays else _PRUNE_SECONDS

    def _write(self, records: list[_Record]) -> list[Answer]:
        """Commit outcomes, and a group of requests; return what to tell those who wait."""
        connection = self._connection
        taken: list[Request] = []
        answers: list[Answer] = []
        new = self._tail
        problem: OutboxError | None = None
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._record(records)
            self._admit(taken)
            if taken:
                answers, new = store(connection, taken, self._tail, int(time() * 1000))
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001
            problem = fault(error, self._path)
        if problem is not None:
            self._roll_back(problem if records else None, records)
            while self._backlog and len(taken) < _GROUP:
                taken.append(self._backlog.popleft())
            answers = [(request.waiter, type(problem)(str(problem))) for request in taken]
        else:
            self._recorded(records)
            if new != self._tail:
                self._tail = new
                self._set_mark()
                self._tell()
        self._let_go(taken)
        return answers

    def _let_go(self, requests: Iterable[Request]) -> None:
        """Take that these wait in memory no more."""
        for request in requests:
            self._gone_entries += len(request.entries)
            self._gone_bytes += request.size

    def _admit(self, taken: list[Request]) -> None:
        """Move requests from the backlog: a group of them, and only what there is room for."""
        if not self._backlog or (self._no_room and not self._moved):
            return
        self._no_room = self._moved = False
        limits = self._limits
        events, size = self._kept()
        count = added = 0
        while self._backlog and count < _GROUP:
            request = self._backlog[0]
            count += len(request.entries)
            added += request.size
            while events + count > limits.events or size + added > limits.bytes:
                if not prune(self._connection, 0)[0]:
                    self._no_room = True
                    return
                events, size = self._kept()
            taken.append(self._backlog.popleft())

    def _kept(self) -> tuple[int, int]:
        row: tuple[int, int] = self._connection.execute("SELECT events, bytes FROM meta").fetchone()
        return row

    def _record(self, records: list[_Record]) -> None:
        by_sink: dict[str, list[Settlement]] = {}
        for record in records:
            by_sink.setdefault(record.sink, []).extend(record.settlements)
        last = self._tail[0] if self._mark is not None or not by_sink else tail(self._connection)[0]
        for sink, settlements in by_sink.items():
            if sink not in self._progress:
                self._progress[sink] = Progress(self._connection, sink)
            self._progress[sink].record(self._connection, settlements, last)
        for record in records:
            if record.disabled is not None:
                put_disabled(self._connection, record.sink, record.disabled)

    def _recorded(self, records: list[_Record]) -> None:
        self._unwritable = None
        if not records:
            return
        self._moved = True
        with self._ready:
            for record in records:
                kept = self._unrecorded.get(record.sink, {})
                for each in record.settlements:
                    if kept.get(each.seq) is each:
                        del kept[each.seq]

    def _roll_back(self, problem: OutboxError | None, records: list[_Record]) -> None:
        self._progress.clear()
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            # What the log holds may be what fills the disk.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # A commit that reported a fault may be there nevertheless.
        with suppress(sqlite3.Error):
            self._tail = tail(self._connection)
        self._unwritable = problem
        with self._ready:
            self._records[:0] = records

    def _given_up(self, *, closing: bool) -> list[Answer]:
        """Return what to tell those whose time to wait for room is over."""
        now = monotonic()
        over = [
            each for each in self._backlog if self._no_room and (closing or each.deadline <= now)
        ]
        if not over:
            return []
        text = self._why_full()
        self._moved = True
        gone = set(map(id, over))
        self._backlog = deque([each for each in self._backlog if id(each) not in gone])
        self._let_go(over)
        return [(each.waiter, OutboxFullError(text)) for each in over]

    def _why_full(self) -> str:
        try:
            name = holder(self._connection)
        except sqlite3.Error as error:
            return str(fault(error, self._path))
        if name is None:
            return f"{self._path} is full, and no sink is known to it; start 'qp relay'"
        return (
            f"{self._path} is full: the sink {name} has not got its events; see 'qp outbox status',"
            " and 'qp outbox drop' for events, or a sink, that are to be given up"
        )

    def _perform(self, task: _Task) -> None:
        if self._unwritable is not None:
            task.done.set_exception(type(self._unwritable)(str(self._unwritable)))
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            result = task.work(self._connection)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001
            problem = error if isinstance(error, LookupError) else fault(error, self._path)
            self._roll_back(None, [])
            task.done.set_exception(problem)
        else:
            self._progress.clear()
            self._moved = True
            task.done.set_result(result)

    def _look_around(self) -> None:
        """Notice what other processes committed, and let go of what was kept long enough."""
        if self._mark is None or not self._relays:
            with suppress(sqlite3.Error):
                version = self._data_version()
                if version != self._version:
                    self._version = version
                    self._moved = True
                    if self._mark is None:
                        self._tell()
        if self._mark is not None and self._marked != self._tail:
            self._set_mark()
        if self._relays and monotonic() >= self._prune_at:
            self._prune()

    def _prune(self) -> None:
        connection = self._connection
        gone = 0
        try:
            connection.execute("BEGIN IMMEDIATE")
            gone, self._pruned_to = prune(connection, self._limits.keep, self._pruned_to)
            connection.execute("COMMIT")
        except sqlite3.Error:
            # What can't be deleted now can be later.
            self._roll_back(None, [])
        if not gone:
            self._pruned_to = 0
        self._prune_at = monotonic() + (_PRUNE_SECONDS if not gone else _POLL_SECONDS)

    def _data_version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _set_mark(self) -> None:
        if self._mark is None:
            return
        # The events are safe; a mark that lags is set with the next commit, or when all is quiet.
        with suppress(OSError):
            self._mark.write(*self._tail)
            self._marked = self._tail

    def _tell(self) -> None:
        for told in self._told:
            # One that fails, such as for a closed event loop, holds back none of the rest.
            with suppress(Exception):
                told()
