"""Folding: the forms of a text in which a value may hide, each with its way back.

Full-width digits, letters of mathematical alphabets, zero-width characters and percent-encoding
make one value look like many. Rules are written for the plain form; a span found in it is traced
back to what stands in the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
# Arrows, box drawing, dingbats, quotation marks and a few signs: common in log lines, never part
# of a value, and left as they are.
_SYMBOLS = re.compile(r"[«»°±·×‘-‟•…←-⇿─-╿✀-➿]")
_DASHES = frozenset("‐‑‒–—―−﹘﹣－")


@dataclass(frozen=True, slots=True, repr=False)
class _Step:
    """One replacement of pieces of a text: what was replaced, and by what it is read."""

    before: str
    pieces: re.Pattern[str]
    read: Callable[[str], Sequence[str]]

    def spans(self) -> list[tuple[int, int]]:
        """Return, for each character of the result, the span of what it stands for."""
        out: list[tuple[int, int]] = []
        position = 0
        for found in self.pieces.finditer(self.before):
            start, end = found.span()
            out += [(at, at + 1) for at in range(position, start)]
            parts = self.read(found[0])
            # Each part stands for its share of what was replaced.
            width = (end - start) / max(1, len(parts))
            for at, part in enumerate(parts):
                share = start + round(at * width), start + round((at + 1) * width)
                out += [share] * len(part)
            position = end
        out += [(at, at + 1) for at in range(position, len(self.before))]
        return out


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """One form of a text, and the steps that led to it."""

    text: str
    steps: tuple[_Step, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that `text[start:end]` stands for."""
        for step in reversed(self.steps):
            spans = step.spans()
            start, end = spans[start][0], spans[max(start, end - 1)][1]
        return start, end


def views(text: str) -> Iterator[View]:
    """Yield the text as it is, then its folded and its percent-decoded form where they differ."""
    view = View(text)
    yield view
    if text.isascii() and "%" not in text:
        return
    for pieces, read in ((_BEYOND_ASCII, _folded_run), (_PERCENT, _decoded_run)):
        changed = pieces.sub(lambda found: "".join(read(found[0])), view.text)  # noqa: B023
        if changed != view.text:
            view = View(changed, (*view.steps, _Step(view.text, pieces, read)))
            yield view


def is_symbol(char: str) -> bool:
    """Tell whether a character beyond ASCII hides nothing, so that its line needs no close look."""
    return _SYMBOLS.fullmatch(char) is not None


def _folded_run(run: str) -> list[str]:
    return [_folded(char) for char in run]


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    if char in _DASHES:
        return "-"
    if is_symbol(char):
        return char
    if unicodedata.category(char) in {"Cf", "Mn", "Me"}:
        return ""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return unicodedata.normalize("NFKC", char)


def _decoded_run(run: str) -> str:
    return bytes.fromhex(run.replace("%", "")).decode("utf-8", "replace")
