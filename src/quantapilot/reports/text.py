"""The text report: for people, a place a line, then what it is, what stands there, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO
from unicodedata import category, combining, east_asian_width

from quantapilot.errors import ExitCode

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
        place = finding.path
        if finding.line is not None:
            place += f":{finding.line}"
            if finding.column is not None:
                place += f":{finding.column}"
        head = [
            self._style(_printable(place), "place"),
            self._style(finding.severity, finding.severity),
            self._style(finding.rule, "rule"),
        ]
        if finding.pointer:
            head.append(_printable(finding.pointer))
        lines = ["  ".join(head), f"    {_printable(finding.message)}"]
        if finding.excerpt:
            lines.append(f"    | {_printable(finding.excerpt)}")
            if finding.caret is not None:
                pointed = self._style(_carets(finding.excerpt, finding.caret), finding.severity)
                lines.append(f"    | {pointed}")
        lines.append(self._style(f"    = {finding.help}", "dim"))
        lines += [f"    > {_printable(hint)}" for hint in finding.hints]
        self._out.write("\n".join(lines) + "\n\n")

    def finish(self, summary: Summary) -> None:
        """Write what was checked and what was found."""
        if self._quiet and summary.exit_code is ExitCode.CLEAN and not summary.findings:
            return
        if summary.schemas:
            schemas, examples = (
                _count(summary.schemas, "schema"),
                _count(summary.examples, "example"),
            )
            self._out.write(f"contract: {schemas} and {examples} checked\n")
        checked = (
            f"checked {_count(summary.files, 'file')}, {_count(summary.documents, 'document')}, "
            f"{summary.bytes:,} bytes in {summary.elapsed_s:.2f} s"
        )
        if summary.skipped:
            checked += f"; passed over {_count(summary.skipped, 'binary file')}"
        verdict, style = _verdict(summary)
        self._out.write(f"{checked}\n")
        for title, counts in (("by class", summary.by_class), ("by rule", summary.by_rule)):
            if counts:
                listed = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
                self._out.write(f"{title}: {listed}\n")
        self._out.write(self._style(verdict, style) + "\n")

    def _style(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._colour else text


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:
    """Return the text reporter."""
    return TextReporter(out, colour=colour, quiet=quiet)


def _verdict(summary: Summary) -> tuple[str, str]:
    found = f"{_count(summary.errors, 'error')}, {_count(summary.warnings, 'warning')}"
    match summary.exit_code:
        case ExitCode.UNCHECKED:
            return f"{found}; not everything could be checked", "error"
        case ExitCode.FINDINGS:
            return found, "error"
        case ExitCode.NOTHING:
            return "nothing to check" + (f"; {found}" if summary.findings else ""), "error"
    return ("clean" if not summary.findings else f"clean; {found}"), "ok"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _carets(excerpt: str, caret: tuple[int, int]) -> str:
    """Return what stands below an excerpt to point to a part of it, on a terminal."""
    start, length = caret
    indent = _width(_printable(excerpt[:start]))
    return " " * indent + "^" * max(1, _width(_printable(excerpt[start : start + length])))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes (Unicode Annex 11)."""
    if text.isascii():
        return len(text)
    shown = (char for char in text if not combining(char) and category(char) not in _NO_WIDTH)
    return sum(1 + (east_asian_width(char) in "WF") for char in shown)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    # Python keeps a byte of a file name that is not UTF-8 as a lone surrogate.
    code -= 0xDC00 * (0xDC80 <= code <= 0xDCFF)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
