"""Streams through redaction: what comes in goes out line by line, with every found value replaced.

A clean line costs one pass and leaves as it came. What can't be searched never leaves: a
placeholder stands in its place, or nothing is written at all, and it is said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import orjson

from quantapilot.errors import RuleTimeoutError, UnsearchableError
from quantapilot.gate.beginning import opening_of
from quantapilot.gate.redaction import DROPPED, Redacted, Redaction, dropped
from quantapilot.gate.scanner import Limits, shows_all
from quantapilot.inputs.blocks import BLOCK_BYTES, BOM, Block, Shape, blocks, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.gate.inspector import Inspector


@dataclass(slots=True)
class Outcome:
    """What was replaced, and in words without values what could not be searched.

    `values` counts what was replaced by its class, `lines` the lines it stood in.
    """

    values: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    unchecked: list[str] = field(default_factory=list)


class _Prompt:
    """A stream that gives what has come in already, instead of waiting for a whole block."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self._name = name
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end only."""
        try:
            return self._read(size)
        except OSError as error:
            reason = error.strerror or "input/output error"
            raise UnsearchableError(f"{self._name}: can't be read: {reason}") from error


class Filter:
    """Takes values out of streams; one for each stream, since it counts.

    Args:
        redaction: Replaces what is found in a line or a document.
        inspector: Proves lines clean.
        limits: Sizes over which a line or a document is not searched.
    """

    def __init__(self, redaction: Redaction, inspector: Inspector, limits: Limits) -> None:
        self._redaction = redaction
        self._inspector = inspector
        self._limits = limits
        self.outcome = Outcome()

    def parts(self, name: str, stream: BinaryIO) -> Iterator[bytes]:
        """Yield what of a stream may leave, as soon as it is known.

        Args:
            name: The input's name, whose ending may tell what it holds.
            stream: The input.

        Raises:
            UnsearchableError: It can't be read further; or it is binary, or one document over the
                limit, and nothing has left.
        """
        prompt = _Prompt(name, stream)
        head = self._head(prompt)
        mark = BOM if head.startswith(BOM) else b""
        head = head.removeprefix(BOM)
        shape = shape_of(name, head, opening_of(head))
        if shape == "binary":
            raise UnsearchableError(f"{name}: not UTF-8 text: NUL bytes or UTF-16")
        if shape == "json":
            yield mark + self._document(name, head, prompt)
        else:
            if mark:
                yield mark
            for block in blocks(head, prompt, self._limits.line):
                yield self._too_long(block, shape) if block.too_long else self._block(block, shape)

    def _head(self, stream: _Prompt) -> bytes:
        """Return the first bytes, as many as tell what the stream holds: a line with text in it."""
        head = b""
        while len(head) <= self._limits.line:
            more = stream.read(BLOCK_BYTES)
            head += more
            if not more or b"\n" in head.removeprefix(BOM).lstrip():
                break
        return head

    def _document(self, name: str, head: bytes, stream: _Prompt) -> bytes:
        read = [head]
        size = len(head)
        while size <= self._limits.document and (more := stream.read(BLOCK_BYTES)):
            read.append(more)
            size += len(more)
        if size > self._limits.document:
            limit = f"{self._limits.document >> 20} MiB"
            raise UnsearchableError(f"{name}: one JSON document of over {limit}")
        return self._redacted(b"".join(read), "json", 1)

    def _too_long(self, block: Block, shape: Shape) -> bytes:
        self.outcome.unchecked.append(
            f"line {block.line}: {block.too_long:,} bytes, the limit is {self._limits.line:,}: "
            f"replaced by {DROPPED}"
        )
        written = dropped("{}" if shape == "jsonl" else "")
        return written.encode() + b"\n" * block.ended

    def _block(self, block: Block, shape: Shape) -> bytes:
        """Return a block of lines with the dirty ones redacted."""
        data = block.data
        out: list[bytes] = []
        number, written = block.line, 0
        for start in self._inspector.detector.candidates(data):
            end = data.find(b"\n", start)
            line = data[start : end if end >= 0 else None].rstrip(b"\r")
            if self._holds_nothing(line):
                continue
            number += data.count(b"\n", written, start)
            out += [data[written:start], self._redacted(line, shape, number)]
            written = start + len(line)
        return b"".join([*out, data[written:]]) if out else data

    def _holds_nothing(self, line: bytes) -> bool:
        """Tell whether a candidate line is a JSON object in which nothing is found."""
        if line[:1] != b"{":
            return False
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
        return shows_all(document, line) and self._inspector.search(document) == []

    def _redacted(self, data: bytes, shape: Shape, line: int) -> bytes:
        try:
            done = self._redaction.redacted(data, shape, line=line)
        except RuleTimeoutError as error:
            self.outcome.unchecked.append(f"line {line}: {error}: replaced by {DROPPED}")
            done = Redacted(dropped(data.decode("utf-8", "replace")).encode(), ())
        self.outcome.values.update(pii_class for _, pii_class in done.values)
        self.outcome.lines += len({number for number, _ in done.values})
        return done.data
