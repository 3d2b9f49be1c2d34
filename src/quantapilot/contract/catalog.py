"""The catalog: every definition of the contract, and the data class of every field in it.

Read from the schema folder, or from the `catalog.json` that the wheel carries. Nothing of a
particular contract stands here: `x-document` says which definitions are documents and by which
field they are recognised, `discriminator` which branch a value names, `x-data-class` what a field
may hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from quantapilot.contract.positions import followed, locate, pointer_of
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ConfigError, ContractError
from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantapilot.findings import Finding

SCHEMA_SUFFIX = ".schema.json"
LIFECYCLE_SUFFIX = ".lifecycle.json"
CATALOG_FILE = "catalog.json"
_FIELD_SCHEMAS: dict[str, dict[str, Any]] = {
    "identifier": {"type": "string", "format": "uuid"},
    "technical": {"type": ["string", "number", "boolean"], "maxLength": 4096},
    "aggregate": {"type": "number"},
    "timestamp": {"type": "string", "format": "date-time"},
    "status": {"type": ["number", "boolean"]},
    "text": {"type": "string", "maxLength": 16384},
}
# An escape, a class, or a `$` that stands in neither.
_DOLLAR = lazy(r"\\.|\[(?:\\.|[^\]\\])*\]|\$")
_CAMEL = lazy(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Definition:
    """One `$def`: its name, the file it stands in, its address, and its schema."""

    name: str
    file: str
    uri: str
    schema: Mapping[str, Any]

    @property
    def kind(self) -> str | None:
        """Return the kind of document it describes (`events`, `logs`, `errors`), if it is one."""
        document = self.schema.get("x-document")
        return document["kind"] if document else None


@dataclass(slots=True)
class Field:
    """What the contract says of one place in a document: its class, and the fields below it."""

    data_class: str | None = None
    properties: dict[str, Field] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], Field]] = field(default_factory=list)
    items: Field | None = None
    open: Field | None = None

    def below(self, key: str | int) -> Field | None:
        """Return what the contract says of the member `key`, or None where it says nothing."""
        if isinstance(key, int):
            return self.items
        found = self.properties.get(key)
        if found is None:
            found = next((f for pattern, f in self.patterns if pattern.search(key)), self.open)
        return found


class BrokenContractError(ContractError):
    """The contract itself can't be used; `finding` says where and why."""

    def __init__(self, finding: Finding) -> None:
        place = "" if finding.line is None else f":{finding.line}:{finding.column}"
        super().__init__(f"{finding.path}{place}: {finding.message}")
        self.finding = finding


class Contract:
    """A set of schema files that refer to each other by `$id`."""

    def __init__(
        self,
        schemas: Mapping[str, Any],
        lifecycle: Any = None,
        lifecycle_file: str = f"run{LIFECYCLE_SUFFIX}",
    ) -> None:
        """Take the schemas by file name, and in which order events may come, if that is said.

        `lifecycle_file` is the name of the file that says it, or may.

        Raises:
            BrokenContractError: A schema has no `$id`, a definition has the name of another one or
                is none, or a `$ref` leads nowhere.
        """
        self.schemas = dict(schemas)
        self.lifecycle = lifecycle
        self.lifecycle_file = lifecycle_file
        self._by_id: dict[str, tuple[str, dict[str, Any]]] = {}
        for file, schema in self.schemas.items():
            if not (isinstance(schema, dict) and isinstance(schema.get("$id"), str)):
                raise _broken("schema-invalid", file, 'the schema needs an "$id"', "")
            if not isinstance(schema.get("$defs", {}), dict):
                raise _broken("schema-invalid", file, '"$defs" must be an object', "/$defs")
            self._by_id[schema["$id"]] = (file, schema)
        self.definitions: dict[str, Definition] = {}
        for file, schema in self.schemas.items():
            for name, body in schema.get("$defs", {}).items():
                self._define(name, file, body)
        self._names = {snake(name): name for name in self.definitions}
        self._fields: dict[str, Field] = {}
        self._check_references()

    def _define(self, name: str, file: str, body: Any) -> None:
        at = pointer_of(["$defs", name])
        if not isinstance(body, dict):
            raise _broken("schema-invalid", file, "a definition must be an object", at)
        if name in self.definitions:
            # Definitions are known by their names alone, in examples and in models.
            told = f"{self.definitions[name].file} defines {name} too; give one another name"
            raise _broken("schema-invalid", file, told, at)
        uri = f"{self.schemas[file]['$id']}#{at}"
        self.definitions[name] = Definition(name, file, uri, body)

    @property
    def documents(self) -> list[Definition]:
        """Return the definitions that describe whole documents, in the order of the files."""
        return [definition for definition in self.definitions.values() if definition.kind]

    def named(self, name: str) -> Definition | None:
        """Return a definition by its name, in camel or snake case (`RunFailed`, `run_failed`)."""
        return self.definitions.get(name) or self.definitions.get(
            self._names.get(name.replace("-", "_").lower(), "")
        )

    def fields(self, definition: Definition) -> Field:
        """Return what the contract says of the places in a document of this definition."""
        if definition.name not in self._fields:
            base = self.schemas[definition.file]["$id"]
            self._fields[definition.name] = self._field(definition.schema, base, ())
        return self._fields[definition.name]

    def resolve(self, reference: str, base: str) -> tuple[Any, str]:
        """Return the schema that `reference` names, seen from the file `base`, and its own file.

        Raises:
            KeyError: It leads nowhere.
        """
        uri, _, fragment = absolute(base, reference).partition("#")
        return within(self._by_id[uri][1], fragment), uri

    def branch(self, definition: Definition, value: object) -> Definition | None:
        """Return the branch of a discriminated union that the discriminator's value names."""
        mapping = definition.schema["discriminator"]["mapping"]
        reference = mapping.get(value) if isinstance(value, str) else None
        return self.definitions.get(reference.rpartition("/")[2]) if reference else None

    def _field(self, schema: Mapping[str, Any], base: str, seen: tuple[str, ...]) -> Field:
        if not isinstance(schema, dict):
            # `true` and `false` are schemas too (JSON Schema 2020-12, section 4.3.2).
            return Field()
        out = Field(data_class=schema.get("x-data-class"))
        for part, part_base in self._parts(schema, base):
            if part is schema:
                continue
            key = str(part.get("title", id(part)))
            if key not in seen:
                _merge(out, self._field(part, part_base, (*seen, key)))
        for name, body in schema.get("properties", {}).items():
            below = self._field(body, base, seen)
            if name in out.properties:
                _merge(out.properties[name], below)
            else:
                out.properties[name] = below
        for pattern, body in schema.get("patternProperties", {}).items():
            out.patterns.append((ecma(pattern), self._field(body, base, seen)))
        if isinstance(schema.get("items"), dict):
            out.items = self._field(schema["items"], base, seen)
        if isinstance(schema.get("additionalProperties"), dict):
            out.open = self._field(schema["additionalProperties"], base, seen)
        return out

    def _parts(
        self, schema: Mapping[str, Any], base: str
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        yield schema, base
        if "$ref" in schema:
            yield self.resolve(schema["$ref"], base)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield part, base

    def _check_references(self) -> None:
        for file, schema in self.schemas.items():
            for pointer, reference in _references(schema, ""):
                try:
                    self.resolve(reference, schema["$id"])
                except (KeyError, IndexError, ValueError, TypeError) as error:
                    message = f'"$ref" leads nowhere: {reference}'
                    raise _broken("schema-reference", file, message, pointer) from error


def load_contract(folder: Path) -> Contract:
    """Return the contract of a schema folder.

    Raises:
        BrokenContractError: A file can't be read, is no JSON, or refers to nowhere.
    """
    schemas: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob(f"*{SCHEMA_SUFFIX}")):
        schemas[path.name] = read_json(path)
    if not schemas:
        raise _broken("schema-invalid", str(folder), f"no *{SCHEMA_SUFFIX} in this folder", None)
    orders = sorted(folder.glob(f"*{LIFECYCLE_SUFFIX}"))
    if len(orders) > 1:
        message = f"a schema folder declares one order of events, and {orders[0].name} does already"
        raise _broken("schema-invalid", str(orders[1]), message, None)
    declared = [(read_json(path), path.name) for path in orders]
    try:
        contract = Contract(schemas, *(declared[0] if declared else ()))
    except BrokenContractError as error:
        raise BrokenContractError(_within(error.finding, folder)) from error
    # They are told of by the fields of a contract, and so build on this module.
    from quantapilot.contract.annotations import misused

    for file, (place, message) in misused(contract):
        raise _misannotated(folder / file, place, message)
    return contract


def _misannotated(path: Path, pointer: tuple[str | int, ...], message: str) -> BrokenContractError:
    line, column = locate(path.read_text("utf-8"), pointer)
    return BrokenContractError(
        CONTRACT_RULES["contract/schema-invalid"].at(
            str(path), message, line=line, column=column, pointer=pointer_of(pointer)
        )
    )


def with_fields(contract: Contract, fields: Mapping[str, str]) -> Contract:
    """Return the contract with a project's own fields allowed in its log records.

    Each class brings the proof that it asks for, so that no field skips rules on its word alone.
    Definitions of the kind `logs` are extended; events stay exactly what the schemas say.

    Raises:
        ConfigError: A log record has a field of this name already.
    """
    if not fields:
        return contract
    extra = {
        name: {**_FIELD_SCHEMAS[data_class], "x-data-class": data_class}
        for name, data_class in fields.items()
    }
    schemas = dict(contract.schemas)
    for definition in contract.documents:
        if definition.kind == "logs":
            for name in fields:
                if contract.fields(definition).below(name):
                    raise ConfigError(f"the field '{name}' of [fields] stands in {definition.name}")
            schema = schemas[definition.file]
            body = {**definition.schema, "properties": {**definition.schema["properties"], **extra}}
            schemas[definition.file] = {
                **schema,
                "$defs": {**schema["$defs"], definition.name: body},
            }
    return Contract(schemas, contract.lifecycle, contract.lifecycle_file)


def packaged_contract(generated: Path) -> Contract:
    """Return the contract that a generated package carries.

    Args:
        generated: Its folder; where that is not there, the installed package of its name is meant.

    Raises:
        ContractError: There is no such package, as before the first `qp generate`.
    """
    file = generated / CATALOG_FILE
    if not file.is_file():
        spec = find_spec(generated.name) if generated.name.isidentifier() else None
        if spec is None or spec.origin is None:
            raise ContractError(
                f"no schema folder here, and no package {generated.name} that carries a contract"
            )
        file = Path(spec.origin).parent / CATALOG_FILE
    catalog = read_json(file)
    recorded = catalog.get("digests", {}).get("schemas", {})
    named = [name for name in recorded if name.endswith(LIFECYCLE_SUFFIX)]
    return Contract(catalog["schemas"], catalog.get("lifecycle"), *named[:1])


def read_json(path: Path) -> Any:
    """Return a JSON file of the contract.

    Raises:
        BrokenContractError: It can't be read or parsed; the finding names line and column.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _broken(
            "schema-invalid", str(path), f"can't be read: {error.strerror}", None
        ) from error
    return parse_json(data, str(path))


def parse_json(data: bytes, path: str) -> Any:
    """Return the content of a JSON file of the contract.

    Raises:
        BrokenContractError: It is no JSON; the finding names line and column.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        finding = CONTRACT_RULES["contract/schema-invalid"].at(
            path, f"not valid JSON: {error.msg}", line=error.lineno, column=error.colno
        )
        raise BrokenContractError(finding) from error


def led_to(base: str, reference: str) -> tuple[str, str]:
    """Return the file and the JSON pointer in it that a reference in the file `base` names.

    In a URI a pointer is percent-encoded (RFC 6901, section 6).

    Raises:
        KeyError: It names an anchor, which is no place.
    """
    uri, _, fragment = absolute(base, reference).partition("#")
    if fragment and not fragment.startswith("/"):
        raise KeyError(fragment)
    return uri, unquote(fragment)


def absolute(base: str, reference: str) -> str:
    """Return a `$ref` of the file `base` as an absolute address (RFC 3986, section 5)."""
    if reference.startswith("#"):
        return base + reference
    from urllib.parse import urljoin

    return urljoin(base, reference)


def within(schema: Any, fragment: str) -> Any:
    """Return what a fragment names in a schema file: a pointer (RFC 6901), or an `$anchor`.

    Raises:
        KeyError: Nothing there has this name.
        IndexError, TypeError, ValueError: A pointer leads through what has no such part.
    """
    if fragment and not fragment.startswith("/"):
        found = next(_anchored(schema, fragment), None)
        if found is None:
            raise KeyError(fragment)
        return found
    # In a URI a pointer is percent-encoded (RFC 6901, section 6).
    return followed(schema, unquote(fragment))


def _anchored(schema: Any, name: str) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        if name in (schema.get("$anchor"), schema.get("$dynamicAnchor")):
            yield schema
        for below in schema.values():
            yield from _anchored(below, name)
    elif isinstance(schema, list):
        for below in schema:
            yield from _anchored(below, name)


def snake(name: str) -> str:
    """Return a definition's name in snake case: `RunFailed` becomes `run_failed`."""
    return _CAMEL.sub("_", name).lower()


def _broken(rule: str, path: str, message: str, pointer: str | None) -> BrokenContractError:
    return BrokenContractError(
        CONTRACT_RULES[f"contract/{rule}"].at(path, message, pointer=pointer)
    )


def _within(finding: Finding, folder: Path) -> Finding:
    from dataclasses import replace

    return replace(finding, path=str(folder / finding.path))


def ecma(pattern: str) -> re.Pattern[str]:
    """Return a schema's pattern (ECMA-262), whose `$` does not pass over a newline at the end."""
    return re.compile(_DOLLAR.sub(lambda found: r"\Z" if found[0] == "$" else found[0], pattern))


def _references(schema: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield f"{pointer}/$ref", value
            else:
                yield from _references(value, pointer + pointer_of([key]))
    elif isinstance(schema, list):
        for at, value in enumerate(schema):
            yield from _references(value, f"{pointer}/{at}")


def _merge(into: Field, other: Field) -> None:
    into.data_class = into.data_class or other.data_class
    for name, below in other.properties.items():
        if name in into.properties:
            _merge(into.properties[name], below)
        else:
            into.properties[name] = below
    into.patterns += other.patterns
    into.items = into.items or other.items
    into.open = into.open or other.open
