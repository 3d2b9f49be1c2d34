"""logfmt: `level=info msg="disk full"`, pairs of a key and a value on one line.

There is no specification; this is what go-kit/log and kr/logfmt write. A line with a key that has
no value, or a quote that does not end, is not read as pairs but as the text it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from quantapilot.patterns import lazy
from quantapilot.shapes.form import Lines
from quantapilot.shapes.json_lines import as_role
from quantapilot.shapes.members import Entry, Member, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.shapes.record import Record

_PAIR = lazy(r'([A-Za-z_@][\w.@/-]*+)=("(?:[^"\\]++|\\.)*+"|[^\s"=]*+)(?:[ \t]++|\Z)')
_NUMBER = lazy(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
_WORDS = frozenset({"true", "false"})
# The field of each role; of several names that mean one, a line has only one.
ROLES = {
    **dict.fromkeys(("msg", "message"), "message"),
    **dict.fromkeys(("level", "lvl"), "level"),
    **dict.fromkeys(("ts", "time", "timestamp"), "time"),
    "logger": "logger",
}


def pairs(text: str) -> list[Member] | None:
    """Return the pairs of a line, all values as text; None where it is not made of pairs."""
    line = text.rstrip(" \t\r\n")
    position = len(line) - len(line.lstrip(" \t"))
    found: list[Member] = []
    match = _PAIR.match
    while position < len(line):
        pair = match(line, position)
        if pair is None:
            return None
        key, value = pair.groups()
        if value[:1] != '"':
            value = quoted(value)
        elif _unquoted(value) is None:
            return None
        found.append(Member(f'"{key}"', value, pair.start(1), pair.start(2), (key,)))
        position = pair.end()
    return found or None


def judged(members: Sequence[Member], record: Record) -> list[Member] | None:
    """Return the pairs of a line as the contract's record; None where a key stands twice."""
    found = []
    for member in members:
        key = member.key[1:-1]
        if (role := ROLES.get(key)) is not None:
            found.append(as_role(member, role, record, {}))
        elif key in record.texts:
            found.append(member)
        else:
            bare = member.value[1:-1]
            plain = _NUMBER.fullmatch(bare) or bare in _WORDS
            found.append(member._replace(value=bare) if plain else member)
    return found if len({each.key for each in found}) == len(found) else None


def is_log(members: Sequence[Member]) -> bool:
    """Tell whether pairs are those of a log record: its level, and a message or a time."""
    roles = {ROLES.get(each.key[1:-1]) for each in members}
    return "level" in roles and ("message" in roles or "time" in roles)


class LogfmtLines(Lines):
    """Lines of pairs, as the contract's record or, without one, by their own keys."""

    def __init__(self, record: Record | None) -> None:
        self._record = record

    def entries(self, text: str) -> Sequence[Entry] | None:
        """Return the pairs of a line; None where it is not made of them."""
        found = pairs(text)
        if found and self._record is not None:
            found = judged(found, self._record)
        return [Entry(found)] if found else None


def _unquoted(value: str) -> str | None:
    try:
        text = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return text if isinstance(text, str) else None
