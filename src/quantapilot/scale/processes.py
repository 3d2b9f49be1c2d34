"""Processes: several of this machine look at inputs, and the report is that of one.

A process that dies takes nothing along: what it had is looked at again, alone, so that it is known
which input kills its process, and the others are checked all the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Final

from quantapilot.inputs.opening import holds_connections
from quantapilot.scale.work import gathered, look, lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.plan import Plan
    from quantapilot.gate.scanner import Scanner
    from quantapilot.gate.workers import Looked
    from quantapilot.inputs.sources import Source
    from quantapilot.scale.parts import Part
from quantapilot.scale.work import Seen

# Bytes of a part: many to a file, so that all processes end at about the same time, and so few
# that what is found in one is small.
PART_BYTES: Final = 4 << 20
# Batches that wait for each process, so that none waits for work.
_AHEAD: Final = 3
# So often a batch is tried alone after its process died.
_TRIES: Final = 2


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(slots=True, repr=False)
class _Task:
    """A batch of parts under way; `alone` tells that a process died while it was."""

    batch: list[Part]
    future: Future[list[Seen]]
    alone: bool = False


class Processes:
    """Looks at inputs in processes of their own, which end with the last input."""

    def __init__(self, plan: Plan, scanner: Scanner, count: int) -> None:
        """Take what they look by, what looks here, and how many there are."""
        self._plan = plan
        self._scanner = scanner
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._others = set(multiprocessing.active_children())

    def looked_at(
        self, inputs: Iterable[Source | Finding], summary: Summary, /
    ) -> Iterator[Looked]:
        """Yield each input with what is found in it, in order."""
        try:
            yield from gathered(inputs, summary, self._scanner, PART_BYTES, self._run)
        except BaseException:
            # Nobody waits for what is under way.
            for child in set(multiprocessing.active_children()) - self._others:
                child.terminate()
            raise
        finally:
            self._end()

    def _run(self, batches: Iterator[list[Part]]) -> Iterator[list[Seen]]:
        tasks: deque[_Task] = deque()
        while True:
            while len(tasks) < self._count * _AHEAD and not any(task.alone for task in tasks):
                batch = next(batches, None)
                if batch is None:
                    break
                tasks.append(_Task(batch, self._submitted(batch)))
            if not tasks:
                return
            task = tasks.popleft()
            try:
                yield self._alone(task.batch) if task.alone else task.future.result()
            except BrokenProcessPool:
                self._end()
                # Nobody knows which of those under way it was.
                for each in (task, *tasks):
                    each.alone = each is task or not _finished(each.future)
                tasks.appendleft(task)

    def _alone(self, batch: list[Part]) -> list[Seen]:
        """Return what is seen in a batch that may be what killed its process."""
        for _ in range(_TRIES):
            try:
                return self._submitted(batch).result()
            except BrokenProcessPool:
                self._end()
        if len(batch) > 1:
            return [seen for part in batch for seen in self._alone([part])]
        return [lost(batch[0], "the process that looked at it was killed, each time it was tried")]

    def _submitted(self, batch: list[Part]) -> Future[list[Seen]]:
        if self._pool is None:
            # A fork begins at once. Only Linux promises that one is safe here, and only while there
            # are no connections: both processes would speak on them.
            how = "fork" if sys.platform == "linux" and not holds_connections() else "spawn"
            self._pool = ProcessPoolExecutor(
                self._count, multiprocessing.get_context(how), _begin, (self._plan,)
            )
        try:
            return self._pool.submit(_looked, batch)
        except BrokenProcessPool as error:
            failed: Future[list[Seen]] = Future()
            failed.set_exception(error)
            return failed

    def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _finished(future: Future[list[Seen]]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


_scanner: Scanner | None = None


def _begin(plan: Plan) -> None:
    """Make a process ready to look at parts."""
    global _scanner  # noqa: PLW0603
    # Who is at the terminal speaks to the process that reports, and that one to this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    _scanner = plan.scanner()


def _end_with_parent() -> None:
    """End this process when the one that reports is gone, killed too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _looked(batch: list[Part]) -> list[Seen]:
    if _scanner is None:
        raise RuntimeError("no plan to look by")
    return [look(_scanner, part) for part in batch]
