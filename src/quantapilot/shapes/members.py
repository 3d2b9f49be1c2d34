"""Members: the fields of one log record, as they are judged and where they stand in the input.

Values are copied as they are written wherever that is possible, so that nothing about them is lost
or made better, and a place in the copy is a place in the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantapilot.contract.positions import Pointer

# A member whose value is no container, or all of one that comes before its value.
_MEMBER = lazy(
    r'[ \t\r\n]*+("(?:[^"\\]++|\\.)*+")[ \t\r\n]*+:[ \t\r\n]*+'
    r'("(?:[^"\\]++|\\.)*+"|-?[0-9][0-9.eE+-]*+|true|false|null)?[ \t\r\n]*+([,}])?'
)
_NESTING = lazy(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]')
_BEHIND = lazy(r"[ \t\r\n]*+([,}])")
_START = lazy(r"[ \t\r\n]*+\{")


class Entry(NamedTuple):
    """A record: its fields, where it begins in the input, and whether it is judged at all."""

    members: Sequence[Member]
    at: int = 0
    steps: Pointer = ()
    judged: bool = True


class Member(NamedTuple):
    """A field of a record: key and value as JSON, and where both stand.

    `key_at` and `at` are offsets of key and value in the input, or in the JSON string that begins
    at the offset `inside` of it. `steps` is the pointer in the input. `own` tells that the field
    belongs to the shape: the contract is not asked about it.
    """

    key: str
    value: str
    key_at: int
    at: int
    steps: Pointer
    own: bool = False
    inside: int = -1

    def __repr__(self) -> str:
        """Return no more than the place: a value may be what must not be shown."""
        return f"Member(at={self.at})"


def quoted(text: str) -> str:
    """Return a text as a JSON string."""
    return orjson.dumps(text.encode("utf-8", "replace").decode()).decode()


def name_of(key: str) -> str:
    """Return the name that a JSON string is; one that no text can hold has no name."""
    if "\\" not in key:
        return key[1:-1]
    try:
        name = orjson.loads(key)
    except orjson.JSONDecodeError:
        return "\ufffd"
    return str(name)


def written(entry: Entry) -> tuple[str, str]:
    """Return what is judged of a record, and what is the shape's own, as JSON objects.

    Each is empty where there is none.
    """
    judged = [(each.key, each.value) for each in entry.members if not each.own]
    own = [(each.key, each.value) for each in entry.members if each.own]
    return (
        object_of(judged) if judged or entry.judged else "",
        object_of(own) if own else "",
    )


def object_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the JSON object of some keys and values that are JSON already."""
    return f"{{{','.join([f'{key}:{value}' for key, value in pairs])}}}"


def laid_out(entry: Entry) -> tuple[list[int], list[Member]]:
    """Return where the key of each member begins in what `written` returns, and the members.

    Offsets count in what is judged of a record and go on in what is the shape's own.
    """
    starts: list[int] = []
    members: list[Member] = []
    position = 0
    for own in (False, True):
        chosen = [each for each in entry.members if each.own is own]
        if not own and not chosen and entry.judged:
            position = len("{}")
        for member in chosen:
            position += 1
            starts.append(position)
            members.append(member)
            position += len(member.key) + 1 + len(member.value)
        position += bool(chosen)
    return starts, members


def members_of(text: str) -> list[Member] | None:
    """Return the members of a JSON object that is all of a text; None where it is none.

    Values are not read, only where they end.
    """
    start = _START.match(text)
    if start is None:
        return None
    found: list[Member] = []
    position, match = start.end(), _MEMBER.match
    while True:
        member = match(text, position)
        if member is None:
            return None
        key, value, ends = member.groups()
        at, position = member.start(2), member.end()
        if value is None:
            at = position
            position = _container_end(text, at)
            behind = _BEHIND.match(text, position) if position else None
            if behind is None:
                return None
            value, ends, position = text[at:position], behind[1], behind.end()
        found.append(Member(key, value, member.start(1), at, (name_of(key),)))
        if ends == "}":
            return None if text[position:].strip(" \t\r\n") else found
        if ends is None:
            return None


def _container_end(text: str, start: int) -> int:
    """Return where the container at `start` ends; 0 where there is none, or no end of it."""
    if text[start : start + 1] not in {"{", "["}:
        return 0
    depth = 0
    for token in _NESTING.finditer(text, start):
        if token[0] in {"{", "["}:
            depth += 1
        elif token[0] in {"}", "]"}:
            depth -= 1
            if not depth:
                return token.end()
    return 0
