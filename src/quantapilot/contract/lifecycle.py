"""The order of a run's events: a state machine that the schema folder declares.

Nothing of a particular contract stands here: `*.lifecycle.json` says which event may follow
which, which events open and close something in between, and what stays the same throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.events import short
from quantapilot.contract.positions import steps_of
from quantapilot.contract.roles import value_at
from quantapilot.errors import ContractError, OutOfOrderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.catalog import Contract

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        state: A state of the lifecycle.
        open_: What was opened in it and is not closed yet, such as gates.
        constant: What stays the same throughout, in the order of the lifecycle's pointers; None
            where no event told it yet. Empty where nothing is known of it.
    """

    state: str
    open_: frozenset[str] = frozenset()
    constant: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """What an event opens and another closes, known by the value at a place in both.

    Attributes:
        opens: The type of event that opens it.
        by: The place of its name.
        closes: The types of event that close it.
    """

    opens: str
    by: Path
    closes: tuple[str, ...]


class Lifecycle:
    """Which event of a run may follow which; safe to share between threads.

    Attributes:
        told_by: The attribute that tells an event's type.
        run: Where an event names its run.
        constant: The places whose values stay the same throughout a run.
        start: Type of event that begins a run -> the state behind it.
        on: State -> type of event that it takes -> the state behind it.
        pairs: What is opened and closed.
    """

    def __init__(self, contract: Contract) -> None:
        """Take the contract.

        Raises:
            ContractError: It declares no order, or one that can't be used.
        """
        declared, file = contract.lifecycle, contract.lifecycle_file
        if not isinstance(declared, Mapping):
            raise ContractError(f"the contract declares no order of events: {file}")
        self.told_by = told_by(contract)
        try:
            self.run = _place(declared["run"])
            self.constant = tuple(map(_place, declared.get("constant", ())))
            self.start: Mapping[str, str] = dict(declared["start"])
            self.on: Mapping[str, Mapping[str, str]] = {
                name: dict(state.get("on", {})) for name, state in declared["states"].items()
            }
            self.pairs = _pairs(declared.get("pairs", ()))
        except (KeyError, TypeError, AttributeError, ValueError):
            raise ContractError(f"{file} does not say an order of events") from None
        targets = {*self.start.values(), *(to for on in self.on.values() for to in on.values())}
        if unknown := sorted(targets - self.on.keys()):
            raise ContractError(f"{file} leads to states it lacks: {unknown}")

    def ended(self, state: str) -> bool:
        """Return whether nothing follows a state."""
        return not self.on[state]

    def run_of(self, event: Mapping[str, Any]) -> Any:
        """Return the run that an event tells of; None where it names none."""
        return value_at(event, self.run)

    def advance(self, progress: Progress | None, event: Mapping[str, Any]) -> Progress:
        """Return where a run stands behind an event that conforms to the contract.

        Args:
            progress: Where it stood; None before its first event.
            event: The event, with its envelope.

        Raises:
            OutOfOrderError: The event may not stand here.
        """
        kind = event.get(self.told_by, "")
        if progress is None:
            if kind not in self.start:
                raise OutOfOrderError(f"a run begins with {self.beginning}")
            return Progress(self.start[kind], constant=self._constant((), event))
        if kind in self.start:
            raise OutOfOrderError(f"{short(kind)} comes once: the run has begun")
        on = self.on[progress.state]
        if not on:
            raise OutOfOrderError(f"the run has ended: it is {progress.state}")
        if kind not in on:
            raise OutOfOrderError(self.taken(progress.state))
        state, open_ = on[kind], self._opened(progress.open_, kind, event)
        constant = self._constant(progress.constant, event)
        # What was open at the end is never closed: it awaits nothing any more.
        return Progress(state, frozenset() if self.ended(state) else open_, constant)

    @property
    def beginning(self) -> str:
        """Return, in words, which events begin a run."""
        return " or ".join(map(short, self.start))

    def taken(self, state: str) -> str:
        """Return, in words, which events a state takes."""
        return f"while a run is {state}, only {', '.join(map(short, self.on[state]))} may come"

    def _opened(self, open_: frozenset[str], kind: str, event: Mapping[str, Any]) -> frozenset[str]:
        closing = [each for each in self.pairs if kind in each.closes]
        closed = {self._entry(each, event) for each in closing}
        if closed and not closed & open_:
            opening = " or ".join(dict.fromkeys(short(each.opens) for each in closing))
            raise OutOfOrderError(f"{short(kind)} needs a {opening} before it")
        opened = {self._entry(each, event) for each in self.pairs if kind == each.opens}
        return (open_ - closed) | opened if opened or closed else open_

    def _entry(self, pair: Pair, event: Mapping[str, Any]) -> str:
        """Return what is opened or closed; where a contract has several pairs, with its kind."""
        name = str(text_of(value_at(event, pair.by)))
        return name if len(self.pairs) == 1 else f"{pair.opens} {name}"

    def _constant(
        self, known: Sequence[str | None], event: Mapping[str, Any]
    ) -> tuple[str | None, ...]:
        told = [text_of(value_at(event, path)) for path in self.constant]
        before = [*known] if known else [None] * len(told)
        for path, old, new in zip(self.constant, before, told, strict=True):
            if None not in {old, new} and old != new:
                raise OutOfOrderError(f"/{'/'.join(path)} is the same throughout a run")
        both = tuple(old or new for old, new in zip(before, told, strict=True))
        return both if any(both) else ()


def told_by(contract: Contract) -> str:
    """Return the attribute that tells the types of a contract's events apart."""
    events = (each for each in contract.documents if each.kind == "events")
    told = next((each.schema.get("discriminator") for each in events), None) or {}
    return str(told.get("propertyName", "type"))


def text_of(value: Any) -> str | None:
    """Return a value as one text, by which equal ones are known; None where there is none."""
    if value is None or type(value) is str:
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        return None


def _place(pointer: str) -> Path:
    path = steps_of(pointer)
    if not path:
        raise ValueError("the pointer leads to a whole event")
    return path


def _pairs(declared: Any) -> tuple[Pair, ...]:
    """Return the pairs; those that the same event opens by the same name are one."""
    closing: dict[tuple[str, Path], list[str]] = {}
    for each in declared:
        closing.setdefault((each["opens"], _place(each["by"])), []).append(each["closes"])
    return tuple(Pair(opens, by, tuple(closes)) for (opens, by), closes in closing.items())
