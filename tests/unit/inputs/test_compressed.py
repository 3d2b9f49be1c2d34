"""Compressed inputs are read to their end, whatever was done to them."""

from __future__ import annotations

import gzip
import io
import sys

import pytest
from backports import zstd
from tests.packing import COMPRESS, held, whole

from quantapilot.inputs import compressed
from quantapilot.inputs.compressed import COMPRESSIONS, Expansion, Unpacked

# Long and irregular enough to be more than one step, and more than one block, of each.
TEXT = b"".join(b"%d line %d\n" % (line * 7919 % 10007, line) for line in range(16_000))
FORMATS = pytest.mark.parametrize("name", COMPRESS)


@FORMATS
def test_a_compressed_file_holds_what_was_compressed(name: str) -> None:
    assert held(COMPRESS[name](TEXT)) == [("in", TEXT)]


@FORMATS
def test_a_compressed_file_of_nothing_is_empty(name: str) -> None:
    assert held(COMPRESS[name](b"")) == [("in", b"")]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_compressed_files_behind_each_other_are_all_read(name: str) -> None:
    pack = COMPRESS[name]
    assert held(pack(b"a\n") + pack(b"") + pack(TEXT) + bytes(1024)) == [("in", b"a\n" + TEXT)]


@FORMATS
def test_what_is_no_more_of_the_same_behind_the_end_is_told(name: str) -> None:
    assert held(COMPRESS[name](b"a\n") + b"{}\n") == [("in", b"a\n"), ("in", "input/damaged")]


@FORMATS
def test_of_a_truncated_file_all_that_can_be_unpacked_is_read(name: str) -> None:
    packed = COMPRESS[name](TEXT)
    (_, read), *faults = held(packed[: len(packed) * 9 // 10])
    assert isinstance(read, bytes)
    assert len(read) > len(TEXT) / 3
    assert TEXT.startswith(read)
    assert faults == [("in", "input/damaged")]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_a_checksum_that_does_not_hold_is_told(name: str) -> None:
    packed = bytearray(COMPRESS[name](TEXT))
    packed[{"gzip": -6, "bzip2": -3, "xz": -50, "zstd": -2}[name]] ^= 1
    (_, read), *faults = held(bytes(packed))
    assert isinstance(read, bytes)
    assert TEXT.startswith(read)
    assert faults == [("in", "input/damaged")]


def test_before_a_wrong_checksum_of_gzip_nothing_is_lost() -> None:
    packed = bytearray(gzip.compress(b"one\ntwo"))
    packed[-6] ^= 1
    assert held(bytes(packed)) == [("in", b"one\ntwo"), ("in", "input/damaged")]


def test_damage_from_the_first_byte_on_is_told_once() -> None:
    assert held(b"\x1f\x8b\x08\xff" + b"x" * 600) == [("in", "input/damaged")]


def test_frames_of_zstd_without_data_are_passed_over() -> None:
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    assert held(skipped + zstd.compress(b"a\n") + skipped) == [("in", b"a\n")]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_a_bomb_is_left_where_it_is_too_much(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Expansion.__init__, "__defaults__", (1 << 18, 20))
    bomb = COMPRESS[name](b"\n" * (2 << 20))
    (_, read), *faults = held(bomb)
    assert len(read) < (1 << 18) + 20 * len(bomb)
    assert faults == [("in", "input/expansion")]


def test_a_bomb_leaves_room_for_others() -> None:
    expansion = Expansion(free=1 << 17, ratio=10)
    total = 0
    for _ in range(9):
        bomb = Unpacked(io.BytesIO(gzip.compress(bytes(1 << 19))), COMPRESSIONS["gzip"], expansion)
        total += len(whole(bomb))
        assert bomb.fault is not None
    assert total < 1 << 18
    text = gzip.compress(TEXT)
    expansion.stored(len(text))
    assert whole(Unpacked(io.BytesIO(text), COMPRESSIONS["gzip"], expansion)) == TEXT


def test_a_window_that_takes_too_much_memory_is_not_made() -> None:
    options: dict[int, int] = {
        zstd.CompressionParameter.window_log: 28,
        zstd.CompressionParameter.content_size_flag: False,
    }
    compressor = zstd.ZstdCompressor(options=options)
    frame = compressor.compress(TEXT) + compressor.flush()
    assert held(frame) == [("in", "input/expansion")]


def test_a_dictionary_of_xz_that_takes_too_much_memory_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compressed, "_XZ_MEMORY", 1 << 16)
    assert held(COMPRESS["xz"](TEXT)) == [("in", "input/expansion")]


def test_zstd_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert held(COMPRESS["zstd"](b"a\n")) == [("in", "input/needs-extra")]
