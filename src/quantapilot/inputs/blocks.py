"""Blocks: a stream cut into newline-aligned pieces, so that memory stays flat whatever its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

# So small that a second pass over a block finds it in the processor's cache.
BLOCK_BYTES = 1 << 19
BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
Shape = Literal["jsonl", "json", "text", "binary"]
Opening = Literal["line", "document", "other"]

_LINES = frozenset({".jsonl", ".ndjson"})
_EITHER = frozenset({".log", ".txt", ".out", ""})


class Readable(Protocol):
    """What blocks are read from: no bytes mean its end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """Whole lines: their bytes, the number of the first one, how many end, and if the last does.

    A line over the limit is left out: then `data` is empty and `too_long` its size so far.
    """

    data: bytes
    line: int
    ends: int = 0
    ended: bool = True
    too_long: int = 0


def blocks(head: bytes, stream: Readable, max_line_bytes: int, line: int = 1) -> Iterator[Block]:
    """Yield the lines of `head` and of the rest of the stream, in blocks of about `BLOCK_BYTES`.

    `line` is the number of the first one.

    Raises:
        OSError: The stream can't be read.
    """
    rest = b""
    skipping = 0
    data = head
    while data:
        if skipping:
            end = data.find(b"\n") + 1
            skipping += end or len(data)
            if end:
                yield Block(b"", line, too_long=skipping)
                line, skipping = line + 1, 0
            data = data[end:] if end else b""
        cut = data.rfind(b"\n") + 1
        if cut:
            # Each is let go as soon as it is copied: blocks are much of what a process holds.
            whole, rest = b"".join((rest, memoryview(data)[:cut])), data[cut:]
            head = data = b""
            ends = whole.count(b"\n")
            yield Block(whole, line, ends)
            line += ends
        else:
            rest += data
        if len(rest) > max_line_bytes:
            rest, skipping = b"", len(rest)
        data = stream.read(BLOCK_BYTES)
    if skipping:
        yield Block(b"", line, ended=False, too_long=skipping)
    elif rest:
        yield Block(rest, line, ended=False)


def read_up_to(size: int, head: bytes, stream: Readable) -> bytes:
    """Return `head` and what follows it in a stream, `size` bytes where there are so many.

    Raises:
        OSError: The stream can't be read.
    """
    parts, left = [head], size - len(head)
    while left > 0 and (data := stream.read(left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def is_binary(head: bytes) -> bool:
    """Tell whether what a file begins with is no UTF-8 text; 8,192 bytes of it are looked at."""
    return b"\0" in head[:8192] or head.startswith(_UTF_16)


def shape_of(name: str, head: bytes, opening: Opening) -> Shape:
    """Return what a file holds, from its name and its first bytes.

    Args:
        name: The file's name; `.jsonl` and `.json` are believed.
        head: The first block, without a byte order mark.
        opening: What the file begins with: a line of JSON, a longer JSON document, or neither.
    """
    if is_binary(head):
        return "binary"
    suffix = name[name.rfind(".") :].lower() if "." in name.rpartition("/")[2] else ""
    if suffix in _LINES:
        return "jsonl"
    if suffix == ".json":
        return "jsonl" if opening == "line" and _more_lines(head) else "json"
    if suffix in _EITHER and opening != "other":
        return "jsonl" if opening == "line" else "json"
    return "text"


def _more_lines(head: bytes) -> bool:
    lines = head.strip().splitlines()
    return len(lines) > 1 and lines[1].lstrip()[:1] == b"{"
