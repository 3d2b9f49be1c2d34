"""`qp diff` over versions of a contract: by who sends, who reads, and what may be personal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.schema_pairs import merged

from quantapilot.compat.contracts import compare_contracts
from quantapilot.contract.catalog import Contract
from quantapilot.contract.validator import Validator

if TYPE_CHECKING:
    from quantapilot.compat.changes import Change

TABLE = json.loads(
    (Path(__file__).parent / "compat" / "contracts" / "parcels.json").read_text("utf-8")
)
OLD = Contract(TABLE["schemas"])
CASES = TABLE["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_change_of_a_contract_is_judged_by_its_readers_and_senders(case: dict[str, Any]) -> None:
    new = Contract(merged(TABLE["schemas"], case["new"]))
    comparison = compare_contracts(OLD, new)
    assert comparison.verdict == case["verdict"], comparison.told
    for cause in case.get("tells", ()):
        assert any(
            change.kind == cause["kind"]
            and change.file == cause["file"]
            and f"{change.pointer}/".startswith(f"{cause['at']}/")
            for change in comparison.told
        ), comparison.told
    assert bool(comparison.told) == bool(case.get("tells"))
    for change in comparison.told:
        assert is_shown(change, new)


def is_shown(change: Change, new: Contract) -> bool:
    """Tell whether both engines say of a change's value what the change says of it."""
    witness = change.witness
    if witness is None:
        return change.kind == "privacy"
    judged = {
        version: {
            Validator(contract, engine).is_valid(definition, witness.value)
            for engine in ("jsonschema-rs", "reference")
        }
        for version, contract in (("old", OLD), ("new", new))
        if (definition := contract.definitions.get(change.definition))
    }
    # A definition that is gone takes nothing.
    return (judged.get(witness.accepted_by), judged.get(witness.refused_by, {False})) == (
        {True},
        {False},
    )


def test_the_cases_are_enough_and_of_both_sorts() -> None:
    kinds = [cause["kind"] for case in CASES for cause in case.get("tells", ())]
    assert len(CASES) >= 15
    assert kinds.count("privacy") >= 6
    assert kinds.count("breaking") >= 10
    assert sum(case["verdict"] == "compatible" for case in CASES) >= 10
