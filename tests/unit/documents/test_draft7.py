"""Draft 7 says what 2020-12 says, as far as it can, and never refuses more."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema.validators import Draft7Validator, Draft202012Validator

from quantapilot.documents.draft7 import draft7

SAME: list[tuple[dict[str, Any], list[Any]]] = [
    (
        {"$ref": "#/$defs/Text", "maxLength": 3, "$defs": {"Text": {"type": "string"}}},
        ["abc", "abcd", 1],
    ),
    ({"dependentRequired": {"a": ["b"]}}, [{"a": 1}, {"a": 1, "b": 1}, {}]),
    (
        {"dependentSchemas": {"a": {"required": ["c"]}}, "dependentRequired": {"a": ["b"]}},
        [{"a": 1, "c": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}],
    ),
    (
        {"prefixItems": [{"type": "string"}], "items": {"type": "number"}},
        [["a", 1], ["a", "b"], [1], []],
    ),
    ({"prefixItems": [{"type": "string"}]}, [["a", 1, None], [1]]),
    ({"contains": {"type": "number"}, "minContains": 0}, [["a"], [1]]),
    (
        {"properties": {"discriminator": {"type": "number"}, "prefixItems": {"type": "string"}}},
        [{"discriminator": "a"}, {"discriminator": 1}, {"prefixItems": 1}],
    ),
    ({"const": {"prefixItems": [1], "dependentRequired": {}}}, [{"prefixItems": [1]}, 1]),
]


@pytest.mark.parametrize(("schema", "values"), SAME)
def test_both_dialects_agree_on_values(schema: dict[str, Any], values: list[Any]) -> None:
    newer, older = Draft202012Validator(schema), Draft7Validator(draft7(schema))
    verdicts = [newer.is_valid(each) for each in values]
    assert [older.is_valid(each) for each in values] == verdicts


def test_what_can_not_be_said_refuses_nothing() -> None:
    schema = {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False}
    assert Draft7Validator(draft7(schema)).is_valid({"b": 1})


def test_the_schema_that_was_given_is_left_alone() -> None:
    given = {"dependentRequired": {"a": ["b"]}, "prefixItems": [{"$ref": "#", "title": "a"}]}
    before = {"dependentRequired": {"a": ["b"]}, "prefixItems": [{"$ref": "#", "title": "a"}]}
    draft7(given)
    assert given == before
