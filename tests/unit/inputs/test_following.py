"""Following: what is written to a log comes once, with its line, whatever becomes of the file."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from quantapilot.findings import Finding
from quantapilot.inputs import following
from quantapilot.inputs.following import followed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_PAUSE", 0)


def pieces(file: Path, *steps: Callable[[Path], object]) -> list[tuple[int, bytes] | str]:
    """Return what is followed, each step taken when all before it was read."""
    left = list(steps)

    def stopped() -> bool:
        if not left:
            return True
        left.pop(0)(file)
        return False

    found = followed([str(file)], io.BytesIO(), 100, stopped)
    return [
        each.rule if isinstance(each, Finding) else (each.first, each.data or b"") for each in found
    ]


def add(text: bytes) -> Callable[[Path], object]:
    def step(file: Path) -> None:
        with file.open("ab") as out:
            out.write(text)

    return step


def rotate(file: Path) -> None:
    file.rename(file.with_suffix(".1"))


def cut(file: Path) -> None:
    os.truncate(file, 0)


def wait(_: Path) -> None:
    """Let time pass."""


def test_whole_lines_come_as_they_are_written_and_the_last_one_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"one\ntw")
    found = pieces(file, wait, add(b"o\nthree\nfo"), add(b"ur"))
    assert found == [(1, b"one\n"), (2, b"two\nthree\n"), (4, b"four")]


def test_a_rotated_log_is_read_to_its_end_and_the_new_one_from_its_first_line(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"one\n")

    def late(file: Path) -> None:
        # Who writes has not noticed yet.
        with file.with_suffix(".1").open("ab") as out:
            out.write(b"two\nthr")

    found = pieces(file, wait, rotate, late, add(b"new\n"), wait)
    assert found == [(1, b"one\n"), (2, b"two\n"), (1, b"new\n"), (3, b"thr")]


def test_a_rotated_log_is_let_go_when_nobody_writes_to_it_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_GRACE", -1)
    file = tmp_path / "a.log"
    file.write_bytes(b"one\ntw")
    found = pieces(file, wait, rotate, wait, add(b"new\n"), wait)
    assert found == [(1, b"one\n"), (2, b"tw"), (1, b"new\n")]


def test_a_log_that_is_cut_short_begins_again_and_loses_no_half_line(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"one\ntw")
    found = pieces(file, wait, cut, add(b"x\n"))
    assert found == [(1, b"one\n"), (2, b"tw"), (1, b"x\n")]


def test_a_log_may_come_later_and_one_that_never_comes_is_told(tmp_path: Path) -> None:
    assert pieces(tmp_path / "a.log", wait, add(b"one\n")) == [(1, b"one\n")]
    assert pieces(tmp_path / "b.log", wait) == ["input/missing-file"]


def test_a_line_without_an_end_is_not_kept_for_ever(tmp_path: Path) -> None:
    found = pieces(tmp_path / "a.log", add(b"x" * 101), add(b"y" * 50), add(b"\nz\n"))
    assert found == [(1, b"x" * 101), (1, b"y" * 50 + b"\nz\n")]
