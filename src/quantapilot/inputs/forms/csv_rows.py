"""CSV as lines of JSON: a row is an object with the header's names, so that field names count.

Each line of the file is one line here, and holds itself under the empty name besides the cells of
the row that begins in it. So everything is found that a search of the plain text finds, across
cells too, and nothing is passed over that can't be read as a row. What is found twice is told
once, with its column's name.

The standard library's reader is used rather than pyarrow's: it knows in which line a row begins.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import orjson

from quantapilot.inputs.blocks import BLOCK_BYTES, BOM
from quantapilot.inputs.forms.csv_header import header_of
from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.findings import Finding
    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.forms import Form

# A longer line ends the input: none is kept in memory whole.
_LONGEST: Final = 64 << 20
# A row of more characters is searched as text only, so that its line here stays below the limit
# whenever its lines in the file do.
_LONG_ROW: Final = 1 << 20
# How often the lines behind one that can't be read are tried again as rows of their own.
_PATIENCE: Final = 100


def open_form(head: bytes, stream: Readable) -> Form:
    """Return a CSV file as lines of JSON.

    Args:
        head: The bytes that were read of it already.
        stream: Gives the rest.

    Raises:
        InputFaultError: It has no header.
    """
    return _Rows(head, stream)


@dataclass(slots=True, repr=False)
class _Chunk:
    """Lines of a file as they stand there and as JSON, and how many lines the row at each has.

    `first` is the number of the first line; a line at which no row begins has a row of 0 lines.
    """

    first: int
    raw: list[str] = field(default_factory=list)
    made: list[bytes] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


class _Rows:
    """The rows of a CSV file."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        header = header_of(head)
        if header is None:
            raise InputFaultError("input/damaged", "the first row of the table names no columns")
        self._header = header
        self._stream = stream
        self._begin = BOM if head.startswith(BOM) else b""
        self._rest = head.removeprefix(BOM)
        self._over = False
        self._block: Iterator[str] = iter(())
        self._back: deque[str] = deque()
        self._patience = _PATIENCE
        self._chunk = self._before = _Chunk(1)
        self._reader = self._new_reader()
        self._fault: InputFaultError | OSError | None = None
        # What was told of cells, by class and place, up to which line, and what of which names.
        self._told: set[tuple[str | None, int, int]] = set()
        self._told_to = 0
        self._told_names: set[tuple[str, int]] = set()
        quoted, bare = r'"((?:[^"]++|"")*+)"', rf"([^{re.escape(header.delimiter)}\r\n]*+)"
        self._cell = re.compile(f"{quoted}|{bare}")

    def read(self, size: int, /) -> bytes:  # noqa: ARG002
        """Return the next lines; none at the end.

        Raises:
            InputFaultError: The file is damaged, or a line of it too long.
            OSError: It can't be read.
        """
        if self._fault is not None:
            raise self._fault
        self._before, chunk = self._chunk, _Chunk(self._chunk.first + len(self._chunk.raw))
        self._chunk = chunk
        self._told.clear()
        made = 0
        while made < BLOCK_BYTES:
            begins = len(chunk.raw)
            try:
                cells: Sequence[str] = next(self._reader)
            except StopIteration:
                break
            except csv.Error:
                cells = ()
                self._try_again(begins)
            except (InputFaultError, OSError) as fault:
                if not chunk.raw:
                    raise
                cells, self._fault = (), fault
            self._add(chunk, begins, cells)
            made += sum(map(len, chunk.made[begins:]))
            if self._fault is not None:
                break
        begin, self._begin = self._begin, b""
        return begin + b"".join(chunk.made)

    def placed(self, finding: Finding, /) -> Finding | None:
        """Return a finding where it stands in the file; None where it is told already."""
        line, column = finding.line, finding.column
        if line is None or column is None:
            return finding
        chunk = self._chunk if line >= self._chunk.first else self._before
        at = line - chunk.first
        if not 0 <= at < len(chunk.raw):
            return finding
        cell, offset = _place_in(chunk.made[at].decode(), column - 1)
        if finding.pointer is None:
            return replace(finding, column=1)
        if cell is None:
            return self._in_text(finding, line, offset + 1)
        raw = "".join(chunk.raw[at : at + chunk.rows[at]])
        if offset < 0:
            return self._in_name(finding, cell)
        offset = self._offset(raw, cell, offset)
        found_at = line + raw.count("\n", 0, offset)
        column = offset - raw.rfind("\n", 0, offset)
        self._told.add((finding.pii_class, found_at, column))
        self._told_to = max(self._told_to, line + chunk.rows[at] - 1)
        return replace(finding, line=found_at, column=column)

    def _in_text(self, finding: Finding, line: int, column: int) -> Finding | None:
        """Return what was found in a line as it stands, where no cell of it tells the same."""
        if (finding.pii_class, line, column) in self._told:
            return None
        excerpt, caret = finding.excerpt, finding.caret
        if line <= self._told_to:
            # What was found in a cell need not be known in the text around this place.
            excerpt = f"<{finding.pii_class}>"
            caret = 0, len(excerpt)
        elif excerpt is not None:
            # Without the empty name.
            cut = len(": ") * excerpt.startswith(": ")
            excerpt = excerpt[cut:]
            caret = (caret[0] - cut, caret[1]) if caret else None
        return replace(
            finding, line=line, column=column, pointer=None, excerpt=excerpt, caret=caret
        )

    def _in_name(self, finding: Finding, cell: int) -> Finding | None:
        """Return what was found in the name of a column at its header, once."""
        if (finding.rule, cell) in self._told_names:
            return None
        self._told_names.add((finding.rule, cell))
        return replace(finding, line=self._header.line, column=None)

    def _offset(self, raw: str, cell: int, offset: int) -> int:
        """Return where a character of a cell stands in the lines of its row."""
        at = 0
        for _ in range(cell):
            passed = self._cell.match(raw, at)
            at = passed.end() + 1 if passed else at
        found = self._cell.match(raw, at)
        if found is None or found[1] is None:
            return at + offset
        at += 1
        for _ in range(offset):
            at += 2 if raw.startswith('""', at) else 1
        return at

    def _add(self, chunk: _Chunk, begins: int, cells: Sequence[str]) -> None:
        """Add the lines that were read for a row; without cells they are text."""
        lines = chunk.raw[begins:]
        header, made = self._header, chunk.made
        is_row = bool(cells) and chunk.first + begins > header.line
        if is_row and len(lines[0]) + sum(map(len, cells)) > _LONG_ROW:
            is_row = False
        chunk.rows += [len(lines) if is_row else 0] + [0] * (len(lines) - 1)
        for at, line in enumerate(lines):
            text = line.rstrip("\r\n")
            if not text.strip():
                made.append(b"\n")
                continue
            record: dict[str, str] = {}
            if is_row and at == 0:
                record = dict(zip(header.names, cells, strict=False))
                for number in range(len(header.names), len(cells)):
                    record[f"{number + 1}"] = cells[number]
            record[""] = text
            made.append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def _try_again(self, begins: int) -> None:
        """Give the lines back that follow the first one of what can't be read as a row."""
        raw = self._chunk.raw
        if self._patience:
            self._patience -= 1
            self._back.extendleft(reversed(raw[begins + 1 :]))
            del raw[begins + 1 :]
        self._reader = self._new_reader()

    def _new_reader(self) -> csv.Reader:
        return csv.reader(self._lines(), delimiter=self._header.delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        """Yield the lines of the file, and keep them."""
        while True:
            while self._back:
                line = self._back.popleft()
                self._chunk.raw.append(line)
                yield line
            for line in self._block:
                self._chunk.raw.append(line)
                yield line
            if self._over:
                return
            self._block = io.StringIO(self._next_block().decode("utf-8", "replace"), newline="\n")

    def _next_block(self) -> bytes:
        """Return the next whole lines, about a block of them."""
        parts = [self._rest]
        size = len(self._rest)
        if b"\n" not in self._rest:
            while True:
                data = self._stream.read(BLOCK_BYTES)
                parts.append(data)
                size += len(data)
                self._over = not data
                if self._over or b"\n" in data:
                    break
                if size > _LONGEST:
                    raise InputFaultError(
                        "input/line-too-long",
                        f"a line of over {_LONGEST >> 20} MiB: the rest of the table is unchecked",
                        self._chunk.first + len(self._chunk.raw),
                    )
        data = b"".join(parts)
        cut = len(data) if self._over else data.rfind(b"\n") + 1
        self._rest = data[cut:]
        return data[:cut]


def _place_in(line: str, offset: int) -> tuple[int | None, int]:
    """Return in which cell of a line of JSON an offset is, and where in its text.

    The cell is None for the line itself under the empty name; the offset is -1 in a name.
    """
    at = 1
    for number, (name, value) in enumerate(orjson.loads(line).items()):
        at += len(orjson.dumps(name).decode()) + 1
        written = orjson.dumps(value).decode()
        if offset < at:
            return number, -1
        if offset < at + len(written):
            before = orjson.loads(f'{written[: max(1, offset - at)]}"')
            return (number if name else None), len(before)
        at += len(written) + 1
    return None, 0
