"""Whole runs: events in an order that the lifecycle allows, told of one thing throughout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quantapilot.contract.roles import value_at
from quantapilot.mock.course import Course
from quantapilot.mock.events import set_at
from quantapilot.mock.friendly import INSTANT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from random import Random

    from quantapilot.contract.events import EventType
    from quantapilot.contract.lifecycle import Progress
    from quantapilot.mock.course import Standing
    from quantapilot.mock.drawing import Drawing

    Path = tuple[str, ...]

# So many runs go on side by side.
_SIDE_BY_SIDE = 8
_TRIES = 30
# Ids of this length never meet; to remember them would only take room.
_UNIQUE = 32
# About how many events a run has where nobody says.
_USUAL = range(4, 13)
# Milliseconds between two events.
_STEP = range(120, 45_000)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of runs: about how many events each has, and the state that it ends in."""

    length: int | None = None
    end: str | None = None


@dataclass(slots=True)
class OneRun:
    """A run that goes on.

    Attributes:
        key: Says which one it is.
        random: Chooses for it.
        left: How many events are to come still, about.
        end: The state that it ends in.
        standing: Where it stands on its course.
        progress: Where the lifecycle says that it stands.
        made: How many events it has.
        known: What is the same in all of its events, by place, as far as it was told.
        open: What stands open, for each pair.
    """

    key: str
    random: Random
    left: int
    end: str
    standing: Standing
    progress: Progress | None = None
    made: int = 0
    known: dict[Path, Any] = field(default_factory=dict)
    open: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Taken:
    """The ids that runs and events have; of those so short that two could meet."""

    runs: set[Any] = field(default_factory=set)
    ids: set[Any] = field(default_factory=set)

    def add(self, run: Any, event: Any) -> None:
        """Add those of an event."""
        for held, value in ((self.runs, run), (self.ids, event)):
            if value is not None and len(str(value)) < _UNIQUE:
                held.add(value)


class Runs:
    """Makes whole runs of a contract that declares an order of events."""

    def __init__(self, drawing: Drawing) -> None:
        """Take what draws events.

        Raises:
            ContractError: The contract declares no order of events.
        """
        self.course = Course(drawing.contract)
        self._drawing = drawing

    def begun(self, key: str, terms: Terms) -> OneRun:
        """Return a run before its first event.

        Raises:
            UnknownNameError: No run ends as it is asked.
        """
        random = self._drawing.chance(key)
        end = self.course.end_named(terms.end) if terms.end else random.choice(self.course.ends)
        left = random.choice(_USUAL) if terms.length is None else terms.length
        none: list[list[Any]] = [[] for _ in self.course.pairs]
        return OneRun(key, random, left, end, self.course.begin, open=none)

    def stream(self, count: int, key: str, terms: Terms) -> Iterator[dict[str, Any]]:
        """Yield the events of some runs, a few of which go on side by side.

        Raises:
            ContractError: No event was found that fits.
            UnknownNameError: No run ends as it is asked.
        """
        random, moment, taken = self._drawing.chance(key), INSTANT, Taken()
        going: list[OneRun] = []
        begun = 0
        while going or begun < count:
            while begun < count and len(going) < _SIDE_BY_SIDE:
                going.append(self.begun(f"{key}/{begun}", terms))
                begun += 1
            run = random.choice(going)
            yield self.event(run, moment, taken)
            moment += timedelta(milliseconds=random.choice(_STEP))
            if run.progress is not None and self.course.lifecycle.ended(run.progress.state):
                going.remove(run)

    def event(self, run: OneRun, moment: datetime, taken: Taken) -> dict[str, Any]:
        """Return the next event of a run, which then stands behind it.

        Args:
            run: The run.
            moment: When it happens.
            taken: The ids that there are already.

        Raises:
            ContractError: None was found that fits.
        """
        without: set[str] = set()
        while True:
            name, after = self.course.next(run.standing, run.end, run.left, run.random, without)
            kind = self._drawing.events.kinds.get(name)
            event = kind and self.fitting(run, kind, moment, taken)
            if event:
                break
            without.add(name)
        run.progress = self.course.lifecycle.advance(run.progress, event)
        run.standing, run.made, run.left = after, run.made + 1, run.left - 1
        self._remember(run, name, event)
        taken.add(self.course.lifecycle.run_of(event), self._drawing.events.id_of(event))
        return event

    def fitting(
        self, run: OneRun, kind: EventType, moment: datetime, taken: Taken
    ) -> dict[str, Any] | None:
        """Return an event of a kind that fits where a run stands; None where none is found."""
        events, lifecycle = self._drawing.events, self.course.lifecycle
        for tried in range(_TRIES):
            key = f"{run.key}/{run.made}/{kind.name}/{tried}"
            event: dict[str, Any] = self._drawing.document(
                kind.definition, key, moment, self._told(run, kind)
            )
            begun = run.progress is None and lifecycle.run_of(event) in taken.runs
            if not (begun or events.id_of(event) in taken.ids or self._opened_twice(run, event)):
                return event
        return None

    def _told(self, run: OneRun, kind: EventType) -> Callable[[Any], None]:
        """Return what puts into an event what the run has told already."""
        chosen = [
            (pair.by, run.random.choice(names))
            for pair, names in zip(self.course.pairs, run.open, strict=True)
            if kind.name in pair.closes and names
        ]

        def put(event: Any) -> None:
            said = [*run.known.items(), *chosen]
            for path, value in said:
                if (
                    path == self.course.lifecycle.run
                    or value_at(event, path) is not None
                    or (path, value) in chosen
                ):
                    set_at(event, self._drawing.events.origin(path), value)

        return put

    def _opened_twice(self, run: OneRun, event: dict[str, Any]) -> bool:
        return any(
            self._drawing.events.type_of(event) == pair.opens and value_at(event, pair.by) in names
            for pair, names in zip(self.course.pairs, run.open, strict=True)
        )

    def _remember(self, run: OneRun, name: str, event: dict[str, Any]) -> None:
        for path in (self.course.lifecycle.run, *self.course.lifecycle.constant):
            if (value := value_at(event, path)) is not None:
                run.known.setdefault(path, value)
        for pair, names in zip(self.course.pairs, run.open, strict=True):
            value = value_at(event, pair.by)
            if name == pair.opens:
                names.append(value)
            elif name in pair.closes:
                names.remove(value)
