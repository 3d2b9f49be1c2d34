"""Placeholders: alike for equal values, and nothing that a rule takes for a value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.findings import PII_CLASSES
from quantapilot.gate.pseudonym import placeholder
from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.detector import Detector

DETECTOR = Detector(compiled_rules())
SURROUNDINGS = (
    "{}", "token={}", "password: {}", "Authorization: Bearer {}", "operator_name={}",
    "approved by {}, run", "https://bot:{}@github.com/a", "phone {} or {}", "{}{}", "<{}>",
    "Co-authored-by: {} <{}>", "client_ip={}", "card {}", "ssn {}",
)  # fmt: skip


def test_without_a_key_a_placeholder_tells_the_class_only() -> None:
    assert placeholder("email", "a@b.example", None) == "<email>"


@pytest.mark.parametrize(
    ("pii_class", "first", "second", "alike"),
    [
        ("email", "Bob@Example.com", "bob@example.com", True),
        ("email", "bob%40example.com", "bob@example.com", True),
        ("email", "bob@example.com", "bob@example.org", False),
        ("phone", "+1 (415) 555-2671", "+1.415.555.2671", True),
        ("phone", "+1 415 555 2671", "+1 415 555 2672", False),
        ("national_id", "123-45-6789", "123 45 6789", True),
        ("name", "Alice Smith", "ALICE SMITH", True),
        ("name", "Alice Smith", "AliceSmith", False),
    ],
)
def test_equal_values_are_alike_however_they_are_written(
    pii_class: str, first: str, second: str, alike: bool
) -> None:
    one, other = placeholder(pii_class, first, b"key"), placeholder(pii_class, second, b"key")
    assert (one == other) == alike


def test_key_and_class_make_a_difference() -> None:
    made = {placeholder(c, "x", k) for c in ("email", "name") for k in (b"a", b"b")}
    assert len({each.partition("#")[2] for each in made}) == 4


@pytest.mark.parametrize("pii_class", PII_CLASSES)
@given(st.text())
def test_no_rule_takes_a_pseudonym_for_a_value(pii_class: str, value: str) -> None:
    made = placeholder(pii_class, value, b"key")
    assert re.fullmatch(rf"<{pii_class}#[b-t]{{20}}>", made)
    for around in SURROUNDINGS:
        assert DETECTOR.find(around.format(made, made)) == []
    assert DETECTOR.find(made, name="api_token") == DETECTOR.find_in_name(made) == []
