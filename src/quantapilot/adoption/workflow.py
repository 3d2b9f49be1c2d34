"""The workflow that checks every push and pull request on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot import __version__
from quantapilot.adoption.edits import Edit
from quantapilot.adoption.files import packaged

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = ".github/workflows/quantapilot.yml"
_CONTRACT_STEP = "      - run: qp validate:api --format github\n"


def workflow_edit(root: Path, branch: str, *, contract: bool) -> Edit | None:
    """Return the edit that adds the workflow, None where there is one.

    Args:
        root: Top of the repository.
        branch: The branch whose pushes are checked.
        contract: Whether the repository has events or logs for `qp validate:api`.
    """
    file = root / WORKFLOW
    if file.exists():
        return None
    text = packaged("workflow.yml").replace("VERSION", __version__)
    text = text.replace("[BRANCH]", f"[{_quoted(branch)}]")
    return Edit(file, None, text + _CONTRACT_STEP * contract)


def _quoted(branch: str) -> str:
    """Return a branch name as YAML: a branch may be called `no`, or begin with what YAML reads."""
    return branch if branch in {"main", "master"} else "'" + branch.replace("'", "''") + "'"
