"""The prefilter never proves a line clean that a rule would find something in.

Strings are generated from each rule's own pattern, hidden in lines in the ways that JSON allows,
and confirmed on the decoded value: what is found there must have made the raw line a candidate.
"""

from __future__ import annotations

import json
import re
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from quantapilot.pii.detector import Detector
from quantapilot.pii.prefilter import Re2Prefilter, RegexPrefilter
from quantapilot.pii.rules import LEXICON, Rule, lexicon, load_rules

RULES = load_rules()
PATTERN_RULES = [rule for rule in RULES if rule.pattern is not None]
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)
BEYOND = st.characters(min_codepoint=32, max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"])
EXAMPLES = 8
# Of a word list every so manieth word: a strategy of all of them takes a minute to build.
EACH_WORD = 97


def _words(found: re.Match[str]) -> str:
    return "(?:" + "|".join(map(re.escape, lexicon(found[1])[::EACH_WORD])) + ")"


def _generated(rule: Rule) -> st.SearchStrategy[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pattern = re.compile(LEXICON.sub(_words, rule.pattern or ""))
    alphabet = PRINTABLE
    try:
        st.from_regex(pattern, alphabet=PRINTABLE).validate()
    except InvalidArgument:
        # Some patterns need letters beyond ASCII.
        alphabet = BEYOND
    return st.from_regex(pattern, alphabet=alphabet) | st.sampled_from(
        [text for text in rule.match if not text.startswith("{")] or ["-"]
    )


def _field(rule: Rule) -> str:
    return "_".join(rule.fields[0]) if rule.fields else "message"


def _called(rule: Rule) -> str:
    return rule.context[0] if rule.context else f"{_field(rule)}="


def _texts(rule: Rule, value: str) -> list[str]:
    lead = [f"{word} " for word in rule.context[:1]] or [""]
    return [
        *(f"{word}{value}" for word in lead),
        *(f"l1\n{word}{value}\tz" for word in lead),
        f"{_field(rule)}={value}",
        f'say "{lead[0]}{value}" \\ now',
        # Folding reads the dashes of prose as hyphens.
        f"{lead[0]}{value}".replace("-", "–"),
    ]


def _lines(name: str, text: str) -> list[bytes]:
    plain = json.dumps({name: text}, ensure_ascii=False)
    nested = json.dumps({"message": plain}, ensure_ascii=False)
    twice = json.dumps({"data": nested, "ok": True}, ensure_ascii=False)
    raw = [] if "\n" in text else [f"2026-11-24 INFO {name}: {text}"]
    return [line.encode() for line in (plain, nested, twice, *raw)]


@pytest.mark.parametrize("rule", PATTERN_RULES, ids=lambda rule: rule.id)
def test_whatever_a_rule_finds_makes_its_raw_line_a_candidate_and_its_text_asked(
    rule: Rule,
) -> None:
    detector, pattern = Detector([rule]), rule.compiled()
    engines = (Re2Prefilter([rule]), RegexPrefilter([rule]))
    data_class = min(rule.data_classes)
    name = _field(rule)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(_generated(rule), st.sampled_from(["", " ", "é", "Ж ", "\n", '"']))
    def holds(value: str, edge: str) -> None:
        for text in _texts(rule, value):
            found = detector.find(text, name=name, data_class=data_class)
            for line in _lines(name, text):
                first, second = (engine.candidates(line) for engine in engines)
                assert first == second, "the engines differ on a line"
                assert first == [0] or not found, "a line with a finding was proven clean"
        text = f"{edge}{_called(rule)} {edge}{value}{edge}"
        if pattern.search(text):
            assert [list(engine.rules(text)) for engine in engines] == [[0], [0]]

    holds()


def test_both_engines_name_the_same_lines_of_a_file_with_everything_in_it() -> None:
    lines = [
        line
        for rule in RULES
        for example in (*rule.match, *rule.no_match)
        for line in (example, json.dumps({"message": example}), "2026-11-24T12:00:00Z step done")
    ]
    chunk = "\n".join(lines).encode()

    assert Re2Prefilter(RULES).candidates(chunk) == RegexPrefilter(RULES).candidates(chunk)
