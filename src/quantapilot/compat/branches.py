"""Branches: which definitions a document may be, by what its discriminator calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.compat.schemas import says_something

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Definition

EVENTS = "events"


def branches_of(definition: Definition) -> Mapping[str, str]:
    """Return references to the branches of a union by what its discriminator calls them."""
    discriminator = definition.schema.get("discriminator")
    found = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    return found if isinstance(found, dict) else {}


def is_events(definition: Definition) -> bool:
    """Tell whether a definition is a union of events."""
    return definition.kind == EVENTS and bool(branches_of(definition))


def only_branches(definition: Definition) -> bool:
    """Tell whether a union says nothing but its branches, each of them with its name."""
    said = {
        keyword: value
        for keyword, value in definition.schema.items()
        if says_something({keyword: value})
    }
    branches = [each.get("$ref") for each in said.get("oneOf", ()) if isinstance(each, dict)]
    return said.keys() == {"oneOf"} and sorted(map(str, branches)) == sorted(
        set(branches_of(definition).values())
    )


def noun(definition: Definition) -> str:
    """Return what a branch of a definition is called."""
    return "event" if definition.kind == EVENTS else "branch"
