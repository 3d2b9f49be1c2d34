"""What schemas at one place say together: never less than what they admit."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.compat.loading import side
from quantapilot.compat.views import View, type_of, types_of, view


def seen(schema: Any) -> View:
    one = side("old", {"s.json": schema})
    return view(one, (one.root("s.json"),))


def test_references_and_all_of_are_followed() -> None:
    merged = seen(
        {
            "$ref": "#/$defs/a",
            "allOf": [{"required": ["y"]}, {"properties": {"x": {"minimum": 1}}}],
            "$defs": {"a": {"required": ["x"], "properties": {"x": {"maximum": 9}}}},
        }
    )
    assert merged.required() == {"x", "y"}
    assert [part.schema for part in merged.member("x")] == [{"minimum": 1}, {"maximum": 9}]
    assert merged.references == {("s.json", "/$defs/a")}


def test_a_reference_in_a_circle_ends() -> None:
    assert seen({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}).types == types_of(
        ["null", "boolean", "object", "array", "number", "string"]
    )


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": [1, 2, 3], "allOf": [{"enum": [2, 3]}]}, [2, 3]),
        ({"const": "a"}, ["a"]),
        ({"type": ["boolean", "null"]}, [None, True, False]),
        ({"type": "string"}, None),
    ],
)
def test_the_only_values_there_can_be_are_listed(schema: Any, values: Any) -> None:
    assert seen(schema).values() == values


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        ({"additionalProperties": False}, True),
        ({"additionalProperties": {}}, False),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, True),
        # What a branch evaluates is open to whoever takes it.
        ({"anyOf": [{"additionalProperties": {}}], "unevaluatedProperties": False}, False),
    ],
)
def test_an_object_is_closed_only_where_nothing_opens_it(schema: Any, closed: bool) -> None:
    assert seen(schema).closed is closed


def test_what_nothing_describes_is_what_closes_the_object() -> None:
    schema: dict[str, Any] = {"properties": {"a": {}}, "patternProperties": {"^b": {}}}
    members = seen({**schema, "additionalProperties": {"type": "null"}})
    assert [part.schema for part in members.member("a")] == [{}]
    assert [part.schema for part in members.member("bc")] == [{}]
    assert [part.schema for part in members.member("c")] == [{"type": "null"}]


def test_items_behind_those_that_are_described_one_by_one_are_alike() -> None:
    listed = seen({"prefixItems": [{"const": 1}], "items": {"const": 2}})
    assert [part.schema["const"] for at in (0, 1, 9) for part in listed.item(at)] == [1, 2, 2]
    assert listed.prefixes() == 1


def test_the_strictest_limit_counts() -> None:
    limits = seen({"minLength": 1, "maxLength": 9, "allOf": [{"minLength": 3, "maxLength": 8}]})
    assert (limits.most("minLength"), limits.least("maxLength")) == (3, 8)
    assert limits.least("maxItems") is None


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    values: list[Any] = [1, 1.0, 1.5, True, None, "", [], {}]
    assert list(map(type_of, values)) == [
        *("integer", "integer", "fraction", "boolean", "null", "string", "array", "object")
    ]
    assert types_of("number") == {"integer", "fraction"}
