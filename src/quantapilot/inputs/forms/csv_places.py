"""Places of CSV: from a line of JSON that a row became back to the characters of the file.

A row may have many findings and be long, so each part of it is read once, and a place looked up.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence


class Places:
    """Where the cells of one row are, in its line of JSON and in its lines of the file.

    Args:
        made: The line of JSON.
        raw: The lines, as the file has them.
        delimiter: What separates the cells.
    """

    def __init__(self, made: str, raw: str, delimiter: str) -> None:
        self._made = made
        self._raw = raw
        self._delimiter = delimiter
        self._lines = [0, *(found.end() for found in re.finditer("\n", raw))]
        self._names: list[str] = []
        # Where the value of each cell begins in the line of JSON.
        self._values: list[int] = []
        self._behind: list[int] = []
        at = 1
        for name, value in orjson.loads(made).items():
            at += len(orjson.dumps(name).decode()) + 1
            self._names.append(name)
            self._values.append(at)
            at += len(orjson.dumps(value).decode())
            self._behind.append(at)
            at += 1
        self._characters: dict[int, Sequence[int]] = {}
        self._cells: list[tuple[int, Sequence[int]]] = []

    def cell(self, offset: int) -> tuple[int | None, int]:
        """Return in which cell an offset of the line of JSON is, and where in its text.

        The cell is None for the line itself under the empty name; the offset is -1 in a name.
        """
        number = bisect_right(self._behind, offset)
        if number >= len(self._names):
            return None, 0
        if offset < self._values[number]:
            return number, -1
        if number not in self._characters:
            units = _WRITTEN.finditer(
                self._made, self._values[number] + 1, self._behind[number] - 1
            )
            self._characters[number] = [unit.start() for unit in units]
        into = max(0, bisect_right(self._characters[number], offset) - 1)
        return (number if self._names[number] else None), into

    def place(self, cell: int, offset: int) -> tuple[int, int]:
        """Return where a character of a cell stands: in which line of the row, and its column.

        Args:
            cell: The number of the cell, from 0.
            offset: Where in its text the character is.
        """
        while len(self._cells) <= cell:
            self._cells.append(self._next_cell())
        at, characters = self._cells[cell]
        at = characters[min(offset, len(characters) - 1)] if characters else at + offset
        line = bisect_right(self._lines, at) - 1
        return line, at - self._lines[line] + 1

    def _next_cell(self) -> tuple[int, Sequence[int]]:
        """Return where the next cell begins, and of a quoted one where each character stands."""
        pattern = _cell(self._delimiter)
        at = 0
        if self._cells:
            passed = pattern.match(self._raw, self._cells[-1][0])
            at = passed.end() + 1 if passed else self._cells[-1][0]
        found = pattern.match(self._raw, at)
        if found is None or found[1] is None:
            return at, ()
        # A quote in a quoted cell is written twice.
        units = _CHARACTER.finditer(self._raw, found.start(1), found.end(1))
        return at, [*(unit.start() for unit in units), found.end(1)]


# A character as JSON writes it, and as a quoted cell does.
_WRITTEN = re.compile(r"\\u[0-9a-f]{4}|\\.|[^\\]", re.DOTALL)
_CHARACTER = re.compile(r'""|[^"]')


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'"((?:[^"]++|"")*+)"|([^{re.escape(delimiter)}\n]*+)')
