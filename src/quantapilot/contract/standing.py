"""Standing: one reading of where a run stands, as 64-bit numbers in one array.

Millions of runs are held so: as objects of their own, the numbers would take four times the memory.
A mark stands for an event, a digest for a text; 0 stands for none.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    _Numbers = array[int]
else:
    _Numbers = array

# Where in a standing what is: its state, -1 before it begins; the mark of the event that led to
# that state, and of the first one; then digest and mark of each value that stays the same, by
# turns, and then of each name that was opened, its mark below zero once it is closed.
STATE, SINCE, BEGUN, CONSTANTS = range(4)
NOT_BEGUN = -1
_UNKNOWN = 0
# How many names are kept at most.
_MOST_NAMES = 1024


class Standing(_Numbers):
    """One reading of where a run stands."""

    __slots__ = ()


# Mostly there is one reading of a run; after a fault there are several.
Held: TypeAlias = "Standing | list[Standing]"


def copy_of(run: Standing) -> Standing:
    """Return a standing that may change by itself."""
    return Standing("q", run)


class Layout:
    """Makes standings of runs in which so many values stay the same, and reads their names."""

    def __init__(self, constants: int) -> None:
        self._names = CONSTANTS + 2 * constants

    def at(self, state: int, mark: int = 0, *, unknown: bool = False) -> Standing:
        """Return that a run stands in a state since an event.

        Args:
            state: The number of the state.
            mark: The mark of the event; 0 where there is none.
            unknown: Whether anything may have been opened before.
        """
        run = Standing("q", (state, mark, mark, *[0] * (self._names - CONSTANTS)))
        if unknown:
            run.extend((_UNKNOWN, mark))
        return run

    def essence(self, run: Standing) -> object:
        """Return what tells a reading apart in what it allows."""
        open_ = [name for name, mark in self._named(run) if mark >= 0]
        return run[STATE], tuple(run[CONSTANTS : self._names : 2]), frozenset(open_)

    def knows_names(self, run: Standing) -> bool:
        """Tell whether it is known what was opened in a run and what was not."""
        return len(run) == self._names or run[self._names] != _UNKNOWN

    def mark(self, run: Standing, name: int) -> int:
        """Return the mark of what opened a name, or closed it: then below zero; 0 for neither."""
        at = self._place(run, name)
        return run[at + 1] if at else 0

    def rename(self, run: Standing, mark: int, closes: Sequence[int], opens: Sequence[int]) -> None:
        """Take note of the names that an event closes and opens; 0 is one that can't be read."""
        if not self.knows_names(run):
            return
        for name in closes:
            if name != _UNKNOWN:
                self._set(run, name, -mark)
        for name in opens:
            self._set(run, name, mark)
        if _UNKNOWN in opens:
            self._forget(run, mark)
        elif len(run) - self._names > 2 * _MOST_NAMES:
            self._shorten(run, mark)

    def _set(self, run: Standing, name: int, mark: int) -> None:
        if at := self._place(run, name):
            run[at + 1] = mark
        else:
            run.extend((name, mark))

    def _shorten(self, run: Standing, mark: int) -> None:
        """Forget names that are closed, which is as if they were never opened; else all."""
        open_ = [each for each in self._named(run) if each[1] > 0]
        if len(open_) > _MOST_NAMES // 2:
            self._forget(run, mark)
            return
        del run[self._names :]
        for each in open_:
            run.extend(each)

    def _forget(self, run: Standing, mark: int) -> None:
        del run[self._names :]
        run.extend((_UNKNOWN, mark))

    def _named(self, run: Standing) -> Iterator[tuple[int, int]]:
        return zip(run[self._names :: 2], run[self._names + 1 :: 2], strict=True)

    def _place(self, run: Standing, name: int) -> int:
        names = run[self._names :: 2]
        return self._names + 2 * names.index(name) if name in names else 0
