"""Places of CSV: from a line of JSON that a row became back to the characters of the file."""

from __future__ import annotations

import re
from functools import cache

import orjson


def place_in(line: str, offset: int) -> tuple[int | None, int]:
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


def offset_in(raw: str, delimiter: str, cell: int, offset: int) -> int:
    """Return where a character of a cell stands in the lines of its row.

    Args:
        raw: The lines, as the file has them.
        delimiter: What separates the cells.
        cell: The number of the cell, from 0.
        offset: Where in its text the character is.
    """
    pattern = _cell(delimiter)
    at = 0
    for _ in range(cell):
        passed = pattern.match(raw, at)
        at = passed.end() + 1 if passed else at
    found = pattern.match(raw, at)
    if found is None or found[1] is None:
        return at + offset
    at += 1
    for _ in range(offset):
        # A quote in a quoted cell is written twice.
        at += 2 if raw.startswith('""', at) else 1
    return at


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'"((?:[^"]++|"")*+)"|([^{re.escape(delimiter)}\n]*+)')
