"""The plan of `qp init`: which files would be written, and what is left to say."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quantapilot.adoption.hooks import PRE_COMMIT_FILE, git_edits, pre_commit_edit
from quantapilot.adoption.settings import settings_edit
from quantapilot.adoption.workflow import WORKFLOW, workflow_edit
from quantapilot.errors import InputError
from quantapilot.inputs.git import repository

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantapilot.adoption.edits import Edit

Hook = Literal["auto", "pre-commit", "git", "none"]
_GITLAB = ".gitlab-ci.yml"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to set up: the top folder of a repository, where its hooks lie, its branch."""

    root: Path
    hooks: Path
    branch: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Edits in the order in which they are written, what to say, and commands to run after."""

    edits: tuple[Edit, ...]
    notes: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...] = ()


def place() -> Place:
    """Return the repository that the current folder lies in.

    Raises:
        InputError: There is none, it has no working tree, or git is not installed.
    """
    try:
        there = repository()
    except InputError as error:
        raise InputError(
            f"{error}; 'qp init' sets up a git repository, 'git init' makes one"
        ) from error
    hooks = there.try_to("rev-parse", "--git-path", "hooks") or ".git/hooks"
    # Before the first commit there is a branch already; without one, what most projects call it.
    branch = there.try_to("symbolic-ref", "--short", "HEAD") or "main"
    return Place(there.top, there.top / hooks, branch)


def plan(at: Place, hook: Hook, *, workflow: bool, contract: bool) -> Plan:
    """Return what a repository lacks of settings, hooks and workflow.

    Args:
        at: Where to write.
        hook: Which kind of hook; `auto` is pre-commit where the repository or the machine has it.
        workflow: Whether a GitHub workflow is wanted.
        contract: Whether there are events or logs for `qp validate:api`.

    Raises:
        ConfigError: A file can't be added to; the text says what to write by hand.
    """
    edits: list[Edit] = []
    notes: list[str] = []
    if edit := settings_edit(at.root):
        edits.append(edit)
    if hook == "auto":
        known = (at.root / PRE_COMMIT_FILE).exists() or shutil.which("pre-commit")
        hook = "pre-commit" if known else "git"
    commands: Sequence[tuple[str, ...]] = ()
    if hook == "pre-commit":
        if edit := pre_commit_edit(at.root):
            edits.append(edit)
        kinds = ("--hook-type", "pre-commit", "--hook-type", "commit-msg")
        commands = [("pre-commit", "install", *kinds)]
    elif hook == "git" and (missing := list(git_edits(at.hooks))):
        edits += missing
        notes.append("git hooks are this clone's own: each colleague runs 'qp init' once")
    if workflow and _on_gitlab(at.root):
        notes.append(f"{_GITLAB} is there: add the job of docs/ci.md to it")
    elif workflow and (edit := workflow_edit(at.root, at.branch, contract=contract)):
        edits.append(edit)
        notes.append(f"{WORKFLOW}: make its job 'validate:api' a required check")
    return Plan(tuple(edits), tuple(notes), tuple(commands))


def _on_gitlab(root: Path) -> bool:
    return (root / _GITLAB).exists() and not (root / ".github").exists()
