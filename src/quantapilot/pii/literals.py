"""Literals: what an ASCII text must contain for a pattern to match in it at all.

To look for some thousand short strings in a payload takes less than to compile one automaton for
it. Letters count in either case, and all digits alike, so that a run of digits is a literal too.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from quantapilot.charsets import members_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIGITS = frozenset("0123456789")
_SHAPE = str.maketrans("123456789", "000000000")
# How much a character says: digits fill ids.
_SAYS, _DIGIT_SAYS = 4, 1
# More ways to begin are looked for sooner by the pattern itself.
_MOST = 256
_LONGEST_REPEAT = 16
# What a pattern asks for that matches in no ASCII text.
_NOT_ASCII = "\x80"


def shape(text: str) -> str:
    """Return an ASCII text as literals see it: in lower case, with zeros for digits."""
    return text.lower().translate(_SHAPE)


def literals(pattern: str) -> tuple[str, ...]:
    """Return strings of which the shape of each ASCII text that a pattern matches has one.

    Where the tuple is empty any text may match.

    Args:
        pattern: One that RE2 reads in Latin-1, written so that `re` reads it alike.
    """
    from re import _parser  # type: ignore[attr-defined]

    found = _needed(list(_parser.parse(pattern)))
    if found is None or len(found) > _MOST:
        return ()
    return tuple(sorted(found)) or (_NOT_ASCII,)


def _needed(items: Sequence[Any]) -> frozenset[str] | None:
    """Return the strings of which a sequence needs one; of several such sets what says most.

    The empty set stands for what matches in no ASCII text, None for what needs nothing.
    """
    best: frozenset[str] | None = None
    run = ""
    for each in (*_pieces(items), None):
        if isinstance(each, str):
            run += each
            continue
        for needed in (frozenset({run}) if run else None, each):
            if needed is not None and (best is None or _says(needed) > _says(best)):
                best = needed
        run = ""
    return best


def _pieces(items: Sequence[Any]) -> Iterator[str | frozenset[str] | None]:
    """Yield a sequence as characters that follow each other, and what stands between such runs."""
    for op, argument in items:
        name = str(op)
        if name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            yield _character(name, tuple(argument) if name == "IN" else argument)
        elif name == "SUBPATTERN":
            yield from _pieces(list(argument[3]))
        elif name == "BRANCH":
            ways = [list(way) for way in argument[1]]
            ways = [way for way in ways if _needed(way) != frozenset()]
            if len(ways) == 1:
                yield from _pieces(ways[0])
            else:
                needed = list(map(_needed, ways))
                yield None if None in needed else frozenset().union(*filter(None, needed))
        elif name.endswith("_REPEAT") and argument[0]:
            for _ in range(min(argument[0], _LONGEST_REPEAT)):
                yield from _pieces(list(argument[2]))
            if argument[0] != argument[1] or argument[0] > _LONGEST_REPEAT:
                yield None
        else:
            yield None


@cache
def _character(op: str, argument: Any) -> str | frozenset[str] | None:
    members = frozenset(char.lower() for char in members_of(op, argument) if char < "\x80")
    if members and members <= _DIGITS:
        return "0"
    if len(members) > 1:
        return None
    return next(iter(members), frozenset())


def _says(needed: frozenset[str]) -> float:
    """Return how much the least of some strings says; no text has what matches in none."""
    least = (sum(_DIGIT_SAYS if char == "0" else _SAYS for char in one) for one in needed)
    return min(least, default=float("inf"))
