"""A contract as TypeScript: an interface for each object, a union of events told by their type.

json-schema-to-typescript writes it, a tool of the build: what it is given says whether it would
write something else now, so that this can be told where there is no Node.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.documents import node
from quantapilot.documents.components import Components
from quantapilot.documents.draft7 import draft7
from quantapilot.documents.families import families, with_families
from quantapilot.documents.marker import marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract
    from quantapilot.documents.families import Family
    from quantapilot.documents.source import Source

Schema = dict[str, Any]

PACKAGE, PACKAGE_VERSION = "json-schema-to-typescript", "16.0.0"
FILE = "types.d.ts"
_PREFIX = "#/definitions/"
_SCRIPT = Path(__file__).with_name("typescript.mjs")
# What a type can't say.
_UNTYPED = frozenset(
    {"title", "pattern", "format", "unevaluatedProperties", "uniqueItems", "contains"}
    | {"minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minItems", "maxItems", "minProperties", "maxProperties", "multipleOf", "$comment"}
)
_NAMED = frozenset({"properties", "patternProperties"})
_VALUES = frozenset({"const", "enum", "required", "type"})
_PLAIN_NAME = re.compile(r"[A-Z][A-Za-z]*")
# What the tool adds to each comment: where in the schema it found the type.
_FOUND_AT = re.compile(r"(?:\n *\*)?\n *\* This interface was referenced by .*\n *\* via the .*")
_DECLARED = re.compile(r"(?<=[;}]\n)(?=/\*\*|export )")


def write(source: Source) -> dict[str, bytes]:
    """Return the types as `types.d.ts`.

    Raises:
        MissingToolError: There is no Node, or no json-schema-to-typescript.
        ContractError: The tool can't make types of the contract.
    """
    folder = node.package_folder(PACKAGE, PACKAGE_VERSION, "TypeScript")
    contract = source.contract
    schemas = _schemas(contract)
    whole = _free("Contract", schemas)
    code = node.run(_SCRIPT, [str(folder), whole], given(contract)).decode()
    code = code.replace(f"export interface {whole} {{\n  [k: string]: unknown;\n}}\n", "")
    code = _FOUND_AT.sub("", code)
    for name, schema in schemas.items():
        if found := _families(name, schema):
            code = with_families(code, name, found, schema)
    code = _DECLARED.sub("\n", code).lstrip("\n")
    return {FILE: f"// {marker('typescript', contract)}\n\n{code}".encode()}


def given(contract: Contract) -> bytes:
    """Return what the tool is given: as long as that is the same, so are the types."""
    schemas = _schemas(contract)
    told: Schema = {
        # What is written beside the tool is part of what is asked.
        "$comment": [
            marker("typescript", contract),
            *(repr(_families(name, each)) for name, each in schemas.items()),
        ],
        "definitions": {
            name: _typed(_closed(each) if _families(name, each) else each, schemas)
            for name, each in schemas.items()
        },
    }
    return orjson.dumps(told)


def _schemas(contract: Contract) -> Schema:
    components = Components(contract, _PREFIX)
    for definition in contract.definitions.values():
        components.reference(definition)
    return {name: draft7(schema) for name, schema in components.schemas().items()}


def _families(name: str, schema: Schema) -> list[Family]:
    # The tool writes other names otherwise, and the interface would not be found.
    return families(schema) if _PLAIN_NAME.fullmatch(name) else []


def _closed(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "patternProperties"}


def _typed(schema: Any, schemas: Schema) -> Any:
    """Return what a type can say of a schema."""
    if isinstance(schema, list):
        return [_typed(each, schemas) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: Schema = {}
    for key, value in schema.items():
        if key in _VALUES:
            out[key] = value
        elif key in _NAMED:
            out[key] = {name: _typed(each, schemas) for name, each in value.items()}
        elif key == "description":
            out[key] = str(value).replace("*/", "*\\/")
        elif key not in _UNTYPED and not key.startswith("x-"):
            out[key] = _typed(value, schemas)
    if "properties" in out and _extends(out.get("allOf", ()), schemas):
        out["extends"] = out.pop("allOf")
    return out


def _extends(parts: Any, schemas: Schema) -> bool:
    """Tell whether an object that says all of `parts` is one that extends interfaces."""
    targets = [schemas.get(str(part.get("$ref", "")).removeprefix(_PREFIX), {}) for part in parts]
    return bool(targets) and all(
        "properties" in each and not each.keys() & {"oneOf", "anyOf", "allOf"} for each in targets
    )


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name = f"Whole{name}"
    return name
