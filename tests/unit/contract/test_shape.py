"""Shapes: what is expected of a value, in words made of its schema."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.contract.catalog import Contract
from quantapilot.contract.shape import required, shape


def contract(**definitions: Any) -> Contract:
    schema = {"$id": "https://example.org/a", "$defs": definitions}
    return Contract({"a.schema.json": schema})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, ""),
        ({"const": "x"}, "'x'"),
        ({"enum": ["approved", "rejected"]}, "one of: approved, rejected"),
        ({"enum": list(range(10))}, "one of: 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"),
        ({"type": "integer", "minimum": 0}, "an integer of at least 0"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 5},
         "a number of at most 5 and above 0"),
        ({"type": "number", "exclusiveMaximum": 9}, "a number below 9"),
        ({"type": "boolean"}, "true or false"),
        ({"type": ["string", "null"]}, "a string or null"),
        ({"type": "array", "maxItems": 3}, "an array of at most 3 items"),
        ({"type": "string", "minLength": 2}, "a string of at least 2 characters"),
        ({"type": "string", "format": "uuid"}, "a UUID"),
        ({"type": "string", "format": "uuid", "pattern": "^[0-9a-fA-F]{8}-[0-9]{4}-[4]"},
         "a UUID of version 4"),
        ({"type": "string", "format": "hostname"}, "a string"),
        ({"$ref": "#/$defs/B"}, "a number"),
        ({"allOf": [{"$ref": "#/$defs/B"}, {"minimum": 7}]}, "a number of at least 7"),
    ],
)  # fmt: skip
def test_a_schema_is_told_in_words(schema: dict[str, Any], words: str) -> None:
    made = contract(A=schema, B={"type": "number"})
    assert shape(made, made.definitions["A"], ()) == words


def test_a_place_is_found_through_references_patterns_and_items() -> None:
    member = {"type": "object", "patternProperties": {"^n_": {"items": {"$ref": "#/$defs/B"}}}}
    whole = {"allOf": [{"properties": {"a": member}}], "additionalProperties": {"type": "null"}}
    made = contract(A=whole, B={"type": "number"}, C={"items": {"type": "boolean"}})
    assert shape(made, made.definitions["A"], ("a", "n_x", 3)) == "a number"
    assert shape(made, made.definitions["A"], ("b",)) == "null"
    assert shape(made, made.definitions["A"], ("a", "other", "more")) == ""
    assert shape(made, made.definitions["C"], (0,)) == "true or false"


def test_schemas_that_refer_to_each_other_in_a_circle_come_to_an_end() -> None:
    made = contract(A={"$ref": "#/$defs/B"}, B={"allOf": [{"$ref": "#/$defs/A"}]})
    assert shape(made, made.definitions["A"], ()) == ""


def test_what_every_branch_requires_is_required() -> None:
    made = contract(
        A={"required": ["a"], "oneOf": [{"$ref": "#/$defs/B"}, {"required": ["d", "c"]}]},
        B={"allOf": [{"required": ["b", "c"]}]},
    )
    assert required(made, made.definitions["A"]) == ["a", "c"]
