"""Outcomes: how a finding ends a run, and which findings may be excused at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ExitCode
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from quantapilot.findings import Finding

# What is wrong with an exception can't be excused by another one.
_ABOUT_EXCEPTIONS: Final = ("input/allow-", "input/baseline-")


def outcome(finding: Finding) -> ExitCode | None:
    """Return how a finding ends a run; a warning ends nothing."""
    if finding.severity == "warning":
        return None
    if finding.category == "input":
        fault = INPUT_RULES.get(finding.rule)
        # The report of a newer version may name one that is not known here.
        return fault.exit_code if fault else ExitCode.UNCHECKED
    info = CONTRACT_RULES.get(finding.rule)
    return info.exit_code if info else ExitCode.FINDINGS


def excusable(rule: str) -> bool:
    """Tell whether findings of a rule may be allowed or accepted.

    What was not checked never is: nobody can know what would be excused.
    """
    if rule.startswith(_ABOUT_EXCEPTIONS):
        return False
    info = INPUT_RULES.get(rule) or CONTRACT_RULES.get(rule)
    return info is None or info.severity == "warning" or info.exit_code is ExitCode.FINDINGS
