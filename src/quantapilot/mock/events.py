"""Envelopes of mocks: what in an event hangs together, and in which order its members stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.events import EventTypes
from quantapilot.contract.roles import value_at
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.events import EventType


class Events:
    """The events of a contract; none where it describes none that a type tells apart."""

    def __init__(self, contract: Contract) -> None:
        try:
            self._types: EventTypes | None = EventTypes(contract)
        except ContractError:
            self._types = None

    @property
    def document(self) -> Definition | None:
        """Return the definition of any event."""
        return self._types.document if self._types else None

    @property
    def kinds(self) -> dict[str, EventType]:
        """Return the types of event by name."""
        return self._types.by_name if self._types else {}

    @property
    def names(self) -> list[str]:
        """Return what the events are called, such as `run_started`."""
        return self._types.names if self._types else []

    def named(self, name: str) -> EventType | None:
        """Return an event by its type, the last part of it, or the name of a definition.

        Raises:
            UnknownNameError: Several events have this name.
        """
        return self._types.named(name) if self._types else None

    @property
    def copies(self) -> list[str]:
        """Return the attributes that repeat a part of the payload."""
        return [*self._types.copies] if self._types else []

    def origin(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return where in an event that comes from what stands at a place."""
        copies = self._types.copies if self._types else {}
        return copies.get(path[0], path) if len(path) == 1 else path

    def id_of(self, event: dict[str, Any]) -> Any:
        """Return the id of an event; None where events have none."""
        return event.get(self._types.roles["id"]) if self._types else None

    def type_of(self, event: dict[str, Any]) -> Any:
        """Return what says the type of an event."""
        return event.get(self._types.told_by) if self._types else None

    def of(self, definition: Definition) -> EventType | None:
        """Return the event that a definition describes with its envelope."""
        return next((each for each in self.kinds.values() if each.definition is definition), None)

    def complete(self, value: Any) -> None:
        """Have what hangs together in the envelopes of all events of a document do so."""
        if isinstance(value, dict):
            named = self.type_of(value)
            if isinstance(named, str) and named in self.kinds:
                self._put(value, self.kinds[named])
            for below in list(value.values()):
                self.complete(below)
        elif isinstance(value, list):
            for below in value:
                self.complete(below)

    def _put(self, event: dict[str, Any], kind: EventType) -> None:
        """Have the envelope of an event repeat its payload, and stand in the order one expects."""
        types = self._types
        if types is None or not (kind.flat or types.roles["payload"] in event):
            return
        if types.roles["schema"] in event and kind.payload is not None:
            event[types.roles["schema"]] = kind.payload.uri
        for name, path in types.copies.items():
            copied = value_at(event, path)
            if name in kind.fields and copied is not None:
                event[name] = copied
        known = {name: place for place, name in enumerate(types.ordered(kind.fields))}
        before = dict(event)
        event.clear()
        for name in sorted(before, key=lambda name: known.get(name, len(known))):
            event[name] = before[name]


def set_at(document: Any, path: Sequence[str], value: Any) -> None:
    """Put a value into a document, where there is an object to hold it."""
    holder = value_at(document, path[:-1])
    if isinstance(holder, dict):
        holder[path[-1]] = value
