"""Languages of patterns: what is proven of them holds for every short text there is."""

from __future__ import annotations

import re
import time
from itertools import product

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantapilot.compat.expressions import NotRegularError, parsed
from quantapilot.compat.languages import Language, disjoint, some_words, within

UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[3457]"
NAME, DOTTED = "^[a-z][a-z0-9_-]{0,63}$", "^[a-z][a-z0-9._-]{0,63}$"
TEXTS = ["".join(chars) for length in range(6) for chars in product("ab", repeat=length)]


def matches(pattern: str, text: str) -> bool:
    """Tell it by the engine that does not backtrack, where it can; the other has a fault."""
    if "(?" in pattern.replace("(?:", ""):
        return re.search(pattern.replace("$", r"\Z"), text) is not None
    options = jsonschema_rs.RegexOptions()
    judge = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    return judge.is_valid(text)


@pytest.mark.parametrize(
    ("pattern", "other"),
    [
        (UUID, UUID),
        ("^[0-9a-f]{8}-[0-9a-f]{4}-4", UUID),
        (NAME, DOTTED),
        ("^(?:a|b)$|^c", "^[abc]"),
        ("^a(?:b|$)", "^ab|^a$"),
        ("abc", "b"),
        ("^(?!foo)[a-z]+$", "^[a-z]+$"),
        ("^(?=.*[0-9])[a-z0-9]+$", "^[a-z0-9]*[0-9][a-z0-9]*$"),
        (r"^\d+$", r"^\w+$"),
        (r"^\u0061\x62$", "^ab$"),
        ("^[a-z]{0,4000}$", "^[a-z0-9]{0,4000}$"),
    ],
)
def test_a_pattern_that_lies_within_another_is_proven_to(pattern: str, other: str) -> None:
    assert within(pattern, other)


@pytest.mark.parametrize(
    ("pattern", "other"),
    [(DOTTED, NAME), ("b", "^b"), ("^[a-z]+$", "^(?!foo)[a-z]+$"), ("^.*$", "^[^<>]*$")],
)
def test_a_pattern_that_reaches_beyond_another_shows_a_word(pattern: str, other: str) -> None:
    words = some_words(Language((pattern,), (other,)))
    assert words
    for word in words:
        assert matches(pattern, word)
        assert not matches(other, word)


def test_lengths_count_as_well() -> None:
    assert some_words(Language(("^[0-9a-f]{32}$",), shortest=33)) == []
    assert some_words(Language(("^[0-9a-f]{32}$",), longest=31)) == []
    assert some_words(Language((), shortest=3, longest=2)) == []
    words = some_words(Language(("^[a-z]+$",), shortest=2001, longest=2001)) or []
    assert [len(word) for word in words] == [2001]


def test_patterns_that_exclude_each_other_are_told() -> None:
    assert disjoint("^a", "^b")
    assert not disjoint("a", "b")
    assert some_words(Language(("^[ab]$",), never=("a", "b"))) == []


@pytest.mark.parametrize(
    "pattern",
    [r"\bfoo", r"(a)\1", "a(?=b)c", "^(?<=a)b", "[]", r"\p{L}", "a$b", "x{2", "(", "^*", r"\q"],
)
def test_what_is_not_regular_is_never_taken_for_proven(pattern: str) -> None:
    assert some_words(Language((pattern,))) is None
    assert not within(pattern, "^a")
    assert not within("^a", pattern)


def test_an_automaton_that_grows_beyond_bounds_ends_as_unknown() -> None:
    started = time.perf_counter()
    assert some_words(Language(("(a|b)*a(a|b){18}$",), ("(a|b)*b(a|b)*$",))) is None
    assert some_words(Language(("^(?:a{0,1000}){0,1000}$",), ("^b",))) is None
    assert time.perf_counter() - started < 20


def test_a_group_may_have_a_name_and_a_repeat_may_be_lazy() -> None:
    assert within("^(?<year>[0-9]{4})$", "^[0-9]+?$")
    with pytest.raises(NotRegularError):
        parsed("(?<year")


_atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(?:a|b)", "(?:ab|$)", "(?:^a|b)"])
_parts = st.builds("{}{}".format, _atoms, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}"]))
_patterns = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "^", "^(?!b)", "^(?=a)"]),
    st.lists(_parts, max_size=3).map("".join),
    st.sampled_from(["", "$"]),
)


@given(_patterns, _patterns)
@settings(max_examples=120, deadline=None)
def test_no_text_contradicts_what_is_said_of_two_patterns(pattern: str, other: str) -> None:
    words = some_words(Language((pattern,), (other,)))
    one, two = re.compile(pattern.replace("$", r"\Z")), re.compile(other.replace("$", r"\Z"))
    if words == []:
        assert [t for t in TEXTS if one.search(t) and not two.search(t)] == []
    for word in words or ():
        assert matches(pattern, word)
        assert not matches(other, word)
