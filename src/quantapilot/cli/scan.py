"""`qp scan`: personal data in any text, JSON or JSONL; no contract."""

from __future__ import annotations

import sys
from typing import Any

import click

from quantapilot.cli.check import CheckOptions, check_options, report, settings


@click.command()
@check_options
def scan(**given: Any) -> None:
    """Search texts for personal data: files, folders, or '-' for standard input.

    Folders are walked; what .gitignore names is left out. Without a PATH the current folder is
    scanned. JSON is read as JSON, so that field names count and findings have pointers.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.project import Project

    options = CheckOptions(**given)
    project = Project(settings(options))
    summary = Summary()
    inspector = project.inspector(project.detector(), hints=options.hints)
    gate = project.gate(inspector, summary, options.select, options.ignore)
    sys.exit(report(gate.check(project.inputs(options.paths or (".",))), summary, options))
