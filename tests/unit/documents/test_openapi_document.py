"""OpenAPI from a contract: its operations, a webhook for each type of event, its own examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema.validators import Draft202012Validator
from tests.contracts import ORDER_EXAMPLES, ORDERS, PLACED, SHIPPED, closed, contract

from quantapilot.contract.catalog import load_contract
from quantapilot.documents.openapi import document, write
from quantapilot.documents.source import Source

SCHEMAS = Path(__file__).parents[3] / "_schemas"
TEXT = {"type": "string"}


def test_every_type_of_event_is_a_webhook_with_its_examples() -> None:
    made = document(contract(orders=ORDERS), ORDER_EXAMPLES)
    assert list(made["webhooks"]) == ["order.placed", "order.shipped"]
    placed = made["webhooks"]["order.placed"]["post"]
    assert placed["summary"] == "Order placed"
    assert placed["description"] == "An order was placed."
    assert placed["requestBody"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/Placed"},
        "examples": {"example_1": {"value": PLACED}},
    }
    shipped = made["webhooks"]["order.shipped"]["post"]["requestBody"]["content"]
    assert shipped["application/json"]["examples"] == {"example_1": {"value": SHIPPED}}


def test_the_file_of_the_events_speaks_for_the_contract() -> None:
    made = document(contract(aside={"Note": TEXT}, orders=ORDERS), {})
    assert made["info"] == {"title": "The orders file", "version": "2.1.0"}
    assert made["paths"] == {}


def test_events_that_are_not_told_apart_are_one_webhook() -> None:
    note = {**closed(a=TEXT), "x-document": {"kind": "events", "recognised_by": "a"}}
    made = document(contract(a={"ShortNote": note}), {"ShortNote": {"valid": [{"a": "b"}]}})
    assert list(made["webhooks"]) == ["short_note"]


def test_a_contract_without_events_and_operations_is_a_document_too() -> None:
    made = document(contract(a={"Note": TEXT}), {})
    assert "webhooks" not in made
    assert made["paths"] == {}


def operation(**said: Any) -> dict[str, Any]:
    address = {"method": "PUT", "path": "/orders/{order}", "answers": {}}
    return {**closed(a=TEXT), "x-operation": {**address, **said}}


def test_an_operation_has_its_address_its_answers_and_its_errors() -> None:
    problem = closed(type=TEXT, title=TEXT, status={"type": "integer"}, instance=TEXT)
    made = document(
        contract(
            a={
                "Order": operation(
                    answers={"200": "#/$defs/Taken"},
                    errors="b.schema.json#/$defs/Problem",
                ),
                "Taken": {"description": "It is taken.", **closed(id=TEXT)},
            },
            b={"Problem": problem},
        ),
        {"Order": {"valid": [{"a": "b"}]}, "Taken": {"valid": [{"id": "c"}]}},
    )
    call = made["paths"]["/orders/{order}"]["put"]
    assert [(each["name"], each["in"]) for each in call["parameters"]] == [("order", "path")]
    assert call["responses"]["200"] == {
        "description": "It is taken.",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Taken"},
                "examples": {"example_1": {"value": {"id": "c"}}},
            }
        },
    }
    assert list(call["responses"]["4XX"]["content"]) == ["application/problem+json"]
    assert sorted(made["components"]["schemas"]) == ["Order", "Problem", "Taken"]


def test_errors_that_are_no_problem_details_are_plain_json() -> None:
    made = document(
        contract(a={"Order": operation(errors="#/$defs/Fault"), "Fault": closed(code=TEXT)}), {}
    )
    answers = made["paths"]["/orders/{order}"]["put"]["responses"]
    assert list(answers["5XX"]["content"]) == ["application/json"]


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    examples = orjson.loads((SCHEMAS / "api.examples.json").read_bytes())
    made: dict[str, Any] = orjson.loads(
        write(Source(load_contract(SCHEMAS), examples))["openapi.json"]
    )
    return made


def test_our_own_document_judges_examples_as_the_contract_does(own: dict[str, Any]) -> None:
    examples = orjson.loads((SCHEMAS / "api.examples.json").read_bytes())
    for name in ("RunRequest", "Event", "RunStartedEvent", "ErrorResponse"):
        if name not in own["components"]["schemas"]:
            continue
        whole = {"$ref": f"#/components/schemas/{name}", "components": own["components"]}
        validator = Draft202012Validator(whole)
        assert all(validator.is_valid(each) for each in examples[name]["valid"])
        wrong = [
            case["value"]
            for case in examples[name]["invalid"]
            if "contract/missing-field" in case["rules"]
        ]
        assert not any(validator.is_valid(each) for each in wrong)


def test_our_own_document_has_our_operations_and_all_nine_events(own: dict[str, Any]) -> None:
    assert list(own["paths"]) == ["/run", "/subscriptions"]
    assert len(own["webhooks"]) == 9
    for hook in own["webhooks"].values():
        assert hook["post"]["requestBody"]["content"]["application/json"]["examples"]
