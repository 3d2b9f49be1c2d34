"""Invalid documents: each breaks one rule, and the gate has confirmed that it breaks no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.positions import pointer_of
from quantapilot.contract.shape import keywords
from quantapilot.errors import UnknownNameError
from quantapilot.gate.catalogue import all_rules
from quantapilot.gate.check import Selection
from quantapilot.mock.faults import FAULTS, places, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path as File

    from quantapilot.contract.catalog import Definition, Field
    from quantapilot.findings import Finding
    from quantapilot.gate.catalogue import RuleEntry
    from quantapilot.mock.drawing import Drawing
    from quantapilot.mock.faults import Fault, Path

_COPY = "contract/copy"
# Rules that are broken in an object and leave it one.
_INSIDE = frozenset({"contract/unknown-field", "contract/missing-field"})
# How many documents are searched for a place where a rule can be broken.
_DOCUMENTS = 6


@dataclass(frozen=True, slots=True)
class Invalid:
    """A document, or a run, that breaks one rule.

    Attributes:
        rule: The rule.
        why: What is wrong, as the gate says it.
        value: The document; of a run its events.
        pointer: Where it is wrong (RFC 6901).
        line: In which event of a run, counted from 1; None for a document.
    """

    rule: str
    why: str
    value: Any
    pointer: str = ""
    line: int | None = None

    @property
    def told(self) -> dict[str, Any]:
        """Return it as `qp mock --invalid` writes it."""
        place = {"pointer": self.pointer} if self.line is None else {"line": self.line}
        return {"rule": self.rule, **place, "why": self.why, "value": self.value}


class Breaking:
    """Makes invalid documents."""

    def __init__(self, drawing: Drawing, rules: Sequence[File]) -> None:
        """Take what draws valid ones, and the project's own rule files.

        Raises:
            RuleError: A rule file can't be used.
        """
        self._drawing = drawing
        self._rules = all_rules(rules)

    def chosen(self, asked: str | None) -> list[RuleEntry]:
        """Return the rules that are asked for, by id or by a pattern such as `pii/*`; else all.

        Raises:
            UnknownNameError: There is no such rule; the text names the nearest one.
        """
        known = {rule.id: rule for rule in self._rules}
        if asked is None:
            return self._rules
        name = asked if asked in known or f"pii/{asked}" not in known else f"pii/{asked}"
        selection = Selection((name,))
        if found := [rule for rule in self._rules if rule.id in selection]:
            return found
        from difflib import get_close_matches

        near = get_close_matches(asked, known, n=1)
        hint = f", did you mean '{near[0]}'?" if near else "; 'qp rules' lists them"
        raise UnknownNameError(f"no rule '{asked}'{hint}")

    def documents(
        self,
        definition: Definition,
        key: str,
        asked: str | None,
        count: int,
        *,
        alone: bool = False,
    ) -> Iterator[Invalid]:
        """Yield documents that break the rules asked for; of each so many, at different places.

        A rule that can't be broken in this definition is passed over. Events are judged as on a
        stream, or as this definition `alone`.

        Raises:
            UnknownNameError: There is no such rule.
            ContractError: No valid document was found.
        """
        judged = definition
        if not alone and self._drawing.events.document and self._drawing.events.of(definition):
            judged = self._drawing.events.document
        for rule in self.chosen(asked):
            if rule.id in FAULTS or rule.id == _COPY or rule.category == "pii":
                yield from self._breaking(rule, definition, judged, f"{key}/{rule.id}", count)

    def _breaking(
        self, rule: RuleEntry, definition: Definition, judged: Definition, key: str, count: int
    ) -> Iterator[Invalid]:
        told: set[str] = set()
        random = self._drawing.chance(key)
        for tried in range(_DOCUMENTS if count == 1 else _DOCUMENTS + count):
            document = self._drawing.document(definition, f"{key}/{tried}")
            faults = list(self._faults(rule, definition, document, f"{key}/{tried}"))
            random.shuffle(faults)
            if rule.category == "pii":
                faults.sort(key=self._liking(definition, document))
            for path, new in faults:
                pointer = pointer_of(path)
                if pointer in told:
                    continue
                broken = put(document, path, new)
                if found := self._confirmed(rule.id, broken, judged):
                    told.add(pointer)
                    yield Invalid(rule.id, found.message, broken, pointer)
                    if len(told) == count:
                        return

    def _confirmed(self, rule: str, value: Any, definition: Definition) -> Finding | None:
        """Return the finding of a value that breaks just this rule."""
        if not self._may_break(rule, value, definition):
            return None
        found = self._drawing.inspector.value(value, definition, definition.name)
        return found[0] if found and all(each.rule == rule for each in found) else None

    def _may_break(self, rule: str, value: Any, definition: Definition) -> bool:
        """Tell what the contract alone says, which is quickly told."""
        validator = self._drawing.validator
        if isinstance(value, dict):
            recognised = validator.branch(definition, value)
            if recognised.definition is None:
                return recognised.violation is not None and recognised.violation.rule == rule
            definition = recognised.definition
        valid = validator.is_valid(definition, value)
        if valid or rule not in FAULTS:
            return valid and rule not in FAULTS
        return {each.rule for each in validator.violations(definition, value)} == {rule}

    def _faults(
        self, rule: RuleEntry, definition: Definition, document: Any, key: str
    ) -> Iterator[Fault]:
        drawing = self._drawing
        if rule.id == _COPY:
            other = drawing.document(definition, f"{key}/other")
            yield from (((name,), other[name]) for name in drawing.events.copies if name in other)
            return
        branch = drawing.branch_of(definition, document)

        def known(path: Path) -> dict[str, Any]:
            return keywords(drawing.contract, branch, path)

        for place in places(document, known):
            if rule.id in FAULTS:
                if place.path or not isinstance(place.value, dict) or rule.id in _INSIDE:
                    yield from FAULTS[rule.id](place)
            elif isinstance(place.value, str):
                data_class = self._class(branch, place.path) or "text"
                if data_class in rule.data_classes:
                    yield from ((place.path, example) for example in rule.match)

    def _liking(
        self, definition: Definition, document: Any
    ) -> Callable[[Fault], tuple[bool, bool]]:
        """Return the order of places and examples: free texts first, and what is plain text."""
        branch = self._drawing.branch_of(definition, document)

        def rank(fault: Fault) -> tuple[bool, bool]:
            path, example = fault
            return self._class(branch, path) != "text", str(example).startswith("{")

        return rank

    def _class(self, definition: Definition, path: Path) -> str | None:
        field: Field | None = self._drawing.contract.fields(definition)
        for step in path:
            field = field.below(step) if field else None
        return field.data_class if field else None
