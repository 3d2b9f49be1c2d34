"""The order of a run's events, as `_schemas/run.lifecycle.json` declares it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.emitting import CONTRACT, RUN
from tests.garage import GARAGE, STAY

from quantapilot.contract.catalog import Contract
from quantapilot.contract.lifecycle import Lifecycle, Progress
from quantapilot.errors import ContractError, OutOfOrderError

LIFECYCLE = Lifecycle(CONTRACT)


def event(name: str, **data: Any) -> dict[str, Any]:
    return {"type": f"quantapilot.{name}", "data": {"run_id": RUN, **data}}


def through(*events: dict[str, Any]) -> Progress | None:
    progress = None
    for each in events:
        progress = LIFECYCLE.advance(progress, each)
    return progress


START = event("run_started")
ASKED = event("gate_requested", gate="anchor")
DECIDED = event("gate_decision", gate="anchor")
PAUSED, RESUMED = event("run_paused"), event("run_resumed")


def test_a_whole_run_passes_from_start_to_end() -> None:
    middle = [START, event("documentation_generated"), ASKED, DECIDED, PAUSED, RESUMED]
    assert through(*middle) == Progress("running")
    assert through(*middle, event("run_completed")) == Progress("completed")


def test_pending_gates_are_known_until_they_are_decided() -> None:
    assert through(START, ASKED) == Progress("running", frozenset({"anchor"}))
    assert through(START, ASKED, PAUSED, DECIDED) == Progress("paused")


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([event("run_completed")], "a run begins with run_started"),
        ([START, START], "run_started comes once: the run has begun"),
        ([START, DECIDED], "gate_decision needs a gate_requested before it"),
        ([START, ASKED, DECIDED, DECIDED], "gate_decision needs a gate_requested before it"),
        (
            [START, PAUSED, event("run_completed")],
            "while a run is paused, only gate_decision, run_resumed may come",
        ),
        ([START, event("run_failed"), PAUSED], "the run has ended: it is failed"),
        (
            [START, event("run_completed"), event("run_failed")],
            "the run has ended: it is completed",
        ),
    ],
)
def test_an_event_out_of_order_is_refused_and_told_why(
    events: list[dict[str, Any]], told: str
) -> None:
    through(*events[:-1])
    with pytest.raises(OutOfOrderError) as refused:
        through(*events)
    assert str(refused.value) == told


def test_states_behind_which_nothing_follows_are_known() -> None:
    ended = [
        state for state in ("running", "paused", "completed", "failed") if LIFECYCLE.ended(state)
    ]
    assert ended == ["completed", "failed"]
    assert LIFECYCLE.run_of(START) == RUN


@pytest.mark.parametrize(
    "declared",
    [
        None,
        {},
        {"run": "/data/run_id", "start": {"a": "gone"}, "states": {}},
        {"run": "/data/run_id", "start": {}, "states": []},
        {"run": "", "start": {"a": "b"}, "states": {"b": {}}},
        {"run": "/run", "constant": ["run"], "start": {"a": "b"}, "states": {"b": {}}},
    ],
)
def test_a_lifecycle_that_says_no_order_is_refused(declared: object) -> None:
    with pytest.raises(ContractError, match=r"run\.lifecycle\.json"):
        Lifecycle(Contract(CONTRACT.schemas, declared))


def test_two_things_of_one_number_are_not_taken_for_each_other() -> None:
    order = Lifecycle(GARAGE)
    progress = order.advance(None, {"what": "garage/in", "stay": STAY})
    progress = order.advance(progress, {"what": "garage/bay/taken", "stay": STAY, "no": 1})
    progress = order.advance(progress, {"what": "garage/plug/taken", "stay": STAY, "no": 1})
    assert len(progress.open_) == 2
    progress = order.advance(progress, {"what": "garage/bay/left", "stay": STAY, "no": 1})
    with pytest.raises(OutOfOrderError, match="left needs a taken before it"):
        order.advance(progress, {"what": "garage/bay/left", "stay": STAY, "no": 1})
