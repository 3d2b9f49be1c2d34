"""The workflow: valid for any branch name, and with the pins of our own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from quantapilot.adoption.edits import write
from quantapilot.adoption.workflow import workflow_edit

OWN = Path(__file__).parents[3] / ".github" / "workflows" / "ci.yml"


def _parsed(root: Path, branch: str = "main", *, contract: bool = False) -> dict[object, object]:
    edit = workflow_edit(root, branch, contract=contract)
    assert edit is not None
    parsed = yaml.safe_load(edit.after)
    assert isinstance(parsed, dict)
    return parsed


@pytest.mark.parametrize("branch", ["main", "no", "1.0", "it's", "@x", "a: b"])
def test_every_branch_name_reads_as_itself(tmp_path: Path, branch: str) -> None:
    # YAML 1.1 reads the key `on` as true.
    assert _parsed(tmp_path, branch)[True] == {
        "push": {"branches": [branch]},
        "pull_request": None,
    }


@pytest.mark.parametrize("contract", [False, True])
def test_the_job_is_named_validate_api_and_checks_what_there_is(
    tmp_path: Path, contract: bool
) -> None:
    job = _parsed(tmp_path, contract=contract)["jobs"]["validate-api"]  # type: ignore[index]

    assert job["name"] == "validate:api"
    commands = [step["run"] for step in job["steps"] if step.get("run", "").startswith("qp ")]
    wanted = ["qp scan --format github .", "qp validate:api --format github"]
    assert commands == wanted[: 1 + contract]


def test_its_actions_are_pinned_to_what_our_own_workflow_uses(tmp_path: Path) -> None:
    edit = workflow_edit(tmp_path, "main", contract=True)
    assert edit is not None
    used = re.findall(r"uses: (\S+@[0-9a-f]{40} # v\S+)", edit.after)

    assert len(used) == edit.after.count("uses:")
    assert set(used) <= set(re.findall(r"uses: (\S+@[0-9a-f]{40} # v\S+)", OWN.read_text()))


def test_a_workflow_that_is_there_stays(tmp_path: Path) -> None:
    edit = workflow_edit(tmp_path, "main", contract=True)
    assert edit is not None
    write([edit])

    assert workflow_edit(tmp_path, "main", contract=True) is None
