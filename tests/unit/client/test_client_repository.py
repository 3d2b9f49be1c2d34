"""What is offered of the repository around the current folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.repositories import be_alone, commit, git

from quantapilot.client.repository import Surroundings, branches, surroundings, without_credentials

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    be_alone(monkeypatch)


def test_origin_and_the_current_branch_are_offered() -> None:
    git("init", "--quiet", "--initial-branch", "work")
    commit({"file": "text"})
    git("branch", "other")
    git("remote", "add", "origin", "https://git.example/team/app")
    assert surroundings() == Surroundings("https://git.example/team/app", "work")
    assert branches() == ["other", "work"]


def test_a_repository_without_remote_and_branch_offers_none() -> None:
    git("init", "--quiet")
    commit({"file": "text"})
    git("checkout", "--quiet", "--detach")
    assert surroundings() == Surroundings()


def test_outside_of_a_repository_nothing_is_offered() -> None:
    assert surroundings() == Surroundings()
    assert branches() == []


def test_without_git_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert surroundings() == Surroundings()


@pytest.mark.parametrize(
    ("remote", "offered"),
    [
        ("https://git.example/team/app.git", "https://git.example/team/app.git"),
        ("https://someone:hunter2@git.example/team/app", "https://git.example/team/app"),
        ("https://hunter2@git.example/team/app", "https://git.example/team/app"),
        ("https://a:p@ss@git.example/team/app", "https://git.example/team/app"),
        ("HTTPS://git.example/team/app", "https://git.example/team/app"),
        ("git@git.example:team/app.git", "git@git.example:team/app.git"),
        ("ssh://git@git.example/team/app", "ssh://git@git.example/team/app"),
        ("https://git.example/team/app?token=a@b", None),
        ("someone@git.example:team/app", None),
        ("ssh://someone@git.example/team/app", None),
        ("http://someone:hunter2@git.example/app", None),
        ("/home/someone/app", None),
        ("file:///home/someone/app", None),
        ("../app", None),
        ("https://git.example/\x1b[2Japp", None),
    ],
)
def test_a_remote_is_offered_as_others_may_know_it(remote: str, offered: str | None) -> None:
    assert without_credentials(remote) == offered
