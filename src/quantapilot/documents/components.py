"""Schemas of several files moved into one document, where each stands under one name.

The one place that does so: a definition that a document uses comes with all that it refers to, and
every `$ref` leads to where its target stands now. What only looks like a reference, because it
stands in an example or is the name of a field, stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import SCHEMA_SUFFIX, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantapilot.contract.catalog import Contract, Definition

SCHEMAS = "#/components/schemas/"
# Keywords whose members are named by people, and those that hold values and no schemas.
_NAMED = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_VALUES = frozenset({"const", "enum", "default", "examples", "example", "x-data-class"})
# What documents say in their own way; the references in it lead nowhere in them.
_SAID = frozenset({"x-document", "x-operation", "x-direction"})
# What a file says of itself only.
_OF_FILE = frozenset({"$schema", "$id", "x-version"})
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_DEFINED = re.compile(r"/\$defs/([^/]+)")


class Components:
    """The schemas that one document holds."""

    def __init__(self, contract: Contract, prefix: str = SCHEMAS) -> None:
        """Take the contract, and the address that schemas stand below in the document."""
        self._contract = contract
        self._prefix = prefix
        self._names = dict(_names(contract))
        self._wanted: dict[str, None] = {}

    def name(self, uri: str) -> str:
        """Return the name that a definition has in the document: mostly its own."""
        return self._names[uri]

    def reference(self, definition: Definition) -> dict[str, str]:
        """Return a reference to a definition, which will be among the schemas."""
        return {"$ref": self.address(definition.uri)}

    def address(self, reference: str, base: str = "") -> str:
        """Return where the target of a `$ref` of the file `base` stands in the document."""
        uri, _, pointer = absolute(base, reference).partition("#")
        found = _DEFINED.match(pointer)
        root = f"{uri}#{found[0] if found else ''}"
        self._wanted[root] = None
        rest = pointer.removeprefix(found[0] if found else "").rstrip("/")
        return f"{self._prefix}{self._names[root]}{rest}"

    def moved(self, schema: Any, base: str) -> Any:
        """Return a schema of the file `base` as it stands in the document."""
        if isinstance(schema, list):
            return [self.moved(each, base) for each in schema]
        if not isinstance(schema, dict):
            return schema
        return {
            key: self._keyword(key, value, base)
            for key, value in schema.items()
            if key not in _SAID
        }

    def schemas(self) -> dict[str, Any]:
        """Return all that is referred to, by name, with what that refers to in its turn."""
        found: dict[str, Any] = {}
        while left := [uri for uri in self._wanted if self._names[uri] not in found]:
            for uri in left:
                found[self._names[uri]] = self._root(uri)
        return dict(sorted(found.items()))

    def _root(self, uri: str) -> Any:
        schema, base = self._contract.resolve(uri, "")
        if uri.endswith("#"):
            # Its definitions are components of their own.
            kept = {key: each for key, each in schema.items() if key not in {"$defs", *_OF_FILE}}
            return self.moved(kept, base)
        return self.moved(schema, base)

    def _keyword(self, key: str, value: Any, base: str) -> Any:
        if key == "$ref" and isinstance(value, str):
            return self.address(value, base)
        if key in _VALUES:
            return value
        if key in _NAMED and isinstance(value, dict):
            return {name: self.moved(each, base) for name, each in value.items()}
        if key == "discriminator" and isinstance(value, dict):
            return self._discriminator(value, base)
        return self.moved(value, base)

    def _discriminator(self, value: Mapping[str, Any], base: str) -> dict[str, Any]:
        mapping = value.get("mapping", {})
        moved = {name: self.address(to, base) for name, to in mapping.items()}
        return {**value, "mapping": moved}


def _names(contract: Contract) -> Iterator[tuple[str, str]]:
    """Yield the address and the name of every definition, and of every file as a whole."""
    taken = {name for name in contract.definitions if _fit(name) == name}
    for name, each in contract.definitions.items():
        yield each.uri, name if name in taken else _free(name, taken)
    for file, schema in contract.schemas.items():
        yield f"{schema['$id']}#", _free(schema.get("title") or file, taken)


def _free(name: str, taken: set[str]) -> str:
    """Return a fit name that nothing else has, and take it."""
    fit = _fit(name.removesuffix(SCHEMA_SUFFIX))
    number, free = 2, fit
    while free in taken:
        number, free = number + 1, f"{fit}_{number}"
    taken.add(free)
    return free


def _fit(name: str) -> str:
    """Return a name that OpenAPI and AsyncAPI take for a component."""
    return _UNFIT.sub("_", name).strip("_") or "schema"
