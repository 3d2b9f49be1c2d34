"""Privacy: places that may hold more from now on than they were proven to hold.

`x-data-class` says which rules run over a field, and format, pattern, length and closed objects are
the proof that it asks for. Who loosens one of them lets personal data in, whoever reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from quantapilot.compat import strings
from quantapilot.compat.languages import within
from quantapilot.compat.views import View, view
from quantapilot.compat.wording import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.compat.causes import Spot
    from quantapilot.compat.inclusion import Inclusion
    from quantapilot.compat.sides import Part, Place

CLASS = "x-data-class"
_BOUNDED = frozenset({"text", "technical"})
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Loosening:
    """A place that may hold more than before.

    Attributes:
        file, pointer: Where the cause stands.
        place: Pointer of the place that holds more.
        keyword: What was loosened.
        message: Why that matters.
    """

    file: str
    pointer: str
    place: str
    keyword: str
    message: str


def loosenings(of: Inclusion, new: Part, old: Part, spot: Spot) -> list[Loosening]:
    """Return the places below a schema that may hold more than before.

    Args:
        of: The comparison whether all newer values were valid before.
        new: The newer schema.
        old: The older one.
        spot: Where the newer one stands.
    """
    found = _Walk(of).below((new,), (old,), spot, 0)
    return list(dict.fromkeys(found))


@dataclass(slots=True)
class _Walk:
    """A walk through both versions at once; `seen` is where it was already."""

    of: Inclusion
    seen: set[object] = field(default_factory=set)

    def below(self, new: Place, old: Place, spot: Spot, depth: int) -> Iterator[Loosening]:
        key = tuple(part.key for part in (*new, *old))
        if depth > _DEEPEST or not new or not old or key in self.seen:
            return
        self.seen.add(key)
        now, then = view(self.of.sub, new), view(self.of.sup, old)
        if now.nothing or then.nothing:
            return
        named = _reference(self.of, new, old)
        if named is not None:
            if self.of.assumed(named):
                return
            spot = spot if spot.frozen else replace(spot, file=named[0], pointer=named[1])
        else:
            spot = self.of.turned(new, old, spot)
        yield from _here(now, then, spot)
        yield from self._inside(now, then, spot, depth)

    def _inside(self, now: View, then: View, spot: Spot, depth: int) -> Iterator[Loosening]:
        for name in now.names():
            if name in then.names():
                at = spot.at("properties", name)
                yield from self.below(now.member(name), then.member(name), at, depth + 1)
        for pattern in now.families():
            at = spot.at("patternProperties", pattern)
            if pattern in then.families():
                yield from self.below(now.family(pattern), then.family(pattern), at, depth + 1)
        if now.said("items") and then.said("items"):
            yield from self.below(now.item(10**6), then.item(10**6), spot.at("items"), depth + 1)
        for keyword in ("oneOf", "anyOf"):
            for part in now.holding(keyword):
                for other in then.holding(keyword):
                    count = min(len(part.schema[keyword]), len(other.schema[keyword]))
                    for number in range(count):
                        branch = spot.at(keyword, number)
                        one, two = part.below(keyword, number), other.below(keyword, number)
                        yield from self.below((one,), (two,), branch, depth + 1)


def classed(schema: Any) -> bool:
    """Tell whether a schema uses `x-data-class` anywhere."""
    if isinstance(schema, dict):
        return CLASS in schema or any(map(classed, schema.values()))
    return isinstance(schema, list) and any(map(classed, schema))


def _reference(of: Inclusion, new: Place, old: Place) -> tuple[str, str] | None:
    """Return the definition that both places are, if they are the same one."""
    if len(new) != 1 or len(old) != 1:
        return None
    one, two = new[0], old[0]
    if not all(isinstance(each.schema, dict) and "$ref" in each.schema for each in (one, two)):
        return None
    named = of.sub.identity(of.sub.followed(one))
    return named if named == of.sup.identity(of.sup.followed(two)) else None


def _here(now: View, then: View, spot: Spot) -> Iterator[Loosening]:
    before, after = _class(then), _class(now)

    def told(keyword: str, message: str, *more: str) -> Loosening:
        at = spot.at(keyword, *more)
        return Loosening(at.file, at.pointer, spot.pointer, keyword, message)

    if before and before != after and (before == "identifier" or after in {"text", None}):
        yield told(CLASS, f"{CLASS} {before} → {after or 'none'}")
    if before == "identifier" and "string" in now.types and now.values() is None:
        for keyword in _lost(now, then):
            yield told(keyword, "an identifier is no longer proven to be one")
    if after in _BOUNDED and "string" in now.types and _longer(now, then):
        yield told("maxLength", f"{after} may be longer than before")
    if then.closed and "object" in now.types:
        yield from _opened(now, then, spot)


def _opened(now: View, then: View, spot: Spot) -> Iterator[Loosening]:
    if not now.closed:
        closer = next(each for each in then.closers if each.body.schema is False)
        keyword = closer.body.pointer.rpartition("/")[2]
        at = spot.at(keyword)
        message = "the object is no longer closed"
        yield Loosening(at.file, at.pointer, spot.pointer, keyword, message)
    for pattern in now.families():
        if not any(within(pattern, other) for other in then.families()):
            at = spot.at("patternProperties", pattern)
            message = f"an open family of members: {said(pattern)}"
            yield Loosening(at.file, at.pointer, spot.pointer, "patternProperties", message)


def _class(seen: View) -> str | None:
    return next(iter(seen.said(CLASS)), None)


def _lost(now: View, then: View) -> Iterator[str]:
    """Yield the keywords by which an identifier was proven and is not any more."""
    for keyword in ("format", "pattern"):
        before = [value for value in then.said(keyword) if keyword == "pattern" or value == "uuid"]
        kept = (
            now.said(keyword)
            if keyword == "pattern"
            else [v for v in now.said(keyword) if v == "uuid"]
        )
        proven = all(strings.counterexamples(now, keyword, value) == [] for value in before)
        if before and not kept and not proven:
            yield keyword


def _longer(now: View, then: View) -> bool:
    most = then.least("maxLength")
    if most is None or now.values() is not None or "string" not in then.types:
        return False
    kept = now.least("maxLength")
    if kept is not None and kept <= most:
        return False
    return strings.counterexamples(now, "maxLength", most) != []
