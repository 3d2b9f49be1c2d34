"""AsyncAPI from a contract: one channel a kind of events, one message a type, draft 7 schemas."""

from __future__ import annotations

from pathlib import Path

import orjson
from jsonschema.validators import Draft7Validator
from tests.contracts import ORDER_EXAMPLES, ORDERS, PLACED, SHIPPED, closed, contract

from quantapilot.contract.catalog import load_contract
from quantapilot.documents.asyncapi import document

SCHEMAS = Path(__file__).parents[3] / "_schemas"


def test_every_type_of_event_is_a_message_that_the_channel_sends() -> None:
    made = document(contract(orders=ORDERS), ORDER_EXAMPLES)
    messages = made["components"]["messages"]
    assert {name: each["name"] for name, each in messages.items()} == {
        "Placed": "order.placed",
        "Shipped": "order.shipped",
    }
    assert messages["Placed"]["examples"] == [{"name": "example_1", "payload": PLACED}]
    assert messages["Shipped"]["examples"] == [{"name": "example_1", "payload": SHIPPED}]
    assert list(made["channels"]) == ["order_event"]
    assert made["operations"]["send_order_event"]["action"] == "send"
    assert made["operations"]["send_order_event"]["messages"] == [
        {"$ref": "#/channels/order_event/messages/Placed"},
        {"$ref": "#/channels/order_event/messages/Shipped"},
    ]


def test_an_event_is_one_closed_object_that_needs_no_newer_keyword() -> None:
    schemas = document(contract(orders=ORDERS), {})["components"]["schemas"]
    assert list(schemas) == ["Placed", "Shipped"]
    assert schemas["Placed"]["additionalProperties"] is False
    assert "unevaluatedProperties" not in orjson.dumps(schemas).decode()
    assert sorted(schemas["Placed"]["properties"]) == ["id", "kind", "total"]


def test_a_payload_keeps_its_name_for_generators() -> None:
    body = {"$ref": "#/$defs/Body", "description": "What happened."}
    at = {"$ref": "#/$defs/At", "description": "When."}
    event = {**closed(data=body, at=at), "x-document": {"kind": "events"}}
    made = document(contract(a={"Told": event, "Body": closed(n=at), "At": {"type": "string"}}), {})
    fields = made["components"]["schemas"]["Told"]["properties"]
    assert fields["data"] == {"$ref": "#/components/schemas/Body"}
    assert fields["at"] == {
        "description": "When.",
        "allOf": [{"$ref": "#/components/schemas/At"}],
    }


def test_a_contract_without_events_has_no_channels() -> None:
    made = document(contract(a={"Note": closed()}), {})
    assert (made["channels"], made["operations"]) == ({}, {})


def test_our_own_messages_judge_examples_as_the_contract_does() -> None:
    examples = orjson.loads((SCHEMAS / "api.examples.json").read_bytes())
    components = document(load_contract(SCHEMAS), examples)["components"]
    for name in components["messages"]:
        whole = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "components": components}
        validator = Draft7Validator(whole)
        assert examples[name]["valid"]
        assert all(validator.is_valid(each) for each in examples[name]["valid"])
        structural = {"contract/missing-field", "contract/unknown-field", "contract/type"}
        for case in examples[name]["invalid"]:
            if structural & set(case["rules"]):
                assert not validator.is_valid(case["value"])
