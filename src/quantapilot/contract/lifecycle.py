"""The order of a run's events: a state machine that the schema folder declares.

Nothing of a particular contract stands here: `run.lifecycle.json` says which event may follow
which, and which events open and close something in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.errors import ContractError, OutOfOrderError

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        state: A state of the lifecycle.
        open_: What was opened in it and is not closed yet, such as gates.
    """

    state: str
    open_: frozenset[str] = frozenset()


class Lifecycle:
    """Which event of a run may follow which; safe to share between threads."""

    def __init__(self, contract: Contract) -> None:
        """Take the contract.

        Raises:
            ContractError: It declares no order, or one that can't be used.
        """
        declared = contract.lifecycle
        if not isinstance(declared, Mapping):
            raise ContractError("the contract declares no order of events: run.lifecycle.json")
        try:
            self._run = _path(declared["run"])
            self._start: Mapping[str, str] = dict(declared["start"])
            self._on: Mapping[str, Mapping[str, str]] = {
                name: dict(state.get("on", {})) for name, state in declared["states"].items()
            }
            pairs = [(each, _path(each["by"])) for each in declared.get("pairs", ())]
            self._opens: Mapping[str, Path] = {each["opens"]: path for each, path in pairs}
            self._closes: Mapping[str, Path] = {each["closes"]: path for each, path in pairs}
        except (KeyError, TypeError, AttributeError):
            raise ContractError("run.lifecycle.json does not say an order of events") from None
        targets = {*self._start.values(), *(to for on in self._on.values() for to in on.values())}
        if unknown := sorted(targets - self._on.keys()):
            raise ContractError(f"run.lifecycle.json leads to states it lacks: {unknown}")

    def ended(self, state: str) -> bool:
        """Return whether nothing follows a state."""
        return not self._on[state]

    def run_of(self, event: Mapping[str, Any]) -> Any:
        """Return the run that an event tells of; None where it names none."""
        return _at(event, self._run)

    def advance(self, progress: Progress | None, event: Mapping[str, Any]) -> Progress:
        """Return where a run stands behind an event that conforms to the contract.

        Args:
            progress: Where it stood; None before its first event.
            event: The event, with its envelope.

        Raises:
            OutOfOrderError: The event may not stand here.
        """
        kind = event.get("type", "")
        if progress is None:
            if kind not in self._start:
                first = " or ".join(_short(each) for each in self._start)
                raise OutOfOrderError(f"a run begins with {first}")
            return Progress(self._start[kind])
        if kind in self._start:
            raise OutOfOrderError(f"{_short(kind)} comes once: the run has begun")
        on = self._on[progress.state]
        if not on:
            raise OutOfOrderError(f"the run has ended: it is {progress.state}")
        if kind not in on:
            allowed = ", ".join(_short(each) for each in on)
            raise OutOfOrderError(f"while a run is {progress.state}, only {allowed} may come")
        state, open_ = on[kind], self._opened(progress.open_, kind, event)
        # What was open at the end is never closed: it awaits nothing any more.
        return Progress(state, frozenset() if self.ended(state) else open_)

    def _opened(self, open_: frozenset[str], kind: str, event: Mapping[str, Any]) -> frozenset[str]:
        if (path := self._opens.get(kind)) is not None:
            return open_ | {str(_at(event, path))}
        if (path := self._closes.get(kind)) is not None:
            name = str(_at(event, path))
            if name not in open_:
                opening = next(each for each, by in self._opens.items() if by == path)
                raise OutOfOrderError(f"{_short(kind)} needs a {_short(opening)} before it")
            return open_ - {name}
        return open_


def _path(pointer: str) -> Path:
    return tuple(pointer.split("/")[1:])


def _at(document: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def _short(kind: str) -> str:
    return kind.rpartition(".")[2]
