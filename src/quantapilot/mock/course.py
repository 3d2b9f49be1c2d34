"""Courses: which way through the lifecycle a run takes.

A way is sought over what may stand open at once, such as gates: so it is known ahead that a run
reaches its end, with everything closed that it opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.errors import ContractError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from quantapilot.contract.catalog import Contract

# So many of a kind stand open at once at most.
_OPEN = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands: its state, and how many of each pair are open; no state before it."""

    state: str | None
    open: tuple[int, ...]


class Course:
    """The ways through one contract's lifecycle."""

    def __init__(self, contract: Contract) -> None:
        """Take the contract.

        Raises:
            ContractError: It declares no order of events, or one that can't be used.
        """
        self.lifecycle = Lifecycle(contract)
        self.pairs = self.lifecycle.pairs
        self.begin = Standing(None, (0,) * len(self.pairs))
        if not self.ends:
            raise ContractError("the declared order of events has no state that ends a run")
        self._distances: dict[str | None, dict[Standing, int]] = {}

    @property
    def ends(self) -> list[str]:
        """Return the states that nothing follows."""
        return [state for state in self.lifecycle.on if self.lifecycle.ended(state)]

    def end_named(self, name: str) -> str:
        """Return an end by its name.

        Raises:
            UnknownNameError: No run ends so; the text names all ends.
        """
        if name not in self.ends:
            raise UnknownNameError(f"no run ends as '{name}': there are {', '.join(self.ends)}")
        return name

    def next(
        self, standing: Standing, end: str, left: int, random: Random, without: set[str]
    ) -> tuple[str, Standing]:
        """Return which event may come next, and where the run stands then.

        Args:
            standing: Where it stands.
            end: The state that it is to end in.
            left: How many events are to come still, about.
            random: Chooses.
            without: Events that were found not to fit.

        Raises:
            ContractError: None leads to the end.
        """
        distances = self._to(end)
        steps = [
            (name, after)
            for name, after in self._steps(standing)
            if after in distances and name not in without
        ]
        if not steps:
            raise ContractError(f"the declared order of events leads to no end '{end}'")
        on_time = [each for each in steps if distances[each[1]] < left]
        # What ends a run early is left for later, where there is something else.
        on_time = [each for each in on_time if left <= 1 or distances[each[1]] > 0] or on_time
        if not on_time:
            shortest = min(distances[after] for _, after in steps)
            on_time = [each for each in steps if distances[each[1]] == shortest]
        return random.choice(on_time)

    def _steps(self, standing: Standing) -> Iterator[tuple[str, Standing]]:
        lifecycle = self.lifecycle
        on = lifecycle.start if standing.state is None else lifecycle.on[standing.state]
        for name, state in on.items():
            if (open_ := self._opened(standing.open, name)) is not None:
                yield name, Standing(state, open_)

    def _opened(self, open_: tuple[int, ...], name: str) -> tuple[int, ...] | None:
        for at, pair in enumerate(self.pairs):
            change = (name == pair.opens) - (name in pair.closes)
            if change:
                count = open_[at] + change
                if not 0 <= count <= _OPEN:
                    return None
                open_ = (*open_[:at], count, *open_[at + 1 :])
        return open_

    def _to(self, end: str) -> dict[Standing, int]:
        """Return how many events it takes to an end from wherever a run may stand."""
        if end not in self._distances:
            self._distances[end] = self._measured(end)
        return self._distances[end]

    def _measured(self, end: str) -> dict[Standing, int]:
        before: dict[Standing, list[Standing]] = {self.begin: []}
        rest = [self.begin]
        while rest:
            standing = rest.pop()
            for _, after in self._steps(standing):
                if after not in before:
                    before[after] = []
                    rest.append(after)
                before[after].append(standing)
        ended = [each for each in before if each.state == end]
        closed = [each for each in ended if not any(each.open)]
        distances = dict.fromkeys(closed or ended, 0)
        reached = list(distances)
        for standing in reached:
            for earlier in before[standing]:
                if earlier not in distances:
                    distances[earlier] = distances[standing] + 1
                    reached.append(earlier)
        return distances
