"""Processes: several of this machine look at inputs, and the report is that of one.

Each has a pipe of its own, so that one that is killed, in the middle of a word too, is noticed and
takes nothing along: what it had is looked at again, until it is known which input kills.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from quantapilot.errors import QuantaPilotError, unforeseen
from quantapilot.inputs.opening import holds_connections
from quantapilot.scale.work import gathered, look, lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection

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
# So often a batch is tried again after its process died.
_TRIES: Final = 2


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _DiedError(Exception):
    """The process that looked at a batch is no more."""


class _Process:
    """A process that looks at one batch after the other."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.begin()

    def begin(self) -> None:
        """Begin the process, anew where one died. Only the main thread may: a fork copies it."""
        # A fork begins at once. Only Linux promises that one is safe here, and only while there
        # are no connections: both processes would speak on them.
        how = "fork" if sys.platform == "linux" and not holds_connections() else "spawn"
        context: Any = multiprocessing.get_context(how)
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._plan, other), daemon=True)
        # None may come between its beginning and what it does about them.
        with held_back(signal.SIGINT, signal.SIGTERM):
            self._process.start()
        other.close()
        self.alive = True

    def look(self, batch: list[Part]) -> list[Seen]:
        """Return what is seen in a batch.

        Raises:
            _DiedError: The process is dead, or died of it.
        """
        if not self.alive:
            raise _DiedError
        try:
            self._pipe.send(batch)
            answer: list[Seen] | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.alive = False
            raise _DiedError from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """End the process, whatever it does; who waits for what it sees is told that it died."""
        self._process.terminate()
        self._process.join()


class Processes:
    """Looks at inputs in processes of their own, which end with the last input."""

    def __init__(self, plan: Plan, scanner: Scanner, count: int) -> None:
        """Take what they look by, what looks here, and how many there are."""
        self._plan = plan
        self._scanner = scanner
        self._count = count
        self._processes: list[_Process] = []
        self._idle: SimpleQueue[_Process] = SimpleQueue()

    def looked_at(
        self, inputs: Iterable[Source | Finding], summary: Summary, /
    ) -> Iterator[Looked]:
        """Yield each input with what is found in it, in order."""
        with ThreadPoolExecutor(self._count) as threads:
            try:

                def run(batches: Iterator[list[Part]]) -> Iterator[list[Seen]]:
                    return self._run(batches, threads)

                yield from gathered(inputs, summary, self._scanner, PART_BYTES, run)
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                # Nobody waits for what is under way.
                for process in self._processes:
                    process.end()
                self._processes.clear()

    def _run(
        self, batches: Iterator[list[Part]], threads: ThreadPoolExecutor
    ) -> Iterator[list[Seen]]:
        tasks: deque[tuple[list[Part], Future[list[Seen]]]] = deque()
        while True:
            while len(tasks) < self._count * _AHEAD and (batch := next(batches, None)):
                while len(self._processes) < self._count:
                    self._processes.append(_Process(self._plan))
                    self._idle.put(self._processes[-1])
                tasks.append((batch, threads.submit(self._look, batch)))
            if not tasks:
                return
            batch, future = tasks.popleft()
            try:
                seen = future.result()
            except _DiedError:
                seen = self._again(batch)
            yield seen

    def _look(self, batch: list[Part]) -> list[Seen]:
        process = self._idle.get()
        try:
            return process.look(batch)
        finally:
            self._idle.put(process)

    def _again(self, batch: list[Part]) -> list[Seen]:
        """Return what is seen in a batch that may be what killed its process."""
        for process in self._processes:
            if not process.alive:
                process.begin()
        process = _Process(self._plan)
        self._processes.append(process)
        try:
            for _ in range(_TRIES):
                try:
                    return process.look(batch)
                except _DiedError:
                    process.begin()
        finally:
            self._processes.remove(process)
            process.end()
        if len(batch) > 1:
            return [seen for part in batch for seen in self._again([part])]
        return [lost(batch[0], "the process that looked at it was killed, each time it was tried")]


@contextmanager
def held_back(*signals: signal.Signals) -> Iterator[None]:
    """Hold signals back while the block runs; threads and processes that it begins never get them.

    Unless they ask for them. Windows has no such thing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(plan: Plan, pipe: Connection[Any, Any]) -> None:
    """Look at batches as they come, in a process of its own."""
    # Who is at the terminal speaks to the process that reports, and that one to this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    Thread(target=_end_with_parent, daemon=True).start()
    scanner = plan.scanner()
    # Without who reports there is nobody to tell that either.
    with suppress(EOFError, OSError):
        while True:
            pipe.send(_answer(scanner, pipe.recv()))


def _answer(scanner: Scanner, batch: list[Part]) -> list[Seen] | Exception:
    try:
        return [look(scanner, part) for part in batch]
    except QuantaPilotError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the process that reports raises it
        # Not the error itself: it may hold what was being checked, and may not travel at all.
        return QuantaPilotError(f"{unforeseen(error)}; please report it")


def _end_with_parent() -> None:
    """End this process when the one that reports is gone, killed too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
