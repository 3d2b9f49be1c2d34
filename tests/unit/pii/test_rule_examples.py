"""Every packaged rule keeps the promise of its own examples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.pii.detector import Detector
from quantapilot.pii.mask import excerpt
from quantapilot.pii.rules import Rule, load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = load_rules()
DETECTOR = Detector(RULES)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, key)
    else:
        yield name, str(value)


def _parts(example: str) -> Iterator[tuple[str, str]]:
    yield from _texts(json.loads(example)) if example.startswith("{") else [("", example)]


def _data_class(rule: Rule) -> str:
    return "text" if "text" in rule.data_classes else min(rule.data_classes)


def _found(rule: Rule, example: str) -> list[tuple[str, str]]:
    """Return the values that a rule finds in an example, each with what is shown of it."""
    shown: list[tuple[str, str]] = []
    for name, text in _parts(example):
        matches = DETECTOR.find(text, name=name, data_class=_data_class(rule))
        spans = [(match.start, match.end, match.rule.pii_class) for match in matches]
        shown += [
            (text[match.start : match.end], excerpt(text, spans, match.start).text)
            for match in matches
            if match.rule.id == rule.id
        ]
    return shown


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_match_example_is_found_and_its_value_never_shown(rule: Rule) -> None:
    shown = [_found(rule, example) for example in rule.match]

    missed = [number for number, each in enumerate(shown) if not each]
    assert missed == [], "the rule does not hold for its own examples"
    told = [
        number
        for number, each in enumerate(shown)
        if any(value in masked for value, masked in each)
    ]
    assert told == [], "an excerpt shows the value"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_no_match_example_is_not_found_by_the_rule(rule: Rule) -> None:
    assert [number for number, raw in enumerate(rule.no_match) if _found(rule, raw)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_match_example_as_a_raw_line_is_never_proven_clean(rule: Rule) -> None:
    proven = [number for number, raw in enumerate(rule.match) if not _is_candidate(raw)]

    assert proven == []


def _is_candidate(line: str) -> bool:
    return DETECTOR.candidates(line.encode()) == [0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_brings_three_examples_of_each_side(rule: Rule) -> None:
    assert len(set(rule.match)) >= 3
    assert len(set(rule.no_match)) >= 3


HOSTILE = [
    "a" * 20_000,
    "a." * 10_000,
    "a@a." + "a." * 10_000,
    "1 " * 10_000,
    "+1" * 10_000,
    "1." * 10_000,
    "2001::" * 3000,
    "://a:" * 4000,
    "host=a;" * 3000,
    'password="' * 2000,
    "approved by A" * 1500,
    "Alice van de " * 1500,
    "eyJ" + "a" * 20_000,
    "-----BEGIN PRIVATE KEY-----" * 700,
    "a [at] " * 3000,
    "AB12 " * 4000,
    " " * 20_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_costs_no_rule_its_time_limit(text: str) -> None:
    DETECTOR.find(text)
