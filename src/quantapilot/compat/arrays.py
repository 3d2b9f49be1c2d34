"""Arrays: items, how many, whether they differ, and what they contain.

Items are compared one by one as far as either side describes them one by one; all that come behind
are described alike, so that one of them stands for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.compat.causes import Step
from quantapilot.compat.hints import Items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.compat.causes import Difference
    from quantapilot.compat.inclusion import Case
    from quantapilot.compat.sides import Part, Place

_CONTAINING = ("contains", "minContains", "maxContains")


def prefixes(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why first items don't keep to `prefixItems`."""
    for at in range(len(part.schema[keyword])):
        if (mine := _item(case, at)) is not None:
            body = part.below(keyword, at)
            yield from case.inside(mine, (body,), Step("item", at), keyword, at)


def items(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why items don't keep to `items`."""
    body = part.below(keyword)
    first = len(part.schema.get("prefixItems", ()))
    for at in range(first, max(first, case.view.prefixes()) + 1):
        mine = _item(case, at)
        if mine is None:
            continue
        if body.schema is False:
            word = "no more items are admitted" if case.narrowed else "more items are admitted"
            yield case.cause(keyword, word, [0] * (at + 1), ["a"] * (at + 1))
        else:
            yield from case.inside(mine, (body,), Step("item", at), keyword)


def least(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why arrays don't keep to `minItems`: it follows from one that asks for as many."""
    limit = part.schema[keyword]
    if (case.view.most(keyword) or 0) < limit and not case.proven({keyword: limit}):
        yield case.cause(keyword, case.changed(keyword, limit), Items(int(limit) - 1))


def most(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why arrays don't keep to `maxItems`: it follows where no array can be longer."""
    limit, mine = part.schema[keyword], _longest(case)
    if (mine is None or mine > limit) and not case.proven({keyword: limit}):
        yield case.cause(keyword, case.changed(keyword, limit), Items(int(limit) + 1))


def unique(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why items don't differ: they do where that is said, or where there is one at most."""
    longest = _longest(case)
    differ = any(case.view.said(keyword)) or (longest is not None and longest <= 1)
    if part.schema[keyword] and not differ and not case.proven({keyword: True}):
        word = "must differ" if case.narrowed else "need no longer differ"
        yield case.cause(keyword, f"items {word}", Items(2, alike=True))


def contains(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why arrays don't keep to `contains`, `minContains` and `maxContains`.

    Where the same is contained on both sides, it is only about how often.
    """
    if case.proven({word: part.schema[word] for word in _CONTAINING if word in part.schema}):
        return
    body = part.below(keyword)
    for other in case.view.holding(keyword):
        if case.of.equality.equal(other.below(keyword), body):
            yield from _how_often(case, part, other)
            return
    word = "must contain something else" if case.narrowed else "may contain something else"
    yield case.cause(keyword, f"arrays {word}", [])


def _how_often(case: Case, part: Part, other: Part) -> Iterator[Difference]:
    # Without `minContains` it is 1 (JSON Schema 2020-12 Validation, 6.4.5).
    least, kept = (each.schema.get("minContains", 1) for each in (part, other))
    if kept < least:
        yield _seldom(case, other, "minContains", least, int(least) - 1)
    most, kept = (each.schema.get("maxContains") for each in (part, other))
    if most is not None and (kept is None or kept > most):
        yield _seldom(case, other, "maxContains", most, int(most) + 1)


def _seldom(case: Case, other: Part, keyword: str, limit: int, number: int) -> Difference:
    message = case.change(keyword, other.schema.get(keyword), limit)
    return case.cause(keyword, message, Items(number, of=other.below("contains")))


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
