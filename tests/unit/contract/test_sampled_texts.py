"""Texts have the length, the format and the pattern that their schema says."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from quantapilot.contract.sampled_draw import DeadEndError, Draw
from quantapilot.contract.sampled_texts import FORMATS, string


@pytest.mark.parametrize("name", FORMATS)
def test_a_text_of_each_format_has_it(name: str) -> None:
    schema = {"type": "string", "format": name}
    is_valid = Draft202012Validator(schema, validate_formats=True).is_valid
    random = Random(name)
    assert all(is_valid(string(Draw(random), [schema])) for _ in range(30))


@pytest.mark.parametrize(
    "schema",
    [
        {"format": "uri", "minLength": 100},
        {"minLength": 2, "maxLength": 2},
        {"minLength": 70},
        {"maxLength": 0},
    ],
)
@pytest.mark.parametrize("edge", [False, True])
def test_a_text_has_the_length_that_is_asked_for(schema: dict[str, Any], edge: bool) -> None:
    is_valid = Draft202012Validator({"type": "string", **schema}, validate_formats=True).is_valid
    random = Random(1)
    assert all(is_valid(string(Draw(random, edge), [schema])) for _ in range(20))


def test_a_format_with_an_open_pattern_comes_up() -> None:
    schema = {"type": "string", "format": "hostname", "pattern": "\\.internal$"}
    is_valid = Draft202012Validator(schema, validate_formats=True).is_valid
    random = Random(1)
    assert any(is_valid(string(Draw(random), [schema])) for _ in range(20))


def test_a_text_that_memory_should_not_hold_is_not_drawn() -> None:
    with pytest.raises(DeadEndError, match="longer than 10000000"):
        string(Draw(Random(1)), [{"minLength": 10**10}])
