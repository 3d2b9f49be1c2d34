"""Strings: patterns, lengths and formats together, as the validator sees them."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from quantapilot.compat.languages import Language, some_words
from quantapilot.compat.loading import side
from quantapilot.compat.schemas import compare
from quantapilot.compat.strings import _AT_LEAST, _AT_MOST, counterexamples, is_known
from quantapilot.compat.views import View, view

KNOWN = {
    "uuid": ["550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000"],
    "date": ["2026-11-29", "0001-01-01"],
    "time": ["12:30:00Z", "12:30:00.5+05:30", "23:59:60Z"],
    "date-time": ["2026-11-29T12:30:00Z", "2026-11-29t12:30:00.123456789-03:00"],
    "ipv4": ["192.0.2.1", "0.0.0.0"],
    "ipv6": ["2001:db8::1", "::ffff:192.0.2.1"],
}


def seen(schema: dict[str, Any]) -> View:
    one = side("old", {"s.json": schema})
    return view(one, (one.root("s.json"),))


@pytest.mark.parametrize("form", list(_AT_MOST))
def test_what_is_drawn_as_a_format_has_it(form: str) -> None:
    judge = jsonschema_rs.Draft202012Validator({"format": form}, validate_formats=True)
    for shortest in (0, 15, 25, 40):
        words = some_words(Language((_AT_MOST[form],), shortest=shortest))
        assert words is not None
        assert all(map(judge.is_valid, words))


@pytest.mark.parametrize("form", list(_AT_LEAST))
def test_whatever_has_a_format_is_as_it_is_described(form: str) -> None:
    judge = jsonschema_rs.Draft202012Validator({"format": form}, validate_formats=True)
    described = jsonschema_rs.Draft202012Validator({"pattern": _AT_LEAST[form]})
    assert all(map(judge.is_valid, KNOWN[form]))
    assert all(map(described.is_valid, KNOWN[form]))


def test_a_format_that_nobody_knows_is_an_annotation() -> None:
    assert is_known("date-time")
    assert not is_known("unheard-of")
    assert compare({"type": "string"}, {"type": "string", "format": "x"}).verdict == "compatible"


@pytest.mark.parametrize(
    ("schema", "keyword", "value"),
    [
        ({"pattern": "^[a-z]{3}$"}, "maxLength", 3),
        ({"pattern": "^[a-z]{3}$"}, "minLength", 3),
        ({"format": "uuid"}, "maxLength", 36),
        ({"format": "date"}, "pattern", "^[0-9-]{10}$"),
        ({"pattern": "^(?:a|b)+$", "not": {"pattern": "b"}}, "pattern", "^a+$"),
        ({"pattern": r"^[0-9]{1,2}(?:\.[0-9]{1,2}){3}$"}, "maxLength", 11),
        ({"format": "uri"}, "format", "uri-reference"),
    ],
)
def test_what_follows_from_pattern_length_and_format_is_proven(
    schema: dict[str, Any], keyword: str, value: Any
) -> None:
    assert counterexamples(seen({"type": "string", **schema}), keyword, value) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"format": "date-time", "maxLength": 40}, {"format": "date-time", "maxLength": 20}),
        ({"format": "uri"}, {"format": "uri", "pattern": "^https:"}),
        ({"pattern": "^[ab]$"}, {"pattern": "^[ab]$", "not": {"pattern": "b"}}),
        ({}, {"format": "uuid"}),
        ({"maxLength": 4000}, {"maxLength": 3999}),
    ],
)
def test_what_does_not_follow_is_shown_by_a_string(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    comparison = compare({"type": "string", **old}, {"type": "string", **new})
    assert comparison.verdict == "breaking"
    assert isinstance(comparison.witness and comparison.witness.value, str)
