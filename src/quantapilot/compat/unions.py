"""References and logic: `$ref`, `allOf`, unions by their branches, conditions, negations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quantapilot.compat import strings
from quantapilot.compat.dialects import refers
from quantapilot.compat.engines import disjoint
from quantapilot.compat.equality import exactly
from quantapilot.compat.sides import Part
from quantapilot.compat.views import TYPES, View, types_of, view
from quantapilot.compat.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.compat.causes import Difference
    from quantapilot.compat.inclusion import Case, Inclusion
    from quantapilot.compat.sides import Place

_UNIONS = ("oneOf", "anyOf")


def reference(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a value is not what a `$ref` names."""
    target = case.of.sup.followed(part)
    where = case.of.sup.identity(target)
    shared = where in case.view.references
    if shared and case.of.assumed(where):
        return
    spot = case.spot
    if not spot.frozen:
        if shared:
            spot = replace(spot, file=where[0], pointer=where[1])
        elif case.narrowed:
            spot = replace(spot.at(keyword), frozen=True)
    yield from case.beside((target,), spot)


def every(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a value is not all of `allOf`."""
    for at in range(len(part.schema[keyword])):
        yield from case.beside((part.below(keyword, at),), case.spot.at(keyword, at))


def some(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a value is in no branch of `anyOf`, or not in exactly one of `oneOf`.

    One branch that admits all is enough; for `oneOf` all others must be proven to be apart from it.
    """
    branches = [part.below(keyword, at) for at in range(len(part.schema[keyword]))]
    live = [at for at, branch in enumerate(branches) if not apart(case, (branch,))]
    tried: list[list[Difference]] = []
    for at in live:
        found = case.beside((branches[at],), case.spot.at(keyword, at))
        if not found and (keyword == "anyOf" or _only(case, branches, live, at)):
            return
        tried.append(found)
    if len(live) == 1 and tried[0]:
        # All others are proven to be out of question: the cause lies in this one.
        yield from tried[0]
        return
    yield case.cause(keyword, _unions_words(case, keyword, live))


def _unions_words(case: Case, keyword: str, live: Sequence[int]) -> str:
    kind = _named(case)
    if not live:
        return f"{kind} {'removed' if case.narrowed else 'added'}"
    word = "no longer takes" if case.narrowed else "took not"
    return f"{keyword} {word} all that is {kind}"


def _named(case: Case) -> str:
    """Return in words which branch of a union it is about."""
    for name in sorted(case.view.required()):
        values = view(case.of.sub, case.view.member(name)).values()
        if values is not None and len(values) == 1:
            return f"the branch {name} = {quoted(values[0])}"
    types = sorted({"number" if each == "fraction" else each for each in case.view.types})
    return f"a branch of {' or '.join(types)}" if len(types) < 4 else "a branch"


def _only(case: Case, branches: Sequence[Part], live: Sequence[int], at: int) -> bool:
    """Tell whether it is proven that no other branch takes what one of `oneOf` takes."""
    return all(other == at or _exclude(case.of, branches[at], branches[other]) for other in live)


def _exclude(of: Inclusion, one: Part, other: Part) -> bool:
    return _separate(of, view(of.sup, (one,)), view(of.sup, (other,)), sides="sup") or disjoint(
        of.sup.canonical((one,)), of.sup.canonical((other,))
    )


def apart(case: Case, place: Place) -> bool:
    """Tell whether it is proven that no value is in both places, of which one is of each side."""
    other = view(case.of.sup, place)
    if other.nothing or _separate(case.of, case.view, other):
        return True
    for part in case.view.holding("not"):
        if len(place) == 1 and case.of.equality.equal(_negated(part), place[0]):
            return True
    return disjoint(case.of.sub.canonical(case.sub), case.of.sup.canonical(place))


def negation(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield that a value may be what `not` excludes."""
    body = part.below(keyword)
    words = _matching(case, body.schema)
    if words != [] and not apart(case, (body,)):
        word = "excludes more" if case.narrowed else "excludes less"
        yield case.cause(keyword, f"not {word}", *(words or ()))


def _matching(case: Case, body: Any) -> list[str] | None:
    """Return strings that match a pattern that is excluded; an empty list if there are none."""
    if (
        not isinstance(body, dict)
        or not body.keys() <= {"type", "pattern"}
        or "pattern" not in body
    ):
        return None
    others = types_of(body.get("type", [*TYPES])) & case.view.types - {"string"}
    return None if others else strings.excluded(case.view, body["pattern"])


def condition(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a value does not keep to `then`, or to `else`."""
    tested = part.below(keyword)
    met = any(case.of.equality.equal(each, tested) for each in case.view.parts)
    unmet = apart(case, (tested,))
    free = not refers(tested.schema)
    if "then" in part.schema and not unmet:
        known = _here(tested, "if") if free and not met else None
        body = (part.below("then"),)
        yield from case.beside(body, case.spot.at("then"), *([known] if known else []))
    if "else" in part.schema and not met:
        known = _here(tested, "else") if free and not unmet else None
        body = (part.below("else"),)
        yield from case.beside(body, case.spot.at("else"), *([known] if known else []))


def divisions(case: Case) -> tuple[object, list[list[Part]]] | None:
    """Return what a union at this place is taken apart into: the branches, and what marks it.

    Before a union of the other side, several types are taken apart as well. None where there is
    nothing that was not taken apart yet.
    """
    for part in case.view.parts:
        for keyword in (*_UNIONS, "if"):
            mark = (part.key, keyword)
            if keyword not in part.schema or mark in case.spot.divided:
                continue
            if keyword == "if":
                return mark, _outcomes(part)
            count = len(part.schema[keyword])
            return mark, [[_branch(part, keyword, at)] for at in range(count)]
    return _types_apart(case)


def _types_apart(case: Case) -> tuple[object, list[list[Part]]] | None:
    types = case.view.types
    names = (types - {"fraction", "integer"}) | {"number"} if "fraction" in types else types
    bodies = [part.schema for part in case.sup if isinstance(part.schema, dict)]
    unions = any(keyword in body for body in bodies for keyword in _UNIONS)
    if len(names) < 2 or not unions or "types" in case.spot.divided:
        return None
    return "types", [[Part({"type": name}, "", "", f"type {name}")] for name in sorted(names)]


def _branch(part: Part, keyword: str, at: int) -> Part:
    branch = part.below(keyword, at)
    if keyword != "oneOf" or "unevaluatedProperties" not in part.schema:
        return branch
    # What the branch evaluates counts for the object that it belongs to.
    rest = {name: value for name, value in part.schema.items() if name != keyword}
    rest["allOf"] = [*rest.get("allOf", ()), branch.schema]
    return Part(rest, part.base, part.pointer, f"{part.tag}{keyword}/{at}", branch)


def _outcomes(part: Part) -> list[list[Part]]:
    tested = part.below("if")
    met = [tested, *([part.below("then")] if "then" in part.schema else [])]
    unmet = Part({"not": tested.schema}, part.base, part.pointer, f"{part.tag}not")
    return [met, [unmet, *([part.below("else")] if "else" in part.schema else [])]]


def _negated(part: Part) -> Part:
    """Return what a part excludes, as it stands in its file."""
    if part.tag.endswith("not"):
        tag = part.tag.removesuffix("not")
        return Part(part.schema["not"], part.base, f"{part.pointer}/if", tag)
    return part.below("not")


def _here(tested: Part, word: str) -> Part:
    """Return what is known of a value where a condition of the other side is met, or is not."""
    schema = tested.schema if word == "if" else {"not": tested.schema}
    return Part(schema, "", tested.pointer, f"{tested.base}{word}")


def _separate(of: Inclusion, one: View, other: View, sides: str = "") -> bool:
    """Tell whether types, or a member that tells branches apart, keep two views separate."""
    if not one.types & other.types:
        return True
    left, right = one.values(), other.values()
    if left is not None and right is not None and not _common(left, right):
        return True
    if one.types & other.types != {"object"}:
        return False
    first = of.sup if sides else of.sub
    for name in {*one.required(), *other.required()}:
        mine, theirs = view(first, one.member(name)), view(of.sup, other.member(name))
        if mine.nothing or theirs.nothing:
            return True
        a, b = mine.values(), theirs.values()
        if a is not None and b is not None and not _common(a, b):
            return True
    return False


def _common(left: Sequence[Any], right: Sequence[Any]) -> bool:
    return any(exactly(a, b) or _equals(a, b) for a in left for b in right)


def _equals(a: Any, b: Any) -> bool:
    """Tell whether two numbers are the same number, or containers might be."""
    if isinstance(a, bool) or isinstance(b, bool):
        return False
    if isinstance(a, int | float) and isinstance(b, int | float):
        return bool(a == b)
    return isinstance(a, dict | list) and isinstance(b, dict | list)
