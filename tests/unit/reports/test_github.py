"""The GitHub report: annotations where they belong, a summary to read, and no command of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.reporting import HOSTILE, TYPICAL, UNCHECKED, finding, report, summary

from quantapilot.errors import ConfigError
from quantapilot.reports.github import SUMMARY_LIMIT, summary_markdown
from quantapilot.reports.plain import place, printable

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from quantapilot.findings import Finding

ANY_TEXT = st.text(st.characters(codec=None))


@pytest.fixture
def summary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that GitHub names for the summary of a step."""
    file = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


def command(line: str) -> tuple[str, dict[str, str], str]:
    """Return name, properties and message of a workflow command, read as GitHub's runner does."""
    assert line.startswith("::")
    head, message = line[2:].split("::", 1)
    name, _, listed = head.partition(" ")
    properties = dict(each.split("=", 1) for each in listed.split(","))
    return name, {key: unescaped(value) for key, value in properties.items()}, unescaped(message)


def unescaped(text: str) -> str:
    marks = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    return re.sub("%(?:0D|0A|3A|2C|25)", lambda found: marks[found[0]], text)


def table(markdown: str, at: int) -> list[list[str]]:
    """Return the cells of a table of the summary, as GitHub would show them."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    tables: list[list[list[str]]] = []
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in {"td_open", "th_open"}:
            inline = tokens[index + 1]
            assert {child.type for child in inline.children or []} <= {"text", "text_special"}
            tables[-1][-1].append("".join(child.content for child in inline.children or []))
    return tables[at]


@pytest.mark.parametrize(
    "findings",
    [TYPICAL, (), UNCHECKED, HOSTILE],
    ids=["typical", "clean", "unchecked", "hostile"],
)
def test_the_log_and_the_summary(
    findings: tuple[Finding, ...], summary_file: Path, snapshot: SnapshotAssertion
) -> None:
    assert report("github", findings) == snapshot(name="log")
    assert summary_file.read_text("utf-8") == snapshot(name="summary")


def test_an_annotation_stands_where_the_finding_does() -> None:
    name, properties, message = command(report("github", TYPICAL).splitlines()[0])
    assert name == "error"
    assert properties == {"file": "logs/a.jsonl", "line": "3", "col": "17", "title": "pii/email"}
    assert message.split("\n") == [
        "E-mail address at /data/2/message",
        "| message: to <email>, later",
        "= Drop the address.",
    ]


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("b.txt", "sub folder/b.txt"),
        ("../c.txt", "c.txt"),
        ("../../d.txt", "../../d.txt"),
        ("{workspace}/e.txt", "e.txt"),
        ("s3://bucket/f.txt", "s3://bucket/f.txt"),
    ],
)
def test_in_a_folder_of_the_repository_files_are_named_from_its_top(
    path: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sub folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    found = finding(path=path.format(workspace=tmp_path))
    assert command(report("github", [found]).splitlines()[0])[1]["file"] == file


def test_standard_input_is_no_file() -> None:
    _, properties, _ = command(report("github", [finding(path="<stdin>")]).splitlines()[0])
    assert properties == {"line": "3", "col": "17", "title": "pii/email"}


def test_a_warning_is_a_warning_and_a_whole_file_has_no_line() -> None:
    read = [command(line) for line in report("github", TYPICAL).splitlines()[:6]]
    assert [name for name, _, _ in read] == ["error"] * 4 + ["warning", "error"]
    assert read[3][1] == {"file": "generated/api.py", "title": "contract/drift"}


@pytest.mark.parametrize("path", ["a b.txt", "50%,c:d.txt", "a\nb.txt", "ü.txt", "%0A.txt"])
def test_github_reads_the_file_as_it_is_called(path: str) -> None:
    assert command(report("github", [finding(path=path)]).splitlines()[0])[1]["file"] == path


@given(ANY_TEXT.filter(bool))
def test_nothing_that_is_reported_can_begin_a_command(text: str) -> None:
    found = finding(path=text, pointer=text, message=text, excerpt=text, help=text)
    log = report("github", [found])
    assert len(log.splitlines()) == len(report("github", TYPICAL[:1]).splitlines())
    annotation, *others = log.splitlines()
    name, properties, message = command(annotation)
    assert (name, set(properties)) == ("error", {"file", "line", "col", "title"})
    shown = printable(text)
    assert message.split("\n") == [f"{shown} at {shown}", f"| {shown}", f"= {shown}"]
    assert [line for line in others if line.lstrip().startswith(("::", "##"))] == []
    assert annotation.isprintable()


def test_quiet_says_nothing_of_a_clean_run_and_all_of_others(summary_file: Path) -> None:
    assert report("github", (), quiet=True) == ""
    assert not summary_file.exists()
    assert report("github", TYPICAL, quiet=True) == report("github", TYPICAL)


def test_a_clean_run_is_said_in_the_summary(summary_file: Path) -> None:
    assert report("github", ()).endswith("\nclean\n")
    assert summary_file.read_text("utf-8").startswith("## QuantaPilot: clean\n")


def test_the_summary_is_added_to_what_stands_there(summary_file: Path) -> None:
    summary_file.write_text("before\n", "utf-8")
    report("github", TYPICAL)
    report("github", UNCHECKED)
    text = summary_file.read_text("utf-8")
    assert text.startswith("before\n## QuantaPilot: 5 errors, 1 warning\n")
    assert text.count("## QuantaPilot: ") == 2
    assert text.endswith("\n\n")


def test_the_summary_counts_by_rule_and_lists_findings(summary_file: Path) -> None:
    report("github", TYPICAL)
    text = summary_file.read_text("utf-8")
    assert table(text, 0)[1:] == [
        ["contract/drift", "1"],
        ["contract/type", "1"],
        ["input/bom", "1"],
        ["pii/email", "2"],
        ["pii/phone", "1"],
    ]
    rows = table(text, 1)
    assert rows[0] == ["place", "severity", "rule", "what stands there"]
    assert rows[1] == [
        "logs/a.jsonl:3:17",
        "error",
        "pii/email",
        "E-mail address at /data/2/message: message: to <email>, later",
    ]
    assert len(rows) == 7


@given(ANY_TEXT.filter(lambda text: text.strip() == text and text))
def test_a_cell_shows_its_text_and_nothing_of_it_is_markup(text: str) -> None:
    found = finding(path=text, message=text, pointer=None, excerpt=None)
    cells = table(summary_markdown([found], summary([found]), SUMMARY_LIMIT), 1)[1]
    assert cells == [place(found).strip(), "error", "pii/email", printable(text).strip()]


def test_the_hostile_findings_are_shown_as_they_are(summary_file: Path) -> None:
    report("github", HOSTILE)
    text = summary_file.read_text("utf-8")
    assert [row[0] for row in table(text, 1)[1:]] == [place(found) for found in HOSTILE]
    assert not re.search(r"<(?!/?sub)|`|\]\(", text)


def test_the_summary_lists_the_first_hundred_and_counts_the_rest(summary_file: Path) -> None:
    report("github", [finding()] * 130)
    text = summary_file.read_text("utf-8")
    assert len(table(text, 1)) == 101
    assert "\n30 more findings are in the log of this step.\n" in text


def test_the_summary_never_grows_over_what_github_takes(summary_file: Path) -> None:
    summary_file.write_bytes(b"x" * (SUMMARY_LIMIT - 3000))
    report("github", [finding(path="ü" * 200)] * 50)
    assert SUMMARY_LIMIT - 1000 < summary_file.stat().st_size <= SUMMARY_LIMIT
    shown = table(summary_file.read_text("utf-8").lstrip("x"), 1)
    assert 1 < len(shown) < 20


def test_a_full_summary_is_left_alone_and_that_is_said(summary_file: Path) -> None:
    summary_file.write_bytes(b"x" * (SUMMARY_LIMIT - 10))
    log = report("github", TYPICAL)
    assert summary_file.stat().st_size == SUMMARY_LIMIT - 10
    assert log.splitlines()[-1] == "the summary of the job is full: nothing was added to it"


def test_a_summary_that_cannot_be_written_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(ConfigError, match=r"\$GITHUB_STEP_SUMMARY: can't append to .*directory"):
        report("github", TYPICAL)


def test_outside_of_github_there_is_no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("GITHUB_STEP_SUMMARY", value)
        assert report("github", TYPICAL).splitlines()[-1] == "5 errors, 1 warning"
