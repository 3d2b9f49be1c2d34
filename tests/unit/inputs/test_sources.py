"""Sources: which files a path, a folder or a pattern stands for, and what is said of the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from quantapilot.findings import Finding
from quantapilot.inputs.sources import (
    Source,
    listed,
    matches,
    open_problem,
    patterns,
    sources,
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: empty, and the top of a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def labels(*arguments: str, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return the names of the files, and of problems their rules."""
    return [
        item.label if isinstance(item, Source) else f"{item.rule} {item.path}"
        for item in sources(arguments, exclude)
    ]


def test_files_stand_for_themselves_in_the_order_given() -> None:
    tree({"b.jsonl": "", "a.jsonl": ""})
    assert labels("b.jsonl", "a.jsonl", "b.jsonl") == ["b.jsonl", "a.jsonl", "b.jsonl"]
    first = next(iter(sources(["b.jsonl"], kind="logs")))
    assert first == Source("b.jsonl", Path("b.jsonl"), named=True, kind="logs")


def test_a_dash_stands_for_standard_input_which_can_be_read_once() -> None:
    stdin = Source("<stdin>", None, named=True)
    assert list(sources(["-"])) == [stdin]
    assert list(sources(["-", "-"])) == [stdin]


def test_a_folder_stands_for_its_files_in_one_order_on_every_machine() -> None:
    tree({"d/b": "", "d/a/2": "", "d/a/1": "", "d/c/x/y": "", "d/a.txt": ""})
    assert labels("d") == ["d/a.txt", "d/b", "d/a/1", "d/a/2", "d/c/x/y"]
    assert not any(item.named for item in sources(["d"]) if isinstance(item, Source))


def test_hidden_files_are_checked_and_version_control_is_not() -> None:
    tree({"d/.env": "", "d/.git/config": "", "d/.hg/x": "", "d/.svn/x": "", "d/.github/ci.yml": ""})
    assert labels("d") == ["d/.env", "d/.github/ci.yml"]


# --- .gitignore -------------------------------------------------------------------------------

GITIGNORES: dict[str, dict[str, str]] = {
    "plain": {".gitignore": "*.log\nbuild/\n"},
    "anchored": {".gitignore": "/top.log\nsub/inner.txt\n"},
    "negated": {".gitignore": "*.log\n!keep.log\n"},
    "negated and again": {".gitignore": "*.log\n!keep.log\nsub/keep.log\n"},
    "nested": {"sub/.gitignore": "*.log\n"},
    "nested anchored": {"sub/.gitignore": "/top.log\n"},
    "nested negated": {".gitignore": "*.log\n", "sub/.gitignore": "!keep.log\n"},
    "nested negated folder": {".gitignore": "build/\n", "sub/.gitignore": "!build/\n"},
    "everything but": {".gitignore": "/*\n!/sub\n"},
    "below an ignored folder nothing comes back": {
        ".gitignore": "sub/\n",
        "sub/.gitignore": "!*\n",
    },
    "double star": {".gitignore": "**/build\nsub/**/keep.log\n"},
    "comments and blanks": {".gitignore": "# *.txt\n\n  \n*.log  \n\\#a\n"},
    "CRLF": {".gitignore": "*.log\r\n!keep.log\r\n"},
}
FILES = dict.fromkeys(
    (
        "a.txt", "#a", "top.log", "keep.log", "build/out.txt", "sub/inner.txt", "sub/top.log",
        "sub/keep.log", "sub/build/out.log", "sub/deep/keep.log", "sub/deep/inner.txt",
    ),
    "",
)  # fmt: skip


@pytest.mark.parametrize("name", GITIGNORES)
def test_what_git_would_add_is_checked_and_what_it_ignores_is_not(name: str, here: Path) -> None:
    tree({**FILES, **GITIGNORES[name]})
    shutil.rmtree(here / ".git")
    git = ["git", "-c", "safe.directory=*", "-C", str(here)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    wanted = set(listed.stdout.split("\0")) - {""}
    assert set(labels(".")) == wanted


def test_a_gitignore_above_the_folder_counts_and_one_above_the_repository_does_not() -> None:
    tree({".gitignore": "*.log\n", "sub/a.log": "", "sub/a.txt": ""})
    assert labels("sub") == ["sub/a.txt"]
    tree({"sub/inner/x.log": ""})
    Path("sub/inner/.git").mkdir()
    assert labels("sub/inner") == ["sub/inner/x.log"]


def test_a_file_that_is_named_is_checked_though_git_ignores_it() -> None:
    tree({".gitignore": "*\n", "a.log": ""})
    assert labels("a.log") == ["a.log"]


def test_exclude_leaves_out_as_gitignore_does() -> None:
    tree({"d/a.bak": "", "d/a.txt": "", "d/old/b.txt": "", "d/x/old/c.txt": "", "d/x/keep.bak": ""})
    assert labels("d", exclude=("*.bak", "/old/", "!keep.bak")) == [
        "d/a.txt",
        "d/x/keep.bak",
        "d/x/old/c.txt",
    ]
    assert labels("d/a.bak", exclude=("*.bak",)) == ["d/a.bak"]


# --- what is no plain file --------------------------------------------------------------------


def test_a_folder_that_links_to_itself_is_walked_once() -> None:
    tree({"d/a.txt": ""})
    Path("d/loop").symlink_to(Path("d").absolute())
    assert labels("d") == ["d/a.txt"]


def test_a_link_to_a_file_is_checked_and_a_dead_one_is_said() -> None:
    tree({"d/a.txt": "", "elsewhere.txt": ""})
    Path("d/b.txt").symlink_to(Path("elsewhere.txt").absolute())
    Path("d/c.txt").symlink_to("nowhere")
    Path("d/d.txt").symlink_to("d.txt")
    assert labels("d") == [
        "d/a.txt",
        "d/b.txt",
        "input/unreadable d/c.txt",
        "input/unreadable d/d.txt",
    ]


def test_a_fifo_in_a_folder_is_no_file_to_wait_for() -> None:
    tree({"d/a.txt": ""})
    os.mkfifo("d/pipe")
    assert labels("d") == ["d/a.txt"]


def test_only_what_was_named_is_read_from_a_fifo() -> None:
    os.mkfifo("pipe")
    assert open_problem(Source("pipe", Path("pipe"), named=True)) is None
    problem = open_problem(Source("pipe", Path("pipe")))
    assert problem is not None
    assert problem.rule == "input/unreadable"
    assert open_problem(Source("<stdin>", None)) is None


@pytest.mark.parametrize("name", ["nowhere.jsonl", "a.txt/b.jsonl", ".git/none"])
def test_a_path_that_does_not_exist_is_said(name: str) -> None:
    tree({"a.txt": ""})
    assert labels(name, "a.txt") == [f"input/missing-file {name}", "a.txt"]


def test_a_folder_without_files_is_said() -> None:
    Path("empty/inner").mkdir(parents=True)
    assert labels("empty") == ["input/no-match empty"]


# --- patterns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("logs/*.jsonl", ["logs/a.jsonl", "logs/b.jsonl"]),
        ("logs/**/*.jsonl", ["logs/a.jsonl", "logs/b.jsonl", "logs/old/c.jsonl"]),
        ("**/c.jsonl", ["logs/old/c.jsonl"]),
        ("logs/?.jsonl", ["logs/a.jsonl", "logs/b.jsonl"]),
        ("logs/[b-z].jsonl", ["logs/b.jsonl"]),
        ("*/*", ["logs/a.jsonl", "logs/b.jsonl", "logs/x.txt"]),
    ],
)
def test_a_pattern_stands_for_the_files_that_match(pattern: str, files: list[str]) -> None:
    shutil.rmtree(".git")
    tree({"logs/b.jsonl": "", "logs/a.jsonl": "", "logs/old/c.jsonl": "", "logs/x.txt": ""})
    assert labels(pattern) == files
    assert [i.label for i in patterns([pattern], Path()) if isinstance(i, Source)] == files


def test_patterns_of_the_configuration_start_at_its_folder(here: Path) -> None:
    tree({"p/logs/a.jsonl": ""})
    found = list(patterns(["logs/*.jsonl", str(here / "p" / "**" / "a.jsonl")], here / "p", "logs"))
    path = here / "p" / "logs" / "a.jsonl"
    assert found == [Source(str(path), path, kind="logs")] * 2


@pytest.mark.parametrize("pattern", ["none/*.jsonl", "logs/*", "logs/**x"])
def test_a_pattern_without_a_file_is_said(pattern: str) -> None:
    Path("logs/inner").mkdir(parents=True)
    found = list(patterns([pattern], Path()))
    assert [(f.rule, f.path) for f in found if isinstance(f, Finding)] == [
        ("input/no-match", pattern)
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    tree({"[a].jsonl": "", "a.jsonl": ""})
    assert labels("[a].jsonl") == ["[a].jsonl"]
    assert labels("[ab].jsonl") == ["a.jsonl"]


# --- a program's list -------------------------------------------------------------------------


def of_list(*names: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return [
        item.label if isinstance(item, Source) else f"{item.rule} {item.path}"
        for item in listed(names, exclude, None, Path())
    ]


def test_a_list_names_files_and_folders_and_neither_patterns_nor_standard_input() -> None:
    tree({"a.txt": "", "d/b.txt": "", "-": ""})
    assert of_list("a.txt", "d", "-", "*.txt", "gone") == [
        "a.txt",
        "d/b.txt",
        "-",
        "input/missing-file *.txt",
        "input/missing-file gone",
    ]
    assert not any(i.named for i in listed(["a.txt"], (), None, Path()) if isinstance(i, Source))


def test_a_folder_called_like_standard_input_is_a_folder() -> None:
    tree({"-/a.txt": ""})
    assert of_list("-") == ["-/a.txt"]


def test_exclude_counts_for_what_a_list_names(here: Path) -> None:
    tree({"a.txt": "", "d/b.txt": "", "d/c.log": ""})
    assert of_list("a.txt", "d/b.txt", "d/c.log", exclude=("/d/",)) == ["a.txt"]
    assert of_list(str(here / "d" / "b.txt"), exclude=("/d/",)) == []
    assert of_list("a.txt", "d/c.log", exclude=("*.log",)) == ["a.txt"]


def test_a_link_of_a_list_that_leads_nowhere_is_said() -> None:
    Path("dead").symlink_to("nowhere")
    assert of_list("dead") == ["input/unreadable dead"]


# --- patterns and files that need not exist ---------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "name", "matching"),
    [
        ("logs/*.jsonl", "logs/a.jsonl", True),
        ("logs/*.jsonl", "logs/old/a.jsonl", False),
        ("logs/**/*.jsonl", "logs/a.jsonl", True),
        ("logs/**/*.jsonl", "logs/old/er/a.jsonl", True),
        ("**/c.jsonl", "c.jsonl", True),
        ("./logs/[ab].jsonl", "logs/b.jsonl", True),
        ("logs/?.jsonl", "logs/ab.jsonl", False),
        ("logs", "logs/a.jsonl", False),
        ("../beside/*", "../beside/a", True),
    ],
)
def test_a_pattern_names_what_it_would_find(
    pattern: str, name: str, matching: bool, here: Path
) -> None:
    root = here / "pro[j]ect"
    root.mkdir()
    assert matches([pattern], root)(Path(os.path.normpath(root / name))) is matching
