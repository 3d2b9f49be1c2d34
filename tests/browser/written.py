"""HTML reports for the browser to open: of the dirty examples, or of any findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot.config import Config
from quantapilot.contract.validator import Validator
from quantapilot.errors import ExitCode
from quantapilot.findings import Summary
from quantapilot.gate.project import Project
from quantapilot.reports import open_reporter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantapilot.findings import Finding

ROOT = Path(__file__).parents[2]


def dirty_findings(*, contract: bool = False) -> tuple[list[Finding], Summary]:
    """Return what is found in the dirty examples, by the detector alone or by the whole gate."""
    project = Project(Config(root=ROOT))
    validator = Validator(project.contract()) if contract else None
    summary = Summary(elapsed_s=0.25)
    gate = project.gate(project.inspector(project.detector(), validator), summary)
    return list(gate.check(project.inputs(["examples/dirty"]))), summary


def summary_of(findings: Iterable[Finding], summary: Summary) -> Summary:
    """Count findings in a summary, an error as what ends a run with code 1."""
    for finding in findings:
        summary.add(finding)
        if finding.severity == "error":
            summary.outcomes.add(ExitCode.FINDINGS)
    return summary


def write(file: Path, findings: Iterable[Finding], summary: Summary) -> Path:
    """Write the HTML report of findings and return its file."""
    with file.open("w", encoding="utf-8") as out:
        reporter = open_reporter("html", out)
        reporter.start()
        for finding in findings:
            reporter.add(finding)
        reporter.finish(summary)
    return file
