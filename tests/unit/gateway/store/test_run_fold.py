"""Runs, folded from their events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.storing import LIFECYCLE, PROJECT, document

from quantapilot.contract.lifecycle import Progress
from quantapilot.gateway.store.fold import begun, folded

if TYPE_CHECKING:
    from quantapilot.gateway.model import Run

RUN = "0190a6e2-7a3b-7c4d-8e5f-001122334455"
START = document(RUN, "run_started", repo_url="https://h/r", branch="main", correlation_id="c")
FACTS = {"repo_url": "https://h/r", "branch": "main", "correlation_id": "c"}


def run_of(*events: dict[str, Any]) -> Run:
    progress = LIFECYCLE.advance(None, START)
    run = begun(RUN, PROJECT, START, progress)
    for event in events:
        progress = LIFECYCLE.advance(progress, event)
        run = folded(run, event, progress)
    return run


def test_the_first_event_makes_a_run() -> None:
    run = run_of()
    assert (run.run_id, run.project_id, run.state, run.events) == (RUN, PROJECT, "running", 1)
    assert run.started_at == run.updated_at == START["time"]
    assert run.facts == {**FACTS, "milestones_count": 0}


def test_a_pause_has_a_message_until_the_run_goes_on() -> None:
    paused = document(RUN, "run_paused", reason="waits for a decision")
    assert run_of(paused).facts["message"] == "waits for a decision"
    assert "message" not in run_of(paused, document(RUN, "run_resumed")).facts
    # One without a reason has none of an earlier pause.
    again = [paused, document(RUN, "run_resumed"), document(RUN, "run_paused")]
    assert "message" not in run_of(*again).facts


def test_a_failure_tells_its_code_and_message() -> None:
    failed = run_of(document(RUN, "run_failed", error_code="CLONE_FAILED", message="no access"))
    assert failed.state == "failed"
    assert (failed.facts["error_code"], failed.facts["message"]) == ("CLONE_FAILED", "no access")


def test_milestones_are_counted() -> None:
    done = [document(RUN, "milestone_completed", milestone_id=f"m{at}") for at in range(3)]
    run = run_of(*done)
    assert (run.facts["milestones_count"], run.events) == (3, 4)


def test_documentation_and_gates_are_told() -> None:
    run = run_of(
        document(RUN, "documentation_generated", docs_branch="docs/x", pr_number=12),
        document(RUN, "gate_requested", gate="anchor"),
        document(RUN, "gate_requested", gate="release"),
        last := document(RUN, "gate_decision", gate="anchor", approved=True),
    )
    assert (run.facts["docs_branch"], run.facts["pr_number"]) == ("docs/x", 12)
    assert run.open_ == frozenset({"release"})
    assert run.updated_at == last["time"]


@pytest.mark.parametrize("kind", ["gate_requested", "run_completed", "of_tomorrow"])
def test_an_event_that_tells_nothing_changes_no_fact(kind: str) -> None:
    run = run_of()
    after = folded(run, document(RUN, kind), Progress("running"))
    assert after.facts == run.facts
    assert run.events == 1
    assert after.events == 2
