"""The examples file covers the contract, and its two halves are what they claim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.contract.validator import Validator
from quantapilot.pii.rules import load_rules

SCHEMAS = Path(__file__).parents[3] / "_schemas"
CONTRACT = load_contract(SCHEMAS)
VALIDATOR = Validator(CONTRACT)
EXAMPLES = json.loads((SCHEMAS / "api.examples.json").read_text("utf-8"))
CASES = [
    (n, case)
    for n, groups in EXAMPLES.items()
    if n in CONTRACT.definitions
    for case in groups["invalid"]
]
RULES = {*CONTRACT_RULES, *(rule.id for rule in load_rules())}
PAYLOADS = [name for name, d in CONTRACT.definitions.items() if "properties" in d.schema]
SEED_ALLOWED = {
    "run_id": "550e8400-e29b-41d4-a716-446655440000",
    "project_id": "proj_123",
    "error_code": "REPO_CLONE_FAILED",
    "message": "Repository clone failed due to authentication error",
}
SEED_FORBIDDEN = {
    "run_id": "550e8400-e29b-41d4-a716-446655440000",
    "user_email": "alice@example.com",
    "operator_name": "Alice Smith",
    "api_token": "ghp_1234567890",
}


def test_every_definition_has_examples_of_both_sides_and_no_other_name_has() -> None:
    assert set(EXAMPLES) - {"$comment"} == set(CONTRACT.definitions)
    for name in CONTRACT.definitions:
        assert EXAMPLES[name]["valid"], name
        assert EXAMPLES[name]["invalid"], name


@pytest.mark.parametrize("name", [n for n in PAYLOADS if not n.endswith("Event")])
def test_every_payload_has_at_least_two_examples_of_each_side(name: str) -> None:
    assert len(EXAMPLES[name]["valid"]) >= 2
    assert len(EXAMPLES[name]["invalid"]) >= 2


@pytest.mark.parametrize("name", CONTRACT.definitions)
def test_a_valid_example_conforms(name: str) -> None:
    for value in EXAMPLES[name]["valid"]:
        assert list(VALIDATOR.violations(CONTRACT.definitions[name], value)) == []


@pytest.mark.parametrize(("name", "case"), CASES)
def test_an_invalid_example_breaks_exactly_the_contract_rules_it_names(
    name: str, case: dict[str, Any]
) -> None:
    definition = CONTRACT.definitions[name]
    branches = "discriminator" in definition.schema
    branch = VALIDATOR.branch(definition, case["value"]) if branches else None
    if branch and branch.violation:
        found = {branch.violation.rule}
    else:
        definition = branch.definition if branch and branch.definition else definition
        found = {v.rule for v in VALIDATOR.violations(definition, case["value"])}
    assert found == {rule for rule in case["rules"] if rule.startswith("contract/")}
    assert case["rules"]
    assert set(case["rules"]) <= RULES
    assert case["why"]


def test_the_examples_of_the_seed_are_among_them() -> None:
    assert SEED_ALLOWED in EXAMPLES["ErrorResponse"]["valid"]
    for name in ("ErrorResponse", "LogRecord", "RunStarted"):
        assert SEED_FORBIDDEN in [case["value"] for case in EXAMPLES[name]["invalid"]]
