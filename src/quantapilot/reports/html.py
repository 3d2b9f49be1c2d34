"""The HTML report: one page for people who read no terminal; it asks no network for anything.

The page is `html.html` with `house.css`, `html.css` and `html.js` in it. Findings are data in the
page, written as they come; the script shows them. A policy lets that one style and that one script
work, and nothing else.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, TextIO

import orjson

from quantapilot import __version__
from quantapilot.errors import ExitCode
from quantapilot.findings import PII_CLASSES
from quantapilot.reports.json_ import finding_json
from quantapilot.reports.page import filled, house_style, policy, resource

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter

REPORT_VERSION = "1"

# What could end the element that holds the data, or begin another one; and DEL, which no editor
# shows.
_MARKUP = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\x7f"})


class HtmlReporter:
    """Writes the head of the page, then a finding a line, then the summary and the script."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._first = True
        self._script = resource(__package__, "html.js")
        style = house_style() + resource(__package__, "html.css")
        parts = {
            "version": REPORT_VERSION,
            "program": f"quantapilot {__version__}",
            "policy": policy(style, self._script),
            "style": style,
        }
        head, self._tail = resource(__package__, "html.html").split("{findings}")
        self._head = filled(head, parts)

    def start(self) -> None:
        """Write the page up to its findings."""
        self._out.write(self._head)

    def add(self, finding: Finding) -> None:
        """Write one finding."""
        self._out.write(("\n" if self._first else ",\n") + embedded(finding_json(finding)))
        self._first = False

    def finish(self, summary: Summary) -> None:
        """Write the summary and the script that shows the page."""
        headline, explanation = _verdict(summary)
        body = {
            "report_version": REPORT_VERSION,
            "tool": {"name": "quantapilot", "version": __version__},
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "exit_code": int(summary.exit_code),
            "headline": headline,
            "explanation": explanation,
            "files": summary.files + summary.schemas,
            "documents": summary.documents + summary.examples,
            "bytes": summary.bytes,
            "skipped": summary.skipped,
            "errors": summary.errors,
            "warnings": summary.warnings,
            "elapsed_s": round(summary.elapsed_s, 3),
            "classes": PII_CLASSES,
        }
        parts = {
            "summary": embedded(orjson.dumps(body).decode()),
            "verdict": escape(f"{headline}. {explanation}"),
            "script": self._script,
        }
        self._out.write(("" if self._first else "\n") + filled(self._tail, parts))


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the HTML reporter; the reader's browser picks its colours, and it is never quiet."""
    return HtmlReporter(out)


def embedded(text: str) -> str:
    """Return JSON as it may stand in an element of a page: the same value, in plain ASCII.

    Neither an end tag in it nor the encoding of the file that it is written to can change it.
    """
    if not text.isascii():
        text = json.dumps(orjson.loads(text), separators=(",", ":"))
    return text.translate(_MARKUP)


def _verdict(summary: Summary) -> tuple[str, str]:
    """Return how the run ended in a few words, and what that means in a sentence or two."""
    found = (
        f"{_count(summary.errors, 'error')} and {_count(summary.warnings, 'warning')} were found"
    )
    match summary.exit_code:
        case ExitCode.UNCHECKED:
            return "Not everything could be checked", (
                f"{found} in what was read. What the rest holds is unknown: "
                "this is not a clean result."
            )
        case ExitCode.FINDINGS:
            return "Not clean", f"{found}."
        case ExitCode.NOTHING:
            return "Nothing to check", (
                "No input held anything that could be checked: this is not a clean result."
            )
    return "Clean", f"{found}." if summary.findings else "Nothing was found."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
