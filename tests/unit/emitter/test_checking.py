"""Checking: what may leave, as which bytes, and what a refusal tells."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import Any

import orjson
import pytest
from tests.emitting import CONFIG, MAIL, PAYLOAD, ROOT, RUN

from quantapilot.emitter.checking import EventCheck
from quantapilot.findings import EventRefusedError
from quantapilot.gate.payload import PayloadCheck
from quantapilot.pii.rules import load_rules

CHECK = EventCheck(CONFIG, "/quantapilot/worker")


def refused(event: Any, name: str | None = None) -> EventRefusedError:
    with pytest.raises(EventRefusedError) as caught:
        CHECK.entry(event, name)
    return caught.value


def test_what_is_stored_is_what_was_judged() -> None:
    entry = CHECK.entry(PAYLOAD, "run_started")
    event = orjson.loads(entry.body)
    assert (entry.id, entry.type, entry.subject) == (event["id"], event["type"], RUN)
    assert event["data"] == PAYLOAD


def test_events_of_clean_runs_pass_and_keep_their_ids() -> None:
    for line in (ROOT / "examples" / "events" / "events.jsonl").read_bytes().splitlines()[:200]:
        event = orjson.loads(line)
        entry = CHECK.entry(event)
        assert orjson.loads(entry.body) == event


def test_personal_data_is_refused_with_its_place() -> None:
    error = refused({**PAYLOAD, "branch": f"fix/{MAIL}"}, "run_started")
    assert [(each.rule, each.pointer) for each in error.findings] == [("pii/email", "/data/branch")]


def test_a_refusal_shows_no_value() -> None:
    error = refused({**PAYLOAD, "branch": f"fix/{MAIL}", MAIL: MAIL}, "run_started")
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.findings)
    assert MAIL not in shown
    assert "alice" not in shown


def test_what_breaks_the_contract_is_refused() -> None:
    error = refused({"branch": "main", "extra": 1}, "run_started")
    assert {each.rule for each in error.findings} >= {"contract/unknown-field"}


def test_a_warning_is_a_refusal_too() -> None:
    run = "2f5b8e6a-1d3c-5e4f-9a0b-1c2d3e4f5a6b"
    error = refused({**PAYLOAD, "run_id": run}, "run_started")
    assert {each.rule for each in error.findings} == {"pii/uuid-name-based"}


def test_a_rule_that_the_project_ignores_refuses_nothing() -> None:
    check = EventCheck(replace(CONFIG, ignore=("pii/uuid-name-based",)), "/w")
    run = "2f5b8e6a-1d3c-5e4f-9a0b-1c2d3e4f5a6b"
    assert check.entry({**PAYLOAD, "run_id": run}, "run_started").subject == run


def test_many_findings_are_counted_in_the_text() -> None:
    error = refused({f"field_{at}": at for at in range(9)}, "run_started")
    assert "and " in str(error)
    assert str(error).count("contract/") <= 3


@pytest.mark.parametrize("value", [object(), {1, 2}, "\ud800"])
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    error = refused({**PAYLOAD, "branch": value}, "run_started")
    assert "no form" in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_what_is_wrong_with_the_payload_is_told_once() -> None:
    error = refused({**PAYLOAD, "run_id": "run 7"}, "run_started")
    assert {each.pointer for each in error.findings} == {"/data/run_id"}


def test_what_is_wrong_with_a_given_copy_is_told() -> None:
    event = {"type": "quantapilot.run_started", "subject": "run 7", "data": PAYLOAD}
    assert {each.pointer for each in refused(event).findings} == {"/subject"}


@pytest.mark.parametrize("field", ["reason", "gate"])
def test_whatever_the_rules_find_in_a_whole_event_is_found_in_its_payload(field: str) -> None:
    whole = PayloadCheck(CHECK.inspector, "events")
    payload = {"run_id": RUN, "gate": "deploy", "approved": True}
    texts = {text for rule in load_rules() for text in (*rule.match, *rule.no_match)}
    assert len(texts) > 1_000
    for text in texts:
        event = CHECK.envelopes.filled(payload | {field: text}, "gate_decision")
        _, findings = whole.check(event)
        try:
            CHECK.entry(payload | {field: text}, "gate_decision")
        except EventRefusedError as error:
            assert findings, text
            told = [(each.rule, each.pointer) for each in error.findings]
            assert told == [(each.rule, each.pointer) for each in findings]
        else:
            assert findings == [], text


def test_a_source_that_holds_a_name_is_refused_with_every_event() -> None:
    check = EventCheck(CONFIG, "/home/alice.smith/worker")
    with pytest.raises(EventRefusedError) as caught:
        check.entry(PAYLOAD, "run_started")
    assert {each.pointer for each in caught.value.findings} == {"/source"}


@pytest.mark.parametrize("key", ["id", "source", "subject", "time"])
def test_an_attribute_that_is_given_is_searched(key: str) -> None:
    event = {"type": "quantapilot.run_started", "data": PAYLOAD, key: f"/{MAIL}"}
    assert "pii/email" in {each.rule for each in refused(event).findings}
