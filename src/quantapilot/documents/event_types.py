"""The types of event that a contract has, each with its definition and examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import snake
from quantapilot.documents.about import event_documents
from quantapilot.documents.definitions import definition_at
from quantapilot.documents.examples import of_branch, valid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    Attributes:
        name: What the events' discriminator says; without one, the definition's name.
        definition: What describes an event of this type, as a whole.
        document: The definition of all events of this kind.
        examples: Valid events.
    """

    name: str
    definition: Definition
    document: Definition
    examples: tuple[Any, ...]


def event_types(contract: Contract, examples: Mapping[str, Any]) -> list[EventType]:
    """Return every type of event, in the order of the contract."""
    return [
        each for document in event_documents(contract) for each in _of(contract, examples, document)
    ]


def _of(contract: Contract, examples: Mapping[str, Any], document: Definition) -> list[EventType]:
    mapping = document.schema.get("discriminator", {}).get("mapping")
    if not mapping:
        shown = tuple(valid(examples, document.name))
        return [EventType(snake(document.name), document, document, shown)]
    base = contract.schemas[document.file]["$id"]
    branches = ((name, definition_at(contract, to, base)) for name, to in mapping.items())
    return [
        EventType(name, branch, document, tuple(of_branch(contract, examples, document, branch)))
        for name, branch in branches
        if branch is not None
    ]
