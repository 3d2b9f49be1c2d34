"""Allowances: whole rules, whole segments, their last day, and nothing more than they say."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.config import Allowance, Config
from quantapilot.findings import Finding
from quantapilot.gate.allow import Allowances, fault

KNOWN = ["pii/email", "pii/name-field", "pii/name-text", "contract/type", "input/unreadable"]
TODAY = date(2026, 5, 1)


def finding(rule: str = "pii/email", pointer: str | None = "/users/0/mail") -> Finding:
    pii = rule.startswith("pii/")
    return Finding(
        rule, "pii" if pii else "contract", "error", "a", "m", "h", "0" * 32,
        pii_class="email" if pii else None, pointer=pointer,
    )  # fmt: skip


def allowances(path: str = "a.json", rule: str = "pii/email", **keys: object) -> Allowances:
    made = Allowance(path, rule, **{"reason": "a role", **keys})  # type: ignore[arg-type]
    return Allowances(Config(file=Path("quantapilot.toml"), allow=(made,)), KNOWN, TODAY)


@pytest.mark.parametrize(
    ("pointer", "there", "excused"),
    [
        (None, "/users/0/mail", True),
        (None, None, True),
        ("/users/0/mail", "/users/0/mail", True),
        ("/users/*/mail", "/users/0/mail", True),
        ("/*/*/*", "/users/0/mail", True),
        ("/users/*", "/users/0/mail", False),
        ("/users/*/mail", "/users/mail", False),
        ("/users/0/mai", "/users/0/mail", False),
        ("/users", None, False),
        ("", "", True),
        ("", "/a", False),
    ],
)
def test_a_pointer_is_met_segment_by_segment(
    pointer: str | None, there: str | None, excused: bool
) -> None:
    assert allowances(pointer=pointer).excuses(finding(pointer=there), "a.json") is excused


@pytest.mark.parametrize(
    ("path", "place", "excused"),
    [
        ("a.json", "a.json", True),
        ("a.json", "sub/a.json", True),
        ("/a.json", "sub/a.json", False),
        ("logs/", "logs/deep/a.json", True),
        ("logs/**/*.json", "logs/deep/a.json", True),
        ("logs/*.json", "logs/deep/a.json", False),
        ("a.json", "a.jsonl", False),
        ("a.json", "../b.json", False),
    ],
)
def test_a_path_is_met_as_in_gitignore(path: str, place: str, excused: bool) -> None:
    assert allowances(path).excuses(finding(), place) is excused


@given(st.integers(-400, 400))
def test_it_holds_through_its_last_day(days: int) -> None:
    one = allowances(expires=TODAY + timedelta(days))
    assert one.excuses(finding(), "a.json") is (days >= 0)
    assert [each.rule for each in one.faults()] == ["input/allow-expired"] * (days < 0)


def test_only_its_own_rule_is_excused() -> None:
    assert not allowances().excuses(finding("pii/name-text"), "a.json")
    assert not allowances(rule="contract/type").excuses(finding(), "a.json")


def test_one_that_another_rule_of_its_class_needs_is_not_called_unused() -> None:
    one = allowances(rule="pii/name-text")
    assert not one.excuses(finding("pii/name-field"), "a.json")
    one.checked("a.json")
    assert list(one.unused(lambda _: True, ())) == []


def test_one_is_unused_when_its_file_was_checked_or_is_not_there() -> None:
    one = allowances(path="logs/*.json")
    assert [each.rule for each in one.unused(lambda _: True, ())] == ["input/allow-unused"]
    assert list(one.unused(lambda _: True, ["logs/a.json"])) == []
    assert list(one.unused(lambda _: False, ())) == []
    one.checked("logs/a.json")
    assert [each.rule for each in one.unused(lambda _: True, ["logs/a.json"])] == [
        "input/allow-unused"
    ]


@pytest.mark.parametrize(
    ("rule", "reason", "broken"),
    [
        ("pii/email", "why", None),
        ("pii/email", "2024", None),
        ("pii/email", "причина", None),
        ("pii/email", " --> ", "input/allow-reason"),
        ("pii/mail", "why", "input/allow-unknown-rule"),
        ("email", "why", "input/allow-unknown-rule"),
        ("pii/?mail", "why", "input/allow-overbroad"),
        ("input/unreadable", "why", "input/allow-overbroad"),
    ],
)
def test_a_fault_is_named_by_the_rule_that_it_breaks(
    rule: str, reason: str, broken: str | None
) -> None:
    found = fault(rule, reason, KNOWN)
    assert (found[0] if found else None) == broken


def test_the_nearest_rule_is_told() -> None:
    assert [fault(rule, "why", KNOWN) for rule in ("pii/emial", "email", "zzz")] == [
        ("input/allow-unknown-rule", "there is no such rule, did you mean 'pii/email'?"),
        ("input/allow-unknown-rule", "there is no such rule, did you mean 'pii/email'?"),
        ("input/allow-unknown-rule", "there is no such rule; 'qp rules' lists them"),
    ]
