"""The text report, whole: what people read after a run."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.config import Config
from quantapilot.errors import ExitCode
from quantapilot.findings import Finding, Summary
from quantapilot.gate.project import Project
from quantapilot.reports import open_reporter

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).parents[3]
ESCAPE = "\x1b["


def finding(**changes: object) -> Finding:
    base = {
        "rule": "pii/email", "category": "pii", "pii_class": "email", "severity": "error",
        "path": "logs/a.jsonl", "line": 3, "column": 17, "pointer": "/message",
        "message": "E-mail address", "excerpt": "message: to <email>, later",
        "fingerprint": "0" * 32, "help": "Drop the address.",
    }  # fmt: skip
    return Finding(**{**base, **changes})  # type: ignore[arg-type]


FINDINGS = (
    finding(),
    finding(
        rule="pii/phone", pii_class="phone", pointer=None, excerpt="call <phone>", path="b.txt"
    ),
    finding(
        rule="contract/drift", category="contract", pii_class=None, line=None, column=None,
        pointer=None, excerpt=None, path="generated/api.py", message="was edited by hand",
        help="Run 'qp generate'.",
    ),
    finding(
        rule="input/bom", category="input", pii_class=None, severity="warning", line=1, column=1,
        pointer=None, excerpt=None, message="starts with a BOM", help="Write it without.",
    ),
    finding(
        rule="contract/type", category="contract", pii_class=None, line=2, column=None, pointer="",
        excerpt=None, message="must be of type string", help="Send the type.",
    ),
    finding(caret=(12, 7)),
    finding(path="odd\nname\x1b[31m\udcff\u202e.jsonl", pointer="/a\x1b[0m\u200b/b"),
)  # fmt: skip


def report(findings: tuple[Finding, ...], *, colour: bool = False, quiet: bool = False) -> str:
    """Return the report of some findings among 1,234 documents."""
    out = io.StringIO()
    summary = Summary(files=2, documents=1234, bytes=56789, elapsed_s=1.234)
    reporter = open_reporter("text", out, colour=colour, quiet=quiet)
    reporter.start()
    for one in findings:
        reporter.add(one)
        summary.add(one)
        if one.severity == "error":
            summary.outcomes.add(ExitCode.FINDINGS)
    reporter.finish(summary)
    return out.getvalue()


def ending(summary: Summary, *, quiet: bool = False) -> str:
    out = io.StringIO()
    reporter = open_reporter("text", out, quiet=quiet)
    reporter.start()
    reporter.finish(summary)
    return out.getvalue()


def test_the_report_of_every_shape_of_finding(snapshot: SnapshotAssertion) -> None:
    assert report(FINDINGS) == snapshot


def test_the_report_in_colours_says_the_same(snapshot: SnapshotAssertion) -> None:
    coloured = report(FINDINGS, colour=True)
    assert coloured == snapshot
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == report(FINDINGS)


def test_without_colour_there_is_no_escape_code() -> None:
    assert ESCAPE not in report(FINDINGS)


@pytest.mark.parametrize(
    ("excerpt", "column"),
    [
        ("to <email>", 3),
        ("日本語 <email>", 7),
        ("e\u0301 <email>", 2),
        ("a\u200bb <email>", 9),
        ("\t<email>", 4),
    ],
    ids=["ascii", "wide", "combining", "invisible, so shown as an escape", "tab"],
)
def test_the_caret_stands_below_the_mask_on_a_terminal(excerpt: str, column: int) -> None:
    start = excerpt.index("<")
    lines = report((finding(excerpt=excerpt, caret=(start, 7)),)).splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("    | "))
    assert lines[at + 1] == f"    | {' ' * column}^^^^^^^"


@given(st.text(st.characters(codec=None)))
def test_nothing_that_is_reported_can_steer_a_terminal(text: str) -> None:
    shown = report((finding(path=text, pointer=text, message=text, excerpt=text),))
    for line in shown.split("\n"):
        assert line.isprintable()


def test_the_place_stands_first_so_that_editors_can_jump_to_it() -> None:
    lines = report(FINDINGS).splitlines()
    assert lines[0].startswith("logs/a.jsonl:3:17 ")
    assert "generated/api.py  error  contract/drift" in lines


def test_a_byte_of_a_file_name_that_is_not_utf8_is_shown_as_that_byte() -> None:
    assert "bad\\xff.jsonl:3:17" in report((finding(path="bad\udcff.jsonl"),))


@pytest.mark.parametrize("path", ["::error::x.jsonl", "  ::stop-commands::x"])
def test_a_file_name_at_the_start_of_a_line_is_no_command_for_github(path: str) -> None:
    assert report((finding(path=path),)).startswith(f"./{path}:3:17 ")


@pytest.mark.parametrize(
    ("summary", "last"),
    [
        (Summary(documents=1), "clean"),
        (Summary(documents=1, warnings=1), "clean; 0 errors, 1 warning"),
        (Summary(documents=1, errors=2, outcomes={ExitCode.FINDINGS}), "2 errors, 0 warnings"),
        (Summary(documents=1, errors=1, outcomes={ExitCode.UNCHECKED}),
         "1 error, 0 warnings; not everything could be checked"),
        (Summary(documents=1, errors=1, outcomes={ExitCode.FINDINGS, ExitCode.UNCHECKED}),
         "1 error, 0 warnings; not everything could be checked"),
        (Summary(errors=1, outcomes={ExitCode.NOTHING}), "nothing to check; 1 error, 0 warnings"),
        (Summary(skipped=2), "nothing to check"),
        (Summary(if_nothing="nothing is new"), "clean: nothing is new"),
        (Summary(documents=1, if_nothing="nothing is new"), "clean"),
        (Summary(if_nothing="nothing\n", warnings=1), "clean: nothing\\x0a; 0 errors, 1 warning"),
    ],
)  # fmt: skip
def test_the_last_line_is_the_verdict(summary: Summary, last: str) -> None:
    assert ending(summary).splitlines()[-1] == last


def test_what_was_passed_over_is_counted() -> None:
    assert "passed over 1 binary file\n" in ending(Summary(files=1, documents=1, skipped=1))
    assert "passed over 2 empty files\n" in ending(Summary(files=1, documents=1, empty=2))
    both = ending(Summary(files=1, documents=1, skipped=2, empty=1))
    assert "passed over 2 binary files, 1 empty file\n" in both
    assert "passed over" not in ending(Summary(files=1, documents=1))


def test_quiet_is_silent_only_when_there_is_nothing_to_say() -> None:
    assert ending(Summary(documents=1), quiet=True) == ""
    assert ending(Summary(documents=1, warnings=1), quiet=True) != ""
    assert ending(Summary(), quiet=True) != ""
    assert "pii/email" in report(FINDINGS[:1], quiet=True)


def test_the_dirty_examples_in_text(
    snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("QP_FINGERPRINT_KEY", raising=False)
    project = Project(Config(root=ROOT))
    summary, out = Summary(), io.StringIO()
    reporter = open_reporter("text", out)
    reporter.start()
    gate = project.gate(project.inspector(project.detector()), summary)
    for one in gate.check(project.inputs(["examples/dirty"])):
        reporter.add(one)
    reporter.finish(summary)
    assert re.sub(r"in [0-9.]+ s", "in <time> s", out.getvalue()) == snapshot
