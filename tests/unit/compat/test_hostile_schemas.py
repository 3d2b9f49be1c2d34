"""Schemas that are meant to break the comparison: it ends soon, and calls no break compatible."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from quantapilot.compat import inclusion, witnesses
from quantapilot.compat.schemas import compare
from quantapilot.errors import ContractError

# Slow machines take longer; a hang takes for ever.
BOUND = 30


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a comparison give up sooner than it does elsewhere."""
    monkeypatch.setattr(inclusion, "_SECONDS", 1.0)
    monkeypatch.setattr(witnesses, "_SECONDS", 1.0)


def text(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def nested(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = {"properties": {"a": leaf}}
    return leaf


def named(reference: str, **words: Any) -> dict[str, Any]:
    """Return a schema whose only definition has a name of another kind than its place."""
    return {reference: "#n", "$defs": {"A": words}}


NAMES = [str(at) for at in range(10_000)]
HOSTILE: dict[str, tuple[Any, Any]] = {
    "quantifiers in quantifiers": (text("^((a{1,30}){1,30}){1,30}$"), text("^a{1,26999}$")),
    "an exponential automaton": (text("(a|b)*a(a|b){30}"), text("^(.*a){20}.{20}$")),
    "a back reference": (text("^(a|b)\\1$"), text("^aa$")),
    "a look-behind": (text("b"), text("(?<!a)b")),
    "a look-ahead in the middle": (text("^a(?=b)[bc]$"), text("^ac$")),
    "a property of Unicode": (text("^\\p{L}+$"), text("^[A-Za-z]+$")),
    "a group that ignores case": (text("^(?i:abc)$"), text("^abc$")),
    "ten thousand values": ({"enum": NAMES}, {"enum": NAMES[1:]}),
    "a deep place": (nested(95, {"type": "string"}), nested(95, {"type": "integer"})),
    "many unions that all hold": (
        {"allOf": [{"anyOf": [{"required": [f"{i}{j}"]} for j in range(4)]} for i in range(6)]},
        {"allOf": [{"anyOf": [{"required": [f"{i}{j}"]} for j in range(3)]} for i in range(6)]},
    ),
    "an anchor": (
        named("$ref", **{"$anchor": "n", "type": "string"}),
        named("$ref", **{"$anchor": "n", "type": "integer"}),
    ),
    "a dynamic anchor": (
        named("$dynamicRef", **{"$dynamicAnchor": "n", "type": "string"}),
        named("$dynamicRef", **{"$dynamicAnchor": "n", "type": "integer"}),
    ),
    "a definition that is true": (
        {"$ref": "#/$defs/A", "$defs": {"A": True}},
        {"$ref": "#/$defs/A", "$defs": {"A": False}},
    ),
    "itself, turned round": ({"type": "string"}, {"not": {"$ref": "#"}}),
    "a long list": ({"type": "array"}, {"type": "array", "maxItems": 10**9}),
    "a large object": ({"type": "object"}, {"type": "object", "maxProperties": 10**7}),
    "a long text": ({"type": "string"}, {"type": "string", "maxLength": 10**9}),
    "numbers beyond exact ones": ({"maximum": 2**53 + 1}, {"maximum": 2**53}),
    "members called like keywords": (
        {"properties": {"$id": {"type": "string"}, "enum": {"$anchor": "n"}}},
        {"properties": {"$id": {"type": "integer"}, "enum": {"$anchor": "n"}}},
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_break_is_not_called_compatible_and_nothing_hangs(name: str) -> None:
    began = monotonic()
    assert compare(*HOSTILE[name]).verdict != "compatible"
    assert monotonic() - began < BOUND


@pytest.mark.parametrize(
    "schema",
    [
        text("("),
        text("^a\\Z"),
        text("a{1000000}"),
        {"patternProperties": {"[": True}},
        {"minimum": 10**400},
        {"const": [10**30]},
        nested(2000, {}),
        {"$ref": "other.json"},
        {"$ref": "#/$defs/none"},
        {"$schema": "https://example.org/dialect"},
        None,
    ],
)
def test_what_engines_can_not_read_is_refused_on_either_side(schema: Any) -> None:
    with pytest.raises(ContractError, match=r"^schema\.json: "):
        compare(schema, {})
    with pytest.raises(ContractError, match=r"^schema\.json: "):
        compare({}, schema)


def test_data_is_not_read_as_a_schema() -> None:
    schema = {"const": {"pattern": "(", "patternProperties": {"[": 1}}}
    assert compare(schema, {**schema, "title": "Data"}).verdict == "compatible"


def test_a_definition_may_be_true() -> None:
    schema = {"$ref": "#/$defs/A", "$defs": {"A": True}}
    assert compare(schema, {}).verdict == "compatible"
