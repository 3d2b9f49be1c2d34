"""The labels of the table of schema versions are true: both engines show it, without `qp diff`."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.schema_pairs import DIRECTIONS, Direction, Pair, engines, pairs

from quantapilot.contract.catalog import Contract
from quantapilot.contract.sampling import Sampler, UnsampledError

PAIRS = pairs()
LABELLED = [(pair, direction) for pair in PAIRS for direction in DIRECTIONS]
BREAKING = [case for case in LABELLED if case[1] in case[0].breaks]
COMPATIBLE = [case for case in LABELLED if case[1] not in case[0].breaks]
# Whole documents take long to draw.
DRAWN, DRAWN_OF_DOCUMENTS = 50, 15
ANYTHING: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    1.5,
    -1,
    "",
    "a",
    [],
    [1],
    [True, False, True],
    {},
    {"a": 1},
)


def said(value: Any) -> str | None:
    return str(value) if isinstance(value, Pair) else None


def test_the_table_is_large_and_leans_to_neither_side() -> None:
    assert len({str(pair) for pair in PAIRS}) == len(PAIRS) >= 400
    assert 0.4 < len(COMPATIBLE) / len(LABELLED) < 0.7
    assert sum(not pair.breaks for pair in PAIRS) > 120


@pytest.mark.parametrize("pair", PAIRS, ids=said)
def test_both_versions_are_schemas_and_take_the_given_values(pair: Pair) -> None:
    for schema in (pair.old, pair.new):
        Draft202012Validator.check_schema(schema)
        accepts = engines(schema)
        for value in pair.both:
            assert accepts(value) == [True, True], value


@pytest.mark.parametrize(("pair", "direction"), BREAKING, ids=said)
def test_a_break_is_shown_by_its_value(pair: Pair, direction: Direction) -> None:
    kept, other = pair.versions(direction)
    assert engines(kept)(pair.breaks[direction]) == [True, True]
    assert engines(other)(pair.breaks[direction]) == [False, False]


@pytest.mark.parametrize(("pair", "direction"), COMPATIBLE, ids=said)
def test_no_value_speaks_against_what_is_compatible(pair: Pair, direction: Direction) -> None:
    kept, other = pair.versions(direction)
    values = drawn(pair, kept)
    # Without values of both, nothing conforms to the version whose values have to stay valid.
    assert values or not pair.both
    accepts, kept_accepts = engines(other), engines(kept)
    for value in (*values, *ANYTHING):
        if all(kept_accepts(value)):
            assert accepts(value) == [True, True], value


def drawn(pair: Pair, schema: Any) -> tuple[Any, ...]:
    if not pair.both:
        return ()
    times = DRAWN_OF_DOCUMENTS if pair.topic == "quantapilot" else DRAWN
    return _drawn(json.dumps(schema), times)


@cache
def _drawn(schema: str, times: int) -> tuple[Any, ...]:
    """Return values of a schema; the hard ones yield fewer than were asked for."""
    sampler, parsed = Sampler(Contract({}), Random(1), edges=0.5), json.loads(schema)
    found = []
    for _ in range(times):
        with suppress(UnsampledError):
            found.append(sampler.value(parsed))
    return tuple(found)
