"""Annotations: whether `x-document` and `discriminator` say what those who read them rely on.

JSON Schema knows neither, so that no engine tells of a mistake in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quantapilot.contract.roles import USUAL, keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.contract.catalog import Contract, Definition

    # A key below the definition, and what is wrong with it.
    Fault = tuple[str, str]

_KINDS = ("events", "logs", "errors")
# What may stand in `x-document` of any kind, and of events alone.
_ALL = ("kind", "recognised_by")
_OF_EVENTS = ("copies", "id_prefix")
# The role that may lie deeper in an event; the others are members of it.
_DEEPER = "subject"


def faults(contract: Contract, definition: Definition) -> Iterator[Fault]:
    """Yield what is wrong with the annotations of a definition, and of which of them."""
    schema = definition.schema
    if "discriminator" in schema:
        for told in _discriminator(contract, schema["discriminator"]):
            yield "discriminator", told
    if "x-document" in schema:
        for told in _document(contract, definition, schema["x-document"]):
            yield "x-document", told


def _discriminator(contract: Contract, said: Any) -> Iterator[str]:
    shaped = isinstance(said, Mapping) and isinstance(said.get("propertyName"), str)
    mapping = said.get("mapping") if shaped else None
    if not isinstance(mapping, Mapping) or not mapping:
        yield 'needs "propertyName", and a "mapping" of its values to definitions'
        return
    for value, reference in mapping.items():
        name = reference.rpartition("/")[2] if isinstance(reference, str) else ""
        if name not in contract.definitions:
            yield f"leads from '{value}' to no definition"


def _document(contract: Contract, definition: Definition, said: Any) -> Iterator[str]:
    if not isinstance(said, Mapping) or said.get("kind") not in _KINDS:
        yield f'needs a "kind": one of {", ".join(_KINDS)}'
        return
    usual = USUAL.get(said["kind"], {})
    known = (*_ALL, *usual, *(_OF_EVENTS if said["kind"] == "events" else ()))
    if unknown := [name for name in said if name not in known]:
        yield f"does not know '{unknown[0]}'; it may say {', '.join(known)}"
    for name in ("recognised_by", *usual):
        if name in said or name not in usual:
            yield from _field(contract, definition, name, said.get(name))
    if not isinstance(said.get("id_prefix", ""), str):
        yield "needs a text as 'id_prefix'"
    yield from _copies(contract, definition, said.get("copies", {}))


def _copies(contract: Contract, definition: Definition, said: Any) -> Iterator[str]:
    if not isinstance(said, Mapping):
        yield "needs as 'copies' the fields that repeat others, each with a JSON pointer"
        return
    for name, pointer in said.items():
        for each in (name, pointer):
            if not isinstance(each, str) or not _there(contract, definition, each):
                yield f"names as a copy what {definition.name} does not have: '{each}'"


def _field(contract: Contract, definition: Definition, role: str, name: Any) -> Iterator[str]:
    if not isinstance(name, str) or (name.startswith("/") and role != _DEEPER):
        yield f"needs the name of a field as '{role}'"
    elif not _there(contract, definition, name):
        yield f"names as '{role}' a field that {definition.name} does not have: '{name}'"


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
