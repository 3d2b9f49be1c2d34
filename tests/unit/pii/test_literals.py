"""A payload is asked few rules, and finds what it would find if it were asked all of them."""

from __future__ import annotations

import re

import pytest

from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.literals import literals, shape
from quantapilot.pii.prefilter import Re2Prefilter, text_pattern
from quantapilot.pii.rules import Rule, load_rules

RULES = compiled_rules()
EXAMPLES = {rule.id: (*rule.match, *rule.no_match) for rule in load_rules()}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ghp_[0-9a-z]{36}", {"ghp_"}),
        ("[Gg][Hh]p", {"ghp"}),
        ("(?i:Bearer)[ ]", {"bearer "}),
        ("[0-9]{3}[-][0-9]{2}", {"000-00"}),
        ("[0-9]{5,9}[-]", {"00000"}),
        ("[0-9]{3,9}[-]", {"-"}),
        ("(?:ab|cde)f?", {"ab", "cde"}),
        ("(?:[\\x2d]|\\xe2\\x80[\\x90-\\x95])[0-9]", {"-0"}),
        ("(?:^|[^a-z])a{1,3}bc", {"bc"}),
        ("x(?:cat)*", {"x"}),
        ("(?:[\\xd0]|\\xe2\\x80)a", {"\x80"}),
        ("[a-z]+", set()),
        ("(?:abc)?", set()),
        ("(?:abc|[a-z])", set()),
    ],
)
def test_what_a_text_needs_is_read_from_the_pattern(pattern: str, expected: set[str]) -> None:
    assert set(literals(pattern)) == expected


def test_case_and_digits_make_no_difference() -> None:
    assert shape("AKIA-4217") == "akia-0000"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_example_has_what_its_pattern_needs(rule: Rule) -> None:
    pattern = re.compile(text_pattern(rule))
    for text in filter(str.isascii, EXAMPLES[rule.id]):
        if pattern.search(text.encode()) and rule.literals:
            assert any(literal in shape(text) for literal in rule.literals)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_first_texts_are_asked_the_same_rules_as_all_others(rule: Rule) -> None:
    few, many = Re2Prefilter(RULES), BULK
    for text in EXAMPLES[rule.id]:
        assert sorted(few.rules(text)) == sorted(many.rules(text))


def _bulk() -> Re2Prefilter:
    prefilter = Re2Prefilter(RULES)
    prefilter.rules("x" * 10_000)
    return prefilter


BULK = _bulk()
