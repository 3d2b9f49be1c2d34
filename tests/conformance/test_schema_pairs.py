"""The labels of the table of schema versions are true: both engines show it, without `qp diff`."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.schema_pairs import DIRECTIONS, Pair, engines, pairs

from quantapilot.contract.catalog import Contract
from quantapilot.contract.sampling import Sampler, UnsampledError

PAIRS = pairs()
LABELLED = [(pair, direction) for pair in PAIRS for direction in DIRECTIONS]
COMPATIBLE = [case for case in LABELLED if case[1] not in case[0].breaks]
# Whole documents take long to draw.
DRAWN, DRAWN_OF_DOCUMENTS = 15, 6
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
def test_what_the_table_says_of_two_versions_is_what_two_engines_say(pair: Pair) -> None:
    accepts = {"old": engines(pair.old), "new": engines(pair.new)}
    for schema, takes in ((pair.old, accepts["old"]), (pair.new, accepts["new"])):
        Draft202012Validator.check_schema(schema)
        for value in pair.both:
            assert takes(value) == [True, True], value
    for direction in DIRECTIONS:
        schema, _ = pair.versions(direction)
        kept, other = ("old", "new") if direction == "backward" else ("new", "old")
        if direction in pair.breaks:
            assert accepts[kept](pair.breaks[direction]) == [True, True]
            assert accepts[other](pair.breaks[direction]) == [False, False]
            continue
        values = drawn(pair, schema)
        # Without values of both, nothing conforms to the version whose values have to stay valid.
        assert values or not pair.both
        for value in (*values, *ANYTHING):
            if all(accepts[kept](value)):
                assert accepts[other](value) == [True, True], value


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
