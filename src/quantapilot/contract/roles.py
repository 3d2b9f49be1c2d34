"""Roles: which fields of events and log records hold their id, their time and the like.

`x-document` names the field of a role where it has another name than the usual one: for events
those are the attributes of CloudEvents 1.0.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition

# Kind of document -> role -> the field that has it where `x-document` names no other.
USUAL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "events": MappingProxyType(
            {
                "id": "id",
                "source": "source",
                "time": "time",
                "subject": "subject",
                "schema": "dataschema",
                "payload": "data",
            }
        ),
        "logs": MappingProxyType(
            {
                "time": "timestamp",
                "level": "level",
                "message": "message",
                "logger": "logger",
                "dropped": "fields_dropped_count",
            }
        ),
    }
)


def document(contract: Contract, kind: str) -> Definition | None:
    """Return the definition of the contract's documents of a kind, the first if there are more."""
    return next((each for each in contract.documents if each.kind == kind), None)


def roles(contract: Contract, definition: Definition) -> dict[str, str]:
    """Return the field of each role that a document's definition knows.

    The subject of events may be named by a JSON pointer (RFC 6901) into the event as well.

    Raises:
        ContractError: `x-document` gives a role to a field that the definition does not have.
    """
    said = definition.schema["x-document"]
    usual = USUAL.get(said["kind"], {})
    for role in usual.keys() & said.keys():
        field = contract.fields(definition)
        for key in keys(said[role]):
            below = field.below(key)
            if below is None:
                raise ContractError(
                    f"{definition.file}: {definition.name} has no field '{said[role]}', "
                    f"which its x-document names as '{role}'"
                )
            field = below
    return {role: said.get(role, name) for role, name in usual.items()}


def keys(name: str) -> tuple[str, ...]:
    """Return the keys that lead to a field, which a name or a JSON pointer (RFC 6901) tells."""
    if not name.startswith("/"):
        return (name,)
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in name.split("/")[1:])
