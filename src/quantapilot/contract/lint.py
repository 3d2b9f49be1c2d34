"""Lint: whether the schemas keep the law of the contract.

Every field has a data class that its type bears out, a description, and a name that asks for no
personal data; every object is closed; every definition has examples. So personal data is stopped
where a field is designed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs

from quantapilot.contract.catalog import BrokenContractError, load_contract
from quantapilot.contract.model_schema import DIALECT
from quantapilot.contract.positions import JsonTextError, locate, pointer_of
from quantapilot.contract.rules import CONTRACT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from quantapilot.contract.catalog import Contract
    from quantapilot.findings import Finding

Schema = dict[str, Any]
Pointer = tuple[str | int, ...]
Role = Literal["definition", "property", "family", "member", "part"]

_NUMBERS = frozenset({"integer", "number"})
_NAMED_TAIL = re.compile(r"(?:\(\?:)?(?P<names>[A-Za-z_][A-Za-z_|-]*)\)?\$\Z")
_FITS = {
    "identifier": "a string with the format uuid or a pattern",
    "technical": "a number, or a string with a pattern, format, maxLength or enum",
    "aggregate": "an integer or a number",
    "timestamp": "a string with the format date-time, date or time",
    "status": "an enum, const, boolean or bounded number",
    "text": "a string",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A schema inside a file, and what it describes there."""

    role: Role
    schema: Schema
    pointer: Pointer
    name: str = ""


@dataclass(slots=True)
class SchemaFile:
    """One schema file: makes findings with line and column, read from disk when needed."""

    path: Path
    _text: str | None = field(default=None, repr=False)

    def finding(self, rule: str, message: str, pointer: Pointer) -> Finding:
        """Return the finding of a rule of the contract at a place of the file."""
        line, column = self._locate(pointer)
        return CONTRACT_RULES[f"contract/{rule}"].at(
            str(self.path), message, line=line, column=column, pointer=pointer_of(pointer)
        )

    def _locate(self, pointer: Pointer) -> tuple[int | None, int | None]:
        try:
            if self._text is None:
                self._text = self.path.read_text("utf-8")
            return locate(self._text, pointer)
        except (OSError, JsonTextError):
            return None, None


def lint(
    contract: Contract,
    folder: Path,
    forbidden_name: Callable[[str], bool],
    examples: Mapping[str, Any] | None = None,
) -> Iterator[Finding]:
    """Yield what the schemas of a contract break of its law, file by file.

    A file that is no JSON Schema stops the lint: only such files are told of then.

    Args:
        contract: The contract as loaded from `folder`.
        folder: Where the schema files stand; findings carry it in their paths.
        forbidden_name: Tells whether a field of this name would ask for personal data.
        examples: The examples by definition; None leaves the check for examples out.
    """
    broken = [
        finding
        for name, schema in contract.schemas.items()
        for finding in _invalid(SchemaFile(folder / name), schema)
    ]
    yield from broken
    if broken:  # what is no JSON Schema can't be read further
        return
    inherited = _only_inherited(contract)
    for name, schema in contract.schemas.items():
        file = SchemaFile(folder / name)
        for place in _places(schema, (), "part"):
            effective = _effective(contract, place.schema, schema["$id"])
            yield from _passed_over(file, place)
            yield from _classes(file, place, effective)
            yield from _names(file, place, forbidden_name)
            yield from _described(file, place, effective)
            if (name, place.pointer) not in inherited:
                yield from _closed(file, place, effective)
        if examples is not None:
            yield from _examples(file, schema, examples)


def sound_contract(folder: Path) -> Contract:
    """Return the contract of a schema folder, for those who read in it what only a schema holds.

    Raises:
        BrokenContractError: A file can't be read, is no JSON Schema, or refers to nowhere.
    """
    contract = load_contract(folder)
    for name, schema in contract.schemas.items():
        for finding in _malformed(SchemaFile(folder / name), schema):
            raise BrokenContractError(finding)
    return contract


def _invalid(file: SchemaFile, schema: Schema) -> Iterator[Finding]:
    if schema.get("$schema") != DIALECT:
        yield file.finding("schema-invalid", f'"$schema" must be {DIALECT}', ("$schema",))
        return
    yield from _malformed(file, schema)


def _malformed(file: SchemaFile, schema: Schema) -> Iterator[Finding]:
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": DIALECT}, validate_formats=True, mask="<value>"
    )
    for error in validator.iter_errors(schema):
        keyword = error.instance_path[-1] if error.instance_path else "schema"
        message = f"'{keyword}' is not what JSON Schema allows here"
        yield file.finding("schema-invalid", message, tuple(error.instance_path))


def _places(schema: Any, pointer: Pointer, role: Role, name: str = "") -> Iterator[_Place]:
    """Yield a schema and all schemas inside it, outer ones first."""
    if not isinstance(schema, dict):
        return
    yield _Place(role, schema, pointer, name)
    named: tuple[tuple[str, Role], ...] = (
        ("$defs", "definition"),
        ("properties", "property"),
        ("patternProperties", "family"),
    )
    for keyword, inner in named:
        for key, body in schema.get(keyword, {}).items():
            yield from _places(body, (*pointer, keyword, key), inner, key)
    for keyword in ("additionalProperties", "unevaluatedProperties", "items"):
        yield from _places(schema.get(keyword), (*pointer, keyword), "member")
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for at, body in enumerate(schema.get(keyword, ())):
            part: Role = "member" if keyword == "prefixItems" else "part"
            yield from _places(body, (*pointer, keyword, at), part)
    for keyword in ("not", "if", "then", "else", "contains", "propertyNames"):
        yield from _places(schema.get(keyword), (*pointer, keyword), "part")


def _effective(contract: Contract, schema: Schema, base: str, depth: int = 16) -> Schema:
    """Return the keywords that hold for a schema, its own first, then those it takes over."""
    out: Schema = {}
    if depth == 0:
        return out
    for part in schema.get("allOf", ()):
        out |= _effective(contract, part, base, depth - 1)
    if "$ref" in schema:
        target, file = contract.resolve(schema["$ref"], base)
        out |= _effective(contract, target, file, depth - 1)
    return out | schema


def _classes(file: SchemaFile, place: _Place, effective: Schema) -> Iterator[Finding]:
    data_class = effective.get("x-data-class")
    if data_class is None:
        if place.role in {"property", "family", "member"} and _is_leaf(effective):
            yield file.finding("class-missing", "this field has no x-data-class", place.pointer)
        return
    if "x-data-class" not in place.schema:
        return
    if data_class not in _FITS:
        message = f"no such x-data-class; there are {', '.join(_FITS)}"
        yield file.finding("class-mismatch", message, (*place.pointer, "x-data-class"))
    elif not _fits(data_class, effective):
        message = f"the class '{data_class}' needs {_FITS[data_class]}"
        yield file.finding("class-mismatch", message, place.pointer)


def _is_leaf(schema: Schema) -> bool:
    """Tell whether a field holds a value itself, and not only described members."""
    members = ("properties", "patternProperties", "oneOf", "anyOf", "prefixItems")
    if schema.keys() & set(members):
        return False
    inner = ("items", "additionalProperties", "unevaluatedProperties")
    if any(isinstance(schema.get(keyword), dict) for keyword in inner):
        return False
    closed = schema.get("additionalProperties") is False
    return not (closed and "object" in _types(schema))


def _types(schema: Schema) -> frozenset[str]:
    types = schema.get("type", ())
    found = frozenset([types] if isinstance(types, str) else types)
    return found - {"null"}


def _fits(data_class: str, schema: Schema) -> bool:
    types = _types(schema)
    listed = "enum" in schema or "const" in schema
    match data_class:
        case "identifier":
            return types == {"string"} and (schema.get("format") == "uuid" or "pattern" in schema)
        case "technical":
            shaped = types <= _NUMBERS or bool(schema.keys() & {"pattern", "format", "maxLength"})
            return listed or (bool(types) and types <= {*_NUMBERS, "string"} and shaped)
        case "aggregate":
            return bool(types) and types <= _NUMBERS
        case "timestamp":
            return types == {"string"} and schema.get("format") in {"date-time", "date", "time"}
        case "status":
            bounded = {"minimum", "maximum"} <= schema.keys()
            return listed or types == {"boolean"} or (bool(types) and types <= _NUMBERS and bounded)
    return types == {"string"}


def _passed_over(file: SchemaFile, place: _Place) -> Iterator[Finding]:
    """Yield annotations that say nothing where they stand."""
    if place.role == "definition" or not place.pointer:
        return
    for name in ("x-document", "x-operation", "x-direction", "x-version"):
        if name in place.schema:
            message = f"'{name}' is said of a definition; here nobody reads it"
            yield file.finding("schema-invalid", message, (*place.pointer, name))


def _names(
    file: SchemaFile, place: _Place, forbidden_name: Callable[[str], bool]
) -> Iterator[Finding]:
    names: Sequence[str] = ()
    if place.role == "property":
        names = [place.name]
    elif place.role == "family" and (tail := _NAMED_TAIL.search(place.name)):
        names = tail["names"].split("|")
    for name in names:
        if forbidden_name(name):
            message = f"the name '{name}' asks for personal data"
            yield file.finding("pii-property", message, place.pointer)


def _described(file: SchemaFile, place: _Place, effective: Schema) -> Iterator[Finding]:
    described = str(effective.get("description", "")).strip()
    if place.role in {"definition", "property", "family"} and not described:
        message = f"this {'field' if place.role == 'property' else place.role} has no description"
        yield file.finding("undescribed", message, place.pointer)


def _closed(file: SchemaFile, place: _Place, effective: Schema) -> Iterator[Finding]:
    is_object = "object" in _types(effective) or effective.keys() & {
        "properties",
        "patternProperties",
    }
    if not is_object or place.pointer[-2:-1] == ("allOf",):
        return
    if not _is_closed(effective) and not isinstance(effective.get("additionalProperties"), dict):
        yield file.finding("open-object", "this object admits any further field", place.pointer)


def _is_closed(schema: Schema) -> bool:
    return (
        schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False
    )


def _only_inherited(contract: Contract) -> set[tuple[str, Pointer]]:
    """Return the definitions that closed definitions take over by `allOf`, and nobody else uses.

    They must stay open, since JSON Schema would close them against the fields added to them.
    """
    files = {schema["$id"]: name for name, schema in contract.schemas.items()}
    closing: dict[tuple[str, Pointer], set[bool]] = {}
    for schema in contract.schemas.values():
        for outer in _places(schema, (), "part"):
            parts = outer.schema.get("allOf", ())
            heirs = [part["$ref"] for part in parts if isinstance(part, dict) and "$ref" in part]
            by_closed = outer.schema.get("unevaluatedProperties") is False
            own = [outer.schema["$ref"]] if "$ref" in outer.schema else []
            in_all_of = outer.pointer[-2:-1] == ("allOf",)
            for reference in heirs + ([] if in_all_of else own):
                _, uri = contract.resolve(reference, schema["$id"])
                target = (files[uri], tuple(reference.partition("#")[2].split("/")[1:]))
                closing.setdefault(target, set()).add(by_closed and reference in heirs)
    return {target for target, ways in closing.items() if ways == {True}}


def _examples(file: SchemaFile, schema: Schema, examples: Mapping[str, Any]) -> Iterator[Finding]:
    for name in schema.get("$defs", {}):
        groups = examples.get(name)
        for group in ("valid", "invalid"):
            if not isinstance(groups, dict) or not groups.get(group):
                yield file.finding("example-missing", f"no {group} example", ("$defs", name))
