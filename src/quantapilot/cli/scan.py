"""`qp scan`: personal data in any text, JSON or JSONL; no contract."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli.check import check_options, report, settings

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@check_options
def scan(
    paths: Sequence[str],
    report_format: str,
    output: Path | None,
    config: Path | None,
    select: Sequence[str],
    ignore: Sequence[str],
    quiet: bool,
) -> None:
    """Search texts for personal data: files, folders, or '-' for standard input.

    Folders are walked; what .gitignore names is left out. Without a PATH the current folder is
    scanned. JSON is read as JSON, so that field names count and findings have pointers.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.project import Project

    project = Project(settings(config, select, ignore))
    summary = Summary()
    gate = project.gate(project.inspector(project.detector()), summary, select, ignore)
    findings = gate.check(project.inputs(paths or ["."]))
    sys.exit(report(findings, summary, report_format=report_format, output=output, quiet=quiet))
