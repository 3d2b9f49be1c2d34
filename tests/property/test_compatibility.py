"""Whatever schemas are made and however they are changed: no break is ever called compatible."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantapilot.compat.schemas import compare
from quantapilot.contract.catalog import Contract
from quantapilot.contract.sampling import Sampler, UnsampledError

_SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_NAMES = ("a", "b", "kind", "x_1")
_PATTERNS = ("^a", "^[a-z]+$", "^[ab]{1,3}$", "b", "^(?:a|bc)*$", "^[^x]*$", "^x_")
_small = st.integers(0, 4)


def _strings() -> st.SearchStrategy[dict[str, Any]]:
    more = {
        "minLength": _small,
        "maxLength": _small,
        "pattern": st.sampled_from(_PATTERNS),
        "format": st.sampled_from(["uuid", "date", "ipv4", "unheard-of"]),
    }
    return st.fixed_dictionaries({"type": st.just("string")}, optional=more)


def _numbers() -> st.SearchStrategy[dict[str, Any]]:
    limit = st.integers(-3, 3) | st.sampled_from([0.5, -1.5])
    more = {
        "minimum": limit,
        "maximum": limit,
        "exclusiveMinimum": limit,
        "exclusiveMaximum": limit,
        "multipleOf": st.sampled_from([1, 2, 0.5, 3]),
    }
    kinds = st.sampled_from(["integer", "number", ["integer", "null"]])
    return st.fixed_dictionaries({"type": kinds}, optional=more)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(_NAMES)
    more = {
        "required": st.lists(names, max_size=2, unique=True),
        "additionalProperties": st.just(False) | inner,
        "unevaluatedProperties": st.just(False),
        "patternProperties": st.dictionaries(st.sampled_from(_PATTERNS), inner, max_size=2),
        "propertyNames": st.sampled_from([{"maxLength": 3}, {"pattern": "^[ab]"}, {"enum": ["a"]}]),
        "minProperties": st.integers(0, 2),
        "maxProperties": st.integers(0, 3),
        "dependentRequired": st.dictionaries(names, st.lists(names, max_size=2, unique=True)),
        "dependentSchemas": st.dictionaries(names, inner, max_size=1),
    }
    properties = st.dictionaries(names, inner, max_size=3)
    base = {"type": st.just("object"), "properties": properties}
    return st.fixed_dictionaries(base, optional=more)


def _arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    more = {
        "items": st.just(False) | inner,
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 3),
        "uniqueItems": st.booleans(),
        "contains": inner,
    }
    return st.fixed_dictionaries({"type": st.just("array")}, optional=more)


def _logic(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        st.fixed_dictionaries({"anyOf": some}),
        st.fixed_dictionaries({"oneOf": some}, optional={"unevaluatedProperties": st.just(False)}),
        st.fixed_dictionaries({"allOf": some}, optional={"unevaluatedProperties": st.just(False)}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
    )


_LEAVES = st.one_of(
    _strings(),
    _numbers(),
    st.sampled_from(
        [True, {"type": "boolean"}, {"type": ["string", "null"]}, {"$ref": "#/$defs/d"}]
    ),
    st.fixed_dictionaries(
        {"enum": st.lists(st.sampled_from(["a", "b", 1, None, True]), min_size=1)}
    ),
    st.fixed_dictionaries({"const": st.sampled_from(["a", "b", 1, 1.5, True, [], {}])}),
)
_SCHEMAS = st.recursive(
    _LEAVES, lambda inner: _objects(inner) | _arrays(inner) | _logic(inner), max_leaves=5
)


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Return a schema and another, which mostly is the same with one thing changed."""
    definition = draw(_strings() | _objects(_numbers()))
    old = {"$defs": {"d": definition}, "allOf": [draw(_SCHEMAS)]}
    new = copy.deepcopy(old)
    places = [new, *_places(new["allOf"]), *_places(new["$defs"])]
    place = draw(st.sampled_from([each for each in places if each]))
    keyword = draw(st.sampled_from(sorted(place)))
    if keyword in {"$defs", "allOf", "d"} or draw(st.booleans()):
        other = draw(_SCHEMAS)
        new["allOf"] = [other] if draw(st.booleans()) else [*new["allOf"], other]
    else:
        del place[keyword]
    return (old, new) if draw(st.booleans()) else (new, old)


def _places(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(place for each in value.values() for place in _places(each))]
    return [place for each in value for place in _places(each)] if isinstance(value, list) else []


def _judge(schema: Any) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _values(schema: Any) -> list[Any]:
    found: list[Any] = [None, True, 0, 1, 1.5, -1, "", "a", "ab", "b", [], [0], {}, {"a": 0}]
    for edges in (0.0, 1.0):
        sampler = Sampler(Contract({}), Random(1), edges=edges)
        try:
            found += [sampler.value(schema) for _ in range(8)]
        except UnsampledError:
            continue
    return found


@given(_pairs())
@_SETTINGS
def test_no_break_is_called_compatible_and_every_value_shows_what_is_said_of_it(
    pair: tuple[Any, Any],
) -> None:
    old, new = pair
    then, now = _judge(old), _judge(new)
    comparison = compare(old, new)
    if comparison.verdict == "compatible":
        lost = [v for v in _values(old) if then.is_valid(v) and not now.is_valid(v)]
        assert lost == []
    for change in comparison.told:
        if change.witness is not None:
            assert then.is_valid(change.witness.value)
            assert not now.is_valid(change.witness.value)


@given(_SCHEMAS)
@_SETTINGS
def test_a_schema_is_compatible_with_itself(schema: Any) -> None:
    whole = {"$defs": {"d": {"type": "string"}}, "allOf": [schema]}
    comparison = compare(whole, copy.deepcopy(whole), "full")
    assert comparison.verdict == "compatible"
    assert comparison.changes == ()
