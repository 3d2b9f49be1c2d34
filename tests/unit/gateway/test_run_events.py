"""Events of runs, as pipelines send them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.emitting import CONFIG, CONTRACT, MAIL, RUN

from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.emitter.checking import EventCheck
from quantapilot.gateway.checks import ContentError, problem_of
from quantapilot.gateway.problems import ProblemError
from quantapilot.gateway.run_events import RunEvents

EVENTS = RunEvents(EventCheck(CONFIG, "/tests"), Lifecycle(CONTRACT))
OTHER = "9b2d7c1e-5f3a-4c8b-8e1d-6a7b8c9d0e1f"


def sent(kind: str = "run_paused", **data: Any) -> dict[str, Any]:
    payload = {"run_id": RUN, "reason": "Budget"} | data
    return {"type": f"quantapilot.{kind}", "data": payload}


def raw(event: Any) -> bytes:
    return json.dumps(event).encode()


def test_the_envelope_is_filled_in_where_it_is_not_sent() -> None:
    new = EVENTS.event(raw(sent()), RUN)
    assert new.document["source"] == "/tests"
    assert new.document["subject"] == RUN
    assert json.loads(new.entry.body) == new.document


def test_a_whole_event_stays_as_it_is() -> None:
    event = dict(EVENTS.event(raw(sent()), RUN).document) | {"source": "/pipeline"}
    assert EVENTS.event(raw(event), RUN).document == event


@pytest.mark.parametrize(
    "event",
    [sent(run_id=OTHER), sent() | {"subject": OTHER}, sent(run_id=OTHER) | {"subject": RUN}],
)
def test_an_event_of_another_run_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises((ContentError, ProblemError), match=r"another run|contract/copy"):
        EVENTS.event(raw(event), RUN)


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"\xff{", "INVALID_JSON", ""),
        (b"7", "INVALID_JSON", "expected a JSON object"),
        (b"{}", "CONTRACT_VIOLATION", ""),
        (raw({"type": "quantapilot.party"}), "CONTRACT_VIOLATION", "contract/unknown-event"),
        (raw({"type": "quantapilot.run_paused", "data": 7}), "CONTRACT_VIOLATION", "/data"),
        (raw(sent(reason=f"by {MAIL}")), "PERSONAL_DATA", "pii/email at /data/reason"),
        (raw(sent(asked_by=MAIL)), "PERSONAL_DATA", "pii/email at /data:"),
        (raw(sent()).replace(b'"reason"', b'"reason":"x","reason"'), "INVALID_JSON", "/data"),
    ],
)
def test_a_refused_event_says_what_and_where_and_nothing_that_was_sent(
    body: bytes, code: str, told: str
) -> None:
    with pytest.raises(ContentError) as refused:
        EVENTS.event(body, RUN)
    problem = problem_of(refused.value)
    assert problem.problem.code == code
    assert told in problem.message
    for part in (MAIL, "asked_by", "party"):
        assert part not in problem.message
