"""Git as a program: what it stores, what it is set to, and how its refusals are told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.repositories import be_alone, commit, git

from quantapilot.errors import InputError
from quantapilot.inputs.git import repository, setting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the top of a repository, whose name ends in a line break; the tests stand below it."""
    be_alone(monkeypatch)
    top = tmp_path / "repository\n"
    (top / "sub").mkdir(parents=True)
    monkeypatch.chdir(top / "sub")
    git("init", "--quiet", str(top))
    return top


def test_the_top_of_a_repository_is_found_from_below_whatever_it_is_called(here: Path) -> None:
    assert repository().top == here


def test_contents_are_read_one_by_one_and_large_ones_from_their_beginning_only() -> None:
    commit({"a": "a\n" * 10, "b": "x" * 5000, "c": "", "d": "d"})
    names = [git("rev-parse", f"HEAD:sub/{name}") for name in "abcd"]
    with repository().stored() as stored:
        read = [stored.read(name, most=100, beginning=8) for name in [*names[:2], "0" * 40]]
        read += [stored.read(name, most=100, beginning=8192) for name in names[1:]]
    assert read == [
        (20, b"a\n" * 10), (5000, b"x" * 8), None, (5000, b"x" * 5000), (0, b""), (1, b"d"),
    ]  # fmt: skip


def test_a_commit_is_no_content() -> None:
    with repository().stored() as stored:
        assert stored.read(commit({"a": "a"}) + "^{commit}x", most=10, beginning=10) is None


def test_the_last_of_several_settings_counts() -> None:
    assert setting("core.commentChar", "core.commentString") is None
    git("config", "core.commentString", "//")
    git("config", "core.commentChar", ";")
    assert setting("core.commentChar", "core.commentString") == b";"
    assert setting("core.commentString") == b"//"


def test_git_that_ends_too_early_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    top = repository()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec 0<&-\n", "utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")

    def ask_on() -> None:
        with top.stored() as stored:
            all(stored.read("0" * 40, most=10, beginning=10) is None for _ in range(1000))

    with pytest.raises(InputError, match="git ended before"):
        ask_on()


def test_why_git_refuses_is_told_on_one_line() -> None:
    with pytest.raises(InputError, match=r"\Agit can't tell what changed: [^\n]*nothing[^\n]*\Z"):
        repository().ask("log", "nothing")
