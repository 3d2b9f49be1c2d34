"""Values by themselves: their type, the ones that are listed, strings and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.compat import strings
from quantapilot.compat.engines import covers
from quantapilot.compat.equality import spelt
from quantapilot.compat.views import types_of
from quantapilot.compat.wording import quoted, types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.compat.causes import Difference
    from quantapilot.compat.inclusion import Case
    from quantapilot.compat.sides import Part

LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_MOST_NAMED = 4


def kind(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a value is of none of the types of `type`: one that it may have is not among them.

    `number` stands for integers and fractions, so that an integer is a number.
    """
    named = part.schema[keyword]
    if not case.view.types - types_of(named) or case.proven({keyword: named}):
        return
    other = next(iter(case.view.said(keyword)), None)
    old, new = (other, named) if case.narrowed else (named, other)
    yield case.cause(keyword, f"type {types(old)} → {types(new)}")


def listed(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a value is none of those of `enum` or `const`: all that there can be are listed."""
    taken = part.schema[keyword] if keyword == "enum" else [part.schema[keyword]]
    values = case.view.values()
    known = set(map(spelt, taken))
    gone = [each for each in values or () if spelt(each) not in known]
    if (values is not None and not gone) or case.proven({"enum": taken}):
        return
    if values is None:
        message = f"{keyword} {'added' if case.narrowed else 'removed'}: {_named(taken)}"
    else:
        noun = "value" if len(gone) == 1 else "values"
        message = f"{noun} {_named(gone)} {'removed' if case.narrowed else 'added'}"
    yield case.cause(keyword, message, *gone)


def string(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a string does not keep to a keyword of strings: no word speaks against it."""
    value = part.schema[keyword]
    found = strings.counterexamples(case.view, keyword, value)
    if found != [] and not case.proven({keyword: value}):
        yield case.cause(keyword, case.changed(keyword, value), *(found or ()))


def number(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a number does not keep to a keyword of numbers.

    Canonical forms decide it. They get what is said of numbers alone: that admits more, so that
    what is proven of it holds for what is said altogether.
    """
    limit = part.schema[keyword]
    said = [
        {word: value for word, value in each.schema.items() if word in ("type", *LIMITS)}
        for each in case.view.parts
    ]
    whole = case.of.sub.canonical_of({"allOf": said or [{}]})
    if not covers(case.of.sup.canonical_of({keyword: limit}), whole):
        yield case.cause(keyword, case.changed(keyword, limit), *_near(keyword, limit))


def _near(keyword: str, limit: Any) -> list[Any]:
    if keyword == "multipleOf":
        return [limit / 2, limit + 1, limit * 1.5, 1, 0.5, 7]
    return [limit + step for step in (0, -1, 1, -0.5, 0.5)] + [limit * 1000, limit * -1000]


def _named(values: list[Any]) -> str:
    shown = ", ".join(map(quoted, values[:_MOST_NAMED]))
    more = len(values) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
