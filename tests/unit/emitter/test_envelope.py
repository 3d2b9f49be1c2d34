"""Envelopes: what an event gets beside its payload."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

import pytest
from tests.emitting import CONTRACT, PAYLOAD, RUN
from tests.garage import GARAGE, STAY
from tests.orders import ORDER, ORDERS_CONTRACT, PAID

from quantapilot.contract.catalog import Contract
from quantapilot.emitter.envelope import Envelopes
from quantapilot.errors import ContractError, UnknownNameError
from quantapilot_models import GateDecision, RunStarted, RunStartedEvent

ENVELOPES = Envelopes(CONTRACT, "/quantapilot/worker")


def test_a_payload_gets_all_attributes_in_the_usual_order() -> None:
    event = ENVELOPES.filled(PAYLOAD, "run_started")
    assert list(event) == [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "subject",
        "dataschema",
        "datacontenttype",
        "data",
    ]
    assert event["type"] == "quantapilot.run_started"
    assert event["source"] == "/quantapilot/worker"
    assert event["subject"] == RUN
    assert event["dataschema"].endswith("#/$defs/RunStarted")
    assert event["data"] == PAYLOAD
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])


def test_each_event_has_an_id_of_its_own() -> None:
    ids = {ENVELOPES.filled(PAYLOAD, "run_started")["id"] for _ in range(100)}
    assert len(ids) == 100


def test_what_is_given_stays() -> None:
    given = {
        "type": "quantapilot.run_started",
        "id": RUN,
        "time": "2026-01-01T00:00:00Z",
        "source": "/another",
        "subject": "mine",
        "data": PAYLOAD,
    }
    event = ENVELOPES.filled(given)
    assert {key: event[key] for key in given} == given
    assert "specversion" not in given, "the caller's event is not changed"


@pytest.mark.parametrize(
    "name", ["run_started", "quantapilot.run_started", "RunStarted", "RunStartedEvent"]
)
def test_a_type_goes_by_all_its_names(name: str) -> None:
    assert ENVELOPES.filled(PAYLOAD, name)["type"] == "quantapilot.run_started"


def test_a_model_of_a_payload_tells_its_type() -> None:
    model = RunStarted(run_id=RUN, repo_url=PAYLOAD["repo_url"], branch="main")
    event = ENVELOPES.filled(model)
    assert event["type"] == "quantapilot.run_started"
    assert event["data"] == PAYLOAD


def test_a_model_of_an_event_stays_as_it_is() -> None:
    whole = ENVELOPES.filled(PAYLOAD, "run_started")
    again = ENVELOPES.filled(RunStartedEvent.model_validate(whole))
    assert again["id"] == whole["id"]
    assert again["data"] == PAYLOAD


def test_a_model_that_makes_no_event_is_told() -> None:
    class Stranger:
        def model_dump(self, *, mode: str) -> Any:
            return {"mode": mode}

    with pytest.raises(UnknownNameError, match="no such event"):
        ENVELOPES.filled(Stranger())


def test_a_misspelt_type_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'run_started'"):
        ENVELOPES.filled(PAYLOAD, "run_stated")


def test_another_mapping_than_a_dict_is_read() -> None:
    event = ENVELOPES.filled(MappingProxyType({"type": "quantapilot.run_started", "data": PAYLOAD}))
    assert event["subject"] == RUN


@pytest.mark.parametrize("event", [None, 3, "text", [PAYLOAD]])
def test_what_is_no_object_is_refused(event: Any) -> None:
    with pytest.raises(ContractError, match="a JSON object or a model"):
        ENVELOPES.filled(event)


@pytest.mark.parametrize("given", [{}, {"type": 3}, {"type": "a.b"}, {"data": {}}])
def test_what_the_contract_does_not_know_is_left_to_it(given: dict[str, Any]) -> None:
    assert ENVELOPES.filled(given) == given


def test_a_missing_payload_is_not_made_up() -> None:
    assert "data" not in ENVELOPES.filled({"type": "quantapilot.run_started"})


def test_without_a_source_none_is_made_up() -> None:
    assert "source" not in Envelopes(CONTRACT).filled(PAYLOAD, "run_started")


def test_every_event_of_the_contract_can_be_made() -> None:
    assert len(ENVELOPES.types) == 9
    model = GateDecision(run_id=RUN, gate="deploy", approved=True)
    assert ENVELOPES.filled(model)["type"] == "quantapilot.gate_decision"


def test_a_contract_without_events_is_told() -> None:
    with pytest.raises(ContractError, match="no events"):
        Envelopes(Contract({"a.schema.json": {"$id": "https://a.example/", "$defs": {}}}))


def test_an_event_without_an_id_is_told() -> None:
    event = {"type": "object", "properties": {"type": {"const": "a"}, "data": {}}}
    union = {
        "x-document": {"kind": "events", "recognised_by": "type"},
        "discriminator": {"propertyName": "type", "mapping": {"a": "#/$defs/A"}},
        "oneOf": [{"$ref": "#/$defs/A"}],
    }
    schema = {"$id": "https://a.example/", "$defs": {"A": event, "Event": union}}
    with pytest.raises(ContractError, match="lacks its id"):
        Envelopes(Contract({"a.schema.json": schema}))


# --- another contract than ours, whose events are no CloudEvents ---------------------------------

ORDERS = Envelopes(ORDERS_CONTRACT, "checkout")


def test_attributes_of_another_contract_have_the_names_that_it_gives_them() -> None:
    event = ORDERS.filled(PAID, "paid")
    assert list(event) == ["eventId", "producer", "eventType", "occurredAt", "order"]
    assert event["eventType"] == "order.paid"
    assert event["producer"] == "checkout"
    assert event["order"] == PAID
    assert re.fullmatch(r"evt_[0-9a-hjkmnp-tv-z]{26}", event["eventId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["occurredAt"])


def test_what_is_given_of_another_contract_stays() -> None:
    given = {
        "eventId": "evt_01k0123456789abcdefghjkmnp",
        "eventType": "order.paid",
        "occurredAt": "2026-11-29T10:00:00Z",
        "producer": "till",
        "order": PAID,
    }
    assert ORDERS.filled(given) == given


def test_the_subject_may_lie_in_the_payload() -> None:
    assert ORDERS.subject_of(ORDERS.filled(PAID, "paid")) == ORDER
    assert ORDERS.subject_of({"eventType": "order.paid", "order": 5}) == ""
    assert ENVELOPES.subject_of({"subject": RUN}) == RUN


def test_events_of_another_contract_are_named_by_type_last_part_message_or_payload() -> None:
    names = ("order.paid", "paid", "OrderPaidMessage", "OrderPaid")
    assert {ORDERS.type_named(name) for name in names} == {"order.paid"}
    with pytest.raises(UnknownNameError, match="did you mean 'paid'"):
        ORDERS.type_named("payd")


# --- events whose payload stands among the attributes ---------------------------------------------

GARAGE_EVENTS = Envelopes(GARAGE, "G1")


def test_a_flat_event_is_made_of_what_it_tells() -> None:
    event = GARAGE_EVENTS.filled({"stay": STAY, "no": 7, "msg": "m0001"}, "bay/taken")
    assert list(event)[:4] == ["msg", "by", "what", "ts"]
    told = {"msg": "m0001", "by": "G1", "what": "garage/bay/taken", "stay": STAY, "no": 7}
    assert {name: event[name] for name in told} == told
    assert event["layout"] == 0, "what is always the same is filled in, and 0 is a value too"
    assert GARAGE_EVENTS.subject_of(event) == STAY


def test_what_is_wrong_in_a_flat_event_stands_where_it_was_given() -> None:
    assert GARAGE_EVENTS.place_of("in") == ""
    assert ENVELOPES.place_of("run_started") == "/data"
