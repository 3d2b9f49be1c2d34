"""Schemas of JSON Schema 2020-12 said in draft 7, the dialect of AsyncAPI's own schemas.

A reader of draft 7 ignores what stands beside a `$ref` and does not know newer keywords. What
draft 7 can't say is left as it is: such a reader then accepts more, and refuses nothing that
conforms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_VALUES = frozenset({"const", "enum", "default", "examples"})
# AsyncAPI has a `discriminator` too, but of another form: it goes by the names of schemas.
_OTHERWISE = frozenset({"discriminator"})


def draft7(schema: Any) -> Any:
    """Return a schema as a reader of draft 7 understands it (JSON Schema 2020-12, appendix G)."""
    if isinstance(schema, list):
        return [draft7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _below(key, value) for key, value in schema.items() if key not in _OTHERWISE}
    out = _tuple(_dependencies(out))
    if out.get("minContains") == 0:
        del out["contains"]
    if "$ref" in out and len(out) > 1:
        reference = {"$ref": out.pop("$ref")}
        out["allOf"] = [reference, *out.get("allOf", ())]
    return out


def _below(key: str, value: Any) -> Any:
    if key in _VALUES or key.startswith("x-"):
        return value
    if key in _NAMED and isinstance(value, dict):
        return {name: draft7(each) for name, each in value.items()}
    return draft7(value)


def _dependencies(schema: dict[str, Any]) -> dict[str, Any]:
    required = schema.pop("dependentRequired", {})
    schemas: Mapping[str, Any] = schema.pop("dependentSchemas", {})
    if required or schemas:
        both = {
            name: {"allOf": [each, {"required": required[name]}]} if name in required else each
            for name, each in schemas.items()
        }
        schema["dependencies"] = {**required, **both}
    return schema


def _tuple(schema: dict[str, Any]) -> dict[str, Any]:
    if "prefixItems" in schema:
        rest = schema.pop("items", None)
        schema["items"] = schema.pop("prefixItems")
        if rest is not None:
            schema["additionalItems"] = rest
    return schema
