"""Reporters: findings to bytes, one module a format; adding one is a module and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from types import ModuleType

    from quantapilot.findings import Finding, Summary

# Modules, not classes, so that a format costs its imports only where it is asked for.
REPORTERS: dict[str, str] = {
    "text": "quantapilot.reports.text",
    "json": "quantapilot.reports.json_",
    "jsonl": "quantapilot.reports.jsonl",
    "sarif": "quantapilot.reports.sarif",
    "junit": "quantapilot.reports.junit",
    "github": "quantapilot.reports.github",
    "html": "quantapilot.reports.html",
    "parquet": "quantapilot.reports.parquet",
}
# What no terminal shows.
BINARY = frozenset({"parquet"})


class Reporter(Protocol):
    """Writes findings as they come, so that a report never has to fit in memory."""

    def start(self) -> None:
        """Begin the report."""

    def add(self, finding: Finding) -> None:
        """Report one finding."""

    def finish(self, summary: Summary) -> None:
        """End the report with what was checked."""


def load(name: str) -> ModuleType:
    """Return the module of a format, so that what it lacks is told before a long check begins.

    Raises:
        MissingExtraError: What writes the format is not installed.
    """
    return import_module(REPORTERS[name])


def open_reporter(name: str, out: TextIO, *, colour: bool = False, quiet: bool = False) -> Reporter:
    """Return the reporter of a format that writes to `out`.

    Args:
        name: One of `REPORTERS`.
        out: Where the report goes; one of `BINARY` goes to its `buffer`.
        colour: Whether `out` is a terminal that shows colours.
        quiet: Whether the summary of a clean run is left out.

    Raises:
        MissingExtraError: What writes the format is not installed.
    """
    reporter: Reporter = load(name).open_reporter(out, colour, quiet)
    return reporter
