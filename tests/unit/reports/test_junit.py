"""The JUnit report: by a published schema, and red exactly where the run is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting import HOSTILE, TYPICAL, UNCHECKED, finding, report, told

from quantapilot.reports import open_reporter

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from quantapilot.findings import Finding

# The schema of the xUnit plugin of Jenkins; see NOTICE.
SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))


def suites(text: str) -> list[ET.Element]:
    """Return the suites of a report, after checking it by its schema."""
    SCHEMA.validate(text)
    root = ET.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    return list(root)


def red(text: str) -> tuple[int, int]:
    """Return how many cases of a report failed and how many are in error."""
    cases = [case for suite in suites(text) for case in suite]
    failed, broken = (
        sum(case.find(outcome) is not None for case in cases) for outcome in ("failure", "error")
    )
    return failed, broken


def test_the_schema_refuses_what_is_no_report() -> None:
    text = report("junit", TYPICAL)
    assert SCHEMA.is_valid(text)
    assert not SCHEMA.is_valid(text.replace("testcase", "test"))
    assert not SCHEMA.is_valid(text.replace(' tests="2"', ""))


@pytest.mark.parametrize(
    "findings",
    [TYPICAL, (), UNCHECKED, HOSTILE],
    ids=["typical", "clean", "unchecked", "hostile"],
)
def test_the_report_as_a_whole(findings: tuple[Finding, ...], snapshot: SnapshotAssertion) -> None:
    text = report("junit", findings)
    assert suites(text)
    assert text == snapshot


def test_a_suite_is_a_file_and_counts_its_cases() -> None:
    found = suites(report("junit", TYPICAL))
    assert [suite.get("name") for suite in found] == [
        "logs/a.jsonl",
        "b.txt",
        "generated/api.py",
        "c.json",
    ]
    assert [suite.get("tests") for suite in found] == ["2", "1", "1", "2"]
    assert [suite.get("failures") for suite in found] == ["2", "1", "1", "1"]
    assert [suite.get("errors") for suite in found] == ["0"] * 4


def test_a_suite_is_written_when_the_next_file_begins() -> None:
    out = io.StringIO()
    reporter = open_reporter("junit", out)
    reporter.start()
    for one in TYPICAL[:3]:
        reporter.add(one)
    assert out.getvalue().count("<testcase") == 2
    assert "b.txt" not in out.getvalue()


def test_a_case_is_named_by_place_rule_and_pointer() -> None:
    first = suites(report("junit", TYPICAL))[0][0]
    assert first.get("classname") == "logs/a.jsonl"
    assert first.get("name") == "3:17 pii/email /data/2/message"
    failure = first.find("failure")
    assert failure is not None
    assert failure.get("type") == "pii/email"
    assert failure.get("message") == "E-mail address: message: to <email>, later"
    assert failure.text is not None
    assert failure.text.splitlines() == [
        "logs/a.jsonl:3:17 error",
        "E-mail address",
        "| message: to <email>, later",
        "= Drop the address.",
    ]


def test_a_warning_passes_and_is_still_read() -> None:
    text = report("junit", TYPICAL[4:5])
    assert red(text) == (0, 0)
    (case,) = suites(text)[0]
    assert "starts with a BOM" in str(case.findtext("system-out"))


def test_what_could_not_be_checked_is_an_error_and_no_failure() -> None:
    assert red(report("junit", UNCHECKED)) == (0, 1)
    assert red(report("junit", (*TYPICAL, *UNCHECKED))) == (5, 1)


def test_a_clean_run_is_one_case_that_passed() -> None:
    text = report("junit", ())
    assert red(text) == (0, 0)
    assert [(suite.get("tests"), len(suite)) for suite in suites(text)] == [("1", 1)]


@pytest.mark.parametrize(
    "findings",
    [(), (told("input/empty", "there is nothing in it", severity="warning", unchecked=True),)],
    ids=["none", "warning"],
)
def test_a_run_of_nothing_is_never_green(findings: tuple[Finding, ...]) -> None:
    text = report("junit", findings, documents=0)
    assert red(text) == (0, 1)
    assert "nothing to check" in text


@given(st.text(st.characters(codec=None)))
def test_whatever_is_found_the_report_is_well_formed(text: str) -> None:
    found = finding(path=text, pointer=text, message=text, excerpt=text, help=text)
    assert red(report("junit", [found])) == (1, 0)


def test_quiet_changes_nothing_for_programs() -> None:
    assert report("junit", (), quiet=True) == report("junit", ())
