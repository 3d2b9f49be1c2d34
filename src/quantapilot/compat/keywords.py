"""Keywords: for each of JSON Schema 2020-12, the rule by which it follows from another schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.compat import arrays, objects, scalars, strings, unions
from quantapilot.compat.views import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.compat.causes import Difference
    from quantapilot.compat.inclusion import Case
    from quantapilot.compat.sides import Part

    Rule = Callable[[Case, Part, str], Iterable[Difference]]


@dataclass(frozen=True, slots=True)
class Check:
    """The rule of a keyword.

    Attributes:
        types: The types of the values that the keyword says something of.
        follows: Yields why a keyword of a part does not follow from what a case knows; nothing is
            the proof that it does.
    """

    types: frozenset[str]
    follows: Rule


def _same(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why a keyword, of which nothing is understood here, is not the same on both sides."""
    for other in case.view.holding(keyword):
        if case.of.equality.equal(other.below(keyword), part.below(keyword)):
            return
    yield case.cause(keyword, case.changed(keyword, part.schema[keyword]))


def _table(rules: dict[str, Rule], *types: str) -> dict[str, Check]:
    return {keyword: Check(frozenset(types) or TYPES, rule) for keyword, rule in rules.items()}


CHECKS: dict[str, Check] = {
    **_table(
        {
            "$ref": unions.reference,
            "allOf": unions.every,
            "anyOf": unions.some,
            "oneOf": unions.some,
            "not": unions.negation,
            "if": unions.condition,
            "type": scalars.kind,
            "enum": scalars.listed,
            "const": scalars.listed,
        }
    ),
    **_table(dict.fromkeys(strings.KEYWORDS, scalars.string), "string"),
    **_table(dict.fromkeys(scalars.LIMITS, scalars.number), "integer", "fraction"),
    **_table(
        {
            "required": objects.required,
            "properties": objects.members,
            "patternProperties": objects.families,
            "additionalProperties": objects.closed,
            "unevaluatedProperties": objects.closed,
            "propertyNames": objects.names,
            "minProperties": objects.least,
            "maxProperties": objects.most,
            "dependentRequired": objects.dependents,
            "dependentSchemas": objects.dependent_schemas,
        },
        "object",
    ),
    **_table(
        {
            "prefixItems": arrays.prefixes,
            "items": arrays.items,
            "minItems": arrays.least,
            "maxItems": arrays.most,
            "uniqueItems": arrays.unique,
            "contains": arrays.contains,
            "unevaluatedItems": _same,
        },
        "array",
    ),
}
