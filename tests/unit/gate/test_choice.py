"""The choice of a run: which inputs options stand for, and what it means that there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.repositories import be_alone, commit, git, write

from quantapilot.config import Config
from quantapilot.findings import Summary
from quantapilot.gate.choice import Choice, chosen
from quantapilot.gate.project import Project
from quantapilot.inputs.sources import Source

PROJECT = Project(Config(Path(), logs=("logs/*",), exclude=("/left-out/",)))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a repository with one commit, and files that are new since."""
    monkeypatch.chdir(tmp_path)
    be_alone(monkeypatch)
    git("init", "--quiet")
    commit({"old.txt": "x\n"})
    write({"logs/a": "x\n", "left-out/b": "x\n", "c": "x\n"})


def sources(
    choice: Choice, kind: str | None = None, default: tuple[str, ...] = ()
) -> tuple[list[tuple[str, str | None, bool]], str]:
    """Return name, kind and 'named' of each source, and what it means where there are none."""
    summary = Summary()
    found = list(chosen(PROJECT, choice, summary, kind, default))
    return [
        (item.label, item.kind, item.named) for item in found if isinstance(item, Source)
    ], summary.if_nothing


def test_paths_and_configuration_are_taken_as_before() -> None:
    assert sources(Choice(("c",)), "events") == ([("c", "events", True)], "")
    assert sources(Choice()) == ([("logs/a", "logs", False)], "")
    assert sources(Choice(), default=("logs",)) == ([("logs/a", None, False)], "")


def test_changes_are_those_of_the_configured_files_or_of_all_where_a_default_is_given() -> None:
    said = "nothing to check was added since HEAD"
    since = Choice(since="HEAD")
    assert sources(since) == ([("logs/a", "logs", False)], said)
    assert sources(since, "events") == ([], said)
    assert sources(since, default=(".",)) == (
        [("c", None, False), ("logs/a", None, False)],
        said,
    )
    assert sources(Choice(("c",), since="HEAD"), "events") == ([("c", "events", False)], said)
    assert sources(Choice(staged=True)) == ([], "nothing to check is staged")


def test_a_list_is_exempt_from_what_a_path_must_keep() -> None:
    write({"list": "c\nleft-out/b\n"})
    assert sources(Choice(files_from="list"), "logs") == (
        [("c", "logs", False)],
        "the list names nothing to check",
    )
    assert sources(Choice(("c", "left-out/b"), from_hook=True)) == (
        [("c", None, False)],
        "the hook names nothing to check",
    )
    assert sources(Choice(from_hook=True), default=(".",))[0] == []
