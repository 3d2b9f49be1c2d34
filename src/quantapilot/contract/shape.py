"""Shapes: what the contract expects in one place of a document, in words for whoever sends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.catalog import ecma

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from quantapilot.contract.catalog import Contract, Definition

    # A schema, and the address of the file that its references start from.
    _Part = tuple[Mapping[str, Any], str]

_MOST_VALUES = 8
_NOUNS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "object": "an object",
    "array": "an array",
}
_FORMATS = {
    "uuid": "a UUID",
    "date-time": "a date and time with offset (RFC 3339)",
    "date": "a date (RFC 3339)",
    "uri": "an absolute URI",
    "email": "an e-mail address",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
}
# The digit that tells a UUID's version (RFC 9562, section 4.2), where a pattern limits it.
_VERSIONS = re.compile(r"-\[([1-8]+)\]")


def shape(contract: Contract, definition: Definition, path: Sequence[str | int]) -> str:
    """Return what a definition expects at a place, such as "a string of at most 64 characters".

    It is made of the schema alone, and empty where that says nothing of the place.
    """
    return words(keywords(contract, definition, path))


def keywords(
    contract: Contract, definition: Definition, path: Sequence[str | int]
) -> dict[str, Any]:
    """Return the keywords that hold at a place of a definition; of two alike the nearer one.

    What stands in only one branch of a union is left out.
    """
    parts = [_part(contract, definition)]
    for step in path:
        parts = list(_below(contract, parts, step))
    together: dict[str, Any] = {}
    for schema, _ in _conjoined(contract, parts):
        for keyword, value in schema.items():
            together.setdefault(keyword, value)
    return together


def required(contract: Contract, definition: Definition) -> list[str]:
    """Return the fields that every document of a definition must have, in the schema's order."""
    names: dict[str, None] = {}
    for schema, base in _conjoined(contract, [_part(contract, definition)]):
        names.update(dict.fromkeys(schema.get("required", ())))
        branches = [
            {name for part, _ in _conjoined(contract, [(branch, base)])
             for name in part.get("required", ())}
            for branch in schema.get("oneOf", ())
        ]  # fmt: skip
        first = schema["oneOf"][:1] if branches else []
        for part, _ in _conjoined(contract, [(branch, base) for branch in first]):
            for name in part.get("required", ()):
                if all(name in branch for branch in branches):
                    names[name] = None
    return list(names)


def members(contract: Contract, definition: Definition) -> dict[str, dict[str, Any]]:
    """Return a definition's own and inherited fields, each with the keywords that hold for it.

    What a field refers to is followed; its `$ref` stays, so that the name of what it is is known.
    """
    found: dict[str, dict[str, Any]] = {}
    for schema, base in _conjoined(contract, [_part(contract, definition)]):
        for name, body in schema.get("properties", {}).items():
            keywords = found.setdefault(name, {})
            for part, _ in _conjoined(contract, [(body, base)]):
                for keyword, value in part.items():
                    keywords.setdefault(keyword, value)
    return found


def kind_of(value: Any) -> str:
    """Return the JSON type of a parsed value, with its article."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def written(value: Any) -> str:
    """Return a value of a schema as a message has it: texts in quotes, all else as JSON."""
    return repr(value) if isinstance(value, str) else orjson.dumps(value).decode()


def listed(values: Sequence[Any]) -> str:
    """Return the first values of an enumeration, and how many more there are."""
    first = values[:_MOST_VALUES]
    shown = ", ".join(each if isinstance(each, str) else written(each) for each in first)
    more = len(values) - _MOST_VALUES
    return f"{shown} and {more} more" if more > 0 else shown


def _part(contract: Contract, definition: Definition) -> _Part:
    return definition.schema, contract.schemas[definition.file]["$id"]


def _conjoined(contract: Contract, parts: Sequence[_Part]) -> Iterator[_Part]:
    """Yield schemas with all that holds beside them by `$ref` and `allOf`."""
    seen: set[int] = set()
    rest = list(parts)[::-1]
    while rest:
        schema, base = rest.pop()
        if id(schema) in seen or not isinstance(schema, dict):
            continue
        seen.add(id(schema))
        yield schema, base
        rest += [(part, base) for part in schema.get("allOf", ())]
        if "$ref" in schema:
            rest.append(contract.resolve(schema["$ref"], base))


def _below(contract: Contract, parts: Sequence[_Part], step: str | int) -> Iterator[_Part]:
    for schema, base in _conjoined(contract, parts):
        if isinstance(step, int):
            if isinstance(schema.get("items"), dict):
                yield schema["items"], base
            continue
        described = [schema["properties"][step]] if step in schema.get("properties", {}) else []
        patterns = schema.get("patternProperties", {})
        described += [body for pattern, body in patterns.items() if ecma(pattern).search(step)]
        if not described and isinstance(schema.get("additionalProperties"), dict):
            described = [schema["additionalProperties"]]
        yield from ((body, base) for body in described if isinstance(body, dict))


def words(schema: Mapping[str, Any]) -> str:
    """Return what the keywords that hold for a place expect there, as `shape` says it."""
    if "const" in schema:
        return written(schema["const"])
    if "enum" in schema:
        return f"one of: {listed(schema['enum'])}"
    types = schema.get("type", ())
    types = [types] if isinstance(types, str) else list(types)
    if types == ["string"]:
        return _string(schema)
    nouns = " or ".join(_NOUNS[name] for name in types)
    return f"{nouns}{_bounds(schema)}" if nouns else ""


def _string(schema: Mapping[str, Any]) -> str:
    pattern = schema.get("pattern", "")
    known = _FORMATS.get(schema.get("format", ""))
    if known == _FORMATS["uuid"]:
        if "0-9a-f" in pattern and "A-F" not in pattern:
            known = "a lower-case UUID"
        if versions := _VERSIONS.search(pattern):
            first, last = ", ".join(versions[1][:-1]), versions[1][-1]
            known += f" of version {first} or {last}" if first else f" of version {last}"
        return known
    if known:
        return known
    length = _span(schema.get("minLength"), schema.get("maxLength"))
    said = f"a string of {length} characters" if length else "a string"
    return f"{said} that matches {pattern}" if pattern else said


def _bounds(schema: Mapping[str, Any]) -> str:
    if items := _span(schema.get("minItems"), schema.get("maxItems")):
        return f" of {items} items"
    numbers = _span(schema.get("minimum"), schema.get("maximum"))
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    said = [f" of {numbers}"] if numbers else []
    said += [f" above {above}"] if above is not None else []
    said += [f" below {below}"] if below is not None else []
    return " and".join(said)


def _span(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    if least is not None:
        return f"at least {least:,}"
    return f"at most {most:,}" if most is not None else ""
