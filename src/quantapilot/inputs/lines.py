"""The lines of a file that a change added, as the hunk headers of a diff tell them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class AddedLines:
    """Numbers of lines, counted from 1, in ranges that rise and do not overlap.

    `starts` holds the first line of each range, `stops` the line behind its last one.
    """

    starts: tuple[int, ...] = ()
    stops: tuple[int, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> AddedLines:
        """Return the lines of ranges, each a first line and a number of lines, in order."""
        real = [(start, start + count) for start, count in ranges if count]
        return cls(tuple(start for start, _ in real), tuple(stop for _, stop in real))

    def __bool__(self) -> bool:
        return bool(self.starts)

    def __contains__(self, line: int) -> bool:
        at = bisect_right(self.starts, line) - 1
        return at >= 0 and line < self.stops[at]
