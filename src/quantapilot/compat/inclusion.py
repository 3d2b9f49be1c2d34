"""Inclusion: whether whatever one schema admits is admitted by another, and if not, where.

The schema that has to admit all is taken apart into its keywords. Each must follow from what the
other schema says; where it does not, that keyword is the cause. An empty answer is a proof. What
is not proven is a cause, though no value may ever show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from quantapilot.compat.sides import Part
from quantapilot.compat.views import View, view
from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.compat.sides import Place, Side

# How many places are looked at before the rest counts as unknown.
_MOST_PLACES = 6000
_MOST_CASES = 64
# The same in seconds, since some places take long; a whole contract takes less than one.
_SECONDS = 8.0
# How deep places are looked at that lie in each other.
_DEEPEST = 70
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"}
    | {"$comment", "$schema", "$id", "$defs", "definitions", "discriminator"}
    | {"contentEncoding", "contentMediaType", "contentSchema"}
)


@dataclass(frozen=True, slots=True)
class Step:
    """How a value stands in another: as a member, as an item, as the name of a member, or as it."""

    kind: str
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
        hints: Values that may show it.
    """

    file: str
    pointer: str
    keyword: str
    message: str
    sub: Place
    sup: Place
    trail: tuple[Level, ...]
    hints: tuple[Any, ...] = ()


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
            keyword: The keyword.
            message: What changed.
            hints: Values that may show it.
            at: File and pointer, where it is not the keyword that it stands at.
        """
        spot = self.spot.at(keyword) if keyword else self.spot
        file, pointer = at if at and not spot.frozen else (spot.file, spot.pointer)
        return Difference(
            file, pointer, keyword, message, self.sub, self.sup, self.spot.trail, hints
        )

    def proven(self, schema: Any) -> bool:
        """Tell whether the canonical form proves that a schema without references admits all."""
        whole = self.of.sub.canonical(self.sub)
        return self.of.covered(self.of.sup.canonical_of(schema), whole)


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
    _equal: dict[object, bool] = field(default_factory=dict)
    _covers: dict[object, bool] = field(default_factory=dict)
    drawn: dict[object, list[Any]] = field(default_factory=dict)
    _left: int = _MOST_PLACES
    _until: float = field(default_factory=lambda: monotonic() + _SECONDS)

    def differences(self, sub: Place, sup: Place, spot: Spot) -> list[Difference]:
        """Return why it is not proven that `sup` admits whatever `sub` admits."""
        key = frozenset(p.key for p in sub), frozenset(p.key for p in sup)
        # A smaller value of the same question holds by induction over the value's depth.
        if self.same(sub, sup) or self._open.get(key, spot.depth) < spot.depth:
            return []
        self._left -= 1
        case = Case(self, sub, sup, View(), spot)
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
        return _once(out)

    def _refused(self, case: Case) -> list[Any] | None:
        """Return which of the only values there can be are refused; None if they aren't listed."""
        values = case.view.values()
        if values is None:
            return None
        admits, takes = self.sub.accepts(case.sub), self.sup.accepts(case.sup)
        return [value for value in values if admits(value) and not takes(value)]

    def _causes(self, case: Case) -> Iterator[Difference]:
        from quantapilot.compat.keywords import CHECKS

        for part in case.sup:
            if part.schema is True:
                continue
            if part.schema is False:
                yield case.cause("", "nothing is admitted" if case.narrowed else "is admitted now")
                continue
            for keyword in part.schema:
                if (check := CHECKS.get(keyword)) is not None:
                    yield from check(case, part)

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
            return exactly(sub[0].schema, sup[0].schema)
        if len(sub) != len(sup):
            return not sup
        return all(self.equal(a, b) for a, b in zip(sub, sup, strict=True))

    def equal(self, a: Part, b: Part) -> bool:
        """Tell whether a schema of `sub` and one of `sup` differ in annotations at most."""
        key = a.key, b.key
        if key not in self._equal:
            # Whoever comes here again on the way finds nothing that speaks against it.
            self._equal[key] = True
            self._equal[key] = not a.tag and not b.tag and self._alike(a.schema, b.schema, a, b, "")
            if not self._equal[key]:
                self._equal = {k: v for k, v in self._equal.items() if not v}
        return self._equal[key]

    def _alike(self, a: Any, b: Any, part: Part, other: Part, key: str) -> bool:
        if key in {"const", "enum"}:
            return exactly(a, b)
        if isinstance(a, list) and isinstance(b, list):
            pairs = zip(a, b, strict=False)
            return len(a) == len(b) and all(self._alike(*p, part, other, "") for p in pairs)
        if isinstance(a, dict) and isinstance(b, dict):
            return self._members_alike(a, b, part, other, names=key in _BY_NAME)
        return type(a) is type(b) and bool(a == b)

    def _members_alike(
        self, a: dict[str, Any], b: dict[str, Any], part: Part, other: Part, *, names: bool
    ) -> bool:
        left, right = (a, b) if names else (_bare(a), _bare(b))
        if left.keys() != right.keys():
            return False
        for name, value in left.items():
            if name == "$ref" and not names:
                alike = self._lead_alike(value, right[name], part, other)
            else:
                alike = self._alike(value, right[name], part, other, "" if names else name)
            if not alike:
                return False
        return True

    def _lead_alike(self, a: Any, b: Any, part: Part, other: Part) -> bool:
        one = self.sub.followed(Part({"$ref": a}, part.base, ""))
        two = self.sup.followed(Part({"$ref": b}, other.base, ""))
        return self.equal(one, two)

    def _covered(self, key: object, sub: Place, sup: Place) -> bool:
        if key not in self._covers:
            self._covers[key] = self.covered(self.sup.canonical(sup), self.sub.canonical(sub))
        return self._covers[key]

    @staticmethod
    def covered(sup: Any, sub: Any) -> bool:
        """Tell whether a canonical form is proven to admit what another admits."""
        if sup is None or sub is None:
            return False
        import jsonschema_rs

        try:
            return bool(sup.covers(sub) == jsonschema_rs.canonical.Containment.YES)
        except ValueError:
            return False


def exactly(a: Any, b: Any) -> bool:
    """Tell whether two JSON values are the same; unlike in Python, true is not 1."""
    return spelt(a) == spelt(b)


def spelt(value: Any) -> bytes:
    """Return a JSON value as bytes that are the same for the same values."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in schema.items() if k not in ANNOTATIONS and not k.startswith("x-")}


def _once(found: Iterable[Difference]) -> list[Difference]:
    """Return differences, each cause once."""
    return list(
        {(each.file, each.pointer, each.message): each for each in reversed([*found])}.values()
    )[::-1]
