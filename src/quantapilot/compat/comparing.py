"""Comparing one schema with its newer version, in both directions at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantapilot.compat.changes import Change, Kind, OneWay
from quantapilot.compat.inclusion import Inclusion
from quantapilot.compat.privacy import CLASS, Loosening, classed, loosenings
from quantapilot.compat.witnesses import witness

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from quantapilot.compat.causes import Difference, Spot
    from quantapilot.compat.sides import Part, Side

_BOTH: tuple[OneWay, ...] = ("backward", "forward")


@dataclass(frozen=True, slots=True)
class Versions:
    """The two sides of a comparison, and what is compared by itself.

    Attributes:
        then, now: The sides.
        assumed: Tells of a definition, by file and pointer, that it is compared by itself.
        private: Whether data classes count.
    """

    then: Side
    now: Side
    assumed: Callable[[tuple[str, str]], bool] = lambda _: False
    private: bool = True

    def compared(
        self, old: Part, new: Part, spot: Spot, wanted: Collection[OneWay], definition: str = ""
    ) -> list[Change]:
        """Return the changes of a schema, those first that a wanted direction does not allow.

        Args:
            old: The older schema.
            new: The newer one.
            spot: Where the newer one stands.
            wanted: The directions that count.
            definition: What witnesses are values of.
        """
        both = {
            "backward": Inclusion(self.then, self.now, self.assumed),
            "forward": Inclusion(self.now, self.then, self.assumed),
        }
        found = {
            "backward": both["backward"].differences((old,), (new,), spot),
            "forward": both["forward"].differences((new,), (old,), spot),
        }
        plain = self.then.plain and self.now.plain
        loose = loosenings(both["forward"], new, old, spot) if self.private and plain else []
        made = [
            replace(_change(both[way], each, way, way in wanted, loose), definition=definition)
            for way in _BOTH
            for each in found[way]
        ]
        told = {id(each) for each in loose if any(_meant(each, d) for d in found["forward"])}
        made += [
            Change(each.pointer, "privacy", "forward", each.message, None, each.file, definition)
            for each in loose
            if id(each) not in told
        ]
        if not plain and self._holds_unknown(both["forward"], new, old):
            message = f"{CLASS}: nobody can tell whether more is held than before"
            made.append(Change(spot.pointer, "unknown", "forward", message, None, spot.file))
        return made

    def _holds_unknown(self, of: Inclusion, new: Part, old: Part) -> bool:
        """Tell whether classes count, and can't be followed to where they stand."""
        given = [dict(self.then.given), dict(self.now.given)]
        return self.private and classed(given) and not of.same((new,), (old,))


def each_once(changes: Iterable[Change]) -> list[Change]:
    """Return changes, each cause once: what breaks something is not told as compatible as well."""
    kept: dict[tuple[str, str, str, str], Change] = {}
    for change in changes:
        key = change.file, change.pointer, change.direction, change.message
        if key not in kept or (kept[key].witness is None and change.witness):
            kept[key] = change
    broken = {(c.file, c.pointer) for c in kept.values() if c.kind != "compatible"}
    return [c for c in kept.values() if c.kind != "compatible" or (c.file, c.pointer) not in broken]


def _change(
    of: Inclusion, found: Difference, way: OneWay, wanted: bool, loose: list[Loosening]
) -> Change:
    private = next((each for each in loose if way == "forward" and _meant(each, found)), None)
    if not (wanted or private):
        return Change(found.pointer, "compatible", way, found.message, None, found.file)
    seen = witness(of, found)
    kind: Kind = "privacy" if private else "breaking" if seen else "unknown"
    message = f"{found.message}; {private.message}" if private else found.message
    return Change(found.pointer, kind, way, message, seen, found.file)


def _meant(loosening: Loosening, found: Difference) -> bool:
    """Tell whether a difference is what shows that a place holds more than before."""
    return (
        found.file == loosening.file
        and found.keyword == loosening.keyword
        and (
            found.pointer == loosening.pointer
            or (
                loosening.keyword != "patternProperties"
                and found.pointer.startswith(loosening.place)
            )
        )
    )
