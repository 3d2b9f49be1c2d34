"""Texts that a regular expression matches, drawn by a random generator.

The same generator draws the same text on every machine: what a set of characters holds is sorted
before one is chosen. Lookarounds and boundaries are passed over, so a text may not match.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from quantapilot.charsets import BEYOND, members_of
from quantapilot.contract.sampled_draw import UnsampledError
from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.sampled_draw import Draw

# So often at most is repeated what may be repeated without end, or very often.
_USUALLY = 8
_AT_A_LIMIT = 300
_MANY = 24
# A text that has so many characters repeats nothing more than it must.
_ENOUGH = 1000
# The first of these that a set shares members with is chosen from.
_LIKED = (
    frozenset(string.ascii_lowercase + string.digits),
    frozenset(string.ascii_letters),
    frozenset(string.printable) - frozenset(string.whitespace) | {" "},
)
# What `.` does not stand for (ECMA-262, section 12.3).
_LINE_ENDS = frozenset("\n\r")
# Engines do not agree whether these belong to `\d`, `\w` and `\s`.
_UNSURE = frozenset({BEYOND, *"\x1c\x1d\x1e\x1f"})
# A property of Unicode (ECMA-262, section 22.2.1) -> some ASCII that has it.
_PROPERTIES = {
    **dict.fromkeys(("L", "Letter", "Alphabetic", "Script=Latin"), "A-Za-z"),
    **dict.fromkeys(("Lu", "Uppercase_Letter", "Uppercase"), "A-Z"),
    **dict.fromkeys(("Ll", "Lowercase_Letter", "Lowercase"), "a-z"),
    **dict.fromkeys(("N", "Number", "Nd", "Decimal_Number"), "0-9"),
    **dict.fromkeys(("P", "Punctuation"), ".,;!?"),
    **dict.fromkeys(("Z", "Separator", "Zs", "Space_Separator"), " "),
}
_BRACKETS = lazy(r"\[|\]|\\p\{([^}]*)\}|\\.", re.DOTALL)


def matching(draw: Draw, pattern: str, least: int = 0, most: int | None = None) -> str:
    """Return a text that a pattern (ECMA-262, as far as Python reads it) is meant to match.

    Args:
        draw: What draws it.
        pattern: The pattern.
        least: How many characters it should have at least, where the pattern leaves that open.
        most: The same at most.

    Raises:
        UnsampledError: The pattern can't be read.
    """
    tree = _parsed(pattern)
    made = _Text(draw, {}).joined(tree)
    if len(made) < least or (most is not None and len(made) > most):
        made = _of_length(replace(draw, edge=False), tree, least, most)
    if len(made) < least and not pattern.startswith("^"):
        made = "x" * (least - len(made)) + made
    return made


def _of_length(draw: Draw, tree: Sequence[Any], least: int, most: int | None) -> str:
    made = _Text(draw, {}, least, most).joined(tree)
    if most is not None and len(made) > most:
        # What must stand behind a repetition needs room as well.
        made = _Text(draw, {}, least, max(0, 2 * most - len(made))).joined(tree)
    return made


@lru_cache(maxsize=1024)
def _parsed(pattern: str) -> tuple[Any, ...]:
    from re import _parser  # type: ignore[attr-defined]

    try:
        return tuple(_parser.parse(_without_properties(pattern)))
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsampledError(f"no text can be drawn from the pattern {pattern}") from error


def _without_properties(pattern: str) -> str:
    r"""Return a pattern with some ASCII in the place of `\p{L}` and the like."""
    inside = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal inside
        if found[0] in "[]":
            inside = found[0] == "["
        chars = _PROPERTIES.get(found[1] or "")
        if chars is None:
            return found[0]
        return chars if inside else f"[{chars}]"

    return _BRACKETS.sub(replaced, pattern)


@dataclass(slots=True)
class _Text:
    """A text that is being drawn: what its groups hold, and how long it is to be.

    Nothing more than must be is repeated once it has `most` characters.
    """

    draw: Draw
    groups: dict[int, str]
    least: int = 0
    most: int | None = None
    length: int = field(default=0, init=False)

    def joined(self, tree: Sequence[Any]) -> str:
        return "".join([self._drawn(str(op), argument) for op, argument in tree])

    def _drawn(self, op: str, argument: Any) -> str:
        made = ""
        match op:
            case "LITERAL":
                made = chr(argument)
                self.length += 1
            case "NOT_LITERAL" | "IN" | "ANY":
                made = _character(self.draw, op, argument)
                self.length += 1
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                made = self._repeated(*argument)
            case "BRANCH":
                made = self.joined(self.draw.random.choice(argument[1]))
            case "SUBPATTERN":
                made = self.joined(argument[3])
                self.groups[argument[0] or 0] = made
            case "ATOMIC_GROUP":
                made = self.joined(argument)
            case "GROUPREF":
                made = self.groups.get(argument, "")
        return made

    def _repeated(self, least: int, most: int, tree: Sequence[Any]) -> str:
        parts = [self.joined(tree) for _ in range(int(least))]
        more = self._times(int(least), int(most)) - int(least)
        enough = max(_ENOUGH, self.least) if self.most is None else self.most
        while more > 0 and self.length < enough:
            parts.append(self.joined(tree))
            more -= 1
        return "".join(parts)

    def _times(self, least: int, most: int) -> int:
        random = self.draw.random
        if self.least:
            return min(most, least + self.least + random.randint(0, _USUALLY))
        if self.draw.edge:
            return random.choice((least, most if most <= _AT_A_LIMIT else least + _MANY))
        return random.randint(least, min(most, least + _USUALLY))


def _character(draw: Draw, op: str, argument: Any) -> str:
    if op == "IN" and (far := _beyond(draw, argument)):
        return far
    liked, members = _choices(op, tuple(argument) if op == "IN" else argument)
    made = draw.random.choice(members if draw.edge else liked)
    return "é" if made == BEYOND else made


@lru_cache(maxsize=1024)
def _choices(op: str, argument: Any) -> tuple[list[str], list[str]]:
    """Return the characters of a set that are liked, and all of them."""
    members = members_of(op, argument) - (_LINE_ENDS if op == "ANY" else set())
    if op == "IN" and any(str(kind) == "CATEGORY" for kind, _ in argument):
        members -= _UNSURE
    liked = next((some for each in _LIKED if (some := members & each)), members)
    return sorted(liked), sorted(members)


def _beyond(draw: Draw, items: Sequence[Any]) -> str:
    """Return a character beyond ASCII of a set that names such, now and then."""
    codes = [
        code
        for op, value in items
        if str(op) in {"LITERAL", "RANGE"}
        for code in ([value] if str(op) == "LITERAL" else value)
        if code > 127
    ]
    if not codes or str(items[0][0]) == "NEGATE":
        return ""
    only = all(str(op) in {"LITERAL", "RANGE"} and _least(value) > 127 for op, value in items)
    return chr(draw.random.choice(codes)) if only or draw.edge else ""


def _least(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)
