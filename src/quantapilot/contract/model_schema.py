r"""Schemas made ready for the model generator, which reads some things more loosely than the gate.

Types that it would map too loosely get a type of `_models_base`; what a model could not check at
all, or would check otherwise than the engines, is refused with its place. A contract in this
subset of JSON Schema means the same to the gate and to the models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urljoin

from quantapilot.contract.catalog import SCHEMA_SUFFIX
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.contract.catalog import Contract

Schema = dict[str, Any]

# Where the code says that its types come from, until that is made relative.
BASE = "models.base"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NOTES = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
_OBJECT = frozenset(
    {"type", "properties", "required", "additionalProperties", "unevaluatedProperties", "allOf"}
)
_TYPES: dict[str, frozenset[str]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "boolean": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems"}),
}
_OWN_MODULES = frozenset({"base", "_internal", "__init__"})
_LOOK_AROUND = re.compile(r"\(\?<?[=!]|(?<!\\)(?:\\\\)*\\[1-9]")
_SHORTHAND = re.compile(r"(?<!\\)(?:\\\\)*\\[bBdDpPsSwW]")


@dataclass(slots=True)
class Prepared:
    """Schemas by module, the key patterns of open families, and the lengths that moments have."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    key_patterns: dict[str, str] = field(default_factory=dict)
    moment_lengths: set[int] = field(default_factory=set)


def modelled_files(contract: Contract) -> list[str]:
    """Return the schema files that need models: those with documents, and what they refer to."""
    found = {definition.file for definition in contract.documents}
    while True:
        used = {
            _file_of(contract, reference, file)
            for file in found
            for reference in _references(contract.schemas[file])
        }
        if used <= found:
            return sorted(found)
        found |= used


def prepared(contract: Contract, files: Sequence[str]) -> Prepared:
    """Return the definitions of some schema files, ready for the generator.

    Raises:
        ContractError: A definition says what a model can't check.
    """
    out = Prepared()
    for file in files:
        module = file.removesuffix(SCHEMA_SUFFIX)
        if not module.isidentifier() or module in _OWN_MODULES:
            raise ContractError(f"{file}: '{module}' can't be the name of a module of models")
        rewrite = _Rewrite(contract, file, out)
        definitions = contract.schemas[file].get("$defs", {})
        out.schemas[module] = {
            "$schema": DIALECT,
            "$defs": {name: rewrite.definition(name, body) for name, body in definitions.items()},
        }
    return out


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """Rewrites the schemas of one file."""

    contract: Contract
    file: str
    out: Prepared

    def definition(self, name: str, schema: Schema) -> Schema:
        place = f"{self.file}#/$defs/{name}"
        if "oneOf" in schema:
            return self._union(schema, place)
        if "patternProperties" in schema:
            schema = self._families(name, schema, place)
        return self._schema(schema, place)

    def _union(self, schema: Schema, place: str) -> Schema:
        if not isinstance(schema.get("discriminator"), dict):
            _refuse(place, "tell the branches of a oneOf apart without a discriminator")
        _only(schema, {"oneOf", "discriminator"}, place)
        branches = [self._schema(branch, f"{place}/oneOf") for branch in schema["oneOf"]]
        mapping = {
            value: self._reference(reference)
            for value, reference in schema["discriminator"]["mapping"].items()
        }
        discriminator = schema["discriminator"] | {"mapping": mapping}
        return _noted(schema) | {"oneOf": branches, "discriminator": discriminator}

    def _families(self, name: str, schema: Schema, place: str) -> Schema:
        """Return the schema with its families as additional properties of their one type."""
        families = schema["patternProperties"]
        notes = {*_NOTES, "x-data-class"}
        shapes = [{k: v for k, v in body.items() if k not in notes} for body in families.values()]
        if any(shape != shapes[0] for shape in shapes):
            _refuse(place, "have patternProperties of more than one type")
        if schema.get("additionalProperties") is not False or not schema.get("properties"):
            _refuse(place, "have patternProperties without properties, or with any further ones")
        for pattern in families:
            _portable(pattern, place)
        self.out.key_patterns[name] = "|".join(families)
        closed = {key: value for key, value in schema.items() if key != "patternProperties"}
        return closed | {"additionalProperties": shapes[0]}

    def _schema(self, schema: Schema, place: str) -> Schema:
        noted = _noted(schema)
        if "$ref" in schema:
            _only(schema, {"$ref"}, place)
            return noted | {"$ref": self._reference(schema["$ref"])}
        for keyword in ("const", "enum"):
            if keyword in schema:
                return noted | _listed(schema, keyword, place)
        if schema.get("type") == "object":
            return noted | self._object(schema, place)
        return noted | self._value(schema, place)

    def _object(self, schema: Schema, place: str) -> Schema:
        _only(schema, _OBJECT, place)
        out: Schema = {key: schema[key] for key in _OBJECT & schema.keys()}
        fields = schema.get("properties", {})
        out["properties"] = {
            name: self._schema(body, f"{place}/properties/{name}") for name, body in fields.items()
        }
        if "allOf" in schema:
            out["allOf"] = [self._part(part, f"{place}/allOf") for part in schema["allOf"]]
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            out["additionalProperties"] = self._schema(more, f"{place}/additionalProperties")
        elif more is None and "unevaluatedProperties" not in schema:
            out["additionalProperties"] = True
        return out

    def _part(self, schema: Schema, place: str) -> Schema:
        if "$ref" not in schema:
            _refuse(place, "take over anything but definitions")
        return self._schema(schema, place)

    def _value(self, schema: Schema, place: str) -> Schema:
        kind = schema.get("type")
        if not isinstance(kind, str) or kind not in _TYPES:
            _refuse(place, f"have any other type than one of object, {', '.join(_TYPES)}")
        _only(schema, {"type", *_TYPES[kind]}, place)
        out = {key: schema[key] for key in schema.keys() & {"type", *_TYPES[kind]}}
        if kind in {"integer", "number", "boolean"}:
            out["customTypePath"] = f"{BASE}.{kind.title()}"
        elif "items" in schema:
            out["items"] = self._schema(schema["items"], f"{place}/items")
        elif "format" in schema:
            out["customTypePath"] = f"{BASE}.{self._format(out, place)}"
        if "pattern" in schema:
            _portable(schema["pattern"], place)
        return out

    def _format(self, schema: Schema, place: str) -> str:
        if schema["format"] == "uuid":
            return "Uuid"
        if schema["format"] != "date-time":
            _refuse(place, "check any other format than uuid and date-time")
        if schema.keys() & {"minLength", "pattern"}:
            _refuse(place, "check more of a date-time than its maxLength")
        # The limit is on the text, which the parsed value has lost.
        length = schema.pop("maxLength", None)
        if length is None:
            return "DateTime"
        self.out.moment_lengths.add(length)
        return f"DateTime{length}"

    def _reference(self, reference: str) -> str:
        target = _file_of(self.contract, reference, self.file)
        return f"{target.removesuffix(SCHEMA_SUFFIX)}.json#{reference.partition('#')[2]}"


def _noted(schema: Schema) -> Schema:
    """Return what the code tells readers of a schema; titles would only rename classes."""
    return {key: schema[key] for key in ("description",) if key in schema}


def _listed(schema: Schema, keyword: str, place: str) -> Schema:
    _only(schema, {"type", keyword}, place)
    values = schema["enum"] if keyword == "enum" else [schema["const"]]
    if not any(all(type(value) is kind for value in values) for kind in (str, int)):
        _refuse(place, "list other values than strings, or other ones than integers")
    return {keyword: schema[keyword]}


def _only(schema: Schema, keywords: set[str] | frozenset[str], place: str) -> None:
    for key in schema:
        if key not in keywords and key not in _NOTES and not key.startswith("x-"):
            _refuse(place, f"check '{key}' here")


def _portable(pattern: str, place: str) -> None:
    r"""Refuse a pattern that one of the engines does not know, or reads differently.

    `\d` means ten digits to ECMA-262, and over six hundred to Rust and Python.
    """
    if _LOOK_AROUND.search(pattern):
        _refuse(place, "check look-around or back-references in a pattern")
    if _SHORTHAND.search(pattern):
        _refuse(place, r"read \d, \w, \s, \b and \p as the engines do; write [0-9] and so on")


def _refuse(place: str, what: str) -> NoReturn:
    raise ContractError(f"{place}: a model can't {what}")


def _file_of(contract: Contract, reference: str, file: str) -> str:
    base = contract.schemas[file]["$id"]
    uri = urljoin(base, reference.partition("#")[0])
    return next(name for name, schema in contract.schemas.items() if schema["$id"] == uri)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
