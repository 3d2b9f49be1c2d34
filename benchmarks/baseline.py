"""Seven regexes: what a project writes in an afternoon, one for each kind of personal data.

They are run over whole lines, as a grep in CI would.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SEVEN = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+",
        r"(?:\+\d{1,3}[ -]?)?\(?\d{2,4}\)?[ -]\d{3,4}[ -]\d{3,4}",
        r"\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z][a-z]+|\b(?:by|to|from) [A-Z][a-z]+ [A-Z][a-z]+",
        r"(?i)(?:password|secret|token|api[_-]?key)[\"']?\s*[=:]\s*[\"']?[^\s\"',]{6,}",
        r"\b(?:gh[pousr]_\w{30,}|sk[-_]\w[\w-]{20,}|AKIA[0-9A-Z]{16}|xox[bp]-[\w-]{20,})",
        r"\b\d{3}-\d{2}-\d{4}\b|\b(?:\d{4}[ -]?){3}\d{4}\b",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    )
)


def flagged(lines: Iterable[str]) -> set[int]:
    """Return the numbers of the lines, from 1, in which one of the seven matches."""
    return {
        number
        for number, line in enumerate(lines, 1)
        if any(pattern.search(line) for pattern in SEVEN)
    }
