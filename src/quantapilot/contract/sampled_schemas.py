"""Schemas made flat for one drawing: references followed, one branch of each union chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.sampled_draw import DeadEndError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

# A schema, and the address that its references are seen from.
Part = tuple[Any, str]
# The same, of objects only, references followed.
Flat = list[tuple[Mapping[str, Any], str]]

_MOST = 200
_FOLLOWED = 8
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_TYPES = ("object", "array", "string", "number", "boolean", "null")
# Type -> the keywords that only say something of values of this type.
_TOLD_BY = {
    "object": {"properties", "required", "patternProperties", "additionalProperties"}
    | {"propertyNames", "minProperties", "maxProperties", "unevaluatedProperties"}
    | {"dependentRequired", "dependentSchemas"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"}
    | {"unevaluatedItems"},
    "string": {"pattern", "format", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


@dataclass(frozen=True, slots=True)
class Flattening:
    """How schemas are made flat.

    Attributes:
        resolved: Returns what a reference leads to, seen from a base.
        random: Chooses branches.
    """

    resolved: Callable[[str, str], Part]
    random: Random

    def flat(self, parts: Sequence[Part], *, ending: bool = False) -> Flat:
        """Return schemas that all hold, references followed and one branch of each union chosen.

        Args:
            parts: The schemas.
            ending: Prefers branches with nothing below, so that a value comes to its end.

        Raises:
            DeadEndError: Nothing conforms to what was chosen.
        """
        out: Flat = []
        rest = list(reversed(parts))
        while rest:
            schema, base = rest.pop()
            if schema is True:
                continue
            if not isinstance(schema, dict):
                raise DeadEndError("nothing conforms to false")
            if len(out) >= _MOST:
                raise DeadEndError("references lead around in circles")
            out.append((schema, base))
            if "$ref" in schema:
                rest.append(self.resolved(schema["$ref"], base))
            rest += [(each, base) for each in reversed(schema.get("allOf", ()))]
            for union in ("anyOf", "oneOf"):
                if union in schema:
                    rest.append((self._branch(schema[union], base, ending=ending), base))
            rest += [(each, base) for each in self._conditions(schema)]
        return out

    def _branch(self, branches: Sequence[Any], base: str, *, ending: bool) -> Any:
        ends = [each for each in branches if self._ends(each, base)] if ending else []
        return self.random.choice(ends or branches)

    def _ends(self, schema: Any, base: str) -> bool:
        """Tell whether a schema surely admits values with nothing below."""
        for _ in range(_FOLLOWED):
            if not (isinstance(schema, dict) and "$ref" in schema):
                break
            schema, base = self.resolved(schema["$ref"], base)
        if not isinstance(schema, dict):
            return False
        said = schema.get("type", ())
        types = {said} if isinstance(said, str) else set(said)
        return bool(schema.keys() & {"const", "enum"}) or (bool(types) and types <= _SCALARS)

    def _conditions(self, schema: Mapping[str, Any]) -> list[Any]:
        """Return what holds where some conditions of a schema do, and others do not."""
        out: list[Any] = []
        if "if" in schema:
            yes = [schema["if"], schema.get("then", True)]
            out += yes if self.random.random() < 0.5 else [schema.get("else", True)]
        for name, body in schema.get("dependentSchemas", {}).items():
            if name in schema.get("required", ()) or self.random.random() < 0.5:
                out += [{"required": [name]}, body]
        return out


def kind_of(random: Random, keywords: Sequence[Mapping[str, Any]]) -> str:
    """Return a type that schemas, which all hold, admit.

    Raises:
        DeadEndError: They admit none.
    """
    admitted: set[str] | None = None
    for schema in keywords:
        if "type" in schema:
            said = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            mine = {*said, "integer"} if "number" in said else set(said)
            admitted = mine if admitted is None else admitted & mine
    if admitted is None:
        told = {kind for kind, words in _TOLD_BY.items() if any(words & s.keys() for s in keywords)}
        admitted = told or set(_TYPES)
    elif "number" in admitted:
        admitted -= {"integer"}
    if not admitted:
        raise DeadEndError("no type is all that is asked for")
    return random.choice(sorted(admitted))
