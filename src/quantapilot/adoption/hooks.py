"""Hooks: what refuses a commit, by the pre-commit program or as plain git hooks."""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING

from quantapilot.adoption.edits import Edit, text_of
from quantapilot.adoption.files import packaged
from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRE_COMMIT_FILE = ".pre-commit-config.yaml"
_GIT_HOOKS = {"pre-commit": "pre-commit.sh", "commit-msg": "commit-msg.sh"}
_OURS = re.compile(r"\bqp scan\b|\bid: *scan-pii\b")
_REPOS = re.compile(r"^repos:[ \t]*(?:#[^\n]*)?\n", re.MULTILINE)
_ITEM = re.compile(r"^(?P<margin>[ \t]*)- ", re.MULTILINE)
_TOP_LEVEL = re.compile(r"^[^\s#-]", re.MULTILINE)


def pre_commit_edit(root: Path) -> Edit | None:
    """Return how our hooks get into the pre-commit configuration, None where they are there.

    Raises:
        ConfigError: Its list of repositories is not written one a line; the text says what to do.
    """
    file = root / PRE_COMMIT_FILE
    before, ours = text_of(file), packaged("pre-commit.yaml")
    if before is None:
        return Edit(file, None, "repos:\n" + indent(ours, "  "))
    if _OURS.search(before):
        return None
    end = "\r\n" if "\r\n" in before else "\n"
    text = before.replace("\r\n", "\n")
    repos = _REPOS.search(text)
    item = _ITEM.match(text, _skipped(text, repos.end())) if repos else None
    if repos is None or item is None:
        raise ConfigError(
            f"{PRE_COMMIT_FILE}: no list under 'repos:' with an item a line: "
            "add the hooks of docs/pre-commit.md by hand, or use --hook git"
        )
    following = _TOP_LEVEL.search(text, repos.end())
    at = following.start() if following else len(text)
    head = text[:at].rstrip("\n") + "\n"
    after = head + indent(ours, item["margin"]) + text[len(head) : at] + text[at:]
    return Edit(file, before, after.replace("\n", end))


def git_edits(hooks: Path) -> Iterator[Edit]:
    """Yield the git hooks that are missing from the folder `hooks`.

    Raises:
        ConfigError: Another hook stands there; the text says what to add to it.
    """
    for name, source in _GIT_HOOKS.items():
        file, wanted = hooks / name, packaged(source)
        # A hook may be a compiled program.
        before = text_of(file, errors="replace")
        if before is None:
            yield Edit(file, None, wanted, executable=True)
        elif not _OURS.search(before):
            command = wanted.splitlines()[-1].removeprefix("exec ")
            raise ConfigError(
                f"{file}: another hook stands there: add the line '{command}' to it, "
                "or leave hooks out with --hook none"
            )


def _skipped(text: str, at: int) -> int:
    """Return where the next line begins that is neither blank nor a comment."""
    found = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*").match(text, at)
    return found.end() if found else at
