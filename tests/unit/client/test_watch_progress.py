"""How far a run is, as its events tell it."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import uuid4

from tests.storing import LIFECYCLE

from quantapilot.client.gateway import Heard
from quantapilot.client.progress import Progress, moment
from quantapilot.errors import OutOfOrderError


def heard(name: str, *, time: object = "2026-01-02T03:04:05Z", **data: Any) -> Heard:
    return Heard(str(uuid4()), f"quantapilot.{name}", {"time": time, "data": data})


def behind(*events: Heard) -> Progress:
    progress = Progress()
    for each in events:
        progress = progress.after(each)
    return progress


def test_gates_and_milestones_are_counted() -> None:
    progress = behind(
        heard("run_started"),
        heard("gate_requested", gate="anchor"),
        heard("gate_requested", gate="milestone"),
        heard("milestone_completed", milestone_id="m1"),
        heard("gate_decision", gate="anchor", approved=True),
    )
    assert progress.gates == ("milestone",)
    assert (progress.milestones, progress.events, progress.state) == (1, 5, "running")
    assert progress.began == moment("2026-01-02T03:04:05Z")
    assert not progress.ended


def test_a_run_is_paused_and_goes_on() -> None:
    paused = behind(heard("run_started"), heard("run_paused", reason="budget is spent"))
    assert (paused.state, paused.why) == ("paused", "budget is spent")
    assert paused.after(heard("run_resumed")).state == "running"
    assert paused.after(heard("run_resumed")).why == ""


def test_a_run_fails_with_code_and_message() -> None:
    failed = behind(heard("run_failed", error_code="TESTS_FAILED", message="two\x1b[2J failed"))
    assert failed.ended
    assert failed.why == "TESTS_FAILED: two\\x1b[2J failed"


def test_an_event_of_a_later_contract_changes_nothing() -> None:
    before = behind(heard("run_started"))
    assert before.after(heard("something_new")).state == "running"


def test_times_that_are_none_are_left_out() -> None:
    times: list[object] = [None, 7, "yesterday", "9999-99-99", {}, "0001-01-01T00:00:00+23:59"]
    for time in times:
        assert behind(heard("run_started", time=time)).began is None


def test_a_run_is_as_far_here_as_at_the_gateway() -> None:
    """Both fold events, each with what it knows; whatever may follow what, they agree."""
    kinds = [
        heard(kind, gate="anchor")
        for kind in (
            "documentation_generated",
            "gate_requested",
            "gate_decision",
            "milestone_completed",
            "run_paused",
            "run_resumed",
            "run_failed",
            "run_completed",
        )
    ]
    start = heard("run_started")
    compared = 0
    for events in product(kinds, repeat=4):
        here, there = behind(start), LIFECYCLE.advance(None, typed(start))
        try:
            for each in events:
                there = LIFECYCLE.advance(there, typed(each))
                here = here.after(each)
                assert (here.state, frozenset(here.gates)) == (there.state, there.open_)
                assert here.ended is LIFECYCLE.ended(there.state)
                compared += 1
        except OutOfOrderError:
            continue
    assert compared > len(kinds)


def typed(event: Heard) -> dict[str, Any]:
    return {**event.event, "type": event.type}
