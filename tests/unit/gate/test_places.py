"""Places: one name for one file, from whatever folder it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.config import Config
from quantapilot.gate.places import Places, covers

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_has_one_place_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    places = Places(Config(root=root))
    monkeypatch.chdir(root / "sub")
    names = ("a.txt", "./a.txt", "../sub/a.txt", str(root / "sub" / "a.txt"))
    assert {places.of(name) for name in names} == {"sub/a.txt"}
    assert places.of("..") == "."
    assert places.of("../../b") == "../b"


def test_a_root_behind_a_link_is_the_same_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "real")
    assert Places(Config(root=tmp_path / "link")).of("a.txt") == "a.txt"
    (tmp_path / "real" / "inner").symlink_to("/")
    assert Places(Config(root=tmp_path / "real")).of("inner/etc") == "inner/etc"


def test_the_files_of_the_contract_are_known_with_their_kind(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl", "c.txt"):
        (tmp_path / name).write_text("x", "utf-8")
    places = Places(Config(root=tmp_path, logs=("a*", "nowhere/*"), events=("b.jsonl",)))
    assert places.data == {"a.jsonl": "logs", "b.jsonl": "events"}
    assert places.exists("c.txt")
    assert not places.exists("d.txt")


@pytest.mark.parametrize(
    ("folder", "place", "covered"),
    [
        (".", "a/b", True),
        (".", "../a", False),
        ("..", "../a", True),
        ("..", ".", True),
        ("..", "../../a", False),
        ("../..", "../../a", True),
        ("a", "a/b", True),
        ("a", "a", True),
        ("a", "ab", False),
        ("../a", "../a/b", True),
        ("a/b", "a", False),
    ],
)
def test_a_folder_covers_what_lies_in_it(folder: str, place: str, covered: bool) -> None:
    assert covers(folder, place) is covered
