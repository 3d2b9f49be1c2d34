"""Copies: attributes of an event's envelope that repeat a part of its payload.

JSON Schema can't compare two places, so `x-document` says which attribute repeats what. An event
whose two places differ conforms to its schema, and would be routed as one thing and read as
another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract

Pointer = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """An attribute, by its name, and the place of the part of the payload that it repeats."""

    name: str
    original: Pointer

    @property
    def told(self) -> str:
        """Return, in words, that the two differ."""
        return f"differs from '{pointer_of(self.original)}', which it repeats"


class Copies:
    """Which attributes of events repeat which parts of their payloads."""

    def __init__(self, contract: Contract) -> None:
        self._declared = [
            Copy(name, tuple(pointer.split("/")[1:]))
            for document in contract.documents
            for name, pointer in document.schema["x-document"].get("copies", {}).items()
        ]

    @property
    def places(self) -> set[Pointer]:
        """Return the places of an event that count."""
        return {place for each in self._declared for place in ((each.name,), each.original)}

    def __bool__(self) -> bool:
        """Tell whether the contract declares any."""
        return bool(self._declared)

    def differing(self, event: Mapping[str, Any]) -> Copy | None:
        """Return the first attribute that differs from what it repeats.

        None where all are alike; an attribute or a part that is absent differs from nothing.
        """
        for copy in self._declared:
            original: Any = event
            try:
                for key in copy.original:
                    original = original[key]
                repeated = event[copy.name]
            except (KeyError, TypeError):
                continue
            if repeated != original and original is not None:
                return copy
        return None
