"""Edits: all of them or none, and a link stays a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.adoption.edits import Edit, text_of, write

if TYPE_CHECKING:
    from pathlib import Path


def test_when_one_file_can_not_be_written_the_others_are_as_they_were(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("old")
    (tmp_path / "blocked").write_text("a file, not a folder")

    with pytest.raises(OSError, match="blocked"):
        write(
            [
                Edit(there, "old", "new"),
                Edit(tmp_path / "fresh", None, "new"),
                Edit(tmp_path / "blocked" / "file", None, "new"),
            ]
        )
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "there": "old",
        "blocked": "a file, not a folder",
    }


def test_what_a_link_leads_to_is_written_and_keeps_its_mode(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)

    write([Edit(link, text_of(link), "new")])

    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_the_diff_shows_what_would_be_written_and_nothing_that_is_there(tmp_path: Path) -> None:
    changed = Edit(tmp_path / "a.toml", "one\ntwo\n", "one\nthree\ntwo\n")
    fresh = Edit(tmp_path / "b" / "c", None, "one\n")

    assert list(changed.diff(tmp_path)) == [
        "--- a/a.toml",
        "+++ b/a.toml",
        "@@ -1,0 +2 @@",
        "+three",
    ]
    assert list(fresh.diff(tmp_path)) == ["--- /dev/null", "+++ b/b/c", "@@ -0,0 +1 @@", "+one"]
