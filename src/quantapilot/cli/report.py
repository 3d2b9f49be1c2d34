"""`qp report`: several reports as one, for a check that several machines or jobs share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli import candidates
from quantapilot.cli.options import OUTPUT, REPORT_FORMAT

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
    type=click.Path(path_type=Path),
    shell_complete=candidates.files,
)
@REPORT_FORMAT
@OUTPUT
def merge(reports: tuple[Path, ...], report_format: str, output: Path | None) -> None:
    """Make one report of several, each in json, jsonl or parquet.

    Findings stay in the order of the REPORTs, and all that they count is added up. The exit code
    is that of one run which found all of it.
    """
    from quantapilot.cli.check import report_stream, shows_colour
    from quantapilot.findings import Summary
    from quantapilot.gate.merging import merged
    from quantapilot.reports import open_reporter

    _check_names(reports, output)
    summary = Summary()
    with report_stream(output, report_format) as out:
        reporter = open_reporter(report_format, out, colour=shows_colour(out))
        reporter.start()
        for finding in merged(reports, summary):
            reporter.add(finding)
        reporter.finish(summary)
    sys.exit(summary.exit_code)


def _check_names(reports: Sequence[Path], output: Path | None) -> None:
    """Refuse to count a report twice, and what a pattern such as `*.json` takes for one."""
    known: set[Path] = set()
    for each in reports:
        if each.resolve() in known:
            raise click.UsageError(f"{each} is named twice, and would count twice")
        known.add(each.resolve())
    if output is not None and output.resolve() in known:
        raise click.UsageError(f"{output} is one of the reports, and --output would replace it")
