"""Events as a whole: which ones a contract has, and what in their envelopes hangs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import snake
from quantapilot.contract.shape import members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition

# The order that readers of CloudEvents are used to; the payload comes last.
_ORDER = ("specversion", "id", "source", "type", "time", "subject")
# Where an event says which schema its payload conforms to (CloudEvents 1.0, section 3.1.2).
_SCHEMA = "dataschema"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One type of event: its definition, and that of its payload where it has a name."""

    type: str
    definition: Definition
    payload: Definition | None
    attributes: Mapping[str, Any]


class Events:
    """The events of a contract; none where it describes none that a type tells apart."""

    def __init__(self, contract: Contract) -> None:
        self.kinds: dict[str, EventKind] = {}
        self._names: dict[str, EventKind] = {}
        self.payload, self.told_by = "data", "type"
        self.document: Definition | None = None
        self._copies: dict[str, tuple[str, ...]] = {}
        for document in contract.documents:
            if document.kind == "events" and "discriminator" in document.schema and not self.kinds:
                self._know(contract, document)

    def _know(self, contract: Contract, document: Definition) -> None:
        self.document = document
        said = document.schema["x-document"]
        self.payload = said.get("payload", "data")
        self.told_by = document.schema["discriminator"]["propertyName"]
        self._copies = {name: pointed(pointer) for name, pointer in said.get("copies", {}).items()}
        for name in document.schema["discriminator"]["mapping"]:
            definition = contract.branch(document, name)
            if definition is None:
                continue
            attributes = members(contract, definition)
            reference = attributes.get(self.payload, {}).get("$ref", "")
            payload = contract.definitions.get(reference.rpartition("/")[2])
            kind = EventKind(name, definition, payload, attributes)
            self.kinds[name] = kind
            for alias in (name, name.rpartition(".")[2], definition.name, payload and payload.name):
                if alias:
                    self._names.setdefault(alias, kind)
                    self._names.setdefault(snake(alias), kind)

    @property
    def names(self) -> list[str]:
        """Return what the events are called, such as `run_started`."""
        return [each.rpartition(".")[2] for each in self.kinds]

    def named(self, name: str) -> EventKind | None:
        """Return an event by its type, the last part of it, or the name of a definition."""
        return self._names.get(name) or self._names.get(name.replace("-", "_").lower())

    @property
    def copies(self) -> list[str]:
        """Return the attributes that repeat a part of the payload."""
        return list(self._copies)

    def origin(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return where in an event that comes from what stands at a place."""
        return self._copies.get(path[0], path) if len(path) == 1 else path

    def of(self, definition: Definition) -> EventKind | None:
        """Return the event that a definition describes with its envelope."""
        return next((each for each in self.kinds.values() if each.definition is definition), None)

    def complete(self, value: Any) -> None:
        """Have what hangs together in the envelopes of all events of a document do so."""
        if isinstance(value, dict):
            named = value.get(self.told_by)
            if isinstance(named, str) and named in self.kinds and self.payload in value:
                self._put(value, self.kinds[named])
            for below in list(value.values()):
                self.complete(below)
        elif isinstance(value, list):
            for below in value:
                self.complete(below)

    def _put(self, event: dict[str, Any], kind: EventKind) -> None:
        """Have the envelope of an event repeat its payload, and stand in the order one expects."""
        if _SCHEMA in event and kind.payload is not None:
            event[_SCHEMA] = kind.payload.uri
        for name, path in self._copies.items():
            copied = at(event, path)
            if name in kind.attributes and copied is not None:
                event[name] = copied
        known = list(dict.fromkeys((*_ORDER, *kind.attributes)))
        order = {name: place for place, name in enumerate(known)}
        ordered = sorted(event, key=lambda name: (name == self.payload, order.get(name, 0)))
        before = dict(event)
        event.clear()
        event.update((name, before[name]) for name in ordered)


def pointed(pointer: str) -> tuple[str, ...]:
    """Return the members that a pointer (RFC 6901) leads through."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def at(document: Any, path: tuple[str, ...]) -> Any:
    """Return what stands in a document under some members in turn, or None."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def set_at(document: Any, path: tuple[str, ...], value: Any) -> None:
    """Put a value into a document, where there is an object to hold it."""
    holder = at(document, path[:-1])
    if isinstance(holder, dict):
        holder[path[-1]] = value
