"""Keywords: for each of JSON Schema 2020-12, how it follows from what another schema says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.compat import arrays, objects, strings, unions
from quantapilot.compat.inclusion import Case, Difference, spelt
from quantapilot.compat.views import type_of, types_of
from quantapilot.compat.wording import NONE, change, quoted, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.compat.sides import Part

_NUMBERS = frozenset({"integer", "fraction"})


def _type(case: Case, part: Part) -> Iterator[Difference]:
    gone = case.view.types - types_of(part.schema["type"])
    if not gone or case.proven({"type": part.schema["type"]}):
        return
    other = next(iter(case.view.said("type")), NONE)
    old, new = (other, part.schema["type"]) if case.narrowed else (part.schema["type"], other)
    yield case.cause("type", f"type {types(old)} → {types(new)}")


def _enum(case: Case, part: Part) -> Iterator[Difference]:
    listed = part.schema["enum"] if "enum" in part.schema else [part.schema["const"]]
    keyword = "enum" if "enum" in part.schema else "const"
    values = case.view.values()
    known = set(map(spelt, listed))
    if values is not None and all(spelt(value) in known for value in values):
        return
    if case.proven({"enum": listed}):
        return
    if values is None:
        message = f"{keyword} {'added' if case.narrowed else 'removed'}: {_named(listed)}"
        yield case.cause(keyword, message)
        return
    gone = [value for value in values if spelt(value) not in known]
    word = "removed" if case.narrowed else "added"
    noun = "value" if len(gone) == 1 else "values"
    yield case.cause(keyword, f"{noun} {_named(gone)} {word}", *gone)


def _string(keyword: str) -> Callable[[Case, Part], Iterator[Difference]]:
    def check(case: Case, part: Part) -> Iterator[Difference]:
        if "string" not in case.view.types:
            return
        value = part.schema[keyword]
        found = strings.counterexamples(case.view, keyword, value)
        if found == [] or case.proven({keyword: value}):
            return
        yield case.cause(keyword, _changed(case, keyword, value), *(found or ()))

    return check


def _number(keyword: str) -> Callable[[Case, Part], Iterator[Difference]]:
    def check(case: Case, part: Part) -> Iterator[Difference]:
        value = part.schema[keyword]
        if not case.view.types & _NUMBERS or _follows(case, keyword, value):
            return
        if keyword == "multipleOf":
            near = [value / 2, value + 1, value * 1.5, 1, 0.5, 7]
        else:
            near = [
                value,
                value - 1,
                value + 1,
                value - 0.5,
                value + 0.5,
                value * 1000,
                -value * 1000,
            ]
        yield case.cause(keyword, _changed(case, keyword, value), *near)

    return check


def _follows(case: Case, keyword: str, value: Any) -> bool:
    kept = {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    said = [{k: v for k, v in each.schema.items() if k in kept} for each in case.view.parts]
    whole = case.of.sub.canonical_of({"allOf": said or [{}]})
    return case.of.covered(case.of.sup.canonical_of({keyword: value}), whole)


def _required(case: Case, part: Part) -> Iterator[Difference]:
    if "object" not in case.view.types:
        return
    for name in part.schema["required"]:
        if name not in case.view.required() and not case.proven({"required": [name]}):
            word = "becomes required" if case.narrowed else "is no longer required"
            yield case.cause("required", f"{quoted(name)} {word}", objects.lacking(name))


def _opaque(keyword: str) -> Callable[[Case, Part], Iterator[Difference]]:
    """Return the check of a keyword that only says the same where it is the same."""

    def check(case: Case, part: Part) -> Iterator[Difference]:
        for other in case.view.holding(keyword):
            if case.of.equal(other.below(keyword), part.below(keyword)):
                return
        yield case.cause(keyword, _changed(case, keyword, part.schema[keyword]))

    return check


def _changed(case: Case, keyword: str, value: Any) -> str:
    other = next(iter(case.view.said(keyword)), NONE)
    if keyword in {"minLength", "minimum", "minItems", "exclusiveMinimum"}:
        other = other if other is NONE else case.view.most(keyword)
    old, new = (other, value) if case.narrowed else (value, other)
    return change(keyword, old, new)


def _named(values: list[Any]) -> str:
    shown = ", ".join(map(quoted, values[:4]))
    return f"{shown} and {len(values) - 4} more" if len(values) > 4 else shown


def specimens(types: Iterable[str]) -> Iterator[Any]:
    """Yield plain values of some types."""
    plain: tuple[Any, ...] = (
        None,
        True,
        False,
        0,
        1,
        -1,
        0.5,
        -0.5,
        1e6,
        10**12,
        "",
        "a",
        "0",
        "aa",
        "A a",
        "a" * 300,
        [],
        [0],
        ["a"],
        [0, 0],
        {},
        {"a": 0},
        {"a": "a"},
    )
    wanted = set(types)
    return (value for value in plain if type_of(value) in wanted)


CHECKS: dict[str, Callable[[Case, Part], Iterable[Difference]]] = {
    "$ref": unions.reference,
    "allOf": unions.every,
    "anyOf": unions.some,
    "oneOf": unions.some,
    "not": unions.negation,
    "if": unions.condition,
    "type": _type,
    "enum": _enum,
    "const": _enum,
    **{keyword: _string(keyword) for keyword in strings.KEYWORDS},
    **{
        keyword: _number(keyword)
        for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    },
    "required": _required,
    "properties": objects.members,
    "patternProperties": objects.families,
    "additionalProperties": objects.closed,
    "unevaluatedProperties": objects.closed,
    "propertyNames": objects.names,
    "minProperties": objects.count,
    "maxProperties": objects.count,
    "dependentRequired": objects.dependents,
    "dependentSchemas": objects.dependent_schemas,
    "prefixItems": arrays.prefixes,
    "items": arrays.items,
    "minItems": arrays.count,
    "maxItems": arrays.count,
    "uniqueItems": arrays.unique,
    "contains": arrays.contains,
    "unevaluatedItems": _opaque("unevaluatedItems"),
}
