"""Steps: what an event of each type does to a run, by the numbers of the states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.contract.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class Step:
    """What an event of one type does to a run.

    Attributes:
        number: The number of the type.
        kind: The type.
        start: The state behind it where it begins a run; -1 where it does not.
        on: By the number of a state, the one behind it, -1 where that does not take it. The last
            is for a run that has not begun, whose number is -1.
        opens, closes: The numbers of the pairs that it opens and closes.
        names: Whether it opens or closes any.
    """

    number: int
    kind: str
    start: int
    on: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    names: bool

    def targets(self, state: int) -> Sequence[int]:
        """Return the states behind it in which a run may stand if it counts, wherever it stood."""
        if self.start >= 0:
            return [self.start]
        if (to := self.on[state]) >= 0:
            return [to]
        return sorted({to for to in self.on if to >= 0})


def steps_of(lifecycle: Lifecycle) -> Mapping[str, Step]:
    """Return the step of each type of event that a lifecycle names."""
    numbers = {state: number for number, state in enumerate(lifecycle.on)}
    taken = (kind for on in lifecycle.on.values() for kind in on)
    ends = (kind for pair in lifecycle.pairs for kind in (pair.opens, *pair.closes))
    kinds = dict.fromkeys([*lifecycle.start, *taken, *ends])
    return {kind: _step(lifecycle, numbers, at, kind) for at, kind in enumerate(kinds)}


def _step(lifecycle: Lifecycle, numbers: Mapping[str, int], number: int, kind: str) -> Step:
    begins = kind in lifecycle.start
    start = numbers[lifecycle.start[kind]] if begins else -1
    on = [-1 if begins or kind not in to else numbers[to[kind]] for to in lifecycle.on.values()]
    opens = tuple(at for at, pair in enumerate(lifecycle.pairs) if kind == pair.opens)
    closes = tuple(at for at, pair in enumerate(lifecycle.pairs) if kind in pair.closes)
    return Step(number, kind, start, (*on, -1), opens, closes, bool(opens or closes))
