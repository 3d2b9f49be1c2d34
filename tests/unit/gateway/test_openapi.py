"""The OpenAPI document: whole, by its own schema, and of what is really routed."""

from __future__ import annotations

from typing import Any

from jsonschema.validators import Draft202012Validator
from tests.contracts import ORDERS, contract
from tests.emitting import CONTRACT

from quantapilot.gateway.app import HANDLERS
from quantapilot.gateway.openapi import document
from quantapilot.gateway.operations import operations

DOCUMENT = document(CONTRACT, operations("/start"))


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return set()


def test_every_call_is_described_and_answered() -> None:
    assert {each.name for each in operations()} == HANDLERS.keys()
    assert "/start" in DOCUMENT["paths"]
    described = {
        each["operationId"] for path in DOCUMENT["paths"].values() for each in path.values()
    }
    assert described == HANDLERS.keys()


def test_every_reference_leads_to_a_schema_of_the_document() -> None:
    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert references(DOCUMENT) <= known


def test_schemas_are_those_of_the_contract() -> None:
    whole = {"$ref": "#/components/schemas/RunRequest", "components": DOCUMENT["components"]}
    validator = Draft202012Validator(whole)
    assert validator.is_valid({"repo_url": "https://github.com/org/project", "branch": "main"})
    assert not validator.is_valid({"repo_url": "https://github.com/org/project"})


def test_receivers_find_every_type_of_event_and_the_challenge_with_signed_headers() -> None:
    (mapping,) = (
        each.schema["discriminator"]["mapping"]
        for each in CONTRACT.documents
        if each.kind == "events"
    )
    assert list(DOCUMENT["webhooks"]) == [*mapping, "quantapilot.subscription_challenge"]
    for hook in DOCUMENT["webhooks"].values():
        names = [each["name"] for each in hook["post"]["parameters"]]
        assert names == ["webhook-id", "webhook-timestamp", "webhook-signature"]
        assert hook["post"]["security"] == []


def test_a_contract_without_the_gateway_s_own_definitions_can_be_told_too() -> None:
    told = document(contract(orders=ORDERS), operations())
    assert list(told["webhooks"]) == ["order.placed", "order.shipped"]
    assert references(told) <= {
        f"#/components/schemas/{name}" for name in told["components"]["schemas"]
    }


def test_every_answer_to_a_fault_is_a_problem() -> None:
    for path in DOCUMENT["paths"].values():
        for each in path.values():
            assert {"400", "401", "403", "429", "500", "503"} <= each["responses"].keys()
            for status, answer in each["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
