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
from quantapilot.contract.standings import Standing, Standings, new_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.contract.lifecycle import Lifecycle, Path
    from quantapilot.contract.standings import Held

# How many names that were opened in a run are kept at most, and how many readings of it besides
# one for each state.
_MOST_NAMES = 1024
_MOST_READINGS = 8
_NOT_BEGUN = -1
_UNKNOWN = 0


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


@dataclass(frozen=True, slots=True)
class _Step:
    """What an event of one type does to a run.

    Attributes:
        number: The number of the type, by which marks tell it.
        kind: The type.
        start: The state behind it where it begins a run; -1 where it does not.
        on: By the number of a state, the one behind it, -1 where that does not take it. The last
            is for a run that has not begun.
        quick: The same; -1 too where more than the state counts.
        opens, closes: The numbers of the pairs that it opens and closes.
    """

    number: int
    kind: str
    start: int
    on: tuple[int, ...]
    quick: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Event:
    """What counts of an event: its step, its mark, and digests of what it names."""

    step: _Step
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
        self._steps = _steps(lifecycle, self._states)
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
            to = step.quick[held.state]
            if to >= 0 and self._same.isdisjoint(inside):
                if to != held.state:
                    held.state, held.since = to, at * len(self._kinds) + step.number
                return None
        except (KeyError, TypeError, AttributeError):
            pass
        return self._closely(event, at)

    def _closely(self, event: Mapping[str, Any], at: int) -> Break | None:
        key = self.run_of(event)
        if key is None:
            return None
        held = self.standings.recent.get(key) or self.standings.recall(key)
        taken = self._event(event, at)
        if not isinstance(held, Standing):
            return self._judged(key, held or [Standing(_NOT_BEGUN, 0, 0)], taken)
        fault = self._fault(held, taken)
        if fault is not None:
            return self._judged(key, [held], taken)
        self._move(held, taken, self._targets(held, taken)[0])
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
        begins = taken.step.start >= 0
        nothing = Standing(_NOT_BEGUN, 0, 0, pairs=None if begins else {_UNKNOWN: taken.mark})
        if readings := self._applied(nothing, taken):
            self._keep(key, readings)
        return None

    def anywhere(self, at: int) -> Held:
        """Return where a run may stand of which nothing is known."""
        mark = at * len(self._kinds)
        states = range(_NOT_BEGUN, len(self._states))
        return [Standing(state, mark, mark, pairs={_UNKNOWN: mark}) for state in states]

    def _event(self, event: Mapping[str, Any], at: int) -> _Event:
        step = self._steps[event[self._told_by]]
        mark = at * len(self._kinds) + step.number
        opens = [self._named(event, number) for number in step.opens]
        closes = [self._named(event, number) for number in step.closes]
        return _Event(step, mark, self._told(event), opens, closes)

    def _told(self, event: Mapping[str, Any]) -> list[int]:
        """Return digests of what stays the same throughout; 0 for what the event does not tell."""
        told = [text_of(value_at(event, path)) for path in self.lifecycle.constant]
        return [0 if each is None else self._digest(each) for each in told]

    def _named(self, event: Mapping[str, Any], number: int) -> int:
        name = text_of(value_at(event, self.lifecycle.pairs[number].by))
        return _UNKNOWN if name is None else self._digest(f"{number} {name}")

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
        unlike: dict[object, Standing] = {}
        for each in readings:
            unlike[_essence(each)] = each
        kept = list(unlike.values())[-(len(self._states) + _MOST_READINGS) :]
        self.standings.put(key, kept if len(kept) > 1 else kept[0])

    def _fault(self, run: Standing, event: _Event) -> Break | None:
        """Return why a run that stands so does not take an event."""
        step, lifecycle = event.step, self.lifecycle
        if step.start < 0 <= step.on[run.state]:
            return self._unlike(run, event) or self._unopened(run, event)
        name, place = short(step.kind), (lifecycle.told_by,)
        if run.state == _NOT_BEGUN:
            if step.start >= 0:
                return None
            told = f"{name} may not come first: a run begins with {lifecycle.beginning}"
            return Break(place, told)
        follows = f"{name} may not follow {{earlier}}"
        if step.start >= 0:
            return self._break(place, f"{follows}: it comes once, and the run has begun", run.begun)
        state = self._states[run.state]
        ended = lifecycle.ended(state)
        why = f"the run has ended, it is {state}" if ended else lifecycle.taken(state)
        return self._break(place, f"{follows}: {why}", run.since)

    def _unlike(self, run: Standing, event: _Event) -> Break | None:
        for at, told in enumerate(event.constants):
            known, mark = run.constants[2 * at : 2 * at + 2] if run.constants else (0, 0)
            if told and known and told != known:
                place = self.lifecycle.constant[at]
                why = f"/{'/'.join(place)} is not what it is in {{earlier}}"
                return self._break(place, f"{why}: it is the same throughout a run", mark)
        return None

    def _unopened(self, run: Standing, event: _Event) -> Break | None:
        """Return why what an event closes was not open; one of several pairs is enough."""
        opened = run.pairs or {}
        if not event.closes or _UNKNOWN in opened or _UNKNOWN in event.closes:
            return None
        if any(opened.get(name, -1) >= 0 for name in event.closes):
            return None
        pairs = [self.lifecycle.pairs[number] for number in event.step.closes]
        place = pairs[0].by
        name, of = short(event.step.kind), f"the same /{'/'.join(place)}"
        opening = " or ".join(dict.fromkeys(short(pair.opens) for pair in pairs))
        closed = min(opened.get(each, 0) for each in event.closes)
        if closed < 0:
            why = f"{name} may not follow {{earlier}} of {of}: it needs a {opening} in between"
            return self._break(place, why, -closed)
        why = f"{name} needs a {opening} of {of} before it, and none came since {{earlier}}"
        return self._break(place, why, run.begun)

    def _break(self, place: Path, told: str, mark: int) -> Break:
        at, number = divmod(mark, len(self._kinds))
        return Break(place, told, self._kinds[number], at)

    def _applied(self, run: Standing, event: _Event) -> list[Standing]:
        """Return the readings of a run behind an event that counts, wherever it may stand."""
        readings = []
        for to in self._targets(run, event):
            moved = run.copy()
            self._move(moved, event, to)
            readings.append(moved)
        return readings

    def _targets(self, run: Standing, event: _Event) -> list[int]:
        step = event.step
        if step.start >= 0:
            return [step.start]
        if (to := step.on[run.state]) >= 0:
            return [to]
        return sorted({state for state in step.on if state >= 0})

    def _move(self, run: Standing, event: _Event, to: int) -> None:
        mark = event.mark
        if run.state == _NOT_BEGUN or event.step.start >= 0:
            run.begun = run.since = mark
        if to != run.state:
            run.state, run.since = to, mark
        for at, told in enumerate(event.constants):
            if told:
                run.constants = run.constants or [0] * (2 * len(event.constants))
                if told != run.constants[2 * at]:
                    run.constants[2 * at : 2 * at + 2] = told, mark
        if event.opens or event.closes:
            run.pairs = _renamed(run.pairs or {}, event)


def _renamed(names: dict[int, int], event: _Event) -> dict[int, int]:
    """Return what is opened and closed behind an event; too many are as good as unknown."""
    for name in event.closes:
        if name != _UNKNOWN and (_UNKNOWN not in names or name in names):
            names[name] = -event.mark
    for name in event.opens:
        names[name] = event.mark
    if len(names) > _MOST_NAMES:
        return {_UNKNOWN: event.mark}
    return names


def _essence(run: Standing) -> object:
    """Return what tells a reading apart in what it allows."""
    names = run.pairs or {}
    return (
        run.state,
        tuple((run.constants or ())[::2]),
        frozenset([name for name, mark in names.items() if mark >= 0]),
    )


def _steps(lifecycle: Lifecycle, states: list[str]) -> dict[str, _Step]:
    numbers = {state: number for number, state in enumerate(states)}
    taken = (kind for on in lifecycle.on.values() for kind in on)
    ends = (kind for pair in lifecycle.pairs for kind in (pair.opens, *pair.closes))
    steps: dict[str, _Step] = {}
    for kind in dict.fromkeys([*lifecycle.start, *taken, *ends]):
        start = numbers[lifecycle.start[kind]] if kind in lifecycle.start else _NOT_BEGUN
        begins = start >= 0
        on = [
            numbers[to] if (to := lifecycle.on[each].get(kind)) is not None and not begins else -1
            for each in states
        ]
        opens = [at for at, pair in enumerate(lifecycle.pairs) if kind == pair.opens]
        closes = [at for at, pair in enumerate(lifecycle.pairs) if kind in pair.closes]
        # The last place is that of a run which has not begun.
        quick = [-1] * len(on) if opens or closes else on
        steps[kind] = _Step(
            len(steps), kind, start, (*on, -1), (*quick, -1), tuple(opens), tuple(closes)
        )
    return steps
