"""CSV as lines of JSON: a row is an object with the header's names, so that field names count.

Each line of the file is one line here, and holds itself under the empty name besides the cells of
the row that begins in it. So everything is found that a search of the plain text finds, across
cells too, and nothing is passed over that can't be read as a row. What is found twice is told
once, with its column's name.

The standard library's reader is used rather than pyarrow's: it knows in which line a row begins.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import orjson

from quantapilot.inputs.blocks import BLOCK_BYTES, BOM
from quantapilot.inputs.forms.csv_header import header_of
from quantapilot.inputs.forms.csv_places import Places
from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.findings import Finding
    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.forms import Form

# A longer line ends the input: none is kept in memory whole.
_LONGEST: Final = 64 << 20
# A row of more characters is searched as text only, so that its line here stays below the limit
# whenever its lines in the file do.
_LONG_ROW: Final = 1 << 20
# Bytes that are read at once: as JSON, with themselves beside, they are some blocks.
_READ: Final = BLOCK_BYTES // 2
# Stands for what is put into a row; no header holds it.
_HOLE: Final = "\0"
# What JSON in a string begins with; a line that does so is led by a comma, to be read as text.
_OPENING: Final = frozenset('{["')
# So many characters behind lines that can't be read are tried again as rows of their own.
_PATIENCE: Final = 4 << 20


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
    made: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


class _Rows:
    """The rows of a CSV file."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        header = header_of(head)
        if header is None:
            raise InputFaultError("input/damaged", "the first row of the table names no columns")
        self._header = header
        self._stream = stream
        self._begin = "\ufeff" if head.startswith(BOM) else ""
        self._rest = head.removeprefix(BOM)
        self._over = False
        self._fault: InputFaultError | OSError | None = None
        self._patience = _PATIENCE
        self._chunk = self._before = _Chunk(1)
        self._dialect = csv.reader((), delimiter=header.delimiter, strict=True).dialect
        names = "".join(f'{_json(name)}:"{_HOLE}",' for name in header.names)
        self._plain = f'{{{names}"":"{_HOLE}"}}\n'.replace("%", "%%").replace(_HOLE, "%s")
        # What a string of JSON can't hold as it is, or opens one. Tabs between cells are escaped
        # apart.
        tab = "" if header.delimiter == "\t" else "\t"
        self._special = re.compile(rf'[\0-\x08\n-\x1f"\\{tab}]|\A\s*[{{\[]')
        # What was told of cells, by class and place, up to which line, and what of which names.
        self._told: set[tuple[str | None, int, int]] = set()
        self._told_to = 0
        self._told_names: set[tuple[str, int]] = set()
        # Of the row, by its line, that was asked for last.
        self._places: tuple[int, Places] | None = None

    def read(self, size: int, /) -> bytes:  # noqa: ARG002
        """Return the next lines; none at the end.

        Raises:
            InputFaultError: The file is damaged, or a line of it too long.
            OSError: It can't be read.
        """
        chunk = _Chunk(self._chunk.first + len(self._chunk.raw))
        self._before, self._chunk = self._chunk, chunk
        self._told.clear()
        chunk.raw = self._next_lines()
        at = 0
        while at < len(chunk.raw):
            if chunk.first + at <= self._header.line:
                at = self._text(chunk, at, 1)
            else:
                at = self._row(chunk, at)
        begin, self._begin = self._begin, ""
        return f"{begin}{''.join(chunk.made)}".encode()

    def placed(self, finding: Finding, /) -> Finding | None:
        """Return a finding where it stands in the file; None where it is told already."""
        line, column = finding.line, finding.column
        if line is None or column is None:
            return finding
        chunk = self._chunk if line >= self._chunk.first else self._before
        at = line - chunk.first
        if not 0 <= at < len(chunk.raw):
            return finding
        if finding.pointer is None:
            return replace(finding, column=1)
        places = self._places_of(chunk, at)
        cell, offset = places.cell(column - 1)
        if cell is None:
            led = chunk.raw[at] != _led(chunk.raw[at])
            return self._in_text(finding, line, offset + 1 - led, ": ," if led else ": ")
        if offset < 0:
            return self._in_name(finding, cell)
        below, column = places.place(cell, offset)
        found_at = line + below
        self._told.add((finding.pii_class, found_at, column))
        self._told_to = max(self._told_to, line + chunk.rows[at] - 1)
        return replace(finding, line=found_at, column=column)

    def _places_of(self, chunk: _Chunk, at: int) -> Places:
        if self._places is None or self._places[0] != chunk.first + at:
            raw = "\n".join(chunk.raw[at : at + chunk.rows[at]])
            places = Places(chunk.made[at], raw, self._header.delimiter)
            self._places = chunk.first + at, places
        return self._places[1]

    def _in_text(self, finding: Finding, line: int, column: int, led: str) -> Finding | None:
        """Return what was found in a line as it stands, where no cell of it tells the same.

        The line's beginning is led by some signs in the excerpt.
        """
        if (finding.pii_class, line, column) in self._told:
            return None
        excerpt, caret = finding.excerpt, finding.caret
        if line <= self._told_to:
            # What was found in a cell need not be known in the text around this place.
            excerpt = f"<{finding.pii_class}>"
            caret = 0, len(excerpt)
        elif excerpt is not None:
            cut = len(led if excerpt.startswith(led) else ": ")
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

    def _row(self, chunk: _Chunk, at: int) -> int:
        """Make the lines of the row that begins at one; return where the next row begins."""
        line, made = chunk.raw[at], chunk.made
        delimiter, names = self._header.delimiter, self._header.names
        if not self._special.search(line):
            cells, text = line.split(delimiter), line
            if len(cells) == len(names) and len(line) < _LONG_ROW:
                if delimiter == "\t":
                    text = line.replace("\t", "\\t")
                made.append(self._plain % (*cells, text))
                chunk.rows.append(1)
                return at + 1
            lines = 1
        else:
            try:
                cells, lines = next(csv.reader((line,), self._dialect)), 1
            except csv.Error:
                cells, lines = self._long_row(chunk, at)
        if not cells or sum(map(len, cells)) > _LONG_ROW:
            return self._text(chunk, at, lines)
        record = dict(zip(names, cells, strict=False))
        for more in range(len(names), len(cells)):
            record[f"{more + 1}"] = cells[more]
        record[""] = _led(line)
        made.append(f"{_json(record)}\n")
        chunk.rows.append(lines)
        return at + 1 if lines == 1 else self._text(chunk, at + 1, lines - 1)

    def _text(self, chunk: _Chunk, at: int, count: int) -> int:
        """Make lines in which no row begins; return where the next one stands."""
        for line in chunk.raw[at : at + count]:
            made = f"{_json({'': _led(line)})}\n" if line.strip() else "\n"
            chunk.made.append(made)
            chunk.rows.append(0)
        return at + count

    def _long_row(self, chunk: _Chunk, at: int) -> tuple[list[str], int]:
        """Return the cells of the row that begins at a line, and how many lines it has.

        No cells are those of what can't be read as a row.
        """
        reader = csv.reader(self._lines(chunk, at), self._dialect)
        try:
            return next(reader), reader.line_num
        except StopIteration:
            return [], 1
        except csv.Error:
            lines = max(1, reader.line_num)
            self._patience -= sum(map(len, chunk.raw[at : at + lines]))
            return [], (1 if self._patience > 0 else lines)

    def _lines(self, chunk: _Chunk, at: int) -> Iterator[str]:
        """Yield the lines from one on, as many as a row may need."""
        left = _LONG_ROW
        while left > 0 and (at < len(chunk.raw) or self._more(chunk)):
            yield f"{chunk.raw[at]}\n"
            left -= len(chunk.raw[at])
            at += 1

    def _more(self, chunk: _Chunk) -> bool:
        """Read on in the middle of a row; tell whether there is more."""
        try:
            more = self._next_lines()
        except (InputFaultError, OSError) as fault:
            # What was read before is told first.
            self._fault = fault
            return False
        chunk.raw += more
        return bool(more)

    def _next_lines(self) -> list[str]:
        """Return the next whole lines, without their ends; none at the end of the file."""
        if self._fault is not None:
            raise self._fault
        parts, size, ends = [self._rest], len(self._rest), b"\n" in self._rest
        while not (ends or self._over):
            parts.append(self._stream.read(_READ))
            size += len(parts[-1])
            ends, self._over = b"\n" in parts[-1], not parts[-1]
            if size > _LONGEST:
                raise InputFaultError(
                    "input/line-too-long",
                    f"a line of over {_LONGEST >> 20} MiB: the rest of the table is unchecked",
                    self._chunk.first + len(self._chunk.raw),
                )
        data = b"".join(parts)
        cut = len(data) if self._over else data.rfind(b"\n") + 1
        self._rest = data[cut:]
        text = data[:cut].decode("utf-8", "replace").replace("\r\n", "\n")
        return text.removesuffix("\n").split("\n") if text else []


def _led(line: str) -> str:
    return f",{line}" if line.lstrip()[:1] in _OPENING else line


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
