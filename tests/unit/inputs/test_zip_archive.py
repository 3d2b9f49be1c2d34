"""ZIP archives are read member by member: what is wrong with one is told, the others are read."""

from __future__ import annotations

import struct
import zipfile
import zlib

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.packing import COMPRESS, held, zipped

from quantapilot.inputs import zip_archive
from quantapilot.inputs.compressed import Expansion

A, B = ("a.jsonl", b'{"a": 1}\n'), ("b.log", b"text\n")
FIRST, SECOND = ("in!a.jsonl", A[1]), ("in!b.log", B[1])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_are_read_however_they_are_compressed(method: int) -> None:
    assert held(zipped(A, B, method=method)) == [FIRST, SECOND]


@pytest.mark.parametrize(("method", "name"), [(93, "zstd"), (95, "xz")])
def test_methods_that_are_younger_are_read_too(method: int, name: str) -> None:
    # Nothing here writes them: the method of a stored member is changed.
    data = zipped(("a", COMPRESS[name](B[1])), method=zipfile.ZIP_STORED)
    made = bytearray(data)
    at = data.index(b"PK\1\2")
    struct.pack_into("<H", made, at + 10, method)
    struct.pack_into("<L", made, at + 16, zlib.crc32(B[1]))
    struct.pack_into("<L", made, at + 24, len(B[1]))
    assert held(bytes(made)) == [("in!a", B[1])]


def test_an_archive_of_nothing_is_empty() -> None:
    assert held(zipped()) == held(zipped(("folder/", b""))) == [("in", b"")]


@pytest.mark.parametrize(
    ("at", "value", "rule"),
    [
        pytest.param(8, 1, "input/encrypted", id="encrypted"),
        pytest.param(10, 14, "input/damaged", id="method"),
        pytest.param(16, 7, "input/damaged", id="checksum"),
        pytest.param(24, 7, "input/damaged", id="size"),
    ],
)
def test_what_is_wrong_with_a_member_leaves_the_others(at: int, value: int, rule: str) -> None:
    made = bytearray(zipped(A, B))
    made[made.index(b"PK\1\2") + at] = value
    found = held(bytes(made))
    assert ("in!a.jsonl", rule) in found
    assert found[-1] == SECOND


def test_a_damaged_member_is_read_up_to_there() -> None:
    made = bytearray(zipped(A, B, method=zipfile.ZIP_STORED))
    made[made.index(b'{"a"') + 3] ^= 1
    assert [each for each, _ in held(bytes(made))] == ["in!a.jsonl", "in!a.jsonl", "in!b.log"]


def test_members_that_share_their_bytes_are_not_unpacked() -> None:
    made = bytearray(zipped(A, B))
    second = made.rindex(b"PK\1\2")
    struct.pack_into("<L", made, second + 42, 0)
    assert held(bytes(made)) == [("in", "input/expansion")]


def test_an_archive_behind_another_does_not_hide_it() -> None:
    assert held(zipped(A) + zipped(B)) == [SECOND, ("in", "input/damaged")]


def test_a_bomb_leaves_the_other_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Expansion.__init__, "__defaults__", (1 << 18, 20))
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        data = zipped(A, ("bomb", bytes(2 << 20)), B, method=method)
        found = held(data)
        assert [found[0], *found[2:]] == [FIRST, ("in!bomb", "input/expansion"), SECOND]
        assert len(found[1][1]) < 1 << 19


def test_a_table_of_contents_that_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "_MOST_CONTENTS", 1 << 17)
    data = zipped(*((f"{number:0200}", b"") for number in range(600)), method=zipfile.ZIP_STORED)
    assert held(data) == [("in", "input/expansion")]


def test_a_place_before_the_archive_is_told() -> None:
    made = bytearray(zipped(A))
    struct.pack_into("<L", made, made.rindex(b"PK\5\6") + 16, len(made) * 9)
    assert held(bytes(made)) == [("in", "input/damaged")]


def test_names_of_any_kind_are_only_names() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(("a\nb", b"1\n"), ("a\nb", b"2\n"))
    assert held(data) == [("in!a\nb", b"1\n"), ("in!a\nb", b"2\n")]
    broken = zipped(("ää", b"1\n")).replace("ä".encode(), b"\xff\xff")
    assert held(broken) == [("in", "input/damaged")]


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_is_changed_in_an_archive_it_is_told_or_read(data: st.DataObject) -> None:
    made = bytearray(zipped(A, B, ("c.zst", zstd.compress(b"x\n"))))
    for _ in range(data.draw(st.integers(1, 3))):
        made[data.draw(st.integers(4, len(made) - 1))] = data.draw(st.integers(0, 255))
    held(bytes(made[: data.draw(st.integers(4, len(made)))]))
