"""With hardly any memory and any answers: every event arrives once, and runs stay in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.delivering import MemoryLedger, ScriptedSink

from quantapilot.relay.backlog import Backlog
from quantapilot.relay.backoff import Backoff
from quantapilot.relay.relay import Relay, RelaySettings
from quantapilot.sinks.sink import Dead, Delivered, Message, Outcome, Retry

QUICK = Backoff(0.0005, 0.002)


@dataclass(frozen=True)
class Case:
    """How much there is, and how little is kept in memory."""

    events: int
    subjects: int
    batch: int
    in_flight: int
    window: int
    most_later: int
    most_behind: int
    most_of_one: int
    lazy: bool
    ordered: bool


cases = st.builds(
    Case,
    events=st.integers(1, 60),
    subjects=st.integers(1, 6),
    batch=st.integers(1, 5),
    in_flight=st.integers(1, 4),
    window=st.integers(1, 20),
    most_later=st.integers(1, 6),
    most_behind=st.integers(1, 6),
    most_of_one=st.integers(1, 4),
    lazy=st.booleans(),
    ordered=st.booleans(),
)
# How often an event fails before it arrives, or dies.
fates = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=60, max_size=60)


@settings(max_examples=40, deadline=None)
@given(cases, fates)
def test_every_event_is_settled_once_and_runs_keep_their_order(
    case: Case, fate: list[tuple[int, bool]]
) -> None:
    ledger = MemoryLedger(case.events, subjects=case.subjects, lazy=case.lazy)
    ended: list[Message] = []

    def script(message: Message, before: int) -> Outcome:
        fails, dies = fate[message.seq - 1]
        if before < fails:
            return Retry("status 500")
        ended.append(message)
        return Dead("status 400") if dies else Delivered()

    sink = ScriptedSink(batch=case.batch, in_flight=case.in_flight, script=script)
    small = partial(
        Backlog,
        most_later=case.most_later,
        most_behind=case.most_behind,
        most_of_one=case.most_of_one,
        rest=0.0,
    )
    how = RelaySettings(
        ordered=case.ordered, backoff=QUICK, pauses=QUICK, window=case.window, give_up_after=20
    )
    with mock.patch("quantapilot.relay.lane.Backlog", small):
        progress = asyncio.run(Relay(ledger, [sink], how).drain())
    assert progress.settled
    assert sorted(message.seq for message in ended) == list(range(1, case.events + 1))
    for seq, settled in ledger.state["sink"].items():
        fails, dies = fate[seq - 1]
        assert (settled.state, settled.attempts) == ("dead" if dies else "delivered", fails + 1)
    if case.ordered:
        for subject in {message.subject for message in ended}:
            line = [message.seq for message in ended if message.subject == subject]
            assert line == sorted(line)
