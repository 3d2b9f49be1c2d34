"""Blocks: a stream in pieces, none of its bytes lost, every line with its number."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.inputs import blocks as module
from quantapilot.inputs.blocks import Block, blocks, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.inputs.blocks import Opening

STREAMS = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"a", b"bcd", b"e" * 9, b"f" * 30, b"\xff", b"{}\n"]),
    max_size=40,
).map(b"".join)
SIZE = 8


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Read eight bytes at a time, so that lines cross many blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", SIZE)
        yield


def cut(data: bytes, limit: int = 1 << 20, head: int = SIZE) -> list[Block]:
    return list(blocks(data[:head], io.BytesIO(data[head:]), limit))


@given(STREAMS, st.integers(1, 20))
def test_the_blocks_of_a_stream_are_the_stream(data: bytes, head: int) -> None:
    assert b"".join(block.data for block in cut(data, head=head)) == data


@given(STREAMS)
def test_every_block_holds_whole_lines_and_knows_its_first(data: bytes) -> None:
    seen = b""
    found = cut(data)
    for block in found:
        assert block.line == seen.count(b"\n") + 1
        assert block.ended == block.data.endswith(b"\n")
        seen += block.data
    assert all(block.ended for block in found[:-1])


@given(STREAMS, st.integers(1, 12))
def test_only_lines_over_the_limit_are_left_out_and_their_numbers_told(
    data: bytes, limit: int
) -> None:
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    lines = [line for line in lines if line]
    numbers: set[int] = set()
    for block in cut(data, limit):
        if block.too_long:
            assert block.data == b""
            assert len(lines[block.line - 1]) == block.too_long > limit
            numbers.add(block.line)
        else:
            count = block.data.count(b"\n") + (not block.ended)
            assert b"".join(lines[block.line - 1 : block.line - 1 + count]) == block.data
            numbers.update(range(block.line, block.line + count))
    assert numbers == set(range(1, len(lines) + 1))


@given(st.integers(0, 100), st.integers(20, 40), st.integers(0, 100))
def test_a_line_longer_than_limit_and_block_is_always_left_out(
    before: int, limit: int, after: int
) -> None:
    data = b"a\n" * before + b"x" * (limit + SIZE + 1) + b"\n" + b"b\n" * after
    found = cut(data, limit)
    assert [block.line for block in found if block.too_long] == [before + 1]
    assert b"".join(block.data for block in found) == b"a\n" * before + b"b\n" * after


def test_a_last_line_over_the_limit_without_an_end_is_told_too() -> None:
    found = cut(b"a\n" + b"x" * 100, 20)
    assert (found[-1].line, found[-1].too_long, found[-1].ended) == (2, 100, False)


def test_an_unreadable_stream_is_no_end_of_it() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, f"input/output error at {size}")

    with pytest.raises(OSError, match="input/output"):
        list(blocks(b"a\n", Broken(), 100))


def test_a_block_does_not_show_its_data() -> None:
    assert "alice" not in repr(cut(b"alice\n"))


@pytest.mark.parametrize(
    ("name", "head", "opening", "shape"),
    [
        ("a.jsonl", b"what ever", "other", "jsonl"),
        ("a.NDJSON", b"{}", "line", "jsonl"),
        ("a.json", b'{\n "a": 1\n}', "document", "json"),
        ("a.json", b'{"a":1}', "line", "json"),
        ("a.json", b'{"a":1}\n', "line", "json"),
        ("a.json", b'{"a":1}\n{"a":2}\n', "line", "jsonl"),
        ("a.json", b"[1]\n[2]\n", "line", "json"),
        ("a.json", b"no JSON", "other", "json"),
        ("a.log", b'{"a":1}\n', "line", "jsonl"),
        ("a.log", b"started\n", "other", "text"),
        ("a.log", b"[started]\n", "other", "text"),
        ("a.txt", b' {"a":1}\n', "line", "jsonl"),
        ("<stdin>", b'{"a":1}\n', "line", "jsonl"),
        ("<stdin>", b'{\n"a":1}\n', "document", "json"),
        ("dir.json/name", b"text", "other", "text"),
        ("a.py", b'{"a":1}\n', "line", "text"),
        ("a.yaml", b"a: 1\n", "other", "text"),
        ("a.jsonl", b"\0\0", "other", "binary"),
        ("a", b"GIF89a\0", "other", "binary"),
    ],
)
def test_name_and_first_bytes_say_what_a_file_holds(
    name: str, head: bytes, opening: Opening, shape: str
) -> None:
    assert shape_of(name, head, opening) == shape
