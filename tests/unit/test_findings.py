"""Findings: how a run ends, and fingerprints that never give a value away."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.errors import ExitCode
from quantapilot.findings import (
    Finding,
    RuleInfo,
    Summary,
    content,
    fingerprint,
    located,
    pointer_shape,
    registry,
)

RULE = RuleInfo("input/bom", "a byte order mark", "Parsers refuse it.", "Remove it.")
PARTS = {
    "rule": "pii/email",
    "path": "a.jsonl",
    "place": "/message <email>",
    "value": "a@b.example",
}


def finding(**changes: object) -> Finding:
    base = {
        "rule": "pii/email", "category": "pii", "severity": "error", "path": "a", "message": "m",
        "help": "h", "fingerprint": "0" * 32, "pii_class": "email",
    }  # fmt: skip
    return Finding(**{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("outcomes", [*permutations(ExitCode, 3), (ExitCode.CLEAN,), ()])
def test_what_was_not_checked_outranks_what_was_found_and_that_what_was_not_there(
    outcomes: tuple[ExitCode, ...],
) -> None:
    summary = Summary(documents=1)
    summary.outcomes.update(outcomes)
    rank = (ExitCode.UNCHECKED, ExitCode.FINDINGS, ExitCode.NOTHING, ExitCode.CLEAN)
    ranked = [code for code in rank if code in outcomes]
    assert summary.exit_code == (ranked[0] if ranked else ExitCode.CLEAN)


def test_a_run_that_checked_nothing_is_never_clean() -> None:
    assert Summary().exit_code is ExitCode.NOTHING
    assert Summary(files=3, skipped=2, asked=True).exit_code is ExitCode.NOTHING
    assert Summary(documents=1, asked=True).exit_code is ExitCode.CLEAN


def test_the_contract_alone_is_something_to_check_but_not_in_place_of_what_was_asked() -> None:
    assert Summary(examples=5).exit_code is ExitCode.CLEAN
    assert Summary(examples=5, asked=True).exit_code is ExitCode.NOTHING
    assert Summary(examples=5, documents=1, asked=True).exit_code is ExitCode.CLEAN


def test_where_nothing_was_added_it_is_no_fault_that_nothing_was_checked() -> None:
    assert Summary(if_nothing="nothing was added", asked=True).exit_code is ExitCode.CLEAN
    unread = Summary(if_nothing="nothing was added", outcomes={ExitCode.UNCHECKED})
    assert unread.exit_code is ExitCode.UNCHECKED


def test_a_summary_counts_by_rule_class_and_severity() -> None:
    summary = Summary()
    for one in (
        finding(),
        finding(severity="warning"),
        finding(rule="contract/type", category="contract", pii_class=None),
    ):
        summary.add(one)
    assert (summary.errors, summary.warnings, summary.findings) == (2, 1, 3)
    assert summary.by_rule == {"pii/email": 2, "contract/type": 1}
    assert summary.by_class == {"email": 2}


def test_a_rule_makes_findings_of_its_own_category_and_repair() -> None:
    made = RULE.at("a.jsonl", "starts with a BOM", line=1, column=2, pointer="/a")
    assert (made.rule, made.category, made.severity) == ("input/bom", "input", "error")
    assert (made.line, made.column, made.pointer, made.help) == (1, 2, "/a", "Remove it.")
    assert made.pii_class is None
    contract = RuleInfo("contract/type", "", "", "")
    assert contract.at("a", "m").category == "contract"


def test_findings_of_one_rule_at_two_places_have_two_fingerprints() -> None:
    assert (
        RULE.at("a", "m", pointer="/x").fingerprint != RULE.at("a", "m", pointer="/y").fingerprint
    )
    assert RULE.at("a", "m").fingerprint != RULE.at("b", "m").fingerprint
    assert RULE.at("a", "m", line=1).fingerprint == RULE.at("a", "m", line=9).fingerprint


def test_an_element_of_an_array_may_move_and_its_fingerprint_stays() -> None:
    assert RULE.at("a", "m", pointer="/x/0/y").fingerprint == (
        RULE.at("a", "m", pointer="/x/12/y").fingerprint
    )
    assert pointer_shape("/0/a1/2~1/3") == "/*/a1/2~1/*"
    assert pointer_shape("") == ""


def test_a_file_may_be_named_otherwise_and_what_was_found_in_it_is_known_again() -> None:
    one, other = RULE.at("a", "m"), RULE.at("../a", "m")
    assert one.content == other.content
    assert located("a", other.content) == one.fingerprint
    held = content(b"k", rule="r", place="p", value="v")
    assert located("a", held) == fingerprint(b"k", rule="r", path="a", place="p", value="v")


def test_rules_are_found_by_their_id() -> None:
    assert registry(RULE) == {"input/bom": RULE}


def test_a_finding_does_not_change() -> None:
    with pytest.raises(AttributeError):
        finding().path = "b"  # type: ignore[misc]


@given(st.text(), st.text())
def test_without_a_key_the_value_does_not_enter_the_fingerprint(one: str, other: str) -> None:
    assert fingerprint(None, **{**PARTS, "value": one}) == fingerprint(
        None, **{**PARTS, "value": other}
    )
    assert fingerprint(b"", **{**PARTS, "value": one}) == fingerprint(None, **PARTS)


@given(st.binary(min_size=1, max_size=200), st.text(), st.text())
def test_with_a_key_equal_values_and_only_those_are_recognised(
    key: bytes, one: str, other: str
) -> None:
    prints = [fingerprint(key, **{**PARTS, "value": value}) for value in (one, other)]
    assert (prints[0] == prints[1]) == (one == other)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_and_the_key_count(part: str) -> None:
    changed = {**PARTS, part: PARTS[part] + "x"}
    assert fingerprint(b"k", **changed) != fingerprint(b"k", **PARTS)
    assert fingerprint(b"k", **PARTS) != fingerprint(b"other", **PARTS)


def test_parts_do_not_run_into_each_other() -> None:
    one = fingerprint(None, rule="ab", path="c", place="", value="")
    assert one != fingerprint(None, rule="a", path="bc", place="", value="")


@given(st.text(st.characters(codec=None)))
def test_a_fingerprint_has_the_shape_that_the_report_promises(place: str) -> None:
    made = fingerprint(None, **{**PARTS, "place": place})
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")


@pytest.mark.parametrize("code", ExitCode)
def test_a_finding_says_what_its_rule_refuses_and_whether_something_was_not_looked_at(
    code: ExitCode,
) -> None:
    found = RuleInfo("input/x", "what it refuses", "why", "fix", exit_code=code).at("a", "here")
    assert found.description == "what it refuses"
    assert found.unchecked == (code in {ExitCode.UNCHECKED, ExitCode.NOTHING})
