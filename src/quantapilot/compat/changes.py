"""Changes: what a comparison says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["backward", "forward", "full"]
OneWay = Literal["backward", "forward"]
Verdict = Literal["compatible", "breaking", "unknown"]
Kind = Literal["breaking", "privacy", "unknown", "compatible"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A value that one version accepts and the other refuses; both validators were asked.

    Attributes:
        value: The value, made up from the schemas alone.
        accepted_by: The version that accepts it, `old` or `new`.
        refused_by: The other.
    """

    value: Any
    accepted_by: Literal["old", "new"]
    refused_by: Literal["old", "new"]


@dataclass(frozen=True, slots=True)
class Change:
    """One cause.

    Attributes:
        pointer: RFC 6901 pointer into the schema file where the cause stands, in the newer
            version; where something is gone, where it stood.
        kind: `breaking`, `privacy` and `unknown` ask for a new major version.
        direction: Which values are concerned: `backward`, those of the older version.
        message: What changed from what to what.
        witness: A value that shows it.
        file: The schema file.
        definition: The definition that the witness is a value of; empty for the whole document.
        reaches: Definitions of documents and requests that it stands in.
    """

    pointer: str
    kind: Kind
    direction: OneWay
    message: str
    witness: Witness | None = None
    file: str = ""
    definition: str = ""
    reaches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two versions.

    Attributes:
        changes: All changes, those that break something first.
    """

    changes: tuple[Change, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Return the verdict: one break outweighs what is unknown."""
        kinds = {change.kind for change in self.changes}
        if kinds & {"breaking", "privacy"}:
            return "breaking"
        return "unknown" if "unknown" in kinds else "compatible"

    @property
    def witness(self) -> Witness | None:
        """Return the first value that shows a break."""
        return next((c.witness for c in self.changes if c.witness and c.kind != "compatible"), None)

    @property
    def told(self) -> tuple[Change, ...]:
        """Return the changes that are not compatible."""
        return tuple(change for change in self.changes if change.kind != "compatible")


_ORDER = ("privacy", "breaking", "unknown", "compatible")


def ordered(changes: list[Change]) -> tuple[Change, ...]:
    """Return changes in the order in which they are told."""
    return tuple(sorted(changes, key=lambda c: (_ORDER.index(c.kind) // 2, c.file, c.pointer)))
