"""What changed only, as users ask for it: staged, since a revision, from a list, in a message."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.program import call
from tests.repositories import be_alone, commit, git, stage, write

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
OLD = "old: bob@example.com\n"
NEW = "new: alice@example.com\n"
RECORD = '{"timestamp":"2025-08-19T06:00:11.917Z","level":"info","message":"build finished"}\n'
BROKEN = RECORD.replace('"message"', '"massage":"x","message"')
DIRTY = RECORD.replace("build finished", "to alice@example.com")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a repository with one commit, which holds old findings."""
    be_alone(monkeypatch)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "--quiet", "--initial-branch=main")
    shutil.copytree(ROOT / "_schemas", "_schemas")
    shutil.copytree(
        ROOT / "generated", "generated", ignore=shutil.ignore_patterns("__pycache__", "*.tmp")
    )
    settings = 'logs = ["logs/*.jsonl"]\nerrors = ["errors/*.jsonl"]\nexclude = ["/_schemas/"]\n'
    commit(
        {
            "quantapilot.toml": settings,
            ".gitignore": "*.tmp\n",
            "a.txt": OLD * 3,
            "logs/a.jsonl": BROKEN * 3,
            "sub/b.txt": OLD,
        }
    )
    return folder


def places(*arguments: str, stdin: bytes = b"", code: int = 1) -> list[str]:
    """Return path, line and rule of each finding of a run that must end with `code`."""
    ended, out, err = call(*arguments, "--format", "json", stdin=stdin)
    assert ended == code, out + err
    return [
        ":".join(str(part) for part in (each["path"], each["line"], each["rule"]) if part)
        for each in json.loads(out)["findings"]
    ]


def verdict(*arguments: str, stdin: bytes = b"", code: int = 0) -> str:
    """Return the last line of a run that must end with `code`."""
    ended, out, err = call(*arguments, stdin=stdin)
    assert ended == code, out + err
    return (out + err).splitlines()[-1]


def test_of_a_dirty_file_only_the_new_line_is_reported() -> None:
    stage({"a.txt": OLD + NEW + OLD * 2})
    write({"new.txt": NEW})
    assert places("scan", "--staged") == ["a.txt:2:pii/email"]
    assert places("scan", "--since", "HEAD") == ["a.txt:2:pii/email", "new.txt:1:pii/email"]
    assert places("scan", "--since", "HEAD", "new.txt") == ["new.txt:1:pii/email"]


def test_what_is_staged_counts_and_not_what_the_file_holds_now() -> None:
    stage({"a.txt": OLD * 3 + NEW})
    write({"a.txt": OLD * 3})
    assert places("scan", "--staged") == ["a.txt:4:pii/email"]
    stage({})
    write({"a.txt": OLD * 3 + NEW})
    assert verdict("scan", "--staged") == "clean: nothing to check is staged"


def test_the_lines_around_an_added_line_tell_what_it_is() -> None:
    commit({"a.json": '{\n  "operator_name": "",\n  "n": 1\n}\n'})
    stage({"a.json": '{\n  "operator_name":\n    "Alice Smith",\n  "n": 1\n}\n'})
    assert places("scan", "--staged") == ["a.json:3:pii/name-field"]


def test_a_change_that_only_deletes_passes(here: Path) -> None:
    (here / "sub" / "b.txt").unlink()
    stage({"a.txt": OLD})
    assert verdict("scan", "--staged") == "clean: nothing to check is staged"
    assert verdict("scan", "--since", "main") == "clean: nothing to check was added since main"
    assert call("scan", "--staged", "--quiet") == (0, "", "")


def test_binary_and_empty_files_that_are_new_are_passed_over_and_said() -> None:
    stage({"a.bin": b"\0" + NEW.encode(), "empty": ""})
    code, out, _ = call("scan", "--staged")
    assert code == 0
    assert "passed over 1 binary file, 1 empty file\n" in out
    assert out.endswith("clean: nothing to check is staged\n")


def test_excluded_files_are_left_out_though_git_lists_them() -> None:
    stage({"_schemas/notes.txt": NEW})
    assert verdict("scan", "--staged") == "clean: nothing to check is staged"


def test_the_gate_judges_the_changed_logs_by_their_kind() -> None:
    stage({"logs/a.jsonl": BROKEN * 3 + BROKEN + DIRTY, "other.jsonl": BROKEN, "a.txt": NEW})
    write({"errors/b.jsonl": RECORD})
    assert places("validate:api", "--staged") == [
        "logs/a.jsonl:4:contract/unknown-field",
        "logs/a.jsonl:5:pii/email",
    ]
    since = places("validate:api", "--since", "HEAD")
    assert since[0].startswith("errors/b.jsonl:1:contract/")
    assert since[-2:] == ["logs/a.jsonl:4:contract/unknown-field", "logs/a.jsonl:5:pii/email"]
    assert places("validate:api", "--staged", "--kind", "errors", code=0) == []
    assert places("validate:api", "--staged", "other.jsonl") == [
        "other.jsonl:1:contract/unknown-field"
    ]


def test_the_contract_is_checked_whatever_was_added() -> None:
    assert "contract: " in call("validate:api", "--staged")[1]
    write({"_schemas/error.schema.json": "{"})
    (found,) = places("validate:api", "--staged", code=4)
    assert found.startswith("_schemas/error.schema.json:")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--since", "nowhere"], 4, "qp: --since: there is no commit 'nowhere'"),
        (["--since=--output=leak"], 4, "qp: --since: there is no commit '--output=leak'"),
        (["--staged", "nowhere.txt"], 4, "1 error, 0 warnings; not everything could be checked"),
        (["--staged", "--since", "main"], 2, "Error: --staged and --since exclude each other"),
        (["--staged", "-"], 2, "Error: standard input has no changes: '-' and --staged"),
        (["--files-from", "x", "y"], 2, "Error: --files-from and PATH exclude each other"),
        (["--files-from", "nowhere"], 4, "qp: --files-from: nowhere can't be read"),
        (["--from-hook", "--staged"], 2, "Error: --staged and --from-hook exclude each other"),
    ],
)
def test_what_can_not_be_asked_is_refused(
    arguments: Sequence[str], code: int, said: str, here: Path
) -> None:
    for command in ("scan", "validate:api"):
        assert verdict(command, *arguments, code=code).startswith(said)
    assert not (here / "leak").exists()


def test_outside_a_repository_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = verdict("scan", "--staged", "--output", "report.txt", code=4)
    assert said.startswith("qp: git can't tell what changed: not a git repository")
    assert not (tmp_path / "report.txt").exists()


# --- lists ------------------------------------------------------------------------------------


def test_the_files_of_a_list_are_checked_whole() -> None:
    listed = b"a.txt\nsub\n_schemas/api.schema.json\n"
    wanted = [*(f"a.txt:{line}:pii/email" for line in (1, 2, 3)), "sub/b.txt:1:pii/email"]
    assert places("scan", "--files-from", "-", stdin=listed) == wanted
    assert places("scan", "--files-from", "-", stdin=listed.replace(b"\n", b"\0")) == wanted
    assert places("scan", "--from-hook", "a.txt", "sub") == wanted
    write({"list": listed})
    assert places("scan", "--files-from", "list") == wanted


def test_a_file_of_a_list_that_is_not_there_is_said() -> None:
    assert places("scan", "--files-from", "-", stdin=b"gone\n", code=4) == [
        "gone:input/missing-file"
    ]


def test_nothing_in_a_list_is_clean() -> None:
    said = "clean: the list names nothing to check"
    assert verdict("scan", "--files-from", "-") == said
    assert verdict("scan", "--files-from", "-", stdin=b"_schemas/api.schema.json\n") == said
    assert verdict("scan", "--from-hook") == "clean: the hook names nothing to check"
    write({"a.bin": b"\0", "empty": b""})
    assert verdict("scan", "--from-hook", "a.bin", "empty").startswith("clean")


# --- commit messages --------------------------------------------------------------------------


def test_a_commit_message_is_checked_without_its_comments() -> None:
    write({"MSG": f"Fix\n# {NEW}\nCo-authored-by: Alice Smith <alice@example.com>\n"})
    assert places("scan", "--commit-msg", "MSG") == [
        "MSG:4:pii/name-cue",
        "MSG:4:pii/email",
    ]
    write({"MSG": f"Fix\n# {NEW}"})
    assert verdict("scan", "--commit-msg", "MSG") == "clean"
    write({"MSG": f"# {NEW}"})
    assert verdict("scan", "--commit-msg", "MSG") == "clean: the commit message is empty"
    assert places("scan", "--commit-msg", "gone", code=4) == ["gone:input/missing-file"]


@pytest.mark.parametrize("other", [["a.txt"], ["--staged"], ["--since", "main"], ["--from-hook"]])
def test_a_commit_message_is_checked_alone(other: Sequence[str]) -> None:
    said = verdict("scan", "--commit-msg", "MSG", *other, code=2)
    assert said == "Error: --commit-msg and other inputs exclude each other"
