"""The order of whole runs: the events of a stream, each held to where its run stands.

A fault is told once. Behind it both readings of the run are kept, that the event does not count
and that it does, and only what none of them allows is the next fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.contract.events import short
from quantapilot.contract.lifecycle import text_of
from quantapilot.contract.roles import value_at
from quantapilot.contract.standing import (
    BEGUN,
    CONSTANTS,
    NOT_BEGUN,
    SINCE,
    STATE,
    Layout,
    Standing,
    copy_of,
)
from quantapilot.contract.standings import Standings, new_digest
from quantapilot.contract.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.contract.lifecycle import Lifecycle, Path
    from quantapilot.contract.standing import Held
    from quantapilot.contract.steps import Step

# How many readings of a run are kept at most, besides one for each state.
_MOST_READINGS = 8
# What is told of a name, or of a value that stays the same, that can't be read.
_UNREAD = 0


class Kept(Protocol):
    """What an order asks of where runs stand; `Standings` are so."""

    recent: dict[int, Held]

    def recall(self, key: int) -> Held | None:
        """Return where a run stands that is not among the recent ones."""
        ...

    def put(self, key: int, held: Held) -> None:
        """Keep where a run stands."""
        ...


@dataclass(frozen=True, slots=True)
class Break:
    """Why an event may not stand where it does; nothing of its values is in it.

    Attributes:
        place: The place in the event that contradicts what came before.
        told: What is wrong, in words; `{earlier}` stands for the event that it contradicts.
        kind: The type of that event, as people say it; empty where there is none.
        at: Where that event stands, as it was said of it.
    """

    place: Path
    told: str
    kind: str = ""
    at: int = 0

    def text(self, where: str = "") -> str:
        """Return it as a sentence; `where` tells where the earlier event stands."""
        return self.told.replace("{earlier}", f"{self.kind}{where}")


@dataclass(slots=True)
class _Event:
    """What counts of an event: its step, its mark, and digests of what it names."""

    step: Step
    mark: int
    constants: Sequence[int]
    opens: Sequence[int] = ()
    closes: Sequence[int] = ()


class Order:
    """Judges events one by one; not safe to share between threads.

    Attributes:
        lifecycle: Which event may follow which.
        standings: Where the runs stand.
    """

    def __init__(self, lifecycle: Lifecycle, standings: Kept | None = None) -> None:
        """Take the lifecycle, and where runs stand; nothing is known of any where it is None."""
        self.lifecycle = lifecycle
        self.standings: Kept = Standings() if standings is None else standings
        self._digest = new_digest()
        self._states = list(lifecycle.on)
        self._steps = steps_of(lifecycle)
        self._layout = Layout(len(lifecycle.constant))
        self._kinds = [short(kind) for kind in self._steps]
        self._told_by = lifecycle.told_by
        # What is read at once where the run and what stays the same stand in one object.
        near = {lifecycle.run[:-1], *(path[:-1] for path in lifecycle.constant)}
        alike = len(lifecycle.run) == 2 and len(near) == 1
        self._inside: Any = lifecycle.run[0] if alike else object()
        self._last = lifecycle.run[-1]
        self._same = frozenset(path[-1] for path in lifecycle.constant)

    @property
    def places(self) -> set[Path]:
        """Return the places of an event that count."""
        lifecycle = self.lifecycle
        by = [pair.by for pair in lifecycle.pairs]
        return {(lifecycle.told_by,), lifecycle.run, *lifecycle.constant, *by}

    def run_of(self, event: Mapping[str, Any]) -> int | None:
        """Return the digest of the run that an event tells of; None where it takes no part.

        Only an event whose type the lifecycle knows and whose run can be read takes part.
        """
        kind = event.get(self._told_by)
        if type(kind) is not str or kind not in self._steps:
            return None
        run = text_of(value_at(event, self.lifecycle.run))
        return None if run is None else self._digest(run)

    def take(self, event: Mapping[str, Any], at: int) -> Break | None:
        """Take in an event, and return why it may not stand there; None where it may.

        Args:
            event: The event as a parsed JSON object, whether it conforms or not.
            at: Where it stands, as a number that grows with each; what contradicts it names it.

        Raises:
            ScratchError: There are more runs than fit into memory, and no room beside it.
        """
        # Most events move a run on and name nothing: they are told in few steps.
        try:
            inside = event[self._inside]
            held: Any = self.standings.recent[self._digest(inside[self._last])]
            step = self._steps[event[self._told_by]]
            state = held[STATE]
            to = step.on[state]
            same = not self._same.isdisjoint(inside)
        except (KeyError, TypeError):
            return self._closely(event, at)
        if to < 0:
            return self._closely(event, at)
        if not (step.names or same):
            if to != state:
                held[STATE], held[SINCE] = to, at * len(self._kinds) + step.number
            return None
        taken = self._event(event, at, same=same)
        if self._unlike(held, taken) or self._unopened(held, taken):
            return self._closely(event, at)
        self._move(held, taken, to)
        return None

    def _closely(self, event: Mapping[str, Any], at: int) -> Break | None:
        key = self.run_of(event)
        if key is None:
            return None
        held = self.standings.recent.get(key) or self.standings.recall(key)
        taken = self._event(event, at)
        if held is None:
            held = self._layout.at(NOT_BEGUN)
            self.standings.put(key, held)
        if isinstance(held, list):
            return self._judged(key, held, taken)
        fault = self._fault(held, taken)
        if fault is not None:
            return self._judged(key, [held], taken)
        self._move(held, taken, taken.step.targets(held[STATE])[0])
        return None

    def watch(self, event: Mapping[str, Any], at: int) -> Break | None:
        """Do as `take` does, but for runs whose beginning may have been missed.

        The first event that is seen of a run may stand anywhere. From then on the run is held to
        the order, but for what may have been opened before.
        """
        key = self.run_of(event)
        if key is None or self.standings.recent.get(key) or self.standings.recall(key):
            return self.take(event, at)
        taken = self._event(event, at)
        unknown = taken.step.start < 0
        nothing = self._layout.at(NOT_BEGUN, taken.mark if unknown else 0, unknown=unknown)
        if readings := self._applied(nothing, taken):
            self._keep(key, readings)
        return None

    def anywhere(self, at: int) -> Held:
        """Return where a run may stand of which nothing is known."""
        mark = at * len(self._kinds)
        states = range(NOT_BEGUN, len(self._states))
        return [self._layout.at(state, mark, unknown=True) for state in states]

    def _event(self, event: Mapping[str, Any], at: int, *, same: bool = True) -> _Event:
        """Return what counts of an event; `same` tells whether it may tell what stays the same."""
        step = self._steps[event[self._told_by]]
        return _Event(
            step,
            at * len(self._kinds) + step.number,
            [self._told(event, path) for path in self.lifecycle.constant] if same else (),
            [self._named(event, number) for number in step.opens] if step.opens else (),
            [self._named(event, number) for number in step.closes] if step.closes else (),
        )

    def _told(self, event: Mapping[str, Any], path: Path) -> int:
        told = text_of(value_at(event, path))
        return _UNREAD if told is None else self._digest(told)

    def _named(self, event: Mapping[str, Any], number: int) -> int:
        name = text_of(value_at(event, self.lifecycle.pairs[number].by))
        return _UNREAD if name is None else self._digest(f"{number} {name}")

    def _judged(self, key: int, before: list[Standing], event: _Event) -> Break | None:
        faults = [self._fault(each, event) for each in before]
        if None in faults:
            allowed = [each for each, fault in zip(before, faults, strict=True) if fault is None]
            readings = [reading for each in allowed for reading in self._applied(each, event)]
            self._keep(key, readings)
            return None
        readings = [reading for each in before for reading in self._applied(each, event)]
        self._keep(key, [*before, *readings])
        # What fits best to the events since an earlier fault comes last.
        return faults[-1]

    def _keep(self, key: int, readings: Sequence[Standing]) -> None:
        if len(readings) == 1:
            self.standings.put(key, readings[0])
            return
        unlike = {self._layout.essence(each): each for each in readings}
        kept = list(unlike.values())[-(len(self._states) + _MOST_READINGS) :]
        self.standings.put(key, kept if len(kept) > 1 else kept[0])

    def _fault(self, run: Standing, event: _Event) -> Break | None:
        """Return why a run that stands so does not take an event."""
        step, lifecycle = event.step, self.lifecycle
        if step.start < 0 <= step.on[run[STATE]]:
            return self._unlike(run, event) or self._unopened(run, event)
        name, place = short(step.kind), (lifecycle.told_by,)
        if run[STATE] == NOT_BEGUN:
            if step.start >= 0:
                return None
            told = f"{name} may not come first: a run begins with {lifecycle.beginning}"
            return Break(place, told)
        follows = f"{name} may not follow {{earlier}}"
        if step.start >= 0:
            why = "it comes once, and the run has begun"
            return self._break(place, f"{follows}: {why}", run[BEGUN])
        state = self._states[run[STATE]]
        ended = lifecycle.ended(state)
        why = f"the run has ended, it is {state}" if ended else lifecycle.taken(state)
        return self._break(place, f"{follows}: {why}", run[SINCE])

    def _unlike(self, run: Standing, event: _Event) -> Break | None:
        for number, told in enumerate(event.constants):
            at = CONSTANTS + 2 * number
            if told and run[at] and told != run[at]:
                place = self.lifecycle.constant[number]
                why = f"/{'/'.join(place)} is not what it is in {{earlier}}"
                return self._break(place, f"{why}: it is the same throughout a run", run[at + 1])
        return None

    def _unopened(self, run: Standing, event: _Event) -> Break | None:
        """Return why what an event closes was not open; one of several pairs is enough."""
        if not event.closes or _UNREAD in event.closes or not self._layout.knows_names(run):
            return None
        marks = [self._layout.mark(run, name) for name in event.closes]
        if max(marks) > 0:
            return None
        pairs = [self.lifecycle.pairs[number] for number in event.step.closes]
        place = pairs[0].by
        name, of = short(event.step.kind), f"the same /{'/'.join(place)}"
        opening = " or ".join(dict.fromkeys(short(pair.opens) for pair in pairs))
        if closed := min(marks):
            why = f"{name} may not follow {{earlier}} of {of}: it needs a {opening} in between"
            return self._break(place, why, -closed)
        why = f"{name} needs a {opening} of {of} before it, and none came since {{earlier}}"
        return self._break(place, why, run[BEGUN])

    def _break(self, place: Path, told: str, mark: int) -> Break:
        at, number = divmod(mark, len(self._kinds))
        return Break(place, told, self._kinds[number], at)

    def _applied(self, run: Standing, event: _Event) -> list[Standing]:
        """Return the readings of a run behind an event that counts, wherever it may stand."""
        readings = []
        for to in event.step.targets(run[STATE]):
            moved = copy_of(run)
            self._move(moved, event, to)
            readings.append(moved)
        return readings

    def _move(self, run: Standing, event: _Event, to: int) -> None:
        mark = event.mark
        if run[STATE] == NOT_BEGUN or event.step.start >= 0:
            run[BEGUN] = run[SINCE] = mark
        if to != run[STATE]:
            run[STATE], run[SINCE] = to, mark
        for at, told in enumerate(event.constants):
            place = CONSTANTS + 2 * at
            if told and told != run[place]:
                run[place], run[place + 1] = told, mark
        if event.opens or event.closes:
            self._layout.rename(run, mark, event.closes, event.opens)
