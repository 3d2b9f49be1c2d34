"""Hooks: ours come beside those that are there, and none is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from quantapilot.adoption.edits import write
from quantapilot.adoption.hooks import git_edits, pre_commit_edit
from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

OURS = ["scan-pii", "scan-commit-msg"]


def test_a_repository_without_hooks_gets_a_pre_commit_configuration(tmp_path: Path) -> None:
    edit = pre_commit_edit(tmp_path)

    assert edit is not None
    [local] = yaml.safe_load(edit.after)["repos"]
    assert [hook["id"] for hook in local["hooks"]] == OURS


@pytest.mark.parametrize(
    "before",
    [
        "repos:\n- repo: local\n  hooks:\n  - id: x\n",
        "repos:\n  - repo: local\n    hooks:\n      - id: x\n",
        "repos:\n  - repo: local\n    hooks:\n      - id: x",
        "# ours\nrepos:  # all\n\n  # first\n  - repo: local\n    hooks: []\n\nfail_fast: true\n",
        "ci: {}\nrepos:\r\n  - repo: local\r\n    hooks: []\r\n",
        "repos:\n  - repo: local\n    hooks: []\n# the end\nexclude: |\n  - no\n  list\n",
    ],
)
def test_hooks_that_are_there_stay_as_they_are(tmp_path: Path, before: str) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_bytes(before.encode())

    edit = pre_commit_edit(tmp_path)

    assert edit is not None
    written = yaml.safe_load(edit.after)
    ours = written["repos"].pop()
    assert [hook["id"] for hook in ours["hooks"]] == OURS
    assert written == yaml.safe_load(before)
    assert [line for line in before.splitlines() if line not in edit.after.splitlines()] == []


def test_a_configuration_that_has_our_hook_stays(tmp_path: Path) -> None:
    edit = pre_commit_edit(tmp_path)
    assert edit is not None
    write([edit])

    assert pre_commit_edit(tmp_path) is None


@pytest.mark.parametrize("before", ["repos: []\n", "repos: [{repo: meta}]\n", "ci: {}\n", ""])
def test_a_list_written_otherwise_is_left_alone_with_what_to_do(
    tmp_path: Path, before: str
) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text(before)

    with pytest.raises(ConfigError, match="by hand, or use --hook git"):
        pre_commit_edit(tmp_path)


def test_git_hooks_are_written_executable_and_only_once(tmp_path: Path) -> None:
    edits = list(git_edits(tmp_path / "hooks"))
    write(edits)

    assert [edit.path.name for edit in edits] == ["pre-commit", "commit-msg"]
    assert all(edit.path.stat().st_mode & 0o111 for edit in edits)
    assert list(git_edits(tmp_path / "hooks")) == []


@pytest.mark.parametrize("content", [b"#!/bin/sh\nexit 0\n", b"\x7fELF\xff\x00"])
def test_another_git_hook_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "commit-msg").write_bytes(content)

    with pytest.raises(ConfigError, match=r"commit-msg: another hook .*'qp scan --quiet --commit"):
        list(git_edits(tmp_path))


def test_a_configuration_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_bytes(b"repos:\n\xff\n")

    with pytest.raises(ConfigError, match=r"not UTF-8 \(byte 7\)"):
        pre_commit_edit(tmp_path)
