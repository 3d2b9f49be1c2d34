"""Texts that a regular expression matches, drawn by a random generator.

The same generator draws the same text on every machine: what a set of characters holds is sorted
before one is chosen. Lookarounds and boundaries are passed over, so a text may not match.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any

from quantapilot.charsets import BEYOND, members_of
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.sampled_scalars import Draw

# So often at most is repeated what may be repeated without end, or very often.
_USUALLY = 8
_AT_A_LIMIT = 300
_MANY = 24
# The first of these that a set shares members with is chosen from.
_LIKED = tuple(map(frozenset, (string.ascii_lowercase + string.digits, string.ascii_letters)))
_PRINTED = frozenset(string.printable) - frozenset(string.whitespace) | {" "}


def matching(draw: Draw, pattern: str) -> str:
    """Return a text that a pattern (ECMA-262, as far as Python reads it) is meant to match.

    Raises:
        ContractError: Python can't read the pattern.
    """
    from re import _parser  # type: ignore[attr-defined]

    try:
        tree = list(_parser.parse(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise ContractError(f"no text can be drawn from the pattern {pattern}") from error
    return _joined(draw, tree, {})


def _joined(draw: Draw, tree: Sequence[Any], groups: dict[int, str]) -> str:
    return "".join(_drawn(draw, str(op), argument, groups) for op, argument in tree)


def _drawn(draw: Draw, op: str, argument: Any, groups: dict[int, str]) -> str:
    made = ""
    match op:
        case "LITERAL":
            made = chr(argument)
        case "NOT_LITERAL" | "IN" | "ANY":
            made = _character(draw, op, argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, tree = argument
            made = "".join(_joined(draw, tree, groups) for _ in range(_times(draw, least, most)))
        case "BRANCH":
            made = _joined(draw, draw.random.choice(argument[1]), groups)
        case "SUBPATTERN":
            made = _joined(draw, argument[3], groups)
            groups[argument[0] or 0] = made
        case "ATOMIC_GROUP":
            made = _joined(draw, argument, groups)
        case "GROUPREF":
            made = groups.get(argument, "")
    return made


def _character(draw: Draw, op: str, argument: Any) -> str:
    if op == "IN" and (far := _beyond(draw, argument)):
        return far
    members = members_of(op, argument)
    if not draw.edge:
        for liked in (*_LIKED, _PRINTED):
            if some := members & liked:
                return draw.random.choice(sorted(some))
    made: str = draw.random.choice(sorted(members))
    return "é" if made == BEYOND else made


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


def _times(draw: Draw, least: int, most: int) -> int:
    if draw.extra is not None:
        return min(int(most), least + draw.extra)
    if draw.edge:
        limit = int(most) if int(most) <= _AT_A_LIMIT else least + _MANY
        return draw.random.choice((least, limit))
    return draw.random.randint(least, min(int(most), least + _USUALLY))
