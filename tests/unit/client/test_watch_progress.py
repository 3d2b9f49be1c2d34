"""How far a run is, as its events tell it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from quantapilot.client.gateway import Heard
from quantapilot.client.progress import Progress, moment


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
