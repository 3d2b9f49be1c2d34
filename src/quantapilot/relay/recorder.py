"""Outcomes are recorded in groups: a call of the outbox for each would cost too much."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from quantapilot.errors import OutboxUnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.outbox.ports import Ledger, Settlement
    from quantapilot.relay.blocking import Blocking

# A group is this many outcomes, or what came within so many seconds.
_GROUP = 256
_LINGER = 0.02
# While so many can't be recorded, nothing more is sent.
_MOST = 4096
# The rate is that of the last so many groups, within so many seconds.
_SAMPLES = 256
_RATE_OVER = 5.0


class Recorder:
    """Records the outcomes of one sink.

    Attributes:
        delivered: How many events arrived.
        fault: Why outcomes can't be recorded now; empty where they can.
    """

    def __init__(
        self, ledger: Ledger, name: str, call: Blocking, wait: Callable[[int], float]
    ) -> None:
        """Take where to record.

        Args:
            ledger: What records.
            name: The sink's name.
            call: Calls what blocks.
            wait: Returns how many seconds to wait behind so many vain tries in a row.
        """
        self.delivered = 0
        self.fault = ""
        self._ledger = ledger
        self._name = name
        self._call = call
        self._wait = wait
        self._loop = asyncio.get_running_loop()
        self._notes: list[Settlement] = []
        self._under_way = False
        self._due = asyncio.Event()
        self._ends = asyncio.Event()
        self._lock = asyncio.Lock()
        self._samples: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)

    @property
    def idle(self) -> bool:
        """Whether all that was noted was handed over."""
        return not self._notes and not self._under_way

    @property
    def full(self) -> bool:
        """Whether so much could not be recorded that nothing more should be sent."""
        return len(self._notes) >= _MOST

    def note(self, settlement: Settlement) -> None:
        """Have an outcome recorded with the next group."""
        notes = self._notes
        notes.append(settlement)
        if len(notes) == 1:
            self._loop.call_later(_LINGER, self._due.set)
        elif len(notes) == _GROUP:
            self._due.set()

    async def run(self, recorded: Callable[[], None]) -> None:
        """Record groups until `end`, and call `recorded` behind each.

        Raises:
            OutboxError: They can't be recorded, and that is no passing thing.
        """
        while not self._ends.is_set():
            await self._due.wait()
            self._due.clear()
            await self.write()
            recorded()

    async def end(self) -> None:
        """Have `run` end, and record the rest.

        Raises:
            OutboxError: The rest can't be recorded; those events are sent again.
        """
        self._ends.set()
        self._due.set()
        await self.write()

    async def write(self) -> None:
        """Hand over all that was noted; while the outbox can't be written, wait until the end.

        Raises:
            OutboxError: It can't be recorded, and that is no passing thing, or the end has come.
        """
        failures = 0
        async with self._lock:
            while self._notes:
                group, self._notes = self._notes, []
                self._under_way = True
                fault = ""
                try:
                    await self._call(self._ledger.settle, self._name, group)
                except OutboxUnwritableError as error:
                    self._notes[:0] = group
                    if self._ends.is_set():
                        raise
                    fault = str(error)
                except BaseException:
                    # Cancelled: nobody knows whether it was recorded, and twice does no harm.
                    self._notes[:0] = group
                    raise
                finally:
                    self._under_way = False
                self.fault = fault
                if fault:
                    failures += 1
                    await pause(self._ends, self._wait(failures))
            self._samples.append((self._loop.time(), self.delivered))

    async def flush(self) -> None:
        """Wait until what was handed over is committed; while it can't be, until the end.

        Raises:
            OutboxError: It can't be, and that is no passing thing, or the end has come.
        """
        failures = 0
        while True:
            try:
                await self._call(self._ledger.flush)
            except OutboxUnwritableError as error:
                if self._ends.is_set():
                    raise
                self.fault = str(error)
            else:
                self.fault = ""
                return
            failures += 1
            await pause(self._ends, self._wait(failures))

    def rate(self) -> float:
        """Return how many events a second arrived lately; from any thread."""
        try:
            samples = tuple(self._samples)
        except RuntimeError:
            # It was added to meanwhile.
            return 0.0
        if len(samples) < 2:
            return 0.0
        last, total = samples[-1]
        first, before = next(each for each in samples if last - each[0] <= _RATE_OVER)
        return (total - before) / (last - first) if last > first else 0.0


async def pause(ends: asyncio.Event, seconds: float) -> None:
    """Wait for a time, or until an end."""
    try:
        async with asyncio.timeout(seconds):
            await ends.wait()
    except TimeoutError:
        return
