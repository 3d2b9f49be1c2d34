"""Copies: attributes of an event's envelope that repeat a part of its payload.

JSON Schema can't compare two places, so `x-document` says which attribute repeats what. An event
whose two places differ conforms to its schema, and would be routed as one thing and read as
another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract

Pointer = tuple[str, ...]


class Copies:
    """Which attributes of events repeat which parts of their payloads."""

    def __init__(self, contract: Contract) -> None:
        declared = [
            (name, tuple(pointer.split("/")[1:]))
            for document in contract.documents
            for name, pointer in document.schema["x-document"].get("copies", {}).items()
        ]
        self._declared: tuple[tuple[str, Pointer], ...] = tuple(declared)

    def __bool__(self) -> bool:
        """Tell whether the contract declares any."""
        return bool(self._declared)

    def differing(self, event: Mapping[str, Any]) -> tuple[str, Pointer] | None:
        """Return the first attribute that differs from what it repeats, and what that is.

        None where all are alike; an attribute or a part that is absent differs from nothing.
        """
        for name, path in self._declared:
            original: Any = event
            for key in path:
                original = original.get(key) if isinstance(original, dict) else None
            if original is not None and event.get(name, original) != original:
                return name, path
        return None
