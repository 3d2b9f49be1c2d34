"""The JUnit report: for CI servers that list tests; a file is a suite, a finding a failed case.

Counts stand at the head of a suite, so the findings of one file wait until it is through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from quantapilot.errors import ExitCode
from quantapilot.reports.plain import place, printable, tally

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter

Outcome = Literal["failure", "error", "system-out"]

_TOOL = "quantapilot"


class JunitReporter:
    """Writes `testsuites`, a suite a file; errors fail, warnings pass and say so."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._file: list[Finding] = []
        self._failed = False

    def start(self) -> None:
        """Open the suites."""
        self._out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="{_TOOL}">\n')

    def add(self, finding: Finding) -> None:
        """Keep one finding; a new file ends the suite of the one before."""
        if self._file and self._file[0].path != finding.path:
            self._end_file()
        self._file.append(finding)

    def finish(self, summary: Summary) -> None:
        """Write the last file's suite, and one of the run itself where no other tells how it went.

        A clean run is one case that passed. A run of nothing is a case in error, for a list of no
        tests looks as if all were well.
        """
        if self._file:
            self._end_file()
        if summary.exit_code is ExitCode.CLEAN:
            if not summary.findings:
                self._write([_run(summary, "system-out")], _TOOL)
        elif not self._failed:
            self._write([_run(summary, "error")], _TOOL)
        self._out.write("</testsuites>\n")

    def _end_file(self) -> None:
        self._write([_case(finding) for finding in self._file], self._file[0].path)
        self._file.clear()

    def _write(self, cases: list[Element], name: str) -> None:
        suite = _element("testsuite", name=name, tests=str(len(cases)))
        for counted, outcome in (("failures", "failure"), ("errors", "error")):
            number = sum(case.find(outcome) is not None for case in cases)
            suite.set(counted, str(number))
            self._failed = self._failed or number > 0
        suite.extend(cases)
        indent(suite)
        self._out.write(tostring(suite, encoding="unicode") + "\n")


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the JUnit reporter; it has no colours and is never quiet."""
    return JunitReporter(out)


def _case(finding: Finding) -> Element:
    """Return the case of a finding: a warning passes, for it must not fail a build."""
    at = ":".join(str(number) for number in (finding.line, finding.column) if number)
    name = " ".join(part for part in (at, finding.rule, finding.pointer) if part)
    case = _element("testcase", classname=finding.path, name=name)
    lines = [f"{place(finding)} {finding.severity}", printable(finding.message)]
    if finding.excerpt:
        lines.append(f"| {printable(finding.excerpt)}")
    lines.append(f"= {printable(finding.help)}")
    outcome: Outcome = "error" if finding.unchecked else "failure"
    if finding.severity == "warning":
        outcome = "system-out"
    message = f"{finding.message}: {finding.excerpt}" if finding.excerpt else finding.message
    _end(case, outcome, finding.rule, message, lines)
    return case


def _run(summary: Summary, outcome: Outcome) -> Element:
    *lines, verdict = tally(summary)
    case = _element("testcase", classname=_TOOL, name=verdict)
    _end(case, outcome, "run", verdict, lines)
    return case


def _end(case: Element, outcome: Outcome, kind: str, message: str, lines: list[str]) -> None:
    told = {} if outcome == "system-out" else {"type": kind, "message": printable(message)}
    SubElement(case, outcome, told).text = "\n".join(lines)


def _element(tag: str, **attributes: str) -> Element:
    # XML 1.0 can't say most control characters at all (section 2.2).
    return Element(tag, {name: printable(value) for name, value in attributes.items()})
