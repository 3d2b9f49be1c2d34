"""Open families of fields as TypeScript has them: index signatures over template literals.

`^[a-z]+_(?:count|ms)$` becomes `${string}_count` and `${string}_ms`. What a pattern says beyond how
a name begins or ends has no such form; a pattern that says neither is left to the generator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LITERAL = r"([A-Za-z0-9_-]*)"
_EITHER = r"(?:\(\?:([A-Za-z0-9_|-]+)\))?"
_ANY = r"(?:\[(?:\\.|[^\]\\])+\][*+]?|\.[*+])*"
_BEGINS = re.compile(rf"\^{_LITERAL}{_EITHER}{_LITERAL}{_ANY}\$?")
_ENDS = re.compile(rf"\^?{_ANY}{_LITERAL}{_EITHER}{_LITERAL}\$")
# With one of these an object is more than an interface.
_MORE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if"})
_TYPES = {"number": "number", "integer": "number", "string": "string", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class Family:
    """Fields that are known by how their names begin or end."""

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    type: str
    description: str

    def has(self, name: str) -> bool:
        """Tell whether a field would be of this family."""
        return name.startswith(self.begins) or name.endswith(self.ends)

    def signature(self, *, optional: bool) -> str:
        """Return the family as a member of an interface.

        Args:
            optional: Whether a field that may be absent would be of it.
        """
        keys = [f"`{begin}${{string}}`" for begin in self.begins]
        keys += [f"`${{string}}{end}`" for end in self.ends]
        note = f"  /**\n   * {self.description}\n   */\n" if self.description else ""
        type_ = f"{self.type} | undefined" if optional else self.type
        return f"{note}  [name: {' | '.join(keys)}]: {type_};\n"


def families(schema: Mapping[str, Any]) -> list[Family]:
    """Return the families of an object; none where one of them has no form in TypeScript.

    That is also so where a field of the object has the name of a family and another type.
    """
    patterns: Mapping[str, Any] = schema.get("patternProperties", {})
    plain = bool(schema.get("properties")) and not schema.keys() & _MORE
    if schema.get("additionalProperties") is not False or not plain:
        return []
    made = [_family(pattern, body) for pattern, body in patterns.items()]
    found = [each for each in made if each is not None]
    if len(found) < len(made) or len({each.type for each in found}) != 1:
        return []
    fields: Mapping[str, Any] = schema.get("properties", {})
    members = [body for name, body in fields.items() if any(each.has(name) for each in found)]
    return found if all(_type(body) == found[0].type for body in members) else []


def with_families(code: str, name: str, found: Sequence[Family], schema: Mapping[str, Any]) -> str:
    """Return TypeScript whose interface `name` has its families too.

    Raises:
        ContractError: It has no such interface.
    """
    required = set(schema.get("required", ()))
    optional = {field for field in schema.get("properties", {}) if field not in required}
    members = "".join(
        each.signature(optional=any(each.has(field) for field in optional)) for each in found
    )
    before, head, rest = code.partition(f"export interface {name} {{\n")
    if not head:
        raise ContractError(f"{name}: TypeScript has no interface to put its open families in")
    body, _, after = rest.partition("\n}\n")
    return f"{before}{head}{body}\n{members}}}\n{after}"


def _family(pattern: str, body: Any) -> Family | None:
    type_ = _type(body)
    if type_ is None:
        return None
    description = str(body.get("description", ""))
    if found := _BEGINS.fullmatch(pattern):
        words = _words(found)
        return Family(words, (), type_, description) if all(words) else None
    if found := _ENDS.fullmatch(pattern):
        words = _words(found)
        return Family((), words, type_, description) if all(words) else None
    return None


def _words(found: re.Match[str]) -> tuple[str, ...]:
    before, either, after = found.groups()
    return tuple(f"{before}{word}{after}" for word in (either or "").split("|"))


def _type(schema: Any) -> str | None:
    told = schema.get("type") if isinstance(schema, dict) else None
    return _TYPES.get(told) if isinstance(told, str) else None
