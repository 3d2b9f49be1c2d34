"""Causes: what of an inclusion is not proven, where it stands, and the way to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantapilot.compat.sides import Place


@dataclass(frozen=True, slots=True)
class Step:
    """How a value stands in another: as a member, as an item, as the name of a member, or as it."""

    kind: Literal["member", "item", "name", "same"]
    key: str | int = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A place on the way to a cause, on both sides, and the step from it to the next."""

    sub: Place
    sup: Place
    step: Step


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one is in the newer files, and how one came there.

    Attributes:
        file, pointer: The place.
        frozen: Whether causes below are told here, since what stands there has not changed.
        trail: The way from where the comparison began.
        divided: Unions of this place that were taken apart already.
    """

    file: str
    pointer: str
    frozen: bool = False
    trail: tuple[Level, ...] = ()
    divided: frozenset[object] = frozenset()

    @property
    def depth(self) -> int:
        """Return how deep in the value it is."""
        return sum(level.step.kind != "same" for level in self.trail)

    def at(self, *steps: str | int) -> Spot:
        """Return a place below, for the same value."""
        return self if self.frozen else replace(self, pointer=self.pointer + pointer_of(steps))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where and why it is not proven that all values are admitted.

    Attributes:
        file, pointer: Where the cause stands.
        keyword: What can't be proven.
        message: What changed, in words.
        sub, sup: What admits and what may refuse, at the place of the cause.
        trail: The way to it.
        hints: Values that may show it, or what is known of them (`compat.hints`).
    """

    file: str
    pointer: str
    keyword: str
    message: str
    sub: Place
    sup: Place
    trail: tuple[Level, ...] = ()
    hints: tuple[Any, ...] = ()


def once(found: Iterable[Difference]) -> list[Difference]:
    """Return differences, each cause once."""
    return list(
        {(each.file, each.pointer, each.message): each for each in reversed([*found])}.values()
    )[::-1]
