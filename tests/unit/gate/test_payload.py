"""A payload in process: clean ones leave as they were judged, the rest with findings."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator
from quantapilot.errors import ContractError
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.payload import PayloadCheck
from quantapilot.pii.detector import Detector
from quantapilot.pii.prefilter import RegexPrefilter
from quantapilot.pii.rules import load_rules

ROOT = Path(__file__).parents[3]
VALIDATOR = Validator(load_contract(ROOT / "_schemas"))
INSPECTOR = Inspector(Detector(load_rules()), VALIDATOR)
CHECK = PayloadCheck(INSPECTOR, "logs")
RUN = "550e8400-e29b-41d4-a716-446655440000"
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "hi", "run_id": RUN}


def found(payload: dict[str, Any], check: PayloadCheck = CHECK) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.pointer) for finding in check.check(payload)[1]]


@pytest.mark.parametrize(
    "file", ["logs/factory.jsonl", "logs/gateway.jsonl", "events/events.jsonl"]
)
def test_what_the_gate_passes_passes_in_process_too(file: str) -> None:
    check = PayloadCheck(INSPECTOR, file.split("/", maxsplit=1)[0])
    for line in (ROOT / "examples" / file).read_bytes().splitlines():
        document = orjson.loads(line)
        assert check.check(document) == (orjson.dumps(document), [])


def test_personal_data_is_found_with_its_place() -> None:
    assert found({**RECORD, "message": "for alice@example.com"}) == [("pii/email", "/message")]


def test_no_finding_shows_the_value() -> None:
    _, findings = CHECK.check({**RECORD, "message": "for alice@example.com"})
    assert "alice" not in repr(findings)


def test_what_breaks_the_contract_is_found() -> None:
    assert found({**RECORD, "user": "x1"}) == [("contract/unknown-field", "/user")]


def test_another_kind_is_refused() -> None:
    assert found(RECORD, PayloadCheck(INSPECTOR, "events")) != []
    assert found(RECORD, PayloadCheck(INSPECTOR)) == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_json_does_not_have_is_judged_as_it_is_written(value: float) -> None:
    assert found({**RECORD, "wait_ms": value}) == [("contract/type", "/wait_ms")]


def test_a_uuid_object_is_judged_as_it_is_written() -> None:
    assert found({**RECORD, "run_id": UUID(RUN)}) == []


@pytest.mark.parametrize("value", [object(), {1, 2}, datetime.now(UTC), "\ud800", {1: 2}, 1 << 70])
def test_what_json_has_no_form_for_is_refused_without_showing_it(value: Any) -> None:
    with pytest.raises(ContractError, match="no form") as caught:
        CHECK.check({**RECORD, "message": value})
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("payload", [[RECORD], [], None, "hi", 7])
def test_what_is_no_object_is_refused(payload: Any) -> None:
    assert found(payload) == [("input/not-an-object", "")]


def test_without_re2_the_answer_is_the_same() -> None:
    check = PayloadCheck(Inspector(Detector(load_rules(), prefilter=RegexPrefilter), VALIDATOR))
    assert found(RECORD, check) == []
    assert found({**RECORD, "message": "call +12025550143"}, check) == [("pii/phone", "/message")]


def test_an_inspector_without_a_contract_is_refused() -> None:
    with pytest.raises(ValueError, match="contract"):
        PayloadCheck(Inspector(Detector(())))
