"""The order of the runs that an emitter emits: an event that may not follow is refused.

What a run has is read from the outbox when it is opened, and known from then on. A run of which
the outbox holds nothing is watched from the first event that is seen of it: whoever restarts in the
middle of a run must get its rest out.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.contract.order import Order
from quantapilot.contract.positions import pointer_of
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.contract.standing import copy_of
from quantapilot.contract.standings import Standings
from quantapilot.emitter.checking import told
from quantapilot.errors import OutboxError
from quantapilot.findings import EventRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from quantapilot.contract.order import Break
    from quantapilot.contract.standing import Held
    from quantapilot.emitter.checking import EventCheck
    from quantapilot.findings import Finding
    from quantapilot.outbox.outbox import Outbox
    from quantapilot.outbox.ports import Entry
    from quantapilot.outbox.storing import Waiter

    # Where a run stood before, and where it stands now.
    _Change = tuple[Held | None, Held]

_RULE = "contract/order"


class RunOrder:
    """Lets events into an outbox that may follow what their runs have; for any thread."""

    def __init__(self, check: EventCheck, outbox: Outbox) -> None:
        """Take what judges events, and read what the outbox holds.

        Raises:
            ContractError: The contract declares no order.
            OutboxError: The outbox can't be read.
            ScratchError: There are more runs than fit into memory, and no room beside it.
        """
        self._refuses = check.reports(_RULE)
        self._outbox = outbox
        self._standings = Standings()
        self._order = Order(Lifecycle(check.contract), self._standings)
        self._at = count(1)
        # Events that are on their way to the disk, so that a repeat of one is known.
        self._under_way: set[str] = set()
        self._lock = threading.RLock()
        # One thread, so that what came first is judged first.
        self._aside = ThreadPoolExecutor(1, "quantapilot-order")
        try:
            for body in outbox.bodies():
                self._order.watch(orjson.loads(body), next(self._at))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Forget all."""
        self._aside.shutdown()
        with self._lock:
            self._standings.close()

    def handed_in(self, entries: Sequence[Entry], waiter: Waiter) -> _Stay:
        """Hand entries to the outbox, and return what is to surround the wait for them.

        Raises:
            EventRefusedError: One may not follow what its run has; none is handed in.
            OutboxError: The outbox takes none.
            ScratchError: There are more runs than fit into memory, and no room beside it.
        """
        # What is judged next must be stored next, too.
        with self._lock:
            changes = self._judged(entries)
            stay = _Stay(self, changes, {each.id for each in entries} - self._under_way)
            self._under_way |= stay.ids
            try:
                self._outbox.append(entries, waiter)
            except BaseException:
                self.undo(stay)
                raise
        return stay

    async def ahanded_in(self, entries: Sequence[Entry], waiter: asyncio.Future[Any]) -> _Stay:
        """Do as `handed_in` does, without blocking the event loop while files are read."""
        try:
            handing = self._aside.submit(self.handed_in, entries, waiter)
        except RuntimeError:
            raise OutboxError("the emitter was closed meanwhile") from None
        try:
            return await asyncio.wrap_future(handing)
        except asyncio.CancelledError:
            waiter.cancel()
            handing.add_done_callback(self._abandoned)
            raise

    def _abandoned(self, handing: Future[_Stay]) -> None:
        if not handing.cancelled() and handing.exception() is None:
            self.doubt(handing.result())

    def keep(self, stay: _Stay) -> None:
        """Take note that entries are stored."""
        with self._lock:
            self._under_way -= stay.ids

    def undo(self, stay: _Stay) -> None:
        """Take back what entries did to their runs: they were not stored."""
        with self._lock:
            self._under_way -= stay.ids
            for key, (before, after) in stay.changes.items():
                if self._standings.recent.get(key) is not after:
                    # Others were judged behind it.
                    self._standings.put(key, self._order.anywhere(next(self._at)))
                elif before is None:
                    self._standings.forget(key)
                else:
                    self._standings.put(key, before)

    def doubt(self, stay: _Stay) -> None:
        """Take note that nobody knows whether entries are stored."""
        with self._lock:
            self._under_way -= stay.ids
            for key in stay.changes:
                self._standings.put(key, self._order.anywhere(next(self._at)))

    def _judged(self, entries: Sequence[Entry]) -> Mapping[int, _Change]:
        """Return what entries do to their runs, which counts from now on.

        Raises:
            EventRefusedError: One may not follow what its run has; then nothing counts.
        """
        # An event that is sent in again is no other event.
        repeats = self._under_way | self._outbox.known([each.id for each in entries])
        trial, standings = _Trial(self._standings), self._order.standings
        findings: list[Finding] = []
        self._order.standings = trial
        try:
            for number, entry in enumerate(entries, 1):
                if entry.id in repeats:
                    continue
                repeats.add(entry.id)
                fault = self._order.watch(orjson.loads(entry.body), next(self._at))
                if fault is not None and self._refuses:
                    place = "event" if len(entries) == 1 else f"event {number}"
                    findings.append(_finding(fault, place))
        finally:
            self._order.standings = standings
        if findings:
            raise EventRefusedError(told(findings), findings)
        for key, held in trial.recent.items():
            self._standings.put(key, held)
        return {key: (trial.before[key], held) for key, held in trial.recent.items()}


class _Stay:
    """The time in which entries are on their way to the disk: what becomes of them counts."""

    def __init__(self, order: RunOrder, changes: Mapping[int, _Change], ids: set[str]) -> None:
        self.changes = changes
        self.ids = ids
        self._order = order

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._order.keep(self)
        elif isinstance(error, OutboxError):
            self._order.undo(self)
        else:
            self._order.doubt(self)


class _Trial:
    """Standings that change apart from those they are of, until it is known that they may."""

    def __init__(self, standings: Standings) -> None:
        self.recent: dict[int, Held] = {}
        self.before: dict[int, Held | None] = {}
        self._standings = standings

    def recall(self, key: int) -> Held | None:
        held = self._standings.recent.get(key) or self._standings.recall(key)
        self.before[key] = held
        if held is None:
            return None
        copied = [copy_of(each) for each in held] if isinstance(held, list) else copy_of(held)
        self.recent[key] = copied
        return copied

    def put(self, key: int, held: Held) -> None:
        self.recent[key] = held


def _finding(fault: Break, place: str) -> Finding:
    pointer = pointer_of(fault.place)
    return CONTRACT_RULES[_RULE].at(place, fault.text(), pointer=pointer)
