"""Roles: which fields of events and log records hold their id, their time and the like.

`x-document` names the field of a role where it has another name than the usual one: for events
those are the attributes of CloudEvents 1.0.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from quantapilot.contract.catalog import Contract, Definition

# What `x-document` may say of events besides.
_OF_EVENTS = frozenset({"copies", "id_prefix"})
# The role whose field may lie deeper in an event; the others are members of the document.
_DEEPER = "subject"
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


def roles(definition: Definition) -> dict[str, str]:
    """Return the field of each role that documents of a definition have.

    The subject of events may be named by a JSON pointer (RFC 6901) into the event as well.
    """
    said = definition.schema["x-document"]
    return {role: said.get(role, name) for role, name in USUAL.get(said["kind"], {}).items()}


def keys(name: str) -> tuple[str, ...]:
    """Return the keys that lead to a field, which a name or a JSON pointer (RFC 6901) tells."""
    return path_of(name) if name.startswith("/") else (name,)


def path_of(pointer: str) -> tuple[str, ...]:
    """Return the keys that a JSON pointer (RFC 6901) leads through."""
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def value_at(document: Any, path: Sequence[str]) -> Any:
    """Return what stands at a place of a parsed document; None where there is nothing."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def misplaced(contract: Contract, definition: Definition) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield where annotations of a definition name fields, or definitions, that are not there.

    Each is told by its place in the definition, and in words. How annotations are written, and the
    schema around them, is not judged here.
    """
    mapping = definition.schema.get("discriminator", {}).get("mapping", {})
    for value, reference in mapping.items():
        if reference.rpartition("/")[2] not in contract.definitions:
            yield ("discriminator", "mapping", value), f"'{value}' leads to no definition"
    said = definition.schema.get("x-document")
    if said is not None:
        for place, message in _misnamed(contract, definition, said):
            yield ("x-document", *place), message


def _misnamed(
    contract: Contract, definition: Definition, said: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    kind = said["kind"]
    named = {"recognised_by", *USUAL.get(kind, ())}
    for role, name in said.items():
        if role in named:
            deeper = name.startswith("/") and role != _DEEPER
            if deeper or not _there(contract, definition, name):
                yield (role,), f"'{role}' names a field that {definition.name} lacks: '{name}'"
        elif role != "kind" and not (kind == "events" and role in _OF_EVENTS):
            yield (role,), f"documents of the kind '{kind}' have no '{role}'"
    for name, pointer in said.get("copies", {}).items():
        for each in (name, pointer):
            if not _there(contract, definition, each):
                told = f"'copies' names a field that {definition.name} lacks: '{each}'"
                yield ("copies", name), told


def _there(contract: Contract, definition: Definition, name: str) -> bool:
    try:
        field = contract.fields(definition)
    except (TypeError, AttributeError):
        # It is no JSON Schema; the lint tells of that, with its place.
        return True
    for key in keys(name):
        below = field.below(key)
        if below is None:
            return False
        field = below
    return True
