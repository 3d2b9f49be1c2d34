"""Folding: the forms of a text in which a value may hide, each with its way back.

Full-width digits, letters of mathematical alphabets, zero-width characters and percent-encoding
make one value look like many. Rules are written for the plain form; offsets lead back to what
stands in the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
# Arrows, box drawing, dingbats, quotation marks and a few signs: common in log lines, never part
# of a value, and left as they are.
_SYMBOLS = re.compile(r"[«»°±·×‘-‟•…←-⇿─-╿✀-➿]")
_DASHES = dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """One form of a text; `offsets[i]` is where its character `i` stands in the original."""

    text: str
    offsets: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that `text[start:end]` stands for."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1 if end > start else start


def views(text: str) -> Iterator[View]:
    """Yield the text as it is, then its folded and its percent-decoded form where they differ."""
    folded = View(text)
    yield folded
    if not text.isascii() and not _SYMBOLS.sub("", text).isascii():
        folded = _fold(text)
        if folded.text != text:
            yield folded
    if "%" in folded.text and (decoded := _percent_decoded(folded)):
        yield decoded


def is_symbol(char: str) -> bool:
    """Tell whether a character beyond ASCII hides nothing, so that its line needs no close look."""
    return _SYMBOLS.fullmatch(char) is not None


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    if char in _DASHES:
        return "-"
    if is_symbol(char):
        return char
    if unicodedata.category(char) in {"Cf", "Mn", "Me"}:
        return ""
    return unicodedata.normalize("NFKC", char)


def _fold(text: str) -> View:
    out: list[str] = []
    offsets: list[int] = []
    for at, char in enumerate(text):
        plain = char if char < "\x80" else _folded(char)
        out.append(plain)
        offsets += [at] * len(plain)
    return View("".join(out), offsets)


def _percent_decoded(view: View) -> View | None:
    out: list[str] = []
    offsets: list[int] = []
    position = 0
    for found in _PERCENT.finditer(view.text):
        start, end = found.span()
        decoded = bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")
        out += [view.text[position:start], decoded]
        offsets += range(position, start)
        # Each decoded character points at its share of the escape, the last one at its end.
        width = (end - start) / max(1, len(decoded))
        offsets += [start + int((at + 1) * width) - 1 for at in range(len(decoded))]
        position = end
    if not position:
        return None
    out.append(view.text[position:])
    offsets += range(position, len(view.text))
    back = view.offsets
    return View("".join(out), offsets if back is None else [back[at] for at in offsets])
