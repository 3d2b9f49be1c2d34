"""Examples to begin with: the gate accepts the valid ones, and refuses the others as they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.emitting import CONFIG, CONTRACT
from tests.garage import GARAGE
from tests.mocking import DEFINITIONS, contract_of, inspector_of, object_of

from quantapilot.config import Config
from quantapilot.mock import Mock

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract

SHOP = contract_of(DEFINITIONS)


def made(contract: Contract, known: dict[str, Any] | None = None) -> dict[str, Any]:
    return Mock(contract, config=Config(), seed="examples").examples(known)


@pytest.mark.parametrize("contract", [SHOP, GARAGE], ids=["shop", "garage"])
def test_each_definition_gets_examples_that_the_gate_judges_as_they_say(contract: Contract) -> None:
    examples, judge = made(contract), inspector_of(contract)
    assert list(examples) == list(contract.definitions)
    for name, groups in examples.items():
        definition = contract.definitions[name]
        assert groups["valid"]
        assert groups["invalid"]
        for value in groups["valid"]:
            assert judge.value(value, definition, name) == []
        for case in groups["invalid"]:
            found = {each.rule for each in judge.value(case["value"], definition, name)}
            assert found == set(case["rules"])
            assert case["why"]


def test_examples_that_there_are_stay() -> None:
    mine = {"valid": [{"order_no": "ord-42"}], "invalid": []}
    known = {"$comment": "Mine.", "Shipped": mine, "Gone": {"valid": [1]}}
    examples = made(SHOP, known)
    assert examples["$comment"] == "Mine."
    assert examples["Gone"] == {"valid": [1]}
    assert examples["Shipped"]["valid"] == mine["valid"]
    assert examples["Shipped"]["invalid"]
    assert known["Shipped"] == {"valid": [{"order_no": "ord-42"}], "invalid": []}


def test_a_definition_of_which_nothing_can_be_made_is_left_out() -> None:
    mail = {"type": "string", "format": "email", "x-data-class": "text"}
    contract = contract_of({"Contact": object_of(["mail"], mail=mail), "Flag": {"enum": [0, 1]}})
    assert list(made(contract)) == ["Flag"]


def test_fields_that_a_project_adds_are_in_no_example() -> None:
    config = replace(CONFIG, fields={"warehouse": "technical"})
    mock = Mock(config=config)
    assert "warehouse" in str([mock.document("LogRecord") for _ in range(20)])
    others = {name: {"valid": [0], "invalid": [0]} for name in CONTRACT.definitions}
    del others["LogRecord"]
    assert "warehouse" not in str(mock.examples(others)["LogRecord"])


def test_the_same_seed_makes_the_same_examples() -> None:
    assert made(GARAGE) == made(GARAGE)
