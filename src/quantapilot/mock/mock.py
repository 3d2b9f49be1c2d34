"""The mock: sample documents of a contract, for the tests of those who write or read them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from quantapilot.config import Config, load_config
from quantapilot.contract.catalog import snake
from quantapilot.contract.validator import Validator
from quantapilot.errors import UnknownNameError
from quantapilot.gate.project import Project
from quantapilot.mock.drawing import Drawing
from quantapilot.mock.examples import begun
from quantapilot.mock.invalid import Breaking, Invalid
from quantapilot.mock.misorder import misordered
from quantapilot.mock.runs import Runs, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantapilot.contract.catalog import Contract, Definition

_RUN = "run"


class Mock:
    """Makes sample documents; the same seed and contract make the same ones on every machine.

    Each call makes the next document of its name. Which one that is does not depend on what was
    made of other names in between::

        mock = Mock(seed=7)
        mock.event("run_started")["data"]["run_id"]
    """

    def __init__(
        self,
        contract: Contract | None = None,
        *,
        config: Config | None = None,
        seed: int | str = 0,
    ) -> None:
        """Take the contract.

        Args:
            contract: The contract; that of the project where it is None.
            config: The project's settings; those of the current folder where it is None. They
                bring the contract and the rules that documents are searched by.
            seed: What documents are drawn by.

        Raises:
            ContractError: The contract can't be used.
            RuleError: A rule file can't be used.
        """
        settings = config or load_config()
        project = Project(settings)
        detector = project.detector()
        declared = project.sound_contract() if contract is None else contract

        def drawing(of: Contract) -> Drawing:
            return Drawing(of, project.inspector(detector, Validator(of)), seed)

        extended = project.extended(declared, detector) if contract is None else declared
        self._drawing = drawing(extended)
        # What a project adds to its log records is none of the contract's.
        self._declared = self._drawing if extended is declared else drawing(declared)
        self._rules = [settings.root / path for path in settings.rules]
        self._made: Counter[str] = Counter()

    @property
    def names(self) -> list[str]:
        """Return what can be made: events by the last part of their types, then definitions."""
        return [*self._drawing.events.names, *self._drawing.contract.definitions]

    def document(self, name: str) -> Any:
        """Return the next document of a definition; of an event's payload just that.

        Args:
            name: The definition's, in camel or snake case, such as `LogRecord`.

        Raises:
            UnknownNameError: There is no such definition; the text names the nearest one.
            ContractError: None was found that conforms and holds no personal data.
        """
        return self._next(self._definition(name))

    def event(self, name: str) -> dict[str, Any]:
        """Return the next event of a type, with its envelope.

        Args:
            name: The type, the last part of it, or the name of its payload, as `qp emit` has it.

        Raises:
            UnknownNameError: There is no such event; the text names the nearest one.
            ContractError: None was found that conforms and holds no personal data.
        """
        kind = self._drawing.events.named(name)
        if kind is None:
            raise _unknown("event", name, self._drawing.events.names)
        made: dict[str, Any] = self._next(kind.definition)
        return made

    def payload(self, name: str) -> Any:
        """Return the next payload of an event, without its envelope.

        Raises:
            UnknownNameError: There is no such event, or its payload is no definition.
            ContractError: None was found that conforms and holds no personal data.
        """
        return self._next(self._payload(name))

    def run(self, *, length: int | None = None, end: str | None = None) -> list[dict[str, Any]]:
        """Return the events of the next run, in their order.

        Args:
            length: About how many there are.
            end: The state of the lifecycle that it ends in; any last one where it is None.

        Raises:
            UnknownNameError: No run ends so.
            ContractError: The contract declares no order of events, or none that can be kept.
        """
        return list(self.runs(1, length=length, end=end))

    def runs(
        self, count: int, *, length: int | None = None, end: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of so many runs, of which several go on at the same time.

        Args:
            count: How many.
            length: About how many events each has.
            end: The state of the lifecycle that all end in; any last one where it is None.

        Raises:
            UnknownNameError: No run ends so.
            ContractError: The contract declares no order of events, or none that can be kept.
        """
        runs, terms = Runs(self._drawing), Terms(length, end)
        if end is not None:
            runs.course.end_named(end)
        return runs.stream(count, self._key(_RUN), terms)

    def invalid(self, name: str, rule: str | None = None, *, count: int = 1) -> Iterator[Invalid]:
        """Yield documents that break one rule each; rules that can't be broken there are left out.

        Args:
            name: An event, as `event` takes it, or a definition, as `document` does.
            rule: The rule, or a pattern such as `pii/*`; all where it is None.
            count: How many of each rule, at different places, as far as there are so many.

        Raises:
            UnknownNameError: There is no such name, or no such rule.
            ContractError: No valid document was found to begin with.
        """
        return self._broken(self.named(name), rule, count)

    def invalid_payload(
        self, name: str, rule: str | None = None, *, count: int = 1
    ) -> Iterator[Invalid]:
        """Do as `invalid` does for an event's payload alone."""
        return self._broken(self._payload(name), rule, count)

    def invalid_run(self, *, length: int | None = None, end: str | None = None) -> Invalid:
        """Return a run in which one event stands where the order does not allow it.

        Raises:
            UnknownNameError: No run ends so.
            ContractError: The contract declares no order of events.
        """
        key = self._key(f"invalid {_RUN}")
        return misordered(Runs(self._drawing), self._drawing, key, Terms(length, end))

    def examples(self, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return examples for the file that the setting `examples` names, by definition.

        Args:
            known: Those that there are already, which stay; others are made for definitions that
                lack valid or invalid ones.
        """
        return begun(known or {}, self._declared, Breaking(self._declared, self._rules))

    def named(self, name: str) -> Definition:
        """Return what a name stands for: an event with its envelope, or any other definition.

        Raises:
            UnknownNameError: It stands for nothing; the text names the nearest one.
        """
        kind = self._drawing.events.named(name)
        return kind.definition if kind else self._definition(name)

    def knows(self, name: str) -> bool:
        """Tell whether a name stands for an event or another definition."""
        drawing = self._drawing
        return bool(drawing.events.named(name) or drawing.contract.named(name))

    def any(self, name: str) -> Any:
        """Return the next document of what a name stands for, an event or another definition."""
        return self._next(self.named(name))

    def _definition(self, name: str) -> Definition:
        found = self._drawing.contract.named(name)
        if found is None:
            raise _unknown("definition or event", name, self.names)
        return found

    def _payload(self, name: str) -> Definition:
        kind = self._drawing.events.named(name)
        if kind is None:
            raise _unknown("event", name, self._drawing.events.names)
        if kind.payload is None:
            raise UnknownNameError(f"the payload of '{name}' is no definition of its own")
        return kind.payload

    def _next(self, definition: Definition) -> Any:
        return self._drawing.document(definition, self._key(definition.name))

    def _broken(self, definition: Definition, rule: str | None, count: int) -> Iterator[Invalid]:
        breaking = Breaking(self._drawing, self._rules)
        breaking.chosen(rule)
        return breaking.documents(definition, self._key(f"invalid {definition.name}"), rule, count)

    def _key(self, name: str) -> str:
        self._made[name] += 1
        return f"{name}/{self._made[name]}"


def _unknown(what: str, name: str, known: list[str]) -> UnknownNameError:
    from difflib import get_close_matches

    spelt = {snake(each): each for each in reversed(known)}
    near = get_close_matches(snake(name.replace("-", "_")), spelt, n=1)
    meant = [each if name == name.lower() else spelt[each] for each in near]
    hint = f", did you mean '{meant[0]}'?" if meant else f"; there are {', '.join(known)}"
    return UnknownNameError(f"no {what} '{name}'{hint}")
