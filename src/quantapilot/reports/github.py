"""The GitHub report: annotations by workflow commands on the log, and a summary of the job.

GitHub reads lines of the log that begin with `::` as commands. Whatever is reported stands behind
our own `::`, on one line, so that no name or text can begin a command of its own.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from quantapilot.errors import ConfigError, ExitCode
from quantapilot.reports.plain import place, printable, tally
from quantapilot.urls import is_url

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
# GitHub shows no summary of a step that is longer, in bytes.
SUMMARY_LIMIT = 1024 * 1024
SUMMARY_FINDINGS = 100

# In a table of GitHub's Markdown every other mark means something, and `|` ends a cell.
_MARKS = re.compile(r"[^\w \-./,;()=+?%'\"]|_")


class GithubReporter:
    """Writes an annotation a line; keeps the first findings for the summary."""

    def __init__(
        self, out: TextIO, *, quiet: bool, summary_file: str | None, workspace: str | None
    ) -> None:
        self._out = out
        self._quiet = quiet
        self._summary_file = summary_file
        self._workspace = workspace
        self._first: list[Finding] = []

    def start(self) -> None:
        """Begin with nothing: the first annotation is the first line."""

    def add(self, finding: Finding) -> None:
        """Write one annotation: place and rule, then message, excerpt and repair."""
        properties = {
            # Standard input is no file that GitHub could show.
            "file": None if finding.path == "<stdin>" else self._file(finding.path),
            "line": finding.line,
            "col": finding.column,
            "title": finding.rule,
        }
        named = ",".join(
            f"{name}={_property(str(value))}"
            for name, value in properties.items()
            if value is not None
        )
        said = [finding.message + (f" at {finding.pointer}" if finding.pointer else "")]
        if finding.excerpt:
            said.append(f"| {finding.excerpt}")
        said.append(f"= {finding.help}")
        text = "%0A".join(_data(printable(line)) for line in said)
        self._out.write(f"::{finding.severity} {named}::{text}\n")
        if len(self._first) < SUMMARY_FINDINGS:
            self._first.append(finding)

    def finish(self, summary: Summary) -> None:
        """Write what was checked and found, to the log and to the summary of the job.

        Raises:
            ConfigError: The summary can't be written.
        """
        if self._quiet and summary.exit_code is ExitCode.CLEAN and not summary.findings:
            return
        for line in tally(summary):
            self._out.write(f"{line}\n")
        if self._summary_file:
            try:
                self._append(self._summary_file, summary)
            except OSError as error:
                raise ConfigError(
                    f"${SUMMARY_VARIABLE}: can't append to {printable(self._summary_file)}: "
                    f"{error.strerror}"
                ) from error

    def _file(self, path: str) -> str:
        """Return a file as GitHub knows it: from the top of the repository, wherever we run."""
        if self._workspace and not is_url(path):
            full = Path(os.path.normpath(Path.cwd() / path))
            if full.is_relative_to(self._workspace):
                return full.relative_to(self._workspace).as_posix()
        return path

    def _append(self, file: str, summary: Summary) -> None:
        with open(file, "ab") as out:  # noqa: PTH123
            room = SUMMARY_LIMIT - out.seek(0, os.SEEK_END)
            text = summary_markdown(self._first, summary, room)
            out.write(text.encode())
        if not text:
            self._out.write("the summary of the job is full: nothing was added to it\n")


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the GitHub reporter; it summarises into the file that GitHub names, if it does."""
    return GithubReporter(
        out,
        quiet=quiet,
        summary_file=os.environ.get(SUMMARY_VARIABLE),
        workspace=os.environ.get("GITHUB_WORKSPACE"),
    )


def summary_markdown(first: list[Finding], summary: Summary, room: int) -> str:
    """Return the summary of a job in Markdown: totals, rules, the first findings.

    Args:
        first: The findings that are shown, in their order, as many as there is room for.
        summary: What was checked and found.
        room: How many bytes the summary may have; empty where not even the totals fit.
    """
    *lines, verdict = tally(summary)
    totals = [_cell(line) for line in lines if not line.startswith("by rule")]
    head = [f"## QuantaPilot: {verdict}", "", *(f"- {line}" for line in totals), ""]
    if summary.by_rule:
        head += ["| rule | findings |", "|---|---:|"]
        by_rule = sorted(summary.by_rule.items())
        head += [f"| {_cell(rule)} | {count:,} |" for rule, count in by_rule]
        head += ["", "| place | severity | rule | what stands there |", "|---|---|---|---|"]
    more = "{:,} more findings are in the log of this step."
    room -= _size(head) + _size(["", more.format(summary.findings), ""])
    if room < 0:
        return ""
    rows: list[str] = []
    for finding in first:
        row = _row(finding)
        room -= _size([row])
        if room < 0:
            break
        rows.append(row)
    end = [""]
    if summary.findings > len(rows):
        end += [more.format(summary.findings - len(rows)), ""]
    return "\n".join([*head, *rows, *end]).rstrip("\n") + "\n\n"


def _row(finding: Finding) -> str:
    said = finding.message + (f" at {finding.pointer}" if finding.pointer else "")
    if finding.excerpt:
        said += f": {finding.excerpt}"
    cells = (place(finding), finding.severity, finding.rule, said)
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return _MARKS.sub(lambda found: f"&#{ord(found[0])};", printable(text))


def _size(lines: list[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    # A file is named as it is, line ends too; what steers a terminal is shown as an escape.
    lines = "\n".join(printable(line) for line in text.split("\n"))
    return _data(lines).replace(":", "%3A").replace(",", "%2C")
