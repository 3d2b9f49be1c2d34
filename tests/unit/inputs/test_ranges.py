"""Ranges of lines: cut anywhere, together they are the file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.inputs import ranges
from quantapilot.inputs.ranges import LineRange

FILES = st.lists(st.sampled_from([b"\n", b"a", b"bc", b"\n\n", b"\r\n", b"0123456789"])).map(
    b"".join
)


def read(data: bytes, start: int, stop: int | None, size: int) -> tuple[bytes, int]:
    lines = LineRange(io.BytesIO(data), start, stop)
    parts = []
    while part := lines.read(size):
        parts.append(part)
    assert lines.read(size) == b""
    return b"".join(parts), lines.ends


@given(FILES, st.lists(st.integers(1, 60)), st.integers(1, 9), st.integers(1, 5))
def test_every_line_is_in_exactly_one_range_wherever_a_file_is_cut(
    data: bytes, cuts: list[int], size: int, searched: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "_SEARCHED", searched)
        starts = [0, *sorted({cut for cut in cuts if cut < len(data)})]
        stops = [*starts[1:], None]
        parts = [read(data, *cut, size) for cut in zip(starts, stops, strict=True)]
    assert b"".join(part for part, _ in parts) == data
    assert [ends for _, ends in parts] == [part.count(b"\n") for part, _ in parts]
    at = 0
    for start, stop, (part, _) in zip(starts, stops, parts, strict=True):
        # A part begins where a line does, and that line begins in its range.
        assert not part or at == 0 or data[at - 1 : at] == b"\n"
        assert not part or (start <= at and (stop is None or at < stop))
        at += len(part)


def test_a_range_within_one_long_line_is_empty_and_does_not_read_the_file_to_its_end() -> None:
    stream = io.BytesIO(b"x" * 500_000)
    assert LineRange(stream, 100_000, 200_000).read(10) == b""
    assert stream.tell() < 300_000
