"""The first row of a CSV file: which sign separates its cells, and whether it names the columns.

A first row that is data would have its values taken for names, so only one that looks like names
is a header; a file without one is read as plain text.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantapilot.inputs.blocks import BOM, is_binary

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a comment that excuses begins with: files that use them are read as text, where they count.
_EXCUSING: Final = b"qp:allow["
_DELIMITERS: Final = (",", "\t", ";", "|")
# A cell that may be a name: a letter first, no sign that addresses, assigns or quotes, few digits.
_NAME: Final = re.compile(r"[\s#*_(\[]*[^\W\d_][^@=\"\\\d]{0,63}(?:\d[^@=\"\\\d]{0,16}){0,4}")
# Rows below a header that are asked whether they repeat its cells, as data does.
_COMPARED: Final = 50


@dataclass(frozen=True, slots=True)
class Header:
    """What separates the cells of a file, the names of its columns, and where they stand.

    `line` is the number of the header's line; no name is empty, and none stands twice.
    """

    delimiter: str
    names: tuple[str, ...]
    line: int


def header_of(head: bytes) -> Header | None:
    """Return the header of a CSV file.

    Args:
        head: The file's first bytes.

    Returns:
        None where the first row names no columns, where the file is no text, and where it holds
        comments that excuse lines.
    """
    if is_binary(head) or _EXCUSING in head:
        return None
    text = head.removeprefix(BOM).decode("utf-8", "replace")
    blank = len(text) - len(text.lstrip("\r\n"))
    lines = text[blank:].split("\n", _COMPARED + 1)
    if not lines[0].strip():
        return None
    whole = lines[: _COMPARED + 1] if len(lines) > 1 else lines
    found = [(delimiter, _rows(whole, delimiter)) for delimiter in _DELIMITERS]
    delimiter, rows = max(found, key=lambda each: len(each[1][0]) if each[1] else 0)
    if not rows or not _is_names(rows[0]) or _repeated(rows[0], rows[1:]):
        return None
    return Header(delimiter, _unique(rows[0]), 1 + text.count("\n", 0, blank))


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Return the rows of some lines up to one that can't be read; the first has one line."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if not rows and reader.line_num > 1:
                break
            rows.append(row)
    except csv.Error:
        # The line that was cut, or one that is no row.
        return rows
    return rows


def _is_names(cells: Sequence[str]) -> bool:
    """Tell whether cells may be names, some of them perhaps empty."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all(_NAME.fullmatch(cell) for cell in filled)


def _repeated(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row below repeats a cell of the first one in the same column."""
    pairs = (pair for row in rows for pair in zip(cells, row, strict=False))
    return any(cell and cell == below for cell, below in pairs)


def _unique(cells: Sequence[str]) -> tuple[str, ...]:
    """Return names for columns: an empty one is its number, one that stands twice gets one."""
    names: dict[str, None] = {}
    for number, cell in enumerate(cells, start=1):
        name = shown = cell.strip() or str(number)
        again = 2
        while shown in names:
            shown, again = f"{name}_{again}", again + 1
        names[shown] = None
    return tuple(names)
