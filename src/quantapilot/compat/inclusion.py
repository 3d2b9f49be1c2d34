"""Inclusion: whether whatever one schema admits is admitted by another, and if not, where.

The schema that has to admit all is taken apart into its keywords. Each must follow from what the
other schema says; where it does not, that keyword is the cause. An empty answer is a proof. What
is not proven is a cause, though no value may ever show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from quantapilot.compat.causes import Difference, Level, Step, once
from quantapilot.compat.engines import covers
from quantapilot.compat.equality import Equality, exactly
from quantapilot.compat.views import View, view
from quantapilot.compat.wording import change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.compat.causes import Spot
    from quantapilot.compat.sides import Part, Place, Side

# How many places are looked at before the rest counts as unknown.
_MOST_PLACES = 6000
_MOST_CASES = 64
# The same in seconds, since some places take long; a whole contract takes less than one.
_SECONDS = 8.0
# How deep places are looked at that lie in each other.
_DEEPEST = 70


@dataclass(frozen=True, slots=True)
class Case:
    """One place at which all that `sub` admits has to be admitted by `sup`."""

    of: Inclusion
    sub: Place
    sup: Place
    view: View
    spot: Spot

    @property
    def narrowed(self) -> bool:
        """Tell whether the newer schema is the one that may refuse."""
        return self.of.sup.name == "new"

    def inside(self, sub: Place, sup: Place, step: Step, *pointer: str | int) -> list[Difference]:
        """Return the differences of a member or an item."""
        spot = self.spot.at(*pointer)
        level = Level(self.sub, self.sup, step)
        spot = replace(spot, trail=(*spot.trail, level), divided=frozenset())
        return self.of.differences(sub, sup, self.of.turned(sub, sup, spot))

    def beside(self, sup: Place, spot: Spot, *more: Part) -> list[Difference]:
        """Return the differences of the same value to another schema.

        Args:
            sup: What has to admit it.
            spot: Where that stands.
            more: What the value is known to be besides.
        """
        if more:
            level = Level(self.sub, self.sup, Step("same"))
            spot = replace(spot, trail=(*spot.trail, level))
        return self.of.differences((*self.sub, *more), sup, spot)

    def cause(
        self, keyword: str, message: str, *hints: Any, at: tuple[str, str] | None = None
    ) -> Difference:
        """Return a keyword as the cause.

        Args:
            keyword: The keyword; empty where it is the whole schema.
            message: What changed.
            hints: Values that may show it.
            at: File and pointer, where it is not the keyword that it stands at.
        """
        spot = self.spot.at(*filter(None, [keyword]))
        file, pointer = at if at and not spot.frozen else (spot.file, spot.pointer)
        return Difference(
            file, pointer, keyword, message, self.sub, self.sup, self.spot.trail, hints
        )

    def changed(self, keyword: str, value: Any) -> str:
        """Return in words from what to what a keyword changed, of which `sup` has a value."""
        if keyword.startswith(("min", "exclusiveMin")):
            return self.change(keyword, self.view.most(keyword), value)
        return self.change(keyword, next(iter(self.view.said(keyword)), None), value)

    def change(self, keyword: str, sub: Any, sup: Any) -> str:
        """Return the change of a keyword in words, by what both sides say; None for nothing."""
        return change(keyword, *((sub, sup) if self.narrowed else (sup, sub)))

    def proven(self, schema: Any) -> bool:
        """Tell whether the canonical form proves that a schema without references admits all."""
        whole = self.of.sub.canonical(self.sub)
        return covers(self.of.sup.canonical_of(schema), whole)


@dataclass(slots=True)
class Inclusion:
    """Compares two sides in one direction.

    Attributes:
        sub: The side whose values have to be admitted.
        sup: The side that has to admit them.
        assumed: Tells of a definition, by file and pointer, that it is compared by itself.
        drawn: Values of places, by the places.
    """

    sub: Side
    sup: Side
    assumed: Callable[[tuple[str, str]], bool] = lambda _: False
    _open: dict[object, int] = field(default_factory=dict)
    equality: Equality = field(init=False)
    _covers: dict[object, bool] = field(default_factory=dict)
    drawn: dict[object, list[Any]] = field(default_factory=dict)
    _left: int = _MOST_PLACES
    _until: float = inf

    def __post_init__(self) -> None:
        """Keep what is found equal for the whole comparison."""
        self.equality = Equality(self.sub, self.sup)

    def differences(self, sub: Place, sup: Place, spot: Spot) -> list[Difference]:
        """Return why it is not proven that `sup` admits whatever `sub` admits."""
        key = frozenset(p.key for p in sub), frozenset(p.key for p in sup)
        # A smaller value of the same question holds by induction over the value's depth.
        if self.same(sub, sup) or self._open.get(key, spot.depth) < spot.depth:
            return []
        self._left -= 1
        case = Case(self, sub, sup, View(), spot)
        if not self._open:
            self._until = monotonic() + _SECONDS
        spent = self._left < 0 or len(self._open) > _DEEPEST or monotonic() > self._until
        if key in self._open or spent:
            return [case.cause("", "too much to compare: nobody can tell")]
        if self._covered(key, sub, sup):
            return []
        if not (self.sub.plain and self.sup.plain):
            return [case.cause("", "the schema has changed")]
        self._open[key] = spot.depth
        try:
            return self._found(replace(case, view=view(self.sub, sub)))
        finally:
            del self._open[key]

    def _found(self, case: Case) -> list[Difference]:
        if case.view.nothing or not case.view.types:
            return []
        refused = self._refused(case)
        if refused == []:
            return []
        out = list(self._causes(case))
        if out and (parted := self._divided(case)) is not None:
            out = parted
        if out and refused:
            out = [
                replace(each, hints=(*refused, *each.hints)) if each.sub == case.sub else each
                for each in out
            ]
        if not out and refused:
            return [case.cause("", "a value is refused", *refused)]
        return once(out)

    def _refused(self, case: Case) -> list[Any] | None:
        """Return which of the only values there can be are refused; None if they aren't listed."""
        values = case.view.values()
        if values is None:
            return None
        admits, takes = self.sub.accepts(case.sub), self.sup.accepts(case.sup)
        return [value for value in values if admits(value) and not takes(value)]

    def _causes(self, case: Case) -> Iterator[Difference]:
        from quantapilot.compat.keywords import CHECKS

        types = case.view.types
        for part in case.sup:
            if part.schema is True:
                continue
            if part.schema is False:
                yield case.cause("", "nothing is admitted" if case.narrowed else "is admitted now")
                continue
            for keyword in part.schema:
                check = CHECKS.get(keyword)
                # A keyword says nothing of values of other types than its own.
                if check is not None and check.types & types:
                    yield from check.follows(case, part, keyword)

    def _divided(self, case: Case) -> list[Difference] | None:
        """Return the differences of each branch of a union for itself; None without a union."""
        from quantapilot.compat.unions import divisions

        found = divisions(case)
        if found is None:
            return None
        mark, ways = found
        if len(ways) > _MOST_CASES:
            return None
        spot = replace(case.spot, divided=case.spot.divided | {mark})
        return [each for more in ways for each in case.beside(case.sup, spot, *more)]

    def turned(self, sub: Place, sup: Place, spot: Spot) -> Spot:
        """Return the place at which another definition is referred to, if it is one."""
        newer, older = (sup, sub) if self.sup.name == "new" else (sub, sup)
        now, then = (self.sup, self.sub) if self.sup.name == "new" else (self.sub, self.sup)
        named = [part for part in newer if isinstance(part.schema, dict) and "$ref" in part.schema]
        if spot.frozen or len(newer) != 1 or not named:
            return spot
        before = {
            then.identity(then.followed(part))
            for part in older
            if isinstance(part.schema, dict) and "$ref" in part.schema
        }
        if now.identity(now.followed(named[0])) in before:
            return spot
        return replace(spot.at("$ref"), frozen=True)

    def same(self, sub: Place, sup: Place) -> bool:
        """Tell whether it is plain that two places say the same."""
        if not (self.sub.plain and self.sup.plain):
            return self._given_alike and [p.pointer for p in sub] == [p.pointer for p in sup]
        if len(sub) != len(sup):
            return not sup
        return all(self.equality.equal(a, b) for a, b in zip(sub, sup, strict=True))

    @property
    def _given_alike(self) -> bool:
        return exactly(dict(self.sub.given), dict(self.sup.given))

    def _covered(self, key: object, sub: Place, sup: Place) -> bool:
        if key not in self._covers:
            self._covers[key] = covers(self.sup.canonical(sup), self.sub.canonical(sub))
        return self._covers[key]
