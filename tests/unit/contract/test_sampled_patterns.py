"""What is drawn from a pattern matches it, as the gate's engine reads it."""

from __future__ import annotations

import time
from random import Random

import pytest
from jsonschema_rs import Draft202012Validator

from quantapilot.contract.sampled_draw import Draw, UnsampledError
from quantapilot.contract.sampled_patterns import matching


def drawn(pattern: str, *, edge: bool = False, least: int = 0, count: int = 30) -> list[str]:
    random = Random(pattern)
    return [matching(Draw(random, edge), pattern, least) for _ in range(count)]


@pytest.mark.parametrize("edge", [False, True])
@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]{3}-[0-9]+$",
        "^(?:day|night)?shift$",
        "^([a-z])-\\1$",
        "^[^a-z]{2}$",
        "^.{1,4}$",
        "^\\/a\\-b\\.c$",
        "^\\u0041\\x42$",
        "^[é😀]{2}$",
        "^\\d\\w\\s$",
        "^\\p{L}{3}$",
        "^\\p{Lu}[\\p{Ll}_]+\\p{Nd}?$",
        "^[\\]\\p{N}]{2}$",
        "^a*?b+?$",
        "inside",
        "",
    ],
)
def test_a_drawn_text_matches_its_pattern(pattern: str, edge: bool) -> None:
    is_valid = Draft202012Validator({"pattern": pattern}).is_valid
    assert [text for text in drawn(pattern, edge=edge) if not is_valid(text)] == []


@pytest.mark.parametrize("pattern", ["^[a-z]+$", "^(?:ab)*$", "^[a-z]{1,4000}$", "b$"])
def test_a_text_is_as_long_as_it_should_be_where_the_pattern_leaves_that_open(pattern: str) -> None:
    is_valid = Draft202012Validator({"pattern": pattern, "minLength": 3000}).is_valid
    assert all(is_valid(text) for text in drawn(pattern, least=3000, count=3))


def test_usual_texts_are_plain_and_those_at_a_limit_are_not() -> None:
    assert all(text.isalnum() for text in drawn("^.{1,9}$"))
    assert {len(text) for text in drawn("^[ab]{2,40}$", edge=True)} == {2, 40}
    assert not all(text.isalnum() for text in drawn("^.{1,9}$", edge=True))


def test_repeats_within_repeats_end() -> None:
    begun = time.perf_counter()
    (text,) = drawn("^(((a{1,99}){1,99}){1,99}){1,99}$", edge=True, count=1)
    assert len(text) < 20_000
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("pattern", ["[", "^\\p{Nothing}$", "(?<a>x)\\k<a>", "a{9999999999999}"])
def test_a_pattern_that_can_not_be_read_is_told(pattern: str) -> None:
    with pytest.raises(UnsampledError, match="no text can be drawn from the pattern"):
        drawn(pattern)
