"""The check that a contract stays compatible with an older version of it: changes as findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantapilot.contract.positions import JsonTextError, locate_pointer
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantapilot.compat.changes import Change
    from quantapilot.contract.catalog import Contract
    from quantapilot.findings import Finding
    from quantapilot.gate.project import Project

_RULES = {
    "breaking": CONTRACT_RULES["contract/breaking-change"],
    "privacy": CONTRACT_RULES["contract/privacy-change"],
    "unknown": CONTRACT_RULES["contract/undecided-change"],
}


def older_contract(project: Project, revision: str) -> Contract:
    """Return the project's contract as a git revision has it.

    Raises:
        ConfigError: The project has no schema folder.
        ContractError: The older schemas can't be used.
        InputError: There is no such revision, or it has no such folder.
    """
    from quantapilot.compat.revisions import of_revision

    if not project.has_contract:
        raise ConfigError(f"--compatible-with needs a schema folder: no {project.files.schemas}")
    return of_revision(revision, project.config).contract()


def incompatible(project: Project, older: Contract, newer: Contract) -> Iterator[Finding]:
    """Yield what changed since an older version of the contract and is not compatible."""
    from quantapilot.compat.contracts import compare_contracts
    from quantapilot.compat.report import reach, witness_line

    comparison = compare_contracts(older, newer)
    for change in comparison.told:
        found = _finding(project.files.schemas, change)
        # Neither belongs to the fingerprint: a baseline knows the change by what changed.
        reached = f"; reaches {reach(change, comparison)}" if change.reaches else ""
        shown = witness_line(change) or None
        yield replace(found, message=f"{found.message}{reached}", excerpt=shown)


def _finding(folder: Path, change: Change) -> Finding:
    rule = _RULES[change.kind]
    path = folder / change.file
    try:
        line, column = locate_pointer(path.read_text("utf-8"), change.pointer)
    except (OSError, JsonTextError):
        # The file is gone.
        return rule.at(str(folder), f"{change.file}: {change.message}")
    return rule.at(str(path), change.message, line=line, column=column, pointer=change.pointer)
