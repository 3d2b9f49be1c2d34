"""Roles: which fields of events and log records hold their id, their time and the like.

`x-document` names the field of a role where it has another name than the usual one: for events
those are the attributes of CloudEvents 1.0.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from quantapilot.contract.positions import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

# Each level from the least severe on, and what contracts call it.
LEVELS: Mapping[str, Sequence[str]] = {
    "debug": ("debug", "trace"),
    "info": ("info", "information", "notice"),
    "warning": ("warning", "warn"),
    "error": ("error", "err"),
    "critical": ("critical", "fatal", "crit"),
}


def document(contract: Contract, kind: str) -> Definition | None:
    """Return the definition of the contract's documents of a kind, the first if there are more."""
    return next((each for each in contract.documents if each.kind == kind), None)


def roles(definition: Definition) -> dict[str, str]:
    """Return the field of each role that documents of a definition have.

    The subject of events may be named by a JSON pointer (RFC 6901) into the event as well.
    """
    said = definition.schema["x-document"]
    return {role: said.get(role, name) for role, name in USUAL.get(said["kind"], {}).items()}


def keys(name: str) -> tuple[str, ...]:
    """Return the keys that lead to a field, which a name or a JSON pointer (RFC 6901) tells."""
    return steps_of(name) if name.startswith("/") else (name,)


def value_at(document: Any, path: Sequence[str]) -> Any:
    """Return what stands at a place of a parsed document; None where there is nothing."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def levels_called(listed: Sequence[Any]) -> dict[str, Any]:
    """Return what a contract calls each level: one of the listed values, where it lists some.

    A level without a name of its own gets that of the nearest one below it, or above.
    """
    known = {str(value).lower(): value for value in reversed(listed)}
    called = {
        level: next((known[name] for name in names if name in known), None)
        for level, names in LEVELS.items()
    }
    if not any(called.values()):
        return {level: level for level in LEVELS}
    last = next(value for value in called.values() if value is not None)
    for level, value in called.items():
        last = called[level] = last if value is None else value
    return called
