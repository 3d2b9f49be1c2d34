"""What a contract is about: the file that speaks for it, and its title and version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition


@dataclass(frozen=True, slots=True)
class About:
    """A contract in a few words."""

    title: str
    version: str
    description: str


def about(contract: Contract) -> About:
    """Return what the contract's main file says of itself.

    That is the file of its events; without any, that of its operations; else the first.
    """
    file = _main(contract)
    schema: Mapping[str, Any] = contract.schemas[file]
    return About(
        str(schema.get("title", file)),
        str(schema.get("x-version", "0.0.0")),
        str(schema.get("description", "")),
    )


def event_documents(contract: Contract) -> list[Definition]:
    """Return the definitions whose documents are events."""
    return [each for each in contract.definitions.values() if each.kind == "events"]


def operations(contract: Contract) -> list[Definition]:
    """Return the definitions that are bodies of operations."""
    return [each for each in contract.definitions.values() if "x-operation" in each.schema]


def _main(contract: Contract) -> str:
    speaking = [*event_documents(contract), *operations(contract)]
    return speaking[0].file if speaking else next(iter(contract.schemas))
