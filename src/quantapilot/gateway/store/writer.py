"""The one thread that accepts: what many ask for at a time goes into one transaction.

A commit waits for the disk. While it does, others ask; the next one covers all of them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from quantapilot.errors import QuantaPilotError, StoreError, StoreUnavailableError
from quantapilot.gateway.store.batch import store_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from quantapilot.contract.lifecycle import Lifecycle
    from quantapilot.gateway.model import Accepted, NewEvent, NewRun, StoredEvent
    from quantapilot.gateway.store.batch import Answer, Item
    from quantapilot.gateway.store.store import Store

    Job = tuple[asyncio.Future[Any], Item]

_BATCH = 256
# Where so many came at a time, so many seconds are waited for more: each commit has its price.
_MANY = 4
_GATHER = 0.004
# While so many wait, the database is too slow for what comes: better to say so than to grow.
_MOST_WAITING = 10_000


class Writer:
    """Accepts runs and events for event loops; each answer comes once it is on the disk."""

    def __init__(
        self,
        store: Store,
        lifecycle: Lifecycle,
        on_commit: Callable[[Sequence[StoredEvent]], None],
    ) -> None:
        """Take where to store.

        Args:
            store: The store.
            lifecycle: Which event of a run may follow which.
            on_commit: Called, on the thread that writes, with the events of each commit.
        """
        self._store = store
        self._lifecycle = lifecycle
        self._on_commit = on_commit
        # None is the end.
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._ended = False
        # Whether many came at a time lately.
        self._many = False
        self._thread = threading.Thread(target=self._run, name="gateway-writer", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more, and return when what was asked for before is answered."""
        self._jobs.put(None)
        self._thread.join()

    def accept_run(self, run: NewRun) -> asyncio.Future[Accepted]:
        """Have a run stored with its first event; called on an event loop.

        The future may get a `ReplayMismatchError` or a `StoreUnavailableError` instead.
        """
        return self._accept(run)

    def accept_event(self, event: NewEvent) -> asyncio.Future[None]:
        """Have an event of a run stored; called on an event loop.

        One that is stored already, with the same bytes, is accepted again. The future may get an
        `UnknownRunError`, an `OutOfOrderError`, a `DuplicateEventError` or a
        `StoreUnavailableError` instead.
        """
        return self._accept(event)

    def _accept(self, item: Item) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._jobs.qsize() >= _MOST_WAITING:
            future.set_exception(StoreUnavailableError("too many wait to be stored"))
            return future
        self._jobs.put((future, item))
        if self._ended:
            self._refuse_left()
        return future

    def _run(self) -> None:
        going = True
        try:
            while going:
                jobs, going = self._batch()
                if jobs:
                    self._many = len(jobs) >= _MANY
                    self._write(jobs)
        finally:
            # Who asks from now on answers himself; who asked at the last moment is answered here.
            self._ended = True
            self._refuse_left()

    def _batch(self) -> tuple[list[Job], bool]:
        """Wait for jobs; return a batch of them, and whether there may be more."""
        jobs: list[Job] = []
        job = self._jobs.get()
        if self._many:
            time.sleep(_GATHER)
        with suppress(Empty):
            while job is not None:
                jobs.append(job)
                if len(jobs) == _BATCH:
                    return jobs, True
                job = self._jobs.get_nowait()
        return jobs, job is not None

    def _write(self, jobs: Sequence[Job]) -> None:
        try:
            answers, stored = self._committed([item for _, item in jobs])
        except StoreUnavailableError as error:
            # Each gets its own: an exception is bound to the task that it is raised in.
            _tell([(future, StoreUnavailableError(str(error))) for future, _ in jobs])
        except Exception as error:  # noqa: BLE001
            if len(jobs) > 1:
                # One of them can't be stored; which, only trying tells.
                middle = len(jobs) // 2
                self._write(jobs[:middle])
                self._write(jobs[middle:])
                return
            _tell([(jobs[0][0], _typed(error))])
        else:
            _tell([(future, answer) for (future, _), answer in zip(jobs, answers, strict=True)])
            if stored:
                # One who fails to listen keeps nobody from being answered.
                with suppress(Exception):
                    self._on_commit(stored)

    def _committed(self, items: Sequence[Item]) -> tuple[list[Answer], list[StoredEvent]]:
        with self._store.database.writing() as connection:
            return store_batch(connection, items, self._lifecycle, self._store.clock())

    def _refuse_left(self) -> None:
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    _tell([(job[0], StoreUnavailableError("the gateway is being stopped"))])


def _typed(error: Exception) -> QuantaPilotError:
    if isinstance(error, QuantaPilotError):
        return error
    return StoreError(f"internal fault {type(error).__name__} while storing; please report it")


def _tell(answers: Iterable[tuple[asyncio.Future[Any], Answer | QuantaPilotError]]) -> None:
    """Answer those who wait; those of one event loop in one call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for future, answer in answers:
        by_loop.setdefault(future.get_loop(), []).append((future, answer))
    for loop, group in by_loop.items():
        # A loop that was closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, group)


def _resolve(group: Iterable[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in group:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
