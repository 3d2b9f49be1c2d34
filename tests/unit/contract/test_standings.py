"""Where many runs stand: bounded in memory, nothing readable beside it, and gone at the end."""

from __future__ import annotations

import sys
import tempfile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from quantapilot.contract import standings as module
from quantapilot.contract.standing import Standing
from quantapilot.contract.standings import Standings, new_digest
from quantapilot.errors import ScratchError

if TYPE_CHECKING:
    from pathlib import Path

    from quantapilot.contract.standing import Held


def standing(number: int) -> Standing:
    return Standing("q", (1, number, number, 7, number, number, -number, -number, number))


def fill(runs: Standings, most: int) -> None:
    for key in range(1, most):
        runs.put(key, standing(key))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_memory_holds_no_more_runs_than_it_may_and_every_one_is_known() -> None:
    digest = new_digest()
    keys = {number: digest(str(number)) for number in range(1, 5001)}
    with Standings(64) as runs:
        for number, key in keys.items():
            assert (runs.recent.get(key) or runs.recall(key)) is None
            runs.put(key, standing(number))
            assert runs.in_memory <= 64
        for number, key in keys.items():
            assert (runs.recent.get(key) or runs.recall(key)) == standing(number)
            assert runs.in_memory <= 64


@pytest.mark.usefixtures("folder")
def test_what_changed_behind_a_spill_is_what_is_known() -> None:
    with Standings(2) as runs:
        for turn in range(1, 4):
            for key in range(1, 9):
                runs.put(key, [standing(turn), standing(key)])
        assert [runs.recall(key) or runs.recent[key] for key in range(1, 9)] == [
            [standing(3), standing(key)] for key in range(1, 9)
        ]


@pytest.mark.usefixtures("folder")
def test_runs_that_are_in_use_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    inner = module._Spilled.read

    def reading(self: module._Spilled, key: int) -> Held | None:
        if (found := inner(self, key)) is not None:
            read.append(key)
        return found

    monkeypatch.setattr(module._Spilled, "read", reading)
    with Standings(100) as runs:
        for number in range(1, 1001):
            for key in (*range(1, 41), 1000 + number):
                if (runs.recent.get(key) or runs.recall(key)) is None:
                    runs.put(key, standing(key))
    assert read == []


def test_nothing_is_left_in_the_folder_for_temporary_files(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Standings(2) as runs:  # noqa: PT012 - what it leaves
        for key in range(1, 100):
            runs.put(key, standing(key))
        if sys.platform != "win32":
            # Not even while it is open: so nothing is left however the process ends.
            assert list(folder.iterdir()) == []
        raise KeyboardInterrupt
    assert list(folder.iterdir()) == []


def test_a_folder_that_can_not_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with Standings(2) as runs, pytest.raises(ScratchError) as told:
        fill(runs, 5)
    assert "No such file or directory; name another one with room by the variable TMPDIR" in str(
        told.value
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_is_told(folder: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, hard))
    try:
        with Standings(1024) as runs, pytest.raises(ScratchError, match="can't hold them"):
            fill(runs, 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("algorithm", ["siphash13", "fnv"])
def test_a_digest_can_not_be_made_anew_without_its_key(
    algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "hash_info", SimpleNamespace(algorithm=algorithm, width=64))
    one, other = new_digest(), new_digest()
    assert one("a run") == one("a run") != other("a run")
    assert len({one(str(number)) for number in range(1000)}) == 1000
    assert all(-(1 << 63) <= one(str(number)) < 1 << 63 for number in range(100))
