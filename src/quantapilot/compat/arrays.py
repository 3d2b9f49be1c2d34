"""Arrays: items, how many, whether they differ, and what they contain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.compat.inclusion import Case, Difference, Step
from quantapilot.compat.wording import NONE, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.compat.sides import Part, Place

_CONTAINING = ("contains", "minContains", "maxContains")


def prefixes(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why first items don't keep to `prefixItems`."""
    if "array" not in case.view.types:
        return
    for at in range(len(part.schema["prefixItems"])):
        if (mine := _item(case, at)) is not None:
            body = part.below("prefixItems", at)
            yield from case.inside(mine, (body,), Step("item", at), "prefixItems", at)


def items(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why items don't keep to `items`."""
    if "array" not in case.view.types:
        return
    body = part.below("items")
    first = len(part.schema.get("prefixItems", ()))
    for at in range(first, max(first, case.view.prefixes()) + 1):
        mine = _item(case, at)
        if mine is None:
            continue
        if body.schema is False:
            word = "no more items are admitted" if case.narrowed else "more items are admitted"
            yield case.cause("items", word, [0] * (at + 1), ["a"] * (at + 1))
        else:
            yield from case.inside(mine, (body,), Step("item", at), "items")


def count(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why arrays don't keep to `minItems` and `maxItems`."""
    if "array" not in case.view.types:
        return
    for keyword in ("minItems", "maxItems"):
        if keyword not in part.schema:
            continue
        limit = part.schema[keyword]
        mine = case.view.most(keyword) if keyword == "minItems" else _longest(case)
        kept = (mine or 0) >= limit if keyword == "minItems" else mine is not None and mine <= limit
        if not kept and not case.proven({keyword: limit}):
            other = next(iter(case.view.said(keyword)), NONE)
            old, new = (other, limit) if case.narrowed else (limit, other)
            size = int(limit) - 1 if keyword == "minItems" else int(limit) + 1
            yield case.cause(keyword, change(keyword, old, new), Sized(size))


def unique(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why items don't differ from each other."""
    if part.schema["uniqueItems"] is not True or "array" not in case.view.types:
        return
    most = _longest(case)
    if any(case.view.said("uniqueItems")) or (most is not None and most <= 1):
        return
    if not case.proven({"uniqueItems": True}):
        word = "must differ" if case.narrowed else "need no longer differ"
        yield case.cause("uniqueItems", f"items {word}", Sized(2, alike=True))


def contains(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why arrays don't keep to `contains`, `minContains` and `maxContains`."""
    if "array" not in case.view.types:
        return
    if case.proven({word: part.schema[word] for word in _CONTAINING if word in part.schema}):
        return
    body = part.below("contains")
    for other in case.view.holding("contains"):
        if case.of.equal(other.below("contains"), body):
            yield from _how_often(case, part, other)
            return
    word = "must contain something else" if case.narrowed else "may contain something else"
    yield case.cause("contains", f"arrays {word}", [])


def _how_often(case: Case, part: Part, other: Part) -> Iterator[Difference]:
    """Yield why what is contained is not contained so often, where it is the same."""
    for keyword in _CONTAINING[1:]:
        limit, mine = part.schema.get(keyword), other.schema.get(keyword)
        if limit is None and keyword == "minContains":
            limit = 1
        if limit is None:
            continue
        if keyword == "minContains":
            kept = (1 if mine is None else mine) >= limit
            size = int(limit) - 1
        else:
            kept = mine is not None and mine <= limit
            size = int(limit) + 1
        if not kept:
            old, new = (mine, limit) if case.narrowed else (limit, mine)
            shown = [NONE if each is None else each for each in (old, new)]
            hint = Sized(size, of=other.below("contains"))
            yield case.cause(keyword, change(keyword, *shown), hint)


def _item(case: Case, at: int) -> Place | None:
    """Return what an item has to be; None where there is none so far behind."""
    most = case.view.least("maxItems")
    mine = case.view.item(at)
    if (most is not None and most <= at) or any(part.schema is False for part in mine):
        return None
    return mine


def _longest(case: Case) -> int | None:
    """Return how many items there are at most."""
    found = [int(each) for each in case.view.said("maxItems")]
    found += [
        len(part.schema.get("prefixItems", ()))
        for part in case.view.holding("items")
        if part.schema["items"] is False
    ]
    return min(found, default=None)


@dataclass(frozen=True, slots=True)
class Sized:
    """A hint: an array of so many items, all of them alike or not, or all of one schema."""

    size: int
    alike: bool = False
    of: Part | None = None
