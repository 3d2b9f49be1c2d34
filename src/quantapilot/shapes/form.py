"""The form of a log shape: records of another tool read as the contract's, and findings put back.

What is not of the shape stays as it is. Fields of the shape itself are set aside, so that the
contract is not asked about them and they are searched all the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from quantapilot.inputs.blocks import BOM
from quantapilot.inputs.rules import InputFaultError
from quantapilot.shapes import LONGEST
from quantapilot.shapes.members import written
from quantapilot.shapes.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.findings import Finding
    from quantapilot.inputs.blocks import Readable
    from quantapilot.shapes.members import Entry

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


class Shape(Protocol):
    """How a tool writes log records."""

    def units(self, data: bytes, *, last: bool) -> tuple[Sequence[bytes], bytes]:
        """Return what of some bytes can be read for itself, and what must wait for more.

        Args:
            data: The next bytes.
            last: Whether no more follow.

        Raises:
            InputFaultError: They are damaged.
        """

    def text(self, unit: bytes) -> str | None:
        """Return the text of a unit; None where it is no text."""

    def written(self, text: str) -> tuple[str, str] | None:
        """Return what is judged of the one record in a unit and what is not, as JSON, if quick.

        None where only `entries` can tell.
        """

    def entries(self, text: str) -> Sequence[Entry] | None:
        """Return the records in a unit; None where it is not of the shape."""


class Lines:
    """What is read line by line."""

    def written(self, text: str) -> tuple[str, str] | None:  # noqa: ARG002
        """Return None: there is no quick way."""
        return None

    def units(self, data: bytes, *, last: bool) -> tuple[Sequence[bytes], bytes]:
        """Return the lines, and what is left of one that does not end yet."""
        if last:
            return _LINE.findall(data), b""
        cut = data.rfind(b"\n") + 1
        return _LINE.findall(data, 0, cut), data[cut:]

    def text(self, unit: bytes) -> str | None:
        """Return the text of a line; None where it is not UTF-8, which is found as it is."""
        try:
            return unit.decode()
        except UnicodeDecodeError:
            return None


@dataclass(slots=True, repr=False)
class _Chunk:
    """What one read gave: units, and of each the first line that it is read as and stands in.

    `aside` holds for each line that is read what is set aside of it.
    """

    units: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    stands: list[int] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)


class ShapeForm:
    """An input of a shape, read as lines of JSON."""

    def __init__(self, shape: Shape, head: bytes, stream: Readable, first: int = 1) -> None:
        """Take the shape, what was read already, what gives the rest, the first line's number."""
        self._shape = shape
        self._stream = stream
        self._bom = BOM if head.startswith(BOM) else b""
        self._rest = head.removeprefix(BOM)
        self._last = self._passing = False
        self._line = self._stands = first
        # What was found in a block is put back before the block behind the next one is read.
        self._chunks: deque[_Chunk] = deque(maxlen=4)
        self._places: tuple[bytes, Places] | None = None

    def read(self, size: int, /) -> bytes:
        """Return the next lines, about `size` bytes of them; none at the end.

        Raises:
            InputFaultError: The input is damaged.
            OSError: It can't be read.
        """
        while not self._last:
            more = self._stream.read(size)
            self._last = not more
            data = self._rest + more
            if self._passing:
                end = data.find(b"\n") + 1
                self._passing = not end
                self._rest = data[end:] if end else b""
                passed = data[: end or None]
                self._line += bool(end)
                self._stands += bool(end)
                if passed:
                    return passed
                continue
            units, self._rest = self._shape.units(data, last=self._last)
            if units:
                bom, self._bom = self._bom, b""
                return bom + self._written(units)
            # A longer line is passed on in parts, as it is.
            if isinstance(self._shape, Lines) and len(self._rest) > LONGEST:
                passed, self._rest, self._passing = self._rest, b"", True
                return passed
        if self._rest:
            raise InputFaultError("input/damaged", "ends within a record", self._stands)
        bom, self._bom = self._bom, b""
        return bom

    def aside(self, line: int, count: int) -> bytes:
        """Return what is set aside of some of the lines that were read last, a line for each."""
        found = []
        for chunk in self._chunks:
            if chunk.lines:
                start = max(0, line - chunk.lines[0])
                found += chunk.aside[start : max(0, line + count - chunk.lines[0])]
        return "\n".join(found).encode() if any(found) else b""

    def placed(self, finding: Finding, /) -> Finding:
        """Return a finding in the lines that were read last where it stands in the input."""
        line = finding.line
        if line is None:
            return finding
        for chunk in self._chunks:
            at = bisect_right(chunk.lines, line) - 1
            if at >= 0 and line - chunk.lines[0] < len(chunk.aside):
                found = self._in_unit(finding, chunk.units[at], line - chunk.lines[at])
                return replace(found, line=(found.line or 1) + chunk.stands[at] - 1)
        return replace(finding, line=line + self._stands - self._line)

    def _written(self, units: Sequence[bytes]) -> bytes:
        chunk = _Chunk()
        out: list[bytes] = []
        text_of, entries_of, quick = self._shape.text, self._shape.entries, self._shape.written
        for unit in units:
            chunk.units.append(unit)
            chunk.lines.append(self._line)
            chunk.stands.append(self._stands)
            text = text_of(unit)
            if text is not None and (pair := quick(text)) is not None:
                pairs: Sequence[tuple[str, str]] | None = (pair,)
            else:
                entries = None if text is None else entries_of(text)
                pairs = None if entries is None else [written(entry) for entry in entries]
            if pairs is None:
                # White space in JSON; in a line there is none.
                line = unit.removesuffix(b"\n").replace(b"\n", b" ")
                out.append(line + b"\n" if len(line) < len(unit) else line)
                chunk.aside.append("")
                self._line += 1
            else:
                for judged, own in pairs:
                    out.append(judged.encode() + b"\n")
                    chunk.aside.append(" " * len(judged) + own if own else "")
                self._line += len(pairs)
            self._stands += unit.count(b"\n")
        self._chunks.append(chunk)
        return b"".join(out)

    def _in_unit(self, finding: Finding, unit: bytes, number: int) -> Finding:
        """Return a finding in one of the lines that a unit is read as where it stands in there."""
        if self._places is None or self._places[0] is not unit:
            read = self._shape.text(unit)
            text = unit.decode("utf-8", "replace") if read is None else read
            entries = None if read is None else self._shape.entries(text)
            self._places = unit, Places(text, entries)
        return self._places[1].placed(finding, number)
