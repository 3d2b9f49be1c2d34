"""Patterns for values match only what the schema accepts, and what usually stands in a field."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import orjson
import pytest

from quantapilot.contract.value_patterns import NotWrittenError, value_pattern

UUID = "550e8400-e29b-41d4-a716-446655440000"
VALUES = [
    "", "a", "A", "abc", "a" * 8, "a" * 9, "a" * 64, "a" * 65, "a" * 200, "a.b", "a.b.c.d.e.f",
    "a-b_c", "9a", "é", "aé", "\u2028", "😀", "a b", " a", "a\n", "a\tb", 'a"b', "a\\b", "\x7f",
    "/x/y-z", "https://example.com/a/b", "git@example.com:a/b.git", "proj_12", "TESTS_FAILED",
    UUID, UUID.upper(), UUID.replace("-41d4", "-11d4"), UUID[:-1], UUID + "0", "0" * 36,
    "2025-08-19T06:00:00Z", "2025-08-19T06:00:00.123456789+02:00", "2025-02-30T00:00:00Z",
    "2024-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-12-31T24:00:00Z", "2016-12-31T23:59:60Z",
    "0000-01-01T00:00:00Z", "2025-08-19 06:00:00Z", "2025-08-19t06:00:00z", "2025-08-19T06:00:00",
    0, 1, 2, 7, 9, 10, 99, 100, 101, 1000, 999999, 1000000, 1000001, -1, -7, 0.5, 1.5, 99.999,
    100.5, -0.5, 1e15, 123456789012345678, True, False, None, "true", "null", [], {}, ["a"],
]  # fmt: skip
SCHEMAS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "a UUID": ({"type": "string", "format": "uuid"}, [UUID]),
    "a UUID of some versions": (
        {"type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[3457]"},
        [UUID],
    ),
    "a moment": (
        {"type": "string", "format": "date-time", "maxLength": 40},
        ["2025-08-19T06:00:00Z", "2025-08-19T06:00:00.123456789+02:00"],
    ),
    "a text": ({"type": "string", "minLength": 1, "maxLength": 2000}, ["a b", "é", 'a"b', "a\n"]),
    "a short text": ({"type": "string", "maxLength": 8}, ["", "abc", "a" * 8, "é", "😀"]),
    "a name": ({"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,63}$"}, ["a", "a-b_c", "a" * 64]),
    "a dotted name": (
        {"type": "string", "maxLength": 64, "pattern": "^[a-z]+(?:[.][a-z]+)*$"},
        ["abc", "a.b", "a" * 9],
    ),
    "no spaces": ({"type": "string", "maxLength": 255, "pattern": "^[^\\x00-\\x20]+$"}, ["a", "é"]),
    "one of two": ({"type": "string", "pattern": "^(?:proj_[0-9]{1,3}|[A-Z_]+)$"}, ["proj_12"]),
    "any end": ({"type": "string", "format": "uuid", "pattern": "^5"}, [UUID]),
    "listed": ({"enum": ["abc", "a b", 'a"b', "é"]}, ["abc", "a b"]),
    "constant": ({"const": "abc"}, ["abc"]),
    "any number": ({"type": "number"}, [0, 1, -7, 0.5, 1000001]),
    "a share": ({"type": "number", "minimum": 0, "maximum": 100}, [0, 7, 99.999, 100]),
    "a small number": ({"type": "integer", "minimum": 0, "maximum": 7}, [0, 7]),
    "a positive number": ({"type": "integer", "minimum": 1, "maximum": 1000000}, [1, 99, 1000000]),
    "a duration": ({"type": "number", "minimum": 0}, [0, 0.5, 1000001]),
    "yes or no": ({"type": "boolean"}, [True, False]),
    "several types": ({"type": ["string", "number", "null"], "maxLength": 8}, ["abc", 7, None]),
}


def matches(schema: dict[str, Any], value: Any) -> bool:
    pattern = re.compile(value_pattern(schema).encode("latin-1"))
    return pattern.fullmatch(orjson.dumps(value)) is not None


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_pattern_matches_no_value_that_the_schema_refuses(name: str) -> None:
    schema, usual = SCHEMAS[name]
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for value in VALUES:
        assert not matches(schema, value) or validator.is_valid(value), value
    for value in usual:
        assert matches(schema, value), value


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        {"type": "object"},
        {"type": "string", "format": "email"},
        {"type": "string", "pattern": "abc"},
        {"type": "string", "pattern": "^abc"},
        {"type": "string", "pattern": "^(?=a)b$"},
        {"type": "string", "pattern": "^(a)\\1$"},
        {"type": "string", "pattern": "^a{,3}$"},
        {"type": "string", "pattern": "^\\p{L}+$"},
        {"type": "string", "pattern": "^[é]$"},
        {"type": "string", "minLength": 5, "pattern": "^a+$"},
        {"type": "string", "minLength": 5, "maxLength": 3},
        {"type": "string", "maxLength": 20, "format": "uuid"},
        {"type": "string", "maxLength": 20, "format": "date-time"},
        {"type": "number", "minimum": 7},
        {"type": "number", "maximum": 0},
        {"type": "number", "multipleOf": 2},
        {"type": "number", "exclusiveMinimum": 0},
        {"enum": [1, 2]},
        {"enum": ["a"], "const": "b"},
        {"enum": ["a"], "pattern": "^b$"},
        {"anyOf": [{"type": "string"}]},
        {"type": "string", "not": {"const": "a"}},
    ],
    ids=str,
)
def test_what_no_pattern_can_say_is_not_written(schema: dict[str, Any]) -> None:
    with pytest.raises(NotWrittenError):
        value_pattern(schema)
