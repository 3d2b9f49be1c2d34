"""Open families of fields as index signatures, where TypeScript has a form for them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contracts import closed

from quantapilot.documents.families import families, with_families
from quantapilot.errors import ContractError

NUMBER = {"type": "number"}
TEXT = {"type": "string"}


def record(patterns: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**closed(**(fields or {"name": TEXT})), "patternProperties": patterns}


@pytest.mark.parametrize(
    ("pattern", "signature"),
    [
        ("_count$", "`${string}_count`"),
        ("^[a-z][a-z0-9_]*_(?:count|ms)$", "`${string}_count` | `${string}_ms`"),
        ("^(?:tokens|cost)_[a-z0-9_]+$", "`tokens_${string}` | `cost_${string}`"),
        ("^x-", "`x-${string}`"),
        ("^x-[^\\]]+$", "`x-${string}`"),
    ],
)
def test_a_beginning_or_an_end_is_a_template(pattern: str, signature: str) -> None:
    (family,) = families(record({pattern: NUMBER}))
    assert family.signature(optional=False) == f"  [name: {signature}]: number;\n"


@pytest.mark.parametrize("pattern", ["^[a-z]+$", "^a.b$", "", "^(?:a|)[a-z]*$", "count", "^a|b$"])
def test_any_other_pattern_is_left_to_the_generator(pattern: str) -> None:
    assert families(record({pattern: NUMBER})) == []


def test_families_and_fields_of_different_types_are_left_to_the_generator() -> None:
    assert families(record({"_count$": NUMBER, "_note$": TEXT})) == []
    assert families(record({"_count$": NUMBER}, files_count=TEXT)) == []
    assert families(record({"_count$": {"enum": ["a"]}})) == []
    assert families({**record({"_count$": NUMBER}), "additionalProperties": True}) == []
    assert families({**record({"_count$": NUMBER}), "oneOf": [{}]}) == []


def test_signatures_stand_last_in_their_interface() -> None:
    schema = record({"_ms$": {**NUMBER, "description": "Times."}}, time_ms=NUMBER)
    code = "export interface A {\n  time_ms?: number;\n}\n\nexport interface B {\n  a: string;\n}\n"
    assert with_families(code, "A", families(schema), schema) == (
        "export interface A {\n  time_ms?: number;\n"
        "  /**\n   * Times.\n   */\n  [name: `${string}_ms`]: number | undefined;\n}\n"
        "\nexport interface B {\n  a: string;\n}\n"
    )


def test_families_without_an_interface_are_not_lost_in_silence() -> None:
    schema = record({"_ms$": NUMBER})
    with pytest.raises(ContractError, match="Note"):
        with_families("export type Note = string;\n", "Note", families(schema), schema)
