"""`qp scan`: personal data in any text, JSON or JSONL; no contract."""

from __future__ import annotations

import sys
from typing import Any

import click

from quantapilot.cli.check import CheckOptions, check_options, project_of, report


@click.command()
@check_options
def scan(**given: Any) -> None:
    """Search texts for personal data: files, folders, or '-' for standard input.

    Folders are walked; what .gitignore names is left out. Without a PATH the current folder is
    scanned. JSON is read as JSON, so that field names count and findings have pointers.
    """
    from quantapilot.findings import Summary

    options = CheckOptions(**given)
    paths = options.paths or (".",)
    project = project_of(options)
    summary = Summary()
    detector = project.detector()
    excuses = project.excuses("scan", detector, summary, paths)
    inspector = project.inspector(detector)
    gate = project.gate(inspector, summary, options.select, options.ignore, excuses)
    sys.exit(report(gate.check(project.inputs(paths)), summary, options))
