"""Numbers are within their bounds, on their step, and written as people would write them."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from quantapilot.contract.sampled_draw import Draw
from quantapilot.contract.sampled_numbers import number


def drawn(*parts: dict[str, Any], whole: bool, edge: bool = False) -> list[float]:
    random = Random(str(parts))
    return [number(Draw(random, edge), parts, whole=whole) for _ in range(50)]


@pytest.mark.parametrize("edge", [False, True])
@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ({"minimum": 3, "maximum": 9}, True),
        ({"exclusiveMinimum": 3, "exclusiveMaximum": 6}, True),
        ({"maximum": -5}, True),
        ({"multipleOf": 7, "minimum": -20, "maximum": 20}, True),
        ({"multipleOf": 0.01, "minimum": 0, "maximum": 100}, False),
        ({"multipleOf": 0.1, "exclusiveMinimum": 0, "maximum": 1}, False),
        ({"minimum": 1e25}, True),
        ({"minimum": -1.7e308, "maximum": 1.7e308, "multipleOf": 1}, False),
    ],
)
def test_a_drawn_number_conforms_and_can_be_written(
    said: dict[str, Any], whole: bool, edge: bool
) -> None:
    schema = {"type": "integer" if whole else "number", **said}
    is_valid = Draft202012Validator(schema).is_valid
    values = drawn(said, whole=whole, edge=edge)
    assert all(is_valid(orjson.loads(orjson.dumps(value))) for value in values)


def test_all_steps_are_kept_at_once() -> None:
    parts = ({"multipleOf": 2}, {"multipleOf": 3}, {"multipleOf": 35, "minimum": 1, "maximum": 500})
    assert set(drawn(*parts, whole=True)) == {210, 420}
    assert set(drawn({"multipleOf": 0.5, "minimum": 0, "maximum": 3}, {"multipleOf": 0.75},
                     whole=False)) == {0, 1.5, 3}  # fmt: skip


def test_prices_have_no_more_digits_than_their_step() -> None:
    values = drawn({"multipleOf": 0.01, "minimum": 0, "maximum": 100}, whole=False)
    assert all(len(str(value).partition(".")[2]) <= 2 for value in values)


def test_numbers_at_a_limit_are_the_limits() -> None:
    assert set(drawn({"minimum": 3, "maximum": 9}, whole=True, edge=True)) == {3, 9}
