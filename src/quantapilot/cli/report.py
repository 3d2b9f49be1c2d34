"""`qp report`: several reports as one, for a check that several machines or jobs share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli import candidates
from quantapilot.cli.options import OUTPUT, REPORT_FORMAT
from quantapilot.urls import is_url, shown_url

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group()
def report() -> None:
    """Work with reports of 'qp scan' and 'qp validate:api'."""


@report.command()
@click.argument(
    "reports",
    nargs=-1,
    required=True,
    metavar="REPORT...",
    type=click.Path(path_type=str),
    shell_complete=candidates.files,
)
@REPORT_FORMAT
@OUTPUT
def merge(reports: tuple[str, ...], report_format: str, output: Path | None) -> None:
    """Make one report of several, each in json, jsonl or parquet.

    Findings stay in the order of the REPORTs, and all that they count is added up. The exit code
    is that of one run which found all of it.
    """
    from quantapilot.cli.check import report_stream, shows_colour
    from quantapilot.findings import Summary
    from quantapilot.gate.merging import merged
    from quantapilot.reports import open_reporter

    files = _files(reports, output)
    summary = Summary()
    with report_stream(output, report_format) as out:
        reporter = open_reporter(report_format, out, colour=shows_colour(out))
        reporter.start()
        for finding in merged(files, summary):
            reporter.add(finding)
        reporter.finish(summary)
    sys.exit(summary.exit_code)


def _files(reports: Sequence[str], output: Path | None) -> list[Path]:
    """Refuse addresses, to count a report twice, and what `*.json` takes for a report."""
    files: list[Path] = []
    known: set[Path] = set()
    for name in reports:
        if is_url(name):
            raise click.UsageError(
                f"{shown_url(name)} is an address, and only files are merged: fetch it first"
            )
        file = Path(name)
        if file.resolve() in known:
            raise click.UsageError(f"{file} is named twice, and would count twice")
        known.add(file.resolve())
        files.append(file)
    if output is not None and output.resolve() in known:
        raise click.UsageError(f"{output} is one of the reports, and --output would replace it")
    return files
