"""Masking: what a report may show of a place that holds a matched value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW = 32
_ELLIPSIS = "..."


def mask(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Return `text` with each span `(start, end, label)` replaced by `<label>`.

    Spans that touch or overlap become one mask that bears the first one's label.
    """
    out: list[str] = []
    position = 0
    for start, end, label in _merge(spans):
        out += [text[position:start], f"<{label}>"]
        position = end
    out.append(text[position:])
    return "".join(out)


def excerpt(text: str, spans: Iterable[tuple[int, int, str]], focus: int) -> str:
    """Return the surroundings of offset `focus` in one line, with every span masked.

    The cut never falls inside a span, so that no part of a value can show at its edge.
    """
    merged = _merge(spans)
    first, last = max(0, focus - WINDOW), min(len(text), focus + WINDOW)
    for start, end, _ in merged:
        if start < first < end:
            first = start
        if start <= focus < end:
            last = min(len(text), end + WINDOW)
    for start, end, _ in merged:
        if start < last < end:
            last = end
    kept = [(s - first, e - first, label) for s, e, label in merged if first <= s and e <= last]
    shown = mask(text[first:last], kept)
    shown = "".join(char if char.isprintable() else " " for char in shown)
    return (_ELLIPSIS if first else "") + shown + (_ELLIPSIS if last < len(text) else "")


def _merge(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            previous = merged[-1]
            merged[-1] = (previous[0], max(previous[1], end), previous[2])
        else:
            merged.append((start, end, label))
    return merged
