"""Merging: the reports of several runs as that of one, with the exit code that it calls for.

A merge adds up and compares nothing: where two runs checked one file, its findings and its counts
stand in both. A report that can't be read is a finding of its own and stops no other.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ExitCode, MissingExtraError
from quantapilot.findings import Finding
from quantapilot.gate.outcomes import outcome
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.reports.fields import ReportFaultError
from quantapilot.reports.reading import read_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantapilot.findings import Summary

_UNCHECKED = frozenset({ExitCode.UNCHECKED, ExitCode.NOTHING})


def merged(reports: Sequence[Path], summary: Summary) -> Iterator[Finding]:
    """Yield the findings of some reports, in their order, and count in `summary` what they count.

    The time is the longest of theirs, for the parts of one run are checked side by side.
    """
    for report in reports:
        for finding in _findings(report, summary):
            summary.add(finding)
            if (ends := outcome(finding)) is not None:
                summary.outcomes.add(ends)
            yield finding
    # A report counts the examples of the contract among its documents, and they are no input.
    if summary.by_rule["input/empty"] and not summary.bytes:
        summary.outcomes.add(ExitCode.NOTHING)


def _findings(report: Path, summary: Summary) -> Iterator[Finding]:
    label = str(report)
    try:
        for item in read_report(report):
            if isinstance(item, Finding):
                yield _completed(item)
            else:
                _count(summary, item)
    except ReportFaultError as fault:
        rule = INPUT_RULES["input/interrupted" if fault.cut_off else "input/not-a-report"]
        yield rule.at(label, str(fault), line=fault.line)
    except MissingExtraError as error:
        yield INPUT_RULES["input/needs-extra"].at(label, str(error))
    except FileNotFoundError:
        yield INPUT_RULES["input/missing-file"].at(label, "there is no such file")
    except OSError as error:
        yield INPUT_RULES["input/unreadable"].at(label, f"can't be read: {error.strerror}")


def _count(summary: Summary, other: Summary) -> None:
    summary.count(other)
    summary.allowed += other.allowed
    summary.accepted += other.accepted
    summary.elapsed_s = max(summary.elapsed_s, other.elapsed_s)


def _completed(finding: Finding) -> Finding:
    """Return a finding with what no report says of it and its rule does."""
    info = INPUT_RULES.get(finding.rule) or CONTRACT_RULES.get(finding.rule)
    if info is not None:
        unchecked = info.exit_code in _UNCHECKED
        return replace(finding, description=info.description, unchecked=unchecked)
    unknown = finding.category == "input"
    return replace(finding, description=_described().get(finding.rule, ""), unchecked=unknown)


@cache
def _described() -> dict[str, str]:
    from quantapilot.pii.compiled import compiled_rules

    return {rule.id: rule.description for rule in compiled_rules()}
