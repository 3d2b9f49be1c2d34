"""Lists of files: how names are separated, and what is said of a list that can't be read."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from quantapilot.errors import InputError
from quantapilot.inputs import lists
from quantapilot.inputs.lists import names_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\0b\nc\0", ["a", "b\nc"]),
        (b" a b \n\n\"c'\n", [" a b ", "\"c'"]),
        (b"gr\xc3\xb6\xc3\x9fe\n\xff\n", ["größe", "\udcff"]),
        (b"", []),
        (b"\n\n", []),
    ],
)
def test_names_stand_on_lines_or_between_nuls(
    content: bytes, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "list"
    file.write_bytes(content)
    assert names_in(str(file)) == names
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert names_in("-") == names


def test_a_list_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere can't be read: No such file"):
        names_in(str(tmp_path / "nowhere"))


def test_a_list_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_LIMIT", 1 << 20)
    file = tmp_path / "list"
    file.write_bytes(b"x\n" * (1 << 20))
    with pytest.raises(InputError, match="over 1 MiB: split the list"):
        names_in(str(file))
