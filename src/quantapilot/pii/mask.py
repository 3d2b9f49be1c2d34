"""Masking: what a report may show of a place that holds a matched value."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Span = tuple[int, int, str]

WINDOW = 32
_ELLIPSIS = "..."


class Excerpt(NamedTuple):
    """One line that shows a place, and where in it that place is: offset and length."""

    text: str
    start: int
    length: int


def mask(text: str, spans: Iterable[Span]) -> str:
    """Return `text` with each span `(start, end, label)` replaced by `<label>`.

    Spans that overlap become one mask that bears the first one's label.
    """
    return _masked(text, merge(spans))


def _masked(text: str, merged: Iterable[Span]) -> str:
    out: list[str] = []
    position = 0
    for start, end, label in merged:
        out += [text[position:start], f"<{label}>"]
        position = end
    out.append(text[position:])
    return "".join(out)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order of place, overlapping ones as one that bears the first one's label."""
    merged: list[Span] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            previous = merged[-1]
            merged[-1] = (previous[0], max(previous[1], end), previous[2])
        else:
            merged.append((start, end, label))
    return merged


def excerpt(text: str, merged: Sequence[Span], focus: int) -> Excerpt:
    """Return the surroundings of offset `focus` in one line, with every span masked.

    It points to the mask of the span at `focus`, or to the character where there is none.

    The cut never falls inside a span, so that no part of a value can show at its edge.

    Args:
        text: The whole text.
        merged: Its spans as `merge` returns them.
        focus: The offset to show.
    """
    first, last = max(0, focus - WINDOW), min(len(text), focus + WINDOW)
    at = bisect_left(merged, (focus + 1,)) - 1
    if at >= 0 and merged[at][1] > focus:
        last = min(len(text), merged[at][1] + WINDOW)
    if cut := _reaching_over(merged, first):
        first = cut[0]
    if cut := _reaching_over(merged, last):
        last = cut[1]
    kept: list[Span] = []
    for at in range(bisect_left(merged, (first,)), bisect_left(merged, (last,))):
        start, end, label = merged[at]
        kept.append((start - first, end - first, label))
    shown = _masked(text[first:last], kept)
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else " " for char in shown)
    before = _ELLIPSIS if first else ""
    point, length = focus - first + len(before), 1
    for start, end, label in kept:
        masked = len(label) + 2
        if end <= focus - first:
            point += masked - (end - start)
        elif start <= focus - first:
            point, length = point - (focus - first - start), masked
    return Excerpt(before + shown + (_ELLIPSIS if last < len(text) else ""), point, length)


def _reaching_over(merged: Sequence[Span], offset: int) -> Span | None:
    """Return the span that begins before an offset and ends behind it."""
    at = bisect_left(merged, (offset,)) - 1
    return merged[at] if at >= 0 and merged[at][1] > offset else None
