"""Flat schemas: what a definition says, without the detours of `$ref` and `allOf`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import absolute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.contract.catalog import Contract, Definition

# Keywords that say nothing of a value beyond its being an object.
_PLAIN = {"title", "description", "type", "x-document", "x-data-class"}
_ANNOTATIONS = {"title", "description", "examples", "default", "deprecated", "$comment"}


def flattened(contract: Contract, definition: Definition) -> dict[str, Any] | None:
    """Return a schema that extends plain objects and closes over them as one closed object.

    It accepts the same values, and spares an engine the bookkeeping of `unevaluatedProperties`:
    a quarter of the time of an event. None where the schema says more than that.
    """
    schema = definition.schema
    extended = {"allOf", "properties", "required", "unevaluatedProperties"}
    if schema.get("unevaluatedProperties") is not False or not schema.keys() <= extended | _PLAIN:
        return None
    base = contract.schemas[definition.file]["$id"]
    flat: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for part in [*schema.get("allOf", ()), schema]:
        body, home = contract.resolve(part["$ref"], base) if "$ref" in part else (part, base)
        if body is not schema and not body.keys() <= {"properties", "required"} | _PLAIN:
            return None
        for name, below in body.get("properties", {}).items():
            if name in flat["properties"]:
                return None
            flat["properties"][name] = absolute_references(below, home)
        flat["required"] += body.get("required", [])
    return {**flat, "additionalProperties": False}


def conjunction(contract: Contract, schemas: Sequence[Any]) -> dict[str, Any] | None:
    """Return the keywords of schemas that all hold, references followed and annotations dropped.

    None where two of them say one keyword differently.

    Args:
        contract: Where references lead.
        schemas: Schemas whose references are absolute.
    """
    together: dict[str, Any] = {}
    rest = list(schemas)
    while rest:
        schema = rest.pop()
        if not isinstance(schema, dict):
            return None
        for keyword, value in schema.items():
            if keyword == "$ref":
                rest.append(absolute_references(*contract.resolve(value, "")))
            elif keyword == "allOf":
                rest += value
            elif keyword in _ANNOTATIONS or keyword.startswith("x-"):
                continue
            elif together.setdefault(keyword, value) != value:
                return None
    return together


def absolute_references(schema: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return a schema whose references hold wherever it stands."""
    return {key: _absolute(key, value, base) for key, value in schema.items()}


def _absolute(key: str, value: Any, base: str) -> Any:
    if key == "$ref" and isinstance(value, str):
        return absolute(base, value)
    if isinstance(value, dict):
        return absolute_references(value, base)
    if isinstance(value, list):
        return [_absolute("", item, base) for item in value]
    return value
