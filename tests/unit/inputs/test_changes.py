"""Changes: what real repositories say was added, whatever their files are called or hold."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.repositories import be_alone, commit, git, stage, write

from quantapilot.errors import InputError
from quantapilot.inputs.changes import added_lines, kinds_by, sources_since, staged_sources
from quantapilot.inputs.sources import Source

if TYPE_CHECKING:
    from quantapilot.findings import Finding
    from quantapilot.inputs.lines import AddedLines

LIMIT = 1 << 20
TEN = "".join(f"line {number}\n" for number in range(1, 11))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: the top of a repository with one commit."""
    be_alone(monkeypatch)
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "--quiet", "--initial-branch=main")
    commit({"ten.txt": TEN, "sub/other.txt": TEN})
    return folder


def staged(*paths: str, exclude: tuple[str, ...] = (), limit: int = LIMIT) -> dict[str, object]:
    return told(list(staged_sources(paths, exclude, Path(), limit)))


def since(revision: str, *paths: str, exclude: tuple[str, ...] = ()) -> dict[str, object]:
    return told(list(sources_since(revision, paths, exclude, Path(), LIMIT)))


def told(items: list[Source | Finding]) -> dict[str, object]:
    """Return for each file the numbers of its added lines, 'all', or the rule of a problem."""
    return {
        item.label if isinstance(item, Source) else item.path: (
            numbers(item.lines) if isinstance(item, Source) else item.rule
        )
        for item in items
    }


def numbers(lines: AddedLines | None) -> list[int] | str:
    if lines is None:
        return "all"
    ranges = zip(lines.starts, lines.stops, strict=True)
    return [line for start, stop in ranges for line in range(start, stop)]


def refusal(revision: str) -> str:
    with pytest.raises(InputError) as caught:
        since(revision)
    return str(caught.value)


# --- what is added ----------------------------------------------------------------------------

EDITS: dict[str, tuple[str, list[int]]] = {
    "a line in the middle": (TEN.replace("line 5\n", "line 5\nnew\n"), [6]),
    "a line on top": ("new\n" + TEN, [1]),
    "lines at the end": (TEN + "new\nnew\n", [11, 12]),
    "two places": ("new\n" + TEN.replace("line 9\n", "changed\n"), [1, 10]),
    "no newline at the end": (TEN.removesuffix("\n"), [10]),
    "an end without newline, and one more": (TEN + "new", [11]),
    "CRLF on one line": (TEN.replace("line 3\n", "line 3\r\n"), [3]),
    "fewer lines, one changed": ("line 1\nline 2\nline 10 changed\n", [3]),
}


@pytest.mark.parametrize("name", EDITS)
def test_lines_have_the_numbers_of_the_new_file(name: str) -> None:
    text, lines = EDITS[name]
    stage({"ten.txt": text})
    assert staged() == {"ten.txt": lines}
    assert since("HEAD") == {"ten.txt": lines}


def test_of_a_new_file_all_lines_are_added() -> None:
    stage({"new.txt": "a\nb\n"})
    assert staged() == {"new.txt": "all"}
    assert since("HEAD") == {"new.txt": "all"}


def test_content_that_looks_like_a_diff_deceives_nobody() -> None:
    hostile = "@@ -1 +1 @@\n-- a/ten.txt\n++ b/ten.txt\ndiff --git a/x b/x\n\\ No newline at end\n"
    stage({"ten.txt": TEN.replace("line 5\n", hostile), "sub/other.txt": TEN + "new\n"})
    assert staged() == {"sub/other.txt": [11], "ten.txt": [5, 6, 7, 8, 9]}
    commit({"ten.txt": TEN, "sub/other.txt": hostile})
    stage({"sub/other.txt": hostile.replace("diff --git", "diff  --git"), "ten.txt": "x\n" + TEN})
    assert staged() == {"sub/other.txt": [4], "ten.txt": [1]}


def test_what_is_only_deleted_adds_nothing(here: Path) -> None:
    (here / "sub" / "other.txt").unlink()
    stage({"ten.txt": TEN.replace("line 5\n", "")})
    assert staged() == {}
    assert since("HEAD") == {}


def test_a_file_that_comes_from_where_nobody_looked_is_new_as_a_whole(here: Path) -> None:
    commit({"fixtures/a.txt": TEN, "drafts/b.txt": TEN.replace("line", "b")})
    (here / "logs").mkdir()
    (here / "fixtures" / "a.txt").rename(here / "a.txt")
    (here / "drafts" / "b.txt").rename(here / "logs" / "b.txt")
    git("add", "--all")
    assert staged() == {}
    assert staged(exclude=("/fixtures/",)) == {"a.txt": "all"}
    assert since("HEAD", exclude=("/fixtures/",)) == {"a.txt": "all"}
    kinds = kinds_by({"logs": ["logs/*"]}, Path())
    assert told(list(staged_sources((), (), Path(), LIMIT, kinds=kinds))) == {"logs/b.txt": "all"}


def test_a_renamed_file_is_not_new(here: Path) -> None:
    (here / "ten.txt").rename(here / "moved.txt")
    stage({})
    assert staged() == {}
    stage({"moved.txt": TEN.replace("line 2\n", "line 2 is new\n")})
    assert staged() == {"moved.txt": [2]}


def test_a_changed_mode_adds_nothing(here: Path) -> None:
    (here / "ten.txt").chmod(0o755)
    stage({})
    assert staged() == {}
    stage({"ten.txt": TEN + "new\n"})
    assert staged() == {"ten.txt": [11]}


def test_a_merge_adds_what_the_branch_did_not_have() -> None:
    git("checkout", "--quiet", "-b", "side")
    commit({"ten.txt": TEN + "from the side\n"})
    git("checkout", "--quiet", "main")
    commit({"ten.txt": "from main\n" + TEN})
    git("merge", "--quiet", "--no-commit", "side")
    assert staged() == {"ten.txt": [12]}


def test_a_conflict_can_not_be_checked_before_it_is_resolved() -> None:
    git("checkout", "--quiet", "-b", "side")
    commit({"ten.txt": TEN + "side\n"})
    git("checkout", "--quiet", "main")
    commit({"ten.txt": TEN + "main\n"})
    subprocess.run(["git", "merge", "side"], capture_output=True, check=False)
    assert staged() == {"ten.txt": "input/unreadable"}
    assert since("HEAD") == {"ten.txt": [11, 13, 14, 15]}


# --- --staged ---------------------------------------------------------------------------------


def test_what_is_staged_is_read_from_the_index_and_not_from_the_file(here: Path) -> None:
    stage({"ten.txt": TEN + "staged\n", "gone.txt": "staged\n"})
    write({"ten.txt": "later\n", "unstaged.txt": "later\n"})
    (here / "gone.txt").unlink()
    found = list(staged_sources((), (), Path(), LIMIT))
    assert [
        (item.label, item.data, numbers(item.lines)) for item in found if isinstance(item, Source)
    ] == [("gone.txt", b"staged\n", "all"), ("ten.txt", f"{TEN}staged\n".encode(), [11])]


def test_before_the_first_commit_all_that_is_staged_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fresh").mkdir()
    monkeypatch.chdir(tmp_path / "fresh")
    git("init", "--quiet")
    assert staged() == {}
    stage({"a.txt": "a\n"})
    assert staged() == {"a.txt": "all"}
    assert "no commit yet" in refusal("HEAD")
    assert "--staged" in refusal("HEAD")


def test_a_commit_of_one_file_is_looked_at_in_its_own_index(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage({"ten.txt": TEN + "x\n", "new.txt": "x\n"})
    shutil.copy(here / ".git" / "index", here / ".git" / "other")
    git("reset", "--quiet")
    assert staged() == {}
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    assert staged() == {"new.txt": "all", "ten.txt": [11]}


def test_of_a_huge_text_it_is_said_that_it_was_not_checked() -> None:
    stage({"a.bin": b"\0" * 5000, "big.txt": "x" * 5000, "c.txt": "x\n"})
    assert staged(limit=4096) == {"a.bin": "all", "big.txt": "input/line-too-long", "c.txt": "all"}
    (first, *_) = staged_sources((), (), Path(), 4096)
    assert isinstance(first, Source)
    assert first.data == b"\0" * 5000


# --- --since ----------------------------------------------------------------------------------


def test_committed_staged_unstaged_and_untracked_lines_count_alike() -> None:
    start = git("rev-parse", "HEAD")
    commit({"ten.txt": TEN + "committed\n"})
    stage({"ten.txt": TEN + "committed\nstaged\n", "sub/staged.txt": "x\n"})
    write({"ten.txt": TEN + "committed\nstaged\nneither\n", "new.txt": "x\n"})
    wanted = {"new.txt": "all", "sub/staged.txt": "all", "ten.txt": [11, 12, 13]}
    assert since(start) == wanted
    assert since("HEAD")["ten.txt"] == [12, 13]


def test_what_the_other_branch_did_meanwhile_is_not_ours() -> None:
    git("checkout", "--quiet", "-b", "side")
    commit({"ten.txt": TEN + "ours\n"})
    git("checkout", "--quiet", "main")
    commit({"ten.txt": "theirs\n" + TEN, "theirs.txt": "x\n"})
    git("checkout", "--quiet", "side")
    assert since("main") == {"ten.txt": [11]}


def test_a_file_that_git_ignores_is_not_new_and_one_that_it_tracks_counts() -> None:
    commit({".gitignore": "*.log\n"})
    write({"a.log": "x\n", "b.txt": "x\n", "forced.log": "x\n"})
    git("add", "--force", "forced.log")
    assert since("HEAD") == {"b.txt": "all", "forced.log": "all"}


def test_a_folder_that_is_a_repository_of_its_own_is_not_this_one(here: Path) -> None:
    write({"inner/a.txt": "x\n"})
    git("init", "--quiet", at=here / "inner")
    assert since("HEAD") == {}
    git("add", "a.txt", at=here / "inner")
    git("commit", "--quiet", "-m", "x", at=here / "inner")
    stage({"ten.txt": TEN + "x\n"})
    assert git("ls-files", "--stage", "inner").startswith("160000 ")
    assert staged() == {"ten.txt": [11]}
    assert since("HEAD") == {"ten.txt": [11]}


def test_a_file_that_a_sparse_checkout_leaves_out_is_read_from_git(here: Path) -> None:
    commit({"sub/other.txt": TEN + "new\n", "sub/new.txt": "x\n"})
    git("sparse-checkout", "set", "--no-cone", "/ten.txt")
    assert not (here / "sub").exists()
    found = list(sources_since("HEAD~1", (), (), Path(), LIMIT))
    assert told(found) == {"sub/new.txt": "all", "sub/other.txt": [11]}
    assert [item.data for item in found if isinstance(item, Source)] == [
        b"x\n",
        f"{TEN}new\n".encode(),
    ]


def test_a_second_working_tree_has_changes_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("worktree", "add", "--quiet", str(tmp_path / "second"))
    write({"ten.txt": "x\n" + TEN})
    monkeypatch.chdir(tmp_path / "second")
    write({"ten.txt": TEN + "x\n"})
    assert since("main") == {"ten.txt": [11]}


@pytest.mark.parametrize(
    "revision",
    ["nowhere", "main..HEAD", "", "-x", "--output=leak", "--all", "HEAD^{tree}", "HEAD:ten.txt",
     "0000000000000000000000000000000000000000"],
)  # fmt: skip
def test_a_revision_that_is_no_commit_is_said(revision: str, here: Path) -> None:
    message = refusal(revision)
    assert f"there is no commit '{revision}'" in message
    assert "git log" in message
    assert not (here / "leak").exists()


def test_a_shallow_clone_says_how_to_get_the_rest(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = git("rev-parse", "HEAD")
    commit({"a.txt": "x\n"})
    git("clone", "--quiet", "--depth=1", f"file://{here}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    assert "fetch-depth: 0" in refusal(start)


def test_branches_without_a_common_commit_can_not_be_compared() -> None:
    git("checkout", "--quiet", "--orphan", "alone")
    commit({"a.txt": "x\n"})
    assert "share no history" in refusal("main")


def test_outside_a_repository_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="not a git repository"):
        staged()


def test_without_git_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"git can't be run .*: install it"):
        staged()


def test_a_repository_without_a_working_tree_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "--quiet", "--bare", str(tmp_path / "bare"))
    monkeypatch.chdir(tmp_path / "bare")
    with pytest.raises(InputError, match="work tree"):
        staged()


# --- names ------------------------------------------------------------------------------------

NAMES = [
    "with space.txt", " leading", "trailing ", 'quo"te.txt', "apo'strophe", "new\nline.txt",
    "tab\there", "back\\slash", "größe-名.txt", "-dash", "--output=x", ":(top)x", "*.glob",
    "a => b", "line\n@@ -0,0 +1 @@\n", "\x1b[31mred", "diff --git a/x b/x", "#hash", "!bang",
]  # fmt: skip


def test_files_may_be_called_anything() -> None:
    text = {name: TEN + f"line {at}\n" * 5 for at, name in enumerate(NAMES, 100)}
    stage(dict(text))
    assert staged() == dict.fromkeys(NAMES, "all")
    commit()
    stage({name: f"new\n{text[name]}" for name in NAMES})
    assert staged() == {name: [1] for name in NAMES}
    assert since("HEAD") == {name: [1] for name in NAMES}
    commit()
    for name in NAMES:
        Path(name).rename(f"{name}2")
    stage({f"{name}2": f"new\n{text[name]}last\n" for name in NAMES})
    assert staged() == {f"{name}2": [17] for name in NAMES}


def test_a_name_need_not_be_utf_8() -> None:
    name = os.fsdecode(b"b\xff.txt")
    stage({name: "x\n"})
    assert staged() == {name: "all"}


def test_names_are_relative_to_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage({"ten.txt": TEN + "x\n", "sub/other.txt": TEN + "x\n"})
    write({"sub/new.txt": "x\n"})
    monkeypatch.chdir(here / "sub")
    assert staged() == {"other.txt": [11], "../ten.txt": [11]}
    assert since("HEAD") == {"new.txt": "all", "other.txt": [11], "../ten.txt": [11]}
    assert staged(".") == {"other.txt": [11]}
    assert staged("../ten.txt") == {"../ten.txt": [11]}


# --- which files ------------------------------------------------------------------------------


def test_paths_limit_what_is_looked_at(here: Path) -> None:
    (here / "link").symlink_to("sub")
    commit()
    stage({"ten.txt": TEN + "x\n", "sub/other.txt": TEN + "x\n", "subs.txt": "x\n"})
    assert staged("sub") == {"sub/other.txt": [11]}
    assert staged("sub/", "ten.txt") == {"sub/other.txt": [11], "ten.txt": [11]}
    assert staged("link") == {"sub/other.txt": [11]}
    assert staged(str(here / "sub")) == {"sub/other.txt": [11]}
    assert staged("t*.txt") == {"ten.txt": [11]}


def test_a_path_that_stands_for_nothing_is_said_and_an_unchanged_one_is_quiet(here: Path) -> None:
    commit({"gone.txt": "x\n", "unchanged.txt": "x\n", "old/name.txt": TEN})
    (here / "gone.txt").unlink()
    (here / "old" / "name.txt").rename(here / "name.txt")
    (here / "old").rmdir()
    stage({})
    assert staged("gone.txt", "unchanged.txt", "old/name.txt", "old") == {}
    assert staged("nowhere", "*.none") == dict.fromkeys(("nowhere", "*.none"), "input/missing-file")


def test_exclude_leaves_out_though_git_lists_it() -> None:
    stage({"ten.txt": TEN + "x\n", "sub/other.txt": TEN + "x\n", "sub/deep/a.txt": "x\n"})
    assert staged(exclude=("/sub/",)) == {"ten.txt": [11]}
    assert staged(exclude=("*.txt", "!a.txt")) == {"sub/deep/a.txt": "all"}


def test_links_are_not_followed(here: Path) -> None:
    (here / "link.txt").symlink_to("ten.txt")
    (here / "loop").symlink_to("loop")
    (here / "folder").symlink_to("sub")
    assert since("HEAD") == {}
    stage({})
    assert staged() == {}
    assert since("HEAD") == {}


def test_a_link_that_becomes_a_file_is_new_and_one_that_comes_in_its_place_is_not(
    here: Path,
) -> None:
    (here / "link.txt").symlink_to("ten.txt")
    commit()
    (here / "link.txt").unlink()
    (here / "ten.txt").unlink()
    (here / "ten.txt").symlink_to("sub/other.txt")
    stage({"link.txt": "a\nb\n", "sub/other.txt": TEN + "x\n"})
    assert staged() == {"link.txt": "all", "sub/other.txt": [11]}


def test_a_file_that_attributes_call_binary_is_looked_at_all_the_same() -> None:
    commit({".gitattributes": "*.txt binary\nsub/* -diff\n"})
    stage({"ten.txt": TEN + "x\n", "sub/other.txt": TEN + "x\n"})
    assert staged() == {"sub/other.txt": [11], "ten.txt": [11]}


def test_settings_that_shape_a_diff_change_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "shout").write_text("#!/bin/sh\ntr a-z A-Z\n", "utf-8")
    (here / "shout").chmod(0o755)
    commit({".gitattributes": "*.txt diff=loud\n"})
    for setting in (
        "diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.interHunkContext=10",
        "diff.context=5", "diff.relative=true", "diff.renames=false", "diff.external=false",
        "color.ui=always", "color.diff=always", "diff.algorithm=patience", "diff.submodule=log",
        "diff.loud.textconv=./shout", "diff.loud.command=false", "core.quotePath=true",
        "diff.colorMoved=zebra", "diff.wsErrorHighlight=all", "core.pager=false",
        "diff.suppressBlankEmpty=true", "diff.wordRegex=.", "diff.statGraphWidth=1",
    ):  # fmt: skip
        git("config", *setting.split("=", 1))
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=5")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    (here / "ten.txt").rename(here / "größe.txt")
    stage({"größe.txt": TEN.replace("line 2\n", "2\n").replace("line 5\n", "5\n")})
    stage({"sub/other.txt": TEN + "x\n"})
    monkeypatch.chdir(here / "sub")
    assert staged() == {"../größe.txt": [2, 5], "other.txt": [11]}


def test_of_a_file_that_git_finds_too_big_to_compare_the_lines_are_told_all_the_same() -> None:
    git("config", "core.bigFileThreshold", "1k")
    commit({"big.txt": TEN * 100})
    stage({"big.txt": TEN * 100 + "x\n"})
    assert staged() == {"big.txt": [1001]}


def test_files_that_change_while_git_compares_them_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quantapilot.inputs.changes.added_lines", lambda _: iter(()))
    stage({"ten.txt": TEN + "x\n"})
    with pytest.raises(InputError, match="run the check again"):
        staged()


def test_content_that_git_has_lost_is_said(here: Path) -> None:
    stage({"a.txt": "only here\n", "ten.txt": TEN + "x\n"})
    name = git("rev-parse", ":a.txt")
    (here / ".git" / "objects" / name[:2] / name[2:]).unlink()
    assert staged() == {"a.txt": "input/unreadable", "ten.txt": [11]}


def test_of_the_configured_files_those_that_changed_have_their_kind(here: Path) -> None:
    stage({"logs/a.jsonl": "{}\n", "logs/old/b.jsonl": "{}\n", "events/c.jsonl": "{}\n"})
    (here / "logs" / "a.jsonl").unlink()
    globs = {"logs": ["logs/**/*.jsonl"], "events": ["events/?.jsonl", str(here / "*.txt")]}
    kinds = kinds_by(globs, Path())
    found = staged_sources(("nowhere", "."), (), Path(), LIMIT, kinds=kinds)
    assert [
        (item.label, item.kind) if isinstance(item, Source) else item.rule for item in found
    ] == [
        "input/missing-file",
        ("events/c.jsonl", "events"),
        ("logs/a.jsonl", "logs"),
        ("logs/old/b.jsonl", "logs"),
    ]


# --- hunk headers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        (b"@@ -1 +1 @@", [1]),
        (b"@@ -1 +1,2 @@ def f():", [1, 2]),
        (b"@@ -3,0 +4,2 @@", [4, 5]),
        (b"@@ -3,2 +2,0 @@", []),
        (b"@@ -0,0 +1 @@", [1]),
        (b"@@ -1 +1 @@ @@ -7 +7 @@", [1]),
    ],
)
def test_a_hunk_header_tells_the_added_lines(header: bytes, lines: list[int]) -> None:
    (found,) = added_lines([b"diff --git a/x b/x\n", header + b"\n"])
    assert numbers(found) == lines


@given(st.lists(st.sampled_from(["a\n", "b\n", "", "@@ -1 +1 @@\n", "\\ No\n", "diff --git \n"])))
def test_lines_that_look_like_headers_are_counted_off(lines: list[str]) -> None:
    body = [f"+{line.rstrip()}\n".encode() for line in lines]
    head = f"@@ -0,0 +1,{len(lines)} @@\n".encode()
    first, second = added_lines(
        [b"diff --git a b\n", head, *body, b"diff --git c d\n", b"@@ -1 +5 @@\n"]
    )
    assert numbers(first) == list(range(1, len(lines) + 1))
    assert numbers(second) == [5]
