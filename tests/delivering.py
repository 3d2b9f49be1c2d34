"""A ledger in memory and sinks by script: what a relay is tried with where no disk is needed."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantapilot.outbox.ports import Pending, Settlement
from quantapilot.sinks.sink import Delivered, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.sinks.sink import Outcome


class MemoryLedger:
    """A `Ledger` that holds all in memory, and checks how it is used.

    `settle` is committed by `commit` or `flush` only where `lazy` is set, as in a real outbox.
    """

    def __init__(self, events: int = 0, *, subjects: int = 1, lazy: bool = False) -> None:
        self.events: dict[int, Message] = {}
        self.state: dict[str, dict[int, Settlement]] = {}
        self.disabled: dict[str, str] = {}
        self.history: list[tuple[str, Settlement]] = []
        self.groups: list[int] = []
        self.reads: list[int] = []
        self.fault: Exception | None = None
        self._uncommitted: list[tuple[str, Settlement]] = []
        self._lazy = lazy
        self._told: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self.add(events, subjects=subjects)

    def add(self, count: int, *, subjects: int = 1) -> None:
        with self._lock:
            start = len(self.events) + 1
            for seq in range(start, start + count):
                subject = f"run-{seq % subjects}"
                self.events[seq] = Message(seq, f"id-{seq}", "run.started", subject, b"{}")
        for told in self._told:
            told()

    def register(self, sink: str) -> str | None:
        self.state.setdefault(sink, {})
        return self.disabled.get(sink)

    def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
        if self.fault is not None:
            raise self.fault
        self.reads.append(after)
        found: list[Pending] = []
        with self._lock:
            last = len(self.events)
            state = self.state[sink]
            for seq in range(after + 1, last + 1):
                settled = state.get(seq)
                if settled is None:
                    found.append(Pending(self.events[seq]))
                elif settled.state == "waiting":
                    found.append(Pending(self.events[seq], settled.attempts, settled.due))
                if len(found) == limit:
                    break
        return found

    def settle(self, sink: str, settlements: Sequence[Settlement]) -> None:
        if self.fault is not None:
            raise self.fault
        self.groups.append(len(settlements))
        with self._lock:
            self._uncommitted += [(sink, each) for each in settlements]
        if not self._lazy:
            self.flush()

    def disable(self, sink: str, reason: str) -> None:
        self.disabled[sink] = reason

    def flush(self) -> None:
        if self.fault is not None:
            raise self.fault
        with self._lock:
            for sink, each in self._uncommitted:
                self.state[sink][each.seq] = each
                self.history.append((sink, each))
            self._uncommitted.clear()

    def on_commit(self, told: Callable[[], None]) -> None:
        self._told.append(told)

    def told(self, sink: str, state: str) -> list[int]:
        """Return the places of the events that are in a state at a sink."""
        return sorted(seq for seq, each in self.state.get(sink, {}).items() if each.state == state)


def arrives(_: Message, __: int) -> Outcome:
    return Delivered()


@dataclass
class ScriptedSink:
    """A sink that answers by `script`, which gets a message and how often it was sent before."""

    name: str = "sink"
    batch: int = 1
    in_flight: int = 8
    script: Callable[[Message, int], Outcome] = arrives
    takes: Callable[[Message], float] | None = None
    sent: list[Message] = field(default_factory=list)
    times: dict[int, int] = field(default_factory=dict)
    now: int = 0
    most: int = 0
    opened: int = 0
    closed: int = 0

    async def open(self) -> None:
        self.opened += 1

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            self.sent += batch
            await asyncio.sleep(0 if self.takes is None else self.takes(batch[0]))
            outcomes = []
            for message in batch:
                before = self.times.get(message.seq, 0)
                self.times[message.seq] = before + 1
                outcomes.append(self.script(message, before))
            return outcomes
        finally:
            self.now -= 1

    async def close(self) -> None:
        self.closed += 1
