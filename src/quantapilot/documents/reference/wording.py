"""Schemas in words: what a value is, and what narrows it, each keyword of JSON Schema by itself.

What a keyword says is said whole, however odd the schema; what has no words is named, and the
schema that stands beside it says the rest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from quantapilot.contract.shape import words
from quantapilot.documents.reference.model import Limit, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from quantapilot.documents.reference.model import Phrase


_STRING_KEYWORDS = ("pattern", "format", "minLength", "maxLength", "contentEncoding")
_NUMBER_KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OBJECT_KEYWORDS = (
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "required",
)
_ARRAY_KEYWORDS = ("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems")
_TOLD_BY = {
    "string": _STRING_KEYWORDS,
    "number": _NUMBER_KEYWORDS,
    "object": _OBJECT_KEYWORDS,
    "array": _ARRAY_KEYWORDS,
}
_PLURALS = {"string": "strings", "number": "numbers", "integer": "integers", "object": "objects",
            "array": "arrays", "boolean": "booleans"}  # fmt: skip
# What holds under conditions, and what must not hold.
_CONDITIONS = ("not", "if", "then", "else", "dependentSchemas", "contains", "propertyNames",
               "unevaluatedItems")  # fmt: skip


def phrase(schema: Any, named: Callable[[str], str]) -> Phrase:
    """Return what a value of a schema is.

    Args:
        schema: Any JSON Schema, true and false too.
        named: Returns the definition that a reference names; empty where it names none.
    """
    if not isinstance(schema, dict):
        return (Words("anything" if schema else "nothing"),)
    if "$ref" in schema:
        name = named(schema["$ref"])
        return (Words(name or schema["$ref"], name),)
    types = kinds(schema)
    if types and types != ["array"]:
        return (Words(" or ".join(types)),)
    for keyword, between in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if schema.get(keyword):
            return _joined([phrase(each, named) for each in schema[keyword]], between)
    return _array(schema, named) if types else (Words("anything"),)


def kinds(schema: Mapping[str, Any]) -> list[str]:
    """Return the JSON types that a schema names, or that its keywords are about."""
    named = schema.get("type")
    if named is not None:
        return [named] if isinstance(named, str) else list(named)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return list(dict.fromkeys(map(_kind, values)))
    if schema.keys() & {"$ref", "allOf", "anyOf", "oneOf"}:
        return []
    return [kind for kind, keywords in _TOLD_BY.items() if schema.keys() & set(keywords)][:1]


def gist(schema: Mapping[str, Any]) -> str:
    """Return in a few words what the keywords of a definition expect, without its pattern."""
    if schema.get("format") != "uuid":
        schema = {key: value for key, value in schema.items() if key != "pattern"}
    if schema.keys() & {"oneOf", "anyOf"} and "type" not in schema:
        return ""
    told = words({"type": kinds(schema), **schema})
    return told.removeprefix("a ").removeprefix("an ")


def limits(schema: Any) -> tuple[Limit, ...]:
    """Return what narrows a value besides its type, without what its members are."""
    return tuple(_limits(schema)) if isinstance(schema, dict) else ()


def _limits(schema: Mapping[str, Any]) -> Iterator[Limit]:
    if "const" in schema:
        yield Limit("always", (literal(schema["const"]),), literal=True)
    if "enum" in schema:
        yield Limit("one of", tuple(map(literal, schema["enum"])), literal=True)
    if "format" in schema:
        yield Limit("format", (_format(schema),))
    yield from _sizes(schema)
    if "multipleOf" in schema:
        yield Limit("multiple of", (_number(schema["multipleOf"]),))
    if "pattern" in schema:
        yield Limit("pattern", (schema["pattern"],), literal=True)
    if "default" in schema:
        yield Limit("default", (literal(schema["default"]),), literal=True)
    yield from _conditions(schema)


def _sizes(schema: Mapping[str, Any]) -> Iterator[Limit]:
    if length := _span(schema.get("minLength"), schema.get("maxLength")):
        one = schema.get("maxLength", schema.get("minLength")) == 1
        yield Limit("length", (f"{length} character{'' if one else 's'}",))
    items = [_span(schema.get("minItems"), schema.get("maxItems"))]
    items += ["none twice"] if schema.get("uniqueItems") else []
    fields = [_span(schema.get("minProperties"), schema.get("maxProperties"))]
    for label, said in (("items", items), ("fields", fields), ("range", [_bounds(schema)])):
        if any(said):
            yield Limit(label, tuple(filter(None, said)))


def _conditions(schema: Mapping[str, Any]) -> Iterator[Limit]:
    for name, needed in schema.get("dependentRequired", {}).items():
        yield Limit(f"with {name}", tuple(needed), literal=True)
    if conditions := [each for each in _CONDITIONS if each in schema]:
        yield Limit("see the schema for", tuple(conditions), literal=True)
    for label in ("deprecated", "readOnly", "writeOnly"):
        if schema.get(label) is True:
            yield Limit("note", ({"readOnly": "read only", "writeOnly": "write only"}
                                 .get(label, label),))  # fmt: skip


def closed(schema: Mapping[str, Any]) -> bool:
    """Tell whether an object admits no field besides those that are described."""
    return any(
        schema.get(each) is False for each in ("additionalProperties", "unevaluatedProperties")
    )


def literal(value: Any) -> str:
    """Return a value as JSON, a plain text without its quotes."""
    if isinstance(value, str) and value.isprintable() and value.strip() == value != "":
        return value
    return json.dumps(value, ensure_ascii=False)


def _joined(phrases: Sequence[Phrase], between: str) -> Phrase:
    out: list[Words] = []
    for each in dict.fromkeys(phrases):
        out += [Words(between), *each] if out else each
    return tuple(out)


def _array(schema: Mapping[str, Any], named: Callable[[str], str]) -> Phrase:
    items = schema.get("items")
    if not isinstance(items, dict) or not items:
        return (Words("array"),)
    inside = phrase(items, named)
    if len(inside) == 1 and not inside[0].target:
        return (Words(f"array of {_PLURALS.get(inside[0].text, inside[0].text)}"),)
    return (Words("array of "), *inside)


def _format(schema: Mapping[str, Any]) -> str:
    told = words({**schema, "type": "string"} if "const" not in schema else {})
    plain = told.startswith(("a string", "one of")) or not told
    return str(schema["format"]) if plain else told


def _bounds(schema: Mapping[str, Any]) -> str:
    span = _span(schema.get("minimum"), schema.get("maximum"))
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    parts = [span] if span else []
    parts += [f"above {_number(above)}"] if above is not None else []
    parts += [f"below {_number(below)}"] if below is not None else []
    return ", ".join(parts)


def _span(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return _number(least) if least == most else f"{_number(least)} to {_number(most)}"
    if least is not None:
        return f"at least {_number(least)}"
    return f"at most {_number(most)}" if most is not None else ""


def _number(value: float) -> str:
    return f"{value:,}"


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int | float):
        return "number" if isinstance(value, float) else "integer"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
