"""Character sets: what one character of a parsed regular expression stands for.

Sets are of ASCII; one more member stands for all that lies beyond it. The trees are those of the
standard library's parser.
"""

from __future__ import annotations

import re
from typing import Any

ASCII = frozenset(map(chr, range(128)))
# Stands in a set of ASCII characters for all that lies beyond them.
BEYOND = "\x80"
# The dashes of prose, U+2010 to U+2015, as raw bytes: folding reads them as a hyphen.
DASHES = r"\xe2\x80[\x90-\x95]"
_ALL = ASCII | {BEYOND}


def members_of(op: str, argument: Any, *, fold: bool = False) -> frozenset[str]:
    """Return the characters that a `LITERAL`, `NOT_LITERAL`, `IN` or `ANY` stands for.

    Args:
        op: The node's name in the tree of `re._parser`.
        argument: What the tree says of it.
        fold: Counts both cases of a letter.
    """
    if op == "ANY":
        return _ALL - {"\n"}
    if op == "LITERAL":
        return _folded({chr(min(argument, 128))}, fold=fold)
    if op == "NOT_LITERAL":
        return _ALL - _folded({chr(argument)}, fold=fold)
    found: set[str] = set()
    for kind, value in argument:
        found |= _item(str(kind), value)
    if str(argument[0][0]) == "NEGATE":
        return _ALL - _folded(found - {BEYOND}, fold=fold)
    return _folded(found, fold=fold) & _ALL


def spelt(chars: frozenset[str]) -> str:
    """Return the inside of a bracket expression for some characters, at least one."""
    codes = sorted(map(ord, chars))
    out: list[str] = []
    start = previous = codes[0]
    for code in [*codes[1:], 1 << 10]:
        if code != previous + 1:
            out.append(
                rf"\x{start:02x}" if start == previous else rf"\x{start:02x}-\x{previous:02x}"
            )
            start = code
        previous = code
    return "".join(out)


def _item(kind: str, value: Any) -> set[str]:
    if kind == "LITERAL":
        return {chr(min(value, 128))}
    if kind == "RANGE":
        inside = {chr(code) for code in range(value[0], min(value[1], 127) + 1)}
        return inside | {BEYOND} if value[1] > 127 else inside
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.removeprefix("NOT_")]
        letter = letter.upper() if name.startswith("NOT_") else letter
        return {char for char in ASCII if re.match(rf"\{letter}", char)} | {BEYOND}
    return set()


def _folded(chars: set[str], *, fold: bool) -> frozenset[str]:
    if not fold:
        return frozenset(chars)
    return frozenset({c.lower() for c in chars} | {c.upper() for c in chars} | chars)
