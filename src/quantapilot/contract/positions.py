"""JSON with places: every value of a text with its pointer and its span, duplicate keys included.

Ordinary parsers drop both, so this one reads the few lines that need a closer look: failing ones
and those with candidates. Strings are decoded by the standard library; nesting costs no stack.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # C-accelerated, not in typeshed
from typing import TYPE_CHECKING, Any, Literal

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 1024

Pointer = tuple[str | int, ...]
Kind = Literal["object", "array", "string", "number", "literal"]

_SPACE = lazy(r"[ \t\r\n]*")
_SCALAR = lazy(
    r"(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])|-?Infinity|NaN)"
    r"|(?P<literal>true|false|null)"
)
# What is left of a number or a literal where a text was cut within it.
_CUT = lazy(r"(?:-?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?)?)?|tr?u?|fa?l?s?|nu?l?|Na?|-?I[a-z]{0,6})\Z")
_STRING = lazy(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# What stands for one character of a string; two escapes where it lies beyond U+FFFF.
_UNIT = lazy(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|[^\\]",
    re.DOTALL,
)
# A member whose key has no escapes and whose value is no container, up to the next one.
_PASSED = lazy(r'"([^"\\]*+)"\s*+:\s*+(?:"(?:[^"\\]++|\\.)*+"|[^"\[\]{},\s]++)\s*+,\s*+', re.DOTALL)
_NESTING = lazy(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_OPEN: dict[str, Kind] = {"{": "object", "[": "array"}
_CLOSE: dict[Kind, str] = {"object": "}", "array": "]"}


class JsonTextError(ValueError):
    """The text is not JSON at `offset`; `reason` is one of `syntax`, `end` and `depth`."""

    def __init__(
        self, message: str, offset: int, reason: Literal["syntax", "end", "depth"]
    ) -> None:
        super().__init__(message)
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """A value in a JSON text: what it is, where, and under which key.

    `text` is the decoded string, or a number or literal as written; it has no repr, since it may
    be what must not be shown. `key_at` is the offset of the key's opening quote.
    """

    pointer: Pointer
    kind: Kind
    start: int
    end: int
    text: str = ""
    key_at: int | None = None
    duplicate: bool = False

    @property
    def name(self) -> str:
        """Return the nearest key above the value, which names it; empty at the top."""
        return next((part for part in reversed(self.pointer) if isinstance(part, str)), "")


@dataclass(frozen=True, slots=True)
class _Place:
    pointer: Pointer
    key_at: int | None
    duplicate: bool


@dataclass(slots=True)
class _Open:
    kind: Kind
    place: _Place
    start: int
    at: int
    keys: set[str] = field(default_factory=set)
    count: int = 0


def read(text: str, start: int = 0) -> tuple[list[Node], int]:
    """Return the nodes of the JSON value at `start`, parents before members, and where it ends.

    `NaN` and `Infinity` are read as numbers, so that what stands beside them is still seen.

    Raises:
        JsonTextError: The text is no JSON value there, ends within it, or nests over `MAX_DEPTH`.
    """
    nodes: list[Node] = []
    stack: list[_Open] = []
    place = _Place((), None, duplicate=False)
    position = _space(text, start)
    while True:
        kind = _OPEN.get(text[position : position + 1])
        if kind is None:
            nodes.append(_scalar(text, position, place))
            position = nodes[-1].end
        else:
            if len(stack) == MAX_DEPTH:
                raise JsonTextError(f"nested deeper than {MAX_DEPTH:,} levels", position, "depth")
            stack.append(_Open(kind, place, position, len(nodes)))
            nodes.append(Node(place.pointer, kind, position, position))
            position = _space(text, position + 1)
            if text[position : position + 1] != _CLOSE[kind]:
                place, position = _member(text, position, stack[-1])
                continue
            position = _close(nodes, stack.pop(), position)
        while stack:
            position = _space(text, position)
            mark = text[position : position + 1]
            if mark == ",":
                place, position = _member(text, _space(text, position + 1), stack[-1])
                break
            if mark != _CLOSE[stack[-1].kind]:
                raise _unexpected(text, position, f"',' or the end of the {stack[-1].kind}")
            position = _close(nodes, stack.pop(), position)
        else:
            return nodes, position


def line_spans(data: bytes) -> list[tuple[int, int]]:
    """Return the spans of the lines of a block, newlines left out."""
    spans: list[tuple[int, int]] = []
    start, size = 0, len(data)
    while start < size:
        stop = data.find(b"\n", start)
        stop = size if stop < 0 else stop
        spans.append((start, stop))
        start = stop + 1
    return spans


def string_offsets(text: str, quote: int) -> list[int]:
    """Return where each character of a JSON string stands in a text, and last where it ends.

    Args:
        text: The text; what stands there must be a string that `read` has read.
        quote: The offset of its opening quote.
    """
    found = _STRING.match(text, quote)
    end = found.end() - 1 if found else len(text)
    if "\\" not in text[quote:end]:
        return list(range(quote + 1, end + 1))
    return [unit.start() for unit in _UNIT.finditer(text, quote + 1, end)] + [end]


def pointer_of(parts: Sequence[str | int]) -> str:
    """Return an RFC 6901 pointer; the empty string is the whole document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def steps_of(pointer: str) -> tuple[str, ...]:
    """Return the steps of an RFC 6901 pointer; those into arrays are text as well."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def followed(value: Any, pointer: str) -> Any:
    """Return what an RFC 6901 pointer names in a parsed document.

    Raises:
        KeyError, IndexError, ValueError, TypeError: It leads nowhere.
    """
    for step in steps_of(pointer):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def span(text: str, pointer: Sequence[str | int], start: int = 0) -> tuple[int, int]:
    """Return where the value that `pointer` names begins and ends.

    The text must be a JSON document that holds it, without duplicate keys: unlike `read` this
    looks at the way there only, and at nothing else.
    """
    position = _space(text, start)
    for part in pointer:
        position = _space(text, position + 1)
        count = 0
        while True:
            if isinstance(part, str):
                while (passed := _PASSED.match(text, position)) and passed[1] != part:
                    position = passed.end()
                key, after = _key(text, position)
                if key == part:
                    position = after
                    break
                position = after
            elif count == part:
                break
            count += 1
            position = _space(text, _space(text, _skip(text, position)) + 1)
    return position, _skip(text, position)


def _skip(text: str, position: int) -> int:
    """Return where the value at `position` ends."""
    first = text[position]
    if first == '"':
        found = _STRING.match(text, position)
    elif first in _OPEN:
        depth = 0
        for token in _NESTING.finditer(text, position):
            depth += (token[0] in _OPEN) - (token[0] in {"}", "]"})
            if not depth:
                return token.end()
        found = None
    else:
        found = _SCALAR.match(text, position)
    if found is None:
        raise _unexpected(text, position, "a JSON value")
    return found.end()


def locate(text: str, pointer: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column, counted from 1, of the value that `pointer` names.

    Where the pointer leads nowhere, the place of its nearest existing parent is returned.

    Raises:
        JsonTextError: The text is no JSON.
    """
    nodes, _ = read(text)
    by_pointer = {node.pointer: node for node in nodes}
    wanted = tuple(pointer)
    while wanted not in by_pointer:
        wanted = wanted[:-1]
    return Lines(text).place(by_pointer[wanted].start)


def locate_pointer(text: str, pointer: str) -> tuple[int, int]:
    """Return as `locate` does the place of what an RFC 6901 pointer names.

    Raises:
        JsonTextError: The text is no JSON.
    """
    nodes, _ = read(text)
    by_pointer = {pointer_of(node.pointer): node for node in nodes}
    while pointer not in by_pointer:
        pointer = pointer.rpartition("/")[0]
    return Lines(text).place(by_pointer[pointer].start)


def _member(text: str, position: int, parent: _Open) -> tuple[_Place, int]:
    at, parent.count = parent.count, parent.count + 1
    if parent.kind == "array":
        return _Place((*parent.place.pointer, at), None, duplicate=False), position
    key, after = _key(text, position)
    place = _Place((*parent.place.pointer, key), position, duplicate=key in parent.keys)
    parent.keys.add(key)
    return place, after


def _close(nodes: list[Node], opened: _Open, position: int) -> int:
    place, end = opened.place, position + 1
    nodes[opened.at] = Node(
        place.pointer, opened.kind, opened.start, end, "", place.key_at, place.duplicate
    )
    return end


def _scalar(text: str, position: int, place: _Place) -> Node:
    pointer, key_at, duplicate = place.pointer, place.key_at, place.duplicate
    if text[position : position + 1] == '"':
        value, end = _string(text, position)
        return Node(pointer, "string", position, end, value, key_at, duplicate)
    found = _SCALAR.match(text, position)
    if found is None:
        raise _unexpected(text, position, "a JSON value")
    kind: Kind = "number" if found["number"] is not None else "literal"
    return Node(pointer, kind, position, found.end(), found[0], key_at, duplicate)


def _key(text: str, position: int) -> tuple[str, int]:
    if text[position : position + 1] != '"':
        raise _unexpected(text, position, "a key in double quotes")
    key, end = _string(text, position)
    end = _space(text, end)
    if text[end : end + 1] != ":":
        raise _unexpected(text, end, "':' after the key")
    return key, _space(text, end + 1)


def _string(text: str, position: int) -> tuple[str, int]:
    try:
        value, end = scanstring(text, position + 1, False)
    except ValueError:
        if _STRING.match(text, position) is None:
            raise JsonTextError("ends within a string", position, "end") from None
        raise JsonTextError("bad escape in a string", position, "syntax") from None
    return value, end


def _space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _unexpected(text: str, position: int, wanted: str) -> JsonTextError:
    if position >= len(text) or (wanted == "a JSON value" and _CUT.match(text, position)):
        return JsonTextError(f"ends where {wanted} should stand", position, "end")
    return JsonTextError(f"expected {wanted}", position, "syntax")


class Lines:
    """Turns offsets of one text into lines and columns, both counted from 1."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._first = first_line

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, in characters, of an offset."""
        at = bisect_right(self._starts, offset) - 1
        return self._first + at, offset - self._starts[at] + 1
