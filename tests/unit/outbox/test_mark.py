"""The high-water mark: read back as written, and never taken for another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.outbox.mark import Mark, MarkFile, mark_path, read_mark

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = bytes(range(16))


def written(path: Path, *seqs: int) -> bytes:
    file = MarkFile(path)
    for seq in seqs:
        file.write(seq, CHAIN)
    file.close()
    return mark_path(path).read_bytes()


def test_an_outbox_without_a_mark_has_none(tmp_path: Path) -> None:
    assert read_mark(tmp_path / "o.db") is None


@pytest.mark.parametrize("seqs", [(1,), (1, 2), (1, 2, 3), (7, 9, 40, 2**62)])
def test_the_last_mark_that_was_set_is_the_one_that_counts(
    tmp_path: Path, seqs: tuple[int, ...]
) -> None:
    written(tmp_path / "o.db", *seqs)
    assert read_mark(tmp_path / "o.db") == Mark(seqs[-1], CHAIN)


def test_a_mark_goes_on_after_it_was_closed(tmp_path: Path) -> None:
    for seq in (5, 6, 7):
        written(tmp_path / "o.db", seq)
        assert read_mark(tmp_path / "o.db") == Mark(seq, CHAIN)


def test_a_torn_write_leaves_the_mark_before(tmp_path: Path) -> None:
    raw = written(tmp_path / "o.db", 1, 2)
    new = written(tmp_path / "o.db", 3)
    (at,) = [start for start in (0, 512) if raw[start : start + 512] != new[start : start + 512]]
    for length in range(1, 48):
        torn = bytearray(raw)
        torn[at : at + length] = new[at : at + length]
        mark_path(tmp_path / "o.db").write_bytes(torn)
        assert read_mark(tmp_path / "o.db") in (Mark(1, CHAIN), Mark(2, CHAIN), Mark(3, CHAIN))
        assert read_mark(tmp_path / "o.db") != Mark(1, CHAIN)


@pytest.mark.parametrize("raw", [b"", b"text", bytes(1024), b"QPM1" * 256])
def test_what_is_no_mark_is_none(tmp_path: Path, raw: bytes) -> None:
    mark_path(tmp_path / "o.db").write_bytes(raw)
    with pytest.raises(ValueError, match="no whole mark"):
        read_mark(tmp_path / "o.db")


def test_no_flipped_bit_is_taken_for_another_mark(tmp_path: Path) -> None:
    raw = written(tmp_path / "o.db", 1, 2)
    for at in [*range(48), *range(512, 560)]:
        for bit in (0x01, 0x80):
            flipped = bytearray(raw)
            flipped[at] ^= bit
            mark_path(tmp_path / "o.db").write_bytes(flipped)
            assert read_mark(tmp_path / "o.db") in (Mark(1, CHAIN), Mark(2, CHAIN))


def test_who_is_killed_while_a_mark_is_begun_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        MarkFile(tmp_path / "o.db")
    assert read_mark(tmp_path / "o.db") is None
    assert list(tmp_path.iterdir()) == []


def test_a_mark_that_is_only_begun_is_whole(tmp_path: Path) -> None:
    written(tmp_path / "o.db")
    assert read_mark(tmp_path / "o.db") == Mark(0, bytes(16))
