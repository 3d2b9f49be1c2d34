"""An event whose envelope names another run than its payload is refused before it leaves."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from quantapilot.config import Config
from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.copies import Copies
from quantapilot.contract.validator import Validator
from quantapilot.emitter.checking import EventCheck
from quantapilot.findings import EventRefusedError

ROOT = Path(__file__).parents[3]
CONTRACT = load_contract(ROOT / "_schemas")
RUN, OTHER = "364df606-bf9b-42ca-aba7-179579c9d3d8", "d2719a3a-cbb8-4f4a-ba19-8b54b1d78f0a"
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "3d0ad8cf-0159-466a-846d-7cb2c7de120e",
    "source": "/quantapilot/factory",
    "type": "quantapilot.run_completed",
    "time": "2026-08-19T06:07:54Z",
    "subject": RUN,
    "dataschema": "https://quantapilot.example/_schemas/api.schema.json#/$defs/RunCompleted",
    "data": {"run_id": RUN},
}


@pytest.mark.parametrize("engine", ["jsonschema-rs", "reference"])
def test_an_event_about_another_run_than_its_payload_is_refused_with_both_places(
    engine: Any,
) -> None:
    validator = Validator(CONTRACT, engine, copies=True)
    definition = CONTRACT.definitions["RunCompletedEvent"]
    other = EVENT | {"subject": OTHER}
    assert validator.judge("events")(EVENT)
    assert not list(validator.violations(definition, EVENT))
    assert not validator.judge("events")(other)
    (found,) = validator.violations(definition, other)
    assert (found.rule, found.pointer) == ("contract/copy", ("subject",))
    assert found.message == "differs from '/data/run_id', which it repeats"
    assert RUN not in found.message
    assert OTHER not in found.message


def test_places_are_compared_on_request_only() -> None:
    assert Validator(CONTRACT).judge("events")(EVENT | {"subject": OTHER})


def test_what_is_absent_or_no_object_differs_from_nothing() -> None:
    copies = Copies(CONTRACT)
    assert copies
    payloads: list[Any] = [{}, None, [], "x", {"run_id": None}]
    for data in payloads:
        assert copies.differing({"subject": RUN, "data": data}) is None
    assert copies.differing({"data": {"run_id": RUN}}) is None
    assert not Copies(Contract({}))


def test_the_emitter_refuses_it_and_fills_in_what_is_absent() -> None:
    check = EventCheck(Config(root=ROOT))
    with pytest.raises(EventRefusedError, match="contract/copy at /subject"):
        check.entry(EVENT | {"subject": OTHER})
    without = deepcopy(EVENT)
    del without["subject"]
    assert check.entry(without).subject == RUN
