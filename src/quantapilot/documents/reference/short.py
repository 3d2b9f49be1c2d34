"""Short names of events: without the words that all of them begin with."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def shortened(names: Iterable[str]) -> dict[str, str]:
    """Return each name without the words before a dot that all dotted ones begin with."""
    given = list(names)
    dotted = [name.split(".") for name in given if _dotted(name)]
    before = [words[:-1] for words in dotted]
    shared = takewhile(lambda words: len(set(words)) == 1, zip(*before, strict=False))
    cut = len(list(shared)) if len(dotted) > 1 else 0
    return {n: ".".join(n.split(".")[cut:]) if _dotted(n) else n for n in given}


def _dotted(name: str) -> bool:
    return "." in name and " " not in name
