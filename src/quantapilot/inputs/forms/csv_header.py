"""The first row of a CSV file: which sign separates its cells, and whether it names the columns.

A first row that is data would have its values taken for names, so only one that looks like names
is a header; a file without one is read as plain text.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from quantapilot.inputs.blocks import BOM, is_binary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    found = [(delimiter, _names(whole, delimiter)) for delimiter in _DELIMITERS]
    delimiter, names = max(found, key=lambda each: len(each[1]))
    return Header(delimiter, names, 1 + text.count("\n", 0, blank)) if names else None


def _names(lines: Sequence[str], delimiter: str) -> tuple[str, ...]:
    """Return the names in the first of some lines; none where it is not a header."""
    rows = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        cells = next(rows)
    except csv.Error:
        return ()
    if rows.line_num > 1 or not any(cell.strip() for cell in cells):
        return ()
    if not all(_NAME.fullmatch(cell) or not cell.strip() for cell in cells):
        return ()
    if _repeated(cells, rows):
        return ()
    return _unique(cells)


def _repeated(cells: Sequence[str], rows: Iterator[list[str]]) -> bool:
    """Tell whether a row below repeats a cell of the first one in the same column."""
    try:
        for row in islice(rows, _COMPARED):
            if any(cell and cell == below for cell, below in zip(cells, row, strict=False)):
                return True
    except csv.Error:
        # The row that was cut, or one that can't be read.
        return False
    return False


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
