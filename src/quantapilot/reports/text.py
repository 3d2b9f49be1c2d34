"""The text report: for people, a place a line, then what it is, what stands there, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO
from unicodedata import category, combining, east_asian_width

from quantapilot.errors import ExitCode
from quantapilot.reports.plain import place, printable, tally

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter

_STYLES = {"error": "31;1", "warning": "33;1", "place": "1", "rule": "36", "dim": "2", "ok": "32;1"}
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})


class TextReporter:
    """Writes the report for people; colours only where it is told that they show."""

    def __init__(self, out: TextIO, *, colour: bool, quiet: bool) -> None:
        self._out = out
        self._colour = colour
        self._quiet = quiet

    def start(self) -> None:
        """Begin with nothing: the first finding is the first line."""

    def add(self, finding: Finding) -> None:
        """Write one finding: place, severity and rule, then message, excerpt and repair."""
        head = [
            self._style(place(finding), "place"),
            self._style(finding.severity, finding.severity),
            self._style(finding.rule, "rule"),
        ]
        if finding.pointer:
            head.append(printable(finding.pointer))
        lines = ["  ".join(head), f"    {printable(finding.message)}"]
        if finding.excerpt:
            lines.append(f"    | {printable(finding.excerpt)}")
            if finding.caret is not None:
                pointed = self._style(_carets(finding.excerpt, finding.caret), finding.severity)
                lines.append(f"    | {pointed}")
        lines.append(self._style(f"    = {printable(finding.help)}", "dim"))
        lines += [f"    > {printable(hint)}" for hint in finding.hints]
        self._out.write("\n".join(lines) + "\n\n")

    def finish(self, summary: Summary) -> None:
        """Write what was checked and what was found."""
        if self._quiet and summary.exit_code is ExitCode.CLEAN and not summary.findings:
            return
        *lines, verdict = tally(summary)
        for line in lines:
            self._out.write(f"{line}\n")
        style = "ok" if summary.exit_code is ExitCode.CLEAN else "error"
        self._out.write(self._style(verdict, style) + "\n")

    def _style(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._colour else text


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:
    """Return the text reporter."""
    return TextReporter(out, colour=colour, quiet=quiet)


def _carets(excerpt: str, caret: tuple[int, int]) -> str:
    """Return what stands below an excerpt to point to a part of it, on a terminal."""
    start, length = caret
    indent = _width(printable(excerpt[:start]))
    return " " * indent + "^" * max(1, _width(printable(excerpt[start : start + length])))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes (Unicode Annex 11)."""
    if text.isascii():
        return len(text)
    shown = (char for char in text if not combining(char) and category(char) not in _NO_WIDTH)
    return sum(1 + (east_asian_width(char) in "WF") for char in shown)
