"""Patterns mean to the fast engine what they say, whichever of its own engines reads them."""

from __future__ import annotations

import re

import pytest

from quantapilot.contract.engines import engine


@pytest.mark.parametrize("pattern", ["^a+b*a+$", "^[a-c]+x?[a-c]+$", "^(?:ab)+c*(?:ab)+$"])
@pytest.mark.parametrize("text", ["a", "aa", "aba", "ab", "abab", "c", "cc", "cxc", ""])
def test_repeats_on_both_sides_of_what_may_be_absent_each_take_their_part(
    pattern: str, text: str
) -> None:
    wanted = re.search(pattern, text) is not None
    assert engine({"pattern": pattern}).is_valid(text) is wanted


def test_a_pattern_with_a_lookaround_can_be_used_too() -> None:
    is_valid = engine({"type": "string", "pattern": "^(?!no)[a-z]+$"}).is_valid
    assert is_valid("yes")
    assert not is_valid("nope")


def test_a_pattern_that_is_none_can_not() -> None:
    with pytest.raises(ValueError, match="regex"):
        engine({"pattern": "("})
