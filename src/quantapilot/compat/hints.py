"""Hints: what a prover knows of the values that may show a cause; `witnesses` makes them of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantapilot.compat.sides import Part, Place


@dataclass(frozen=True, slots=True)
class Lacking:
    """An object as drawn, without some members."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Having:
    """An object as drawn, with a member that its place admits, and without others."""

    name: str
    body: Place
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Members:
    """An object with so many members."""

    number: int


@dataclass(frozen=True, slots=True)
class Items:
    """An array of so many items, all of them alike or not, or all of one schema."""

    number: int
    alike: bool = False
    of: Part | None = None
