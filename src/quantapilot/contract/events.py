"""Events: which types a contract tells apart, what each holds, and by which names it goes.

Whoever makes events needs the same of a contract: the emitter, which fills in what a payload lacks,
and the mock, which makes all of it up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import snake
from quantapilot.contract.roles import document, keys, roles
from quantapilot.contract.shape import members
from quantapilot.errors import ContractError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quantapilot.contract.catalog import Contract, Definition

_PARTS = re.compile(r"[.:/#]")
# What tells one version of an event from the next, and is no name by itself.
_VERSION = re.compile(r"v?[0-9]+")
# What only CloudEvents have among events, and what they begin with.
CLOUD = "specversion"


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    Attributes:
        name: What the discriminator says, such as `order.paid`.
        definition: The event with its envelope.
        payload: The definition of what it tells; None where that has none of its own.
        fields: The schemas of its members by name.
        flat: Whether its payload stands among the attributes, in no member of its own.
    """

    name: str
    definition: Definition
    payload: Definition | None
    fields: Mapping[str, Any]
    flat: bool


class EventTypes:
    """The types of event that a contract has.

    Attributes:
        document: The definition of any event.
        roles: The fields that hold an event's id, its time and the like, by role.
        told_by: The field that tells an event's type.
        copies: The attributes that repeat a part of the payload, and where that stands.
        by_name: The types by their full names.
    """

    def __init__(self, contract: Contract) -> None:
        """Take the contract.

        Raises:
            ContractError: It describes no events that a type tells apart.
        """
        found = document(contract, "events")
        if found is None or "discriminator" not in found.schema:
            raise ContractError("the contract describes no events that a type tells apart")
        said = found.schema["x-document"]
        self.document = found
        self.roles = roles(found)
        self.told_by: str = found.schema["discriminator"]["propertyName"]
        self.copies = {name: keys(pointer) for name, pointer in said.get("copies", {}).items()}
        self.by_name: dict[str, EventType] = {}
        for name in found.schema["discriminator"]["mapping"]:
            definition = contract.branch(found, name)
            if definition is not None:
                self.by_name[name] = _described(contract, name, definition, self.roles["payload"])
        self._aliases: dict[str, list[EventType]] = defaultdict(list)
        for each in self.by_name.values():
            for alias in {*map(_spelt, _aliases(each))}:
                self._aliases[alias].append(each)

    @property
    def names(self) -> list[str]:
        """Return what people call the events: `paid`, or more of the name where there are two."""
        return [
            next((end for end in _endings(name) if len(self._aliases[_spelt(end)]) == 1), name)
            for name in self.by_name
        ]

    def named(self, name: str) -> EventType | None:
        """Return an event by its type, the end of it, or the name of a definition.

        Raises:
            UnknownNameError: Several events have this name.
        """
        if name in self.by_name:
            return self.by_name[name]
        found = self._aliases.get(_spelt(name), ())
        if len(found) > 1:
            several = ", ".join(each.name for each in found)
            raise UnknownNameError(f"several events go by the name '{name}': {several}")
        return found[0] if found else None

    def ordered(self, fields: Iterable[str]) -> list[str]:
        """Return the members of an event in the order that readers of CloudEvents are used to."""
        first = (CLOUD, "id", "source", "type", "time", "subject")
        places = {self.roles.get(role, role): place for place, role in enumerate(first)}
        places[self.told_by] = first.index("type")
        last = self.roles["payload"]
        return sorted(fields, key=lambda name: (name == last, places.get(name, len(first))))


def short(name: str) -> str:
    """Return the last part of a type's name, as people say it, without the number of a version."""
    parts = _PARTS.split(name)
    while len(parts) > 1 and _is_version(parts[-1]):
        parts.pop()
    return parts[-1]


def _described(
    contract: Contract, name: str, definition: Definition, payload_field: str
) -> EventType:
    fields = members(contract, definition)
    reference = fields.get(payload_field, {}).get("$ref", "")
    payload = contract.definitions.get(reference.rpartition("/")[2])
    return EventType(name, definition, payload, fields, payload_field not in fields)


def _aliases(event: EventType) -> list[str]:
    named = [*_endings(event.name), event.definition.name]
    return named if event.payload is None else [*named, event.payload.name]


def _endings(name: str) -> list[str]:
    """Return what a type may be called for short, the shortest first, itself last."""
    begins = [0, *(found.end() for found in _PARTS.finditer(name))]
    endings = [name[begin:] for begin in reversed(begins)]
    return [short(name), *(each for each in endings if not _is_version(_PARTS.split(each)[0]))]


def _is_version(part: str) -> bool:
    return not part or _VERSION.fullmatch(part) is not None


def _spelt(name: str) -> str:
    return snake(name).replace("-", "_")
