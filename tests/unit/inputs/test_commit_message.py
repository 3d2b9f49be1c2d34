"""Commit messages: what reaches the history is checked, on its lines, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.repositories import IDENTITY, git

from quantapilot.inputs.commit_message import commit_message
from quantapilot.inputs.sources import Source

SCISSORS = "------------------------ >8 ------------------------"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: the top of an empty repository, where an editor is at work."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    return tmp_path


def kept(text: str) -> str:
    """Return what is checked of a commit message."""
    Path("MSG").write_bytes(text.encode())
    source = commit_message("MSG")
    assert isinstance(source, Source)
    assert source.label == "MSG"
    assert source.data is not None
    return source.data.decode()


def test_comments_are_left_out_and_lines_keep_their_numbers() -> None:
    assert kept("Title\n# comment\n\n#\nBody #1\n # body\n") == "Title\n\n\n\nBody #1\n # body\n"


def test_what_stands_below_the_scissors_is_left_out() -> None:
    assert kept(f"Title\n# {SCISSORS}\n# Do not touch\ndiff --git a b\n+x\n") == "Title"
    assert kept(f"Title\n{SCISSORS}\nrest\n") == f"Title\n{SCISSORS}\nrest\n"


@pytest.mark.parametrize("setting", ["core.commentChar", "core.commentString"])
def test_comments_begin_with_what_git_is_set_to(setting: str) -> None:
    git("config", setting, ";")
    assert kept(f"Title\n# kept\n; gone\n; {SCISSORS}\nrest\n") == "Title\n# kept\n"


def test_what_git_chose_by_itself_is_recognised() -> None:
    git("config", "core.commentChar", "auto")
    assert kept("#1 is closed\n; gone\n; gone\n\n") == "#1 is closed\n\n\n\n"
    assert kept(f"#1\n@ gone\n@ {SCISSORS}\nrest\n") == "#1\n"
    assert kept("Title\n# gone\n") == "Title\n\n"
    assert kept("# gone\nTitle") == "\nTitle"


@pytest.mark.parametrize("mode", ["whitespace", "verbatim", "scissors"])
def test_comments_count_where_git_is_set_to_keep_them(mode: str) -> None:
    git("config", "commit.cleanup", mode)
    assert kept("Title\n# kept\n") == "Title\n# kept\n"


def test_without_an_editor_git_takes_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", ":")
    assert kept("Title\n# kept\n") == "Title\n# kept\n"


def test_it_works_outside_a_repository_and_without_git(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert kept("Title\n# gone\n") == "Title\n\n"
    monkeypatch.setenv("PATH", os.devnull)
    assert kept("Title\n# gone\n") == "Title\n\n"


def test_a_message_that_can_not_be_read_is_said(here: Path) -> None:
    missing, folder = commit_message("nowhere"), commit_message(str(here))
    assert [getattr(item, "rule", None) for item in (missing, folder)] == [
        "input/missing-file",
        "input/unreadable",
    ]
