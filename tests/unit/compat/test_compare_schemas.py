"""Two versions of one schema: the verdict, where the cause stands, and the value that shows it."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from quantapilot.compat.schemas import compare
from quantapilot.contract.catalog import BrokenContractError

if TYPE_CHECKING:
    from quantapilot.compat.changes import Direction

Schema = Any
TEXT = {"type": "string"}


def closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


A = closed({"kind": {"const": "a"}, "x": TEXT}, required=["kind"])
B = closed({"kind": {"const": "b"}, "y": {"type": "string", "maxLength": 5}}, required=["kind"])
B_SHORT = closed(
    {"kind": {"const": "b"}, "y": {"type": "string", "maxLength": 4}}, required=["kind"]
)


def tree(most: int) -> Schema:
    node = closed({"next": {"$ref": "#/$defs/n"}, "v": {"type": "integer", "maximum": most}})
    return {"$ref": "#/$defs/n", "$defs": {"n": node}}


def older(maximum: int) -> Schema:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"n": {"type": "integer", "maximum": maximum}},
        "properties": {"x": {"$ref": "#/definitions/n"}},
    }


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        (closed({"a": TEXT, "b": TEXT}), closed({"a": TEXT}), "/properties/b"),
        (closed({"a": TEXT}), closed({"a": TEXT}, required=["a"]), "/required"),
        ({"enum": ["x", "y"]}, {"enum": ["x"]}, "/enum"),
        ({"type": ["string", "null"]}, TEXT, "/type"),
        ({"type": "number"}, {"type": "integer"}, "/type"),
        ({"oneOf": [A, B]}, {"oneOf": [A, B_SHORT]}, "/oneOf/1/properties/y/maxLength"),
        ({"oneOf": [A, B]}, {"oneOf": [A]}, "/oneOf"),
        (tree(6), tree(5), "/$defs/n/properties/v/maximum"),
        (older(6), older(5), "/definitions/n/maximum"),
        ({"type": "array"}, {"type": "array", "uniqueItems": True}, "/uniqueItems"),
        (
            {"type": "array", "items": TEXT},
            {"type": "array", "items": {"type": "string", "minLength": 1}},
            "/items/minLength",
        ),
        (
            {"propertyNames": {"maxLength": 5}},
            {"propertyNames": {"maxLength": 4}},
            "/propertyNames/maxLength",
        ),
        ({"type": "object"}, {"type": "object", "properties": {"a": TEXT}}, "/properties/a"),
        (
            {"dependentRequired": {"a": ["b"]}},
            {"dependentRequired": {"a": ["b", "c"]}},
            "/dependentRequired",
        ),
        (
            {"type": "object"},
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            "/then/required",
        ),
        (
            {"type": "array", "contains": {"const": 1}},
            {"type": "array", "contains": {"const": 1}, "minContains": 2},
            "/minContains",
        ),
        ({}, {"not": {"const": "x"}}, "/not"),
        (
            closed({}, patternProperties={"^a": TEXT}),
            closed({}, patternProperties={"^ab": TEXT}),
            "/patternProperties/^a",
        ),
        ({"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 4}, "/multipleOf"),
        ({"const": True}, {"const": 1}, "/const"),
    ],
)
def test_a_break_is_told_where_it_stands_with_a_value_that_shows_it(
    old: Schema, new: Schema, pointer: str
) -> None:
    comparison = compare(old, new)
    assert comparison.verdict == "breaking"
    assert [change.pointer for change in comparison.told] == [pointer]
    assert comparison.witness is not None
    value = comparison.witness.value
    assert Draft202012Validator(old).is_valid(value)
    assert not Draft202012Validator(new).is_valid(value)
    # The way back is compatible, or breaks for a reason of its own.
    assert comparison.witness.accepted_by == "old"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (closed({"a": TEXT}), closed({"a": TEXT, "b": TEXT})),
        ({"oneOf": [A]}, {"oneOf": [A, B]}),
        (tree(5), tree(6)),
        ({"title": "Old", "type": "string"}, {"title": "New", "type": "string"}),
        (
            {"allOf": [{"properties": {"a": TEXT}}], "unevaluatedProperties": False},
            {"properties": {"a": TEXT}, "additionalProperties": False},
        ),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "pattern": "^a"}),
        ({"not": {"type": "string"}}, {"type": ["null", "boolean", "number", "array", "object"]}),
        (False, TEXT),
        (closed({"a": TEXT}), {"type": "object", "maxProperties": 1}),
    ],
)
def test_what_takes_all_that_was_valid_is_compatible(old: Schema, new: Schema) -> None:
    assert compare(old, new).verdict == "compatible"


@pytest.mark.parametrize(
    ("direction", "verdict"),
    [("backward", "compatible"), ("forward", "breaking"), ("full", "breaking")],
)
def test_the_direction_decides_whose_values_count(direction: Direction, verdict: str) -> None:
    comparison = compare({"maxLength": 4}, {"maxLength": 5}, direction)
    assert comparison.verdict == verdict
    (change,) = comparison.changes
    assert change.message == "maxLength 4 → 5"
    assert change.kind == ("compatible" if verdict == "compatible" else "breaking")


def test_a_change_that_nobody_can_judge_is_unknown() -> None:
    old, new = {"type": "string", "pattern": r"(a)\1"}, {"type": "string", "pattern": r"(a|a)\1"}
    comparison = compare(old, new)
    assert comparison.verdict == "unknown"
    assert comparison.told[0].pointer == "/pattern"
    assert comparison.witness is None


def test_where_classes_are_said_a_loosened_place_breaks_in_every_direction() -> None:
    old = closed({"id": {"type": "string", "format": "uuid", "x-data-class": "identifier"}})
    new = closed({"id": {"type": "string", "x-data-class": "text"}})
    told = {change.pointer: change for change in compare(old, new).told}
    assert told.keys() == {"/properties/id/format", "/properties/id/x-data-class"}
    assert {change.kind for change in told.values()} == {"privacy"}
    shown = told["/properties/id/format"].witness
    assert shown is not None
    assert shown.accepted_by == "new"


def test_a_schema_of_definitions_alone_is_compared_one_by_one() -> None:
    old = {"$defs": {"A": {"maxLength": 5}, "Gone": {}, "Same": {"type": "null"}}}
    new = {"$defs": {"A": {"maxLength": 4}, "New": {}, "Same": {"type": "null"}}}
    told = [(c.pointer, c.kind) for c in compare(old, new).changes]
    assert told == [
        ("/$defs/A/maxLength", "breaking"),
        ("/$defs/Gone", "breaking"),
        ("/$defs/New", "compatible"),
    ]


@pytest.mark.parametrize("broken", [{"type": "text"}, {"$ref": "#/$defs/none"}, {"minLength": -1}])
def test_what_is_no_schema_is_refused(broken: Schema) -> None:
    with pytest.raises(BrokenContractError):
        compare(broken, TEXT)


def test_many_changes_of_one_object_take_seconds_at_most() -> None:
    old = {"properties": {f"p{at}": {"type": "string"} for at in range(400)}}
    new = {"properties": {f"p{at}": {"type": "integer"} for at in range(400)}}
    began = monotonic()
    comparison = compare(old, new)
    assert monotonic() - began < 5
    shown = [change.witness.value for change in comparison.told if change.witness]
    assert [list(value) for value in shown] == [[name] for name in sorted(old["properties"])]


def test_dependents_follow_from_what_is_required() -> None:
    old = {"type": "object", "dependentRequired": {"a": ["b"], "b": ["c"]}, "required": ["a"]}
    assert compare(old, {"type": "object", "required": ["c"]}).verdict == "compatible"


def test_names_of_members_follow_from_what_names_are_admitted() -> None:
    old = {"type": "object", "propertyNames": {"pattern": "^[a-c]$"}}
    new = {"type": "object", "patternProperties": {"^[a-z]$": True}, "additionalProperties": False}
    assert compare(old, new).verdict == "compatible"
    assert compare(new, old).witness is not None


def test_types_are_taken_apart_before_a_union() -> None:
    old = {"type": ["string", "array", "null"], "items": {"$ref": "#"}}
    new = {
        "oneOf": [{"type": "null"}, {"type": "string"}, {"type": "array", "items": {"$ref": "#"}}]
    }
    assert compare(old, new, "full").verdict == "compatible"
