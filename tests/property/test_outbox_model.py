"""Whatever is done to an outbox, in whatever order: it holds what a plain model holds."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from quantapilot.errors import DuplicateEventError, OutboxFullError
from quantapilot.outbox.intact import examine
from quantapilot.outbox.limits import Limits
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Entry, Settlement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.outbox.ports import State

SINKS = ("a", "b")
EVENTS = 30
STATES: tuple[State, ...] = ("delivered", "waiting", "dead", "dropped")


class OutboxMachine(RuleBasedStateMachine):
    """An outbox beside a list of events and, for each sink, what became of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.file = self.folder / "0" / "o.db"
        self.file.parent.mkdir()
        self.copies = 0
        self.seqs: dict[str, int] = {}
        self.ids: dict[int, str] = {}
        self.bodies: dict[str, bytes] = {}
        self.open = {sink: set[int]() for sink in SINKS}
        self.dead = {sink: set[int]() for sink in SINKS}
        self.last = 0

    @initialize()
    def begin(self) -> None:
        self.enter()

    def enter(self) -> None:
        self.outbox = Outbox(self.file, limits=Limits(events=EVENTS, wait=0))
        for sink in SINKS:
            assert self.outbox.register(sink) is None

    @rule(
        ids=st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=12),
        body=st.sampled_from([b"1", b"2"]),
        fresh=st.booleans(),
    )
    def append(self, ids: list[str], body: bytes, *, fresh: bool) -> None:
        names = [f"{name}{self.last}" if fresh else name for name in ids]
        waiter: Future[Sequence[int]] = Future()
        self.outbox.append([Entry(name, "t", "s", body) for name in names], waiter)
        error = waiter.exception(10)
        # Settled events give way: which of them are still there is the outbox's own choice.
        if isinstance(error, OutboxFullError):
            held = self.open["a"] | self.open["b"]
            # All that is older than the oldest open one could have given way.
            assert self.last - min(held, default=self.last + 1) + 1 + len(names) > EVENTS
            return
        if isinstance(error, DuplicateEventError):
            assert any(self.bodies.get(name, body) != body for name in names)
            return
        for name, seq in zip(names, waiter.result(), strict=True):
            if seq > self.last:
                assert seq == self.last + 1
                self.last = seq
                self.ids[seq], self.seqs[name], self.bodies[name] = name, seq, body
                for sink in SINKS:
                    self.open[sink].add(seq)
            else:
                assert (self.seqs[name], self.bodies[name]) == (seq, body)

    @rule(
        sink=st.sampled_from(SINKS),
        outcomes=st.dictionaries(st.integers(1, 60), st.sampled_from(STATES), max_size=20),
    )
    def settle(self, sink: str, outcomes: dict[int, State]) -> None:
        known = {
            seq: state
            for back, state in outcomes.items()
            if (seq := self.last + 1 - back) in self.open[sink]
        }
        self.outbox.settle(sink, [Settlement(seq, state) for seq, state in known.items()])
        for seq, state in known.items():
            if state != "waiting":
                self.open[sink].discard(seq)
            if state == "dead":
                self.dead[sink].add(seq)

    @rule(sink=st.sampled_from(SINKS), share=st.integers(1, 3))
    def deliver(self, sink: str, share: int) -> None:
        found = [each.message.seq for each in self.outbox.pending(sink, 0, 100)][::share]
        self.outbox.settle(sink, [Settlement(seq, "delivered") for seq in found])
        self.open[sink] -= set(found)

    @rule()
    def flush(self) -> None:
        self.outbox.flush()

    @rule(sink=st.sampled_from(SINKS))
    def drop(self, sink: str) -> None:
        assert self.outbox.drop(sink=sink) >= len(self.open[sink])
        self.open[sink].clear()
        self.dead[sink].clear()

    @rule(sink=st.sampled_from(SINKS))
    def retry(self, sink: str) -> None:
        self.outbox.flush()
        before = set(self.open[sink])
        self.outbox.retry(sink=sink)
        now = {each.message.seq for each in self.outbox.pending(sink, 0, 100)}
        # Dead events may have given way to others.
        assert before <= now <= before | self.dead[sink]
        self.open[sink] = now
        self.dead[sink].clear()

    @rule()
    def reopen(self) -> None:
        self.outbox.close()
        self.enter()

    @rule()
    def kill(self) -> None:
        """Go on with a copy of the files, as a kill at this moment would leave them."""
        self.outbox.flush()
        self.copies += 1
        target = self.folder / str(self.copies) / "o.db"
        target.parent.mkdir()
        for suffix in ("", "-wal", ".mark"):
            source = self.file.with_name(self.file.name + suffix)
            if source.exists():
                shutil.copy(source, target.with_name(target.name + suffix))
        self.outbox.close()
        self.file = target
        self.enter()

    @rule()
    def verify(self) -> None:
        assert examine(self.file, full=True).clean

    @invariant()
    def what_is_pending_is_what_is_open(self) -> None:
        if not self.last:
            return
        for sink in SINKS:
            found = self.outbox.pending(sink, 0, 1000)
            assert [each.message.seq for each in found] == sorted(self.open[sink])
            assert all(self.ids[each.message.seq] == each.message.id for each in found)
            half = found[len(found) // 2 :]
            if half:
                again = self.outbox.pending(sink, half[0].message.seq - 1, len(half))
                assert again == half

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
            assert examine(self.file, full=True).clean
        shutil.rmtree(self.folder)


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=40, stateful_step_count=30)
