"""Equality: whether a schema of one side and one of the other say the same, annotations aside.

Sound, since two schemas that are built alike, of references that lead to equal schemas, admit the
same values: JSON Schema gives annotations no say (Core, section 7.7).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quantapilot.compat.sides import Part

if TYPE_CHECKING:
    from quantapilot.compat.sides import Side

_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_DATA = frozenset({"const", "enum"})
ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"}
    | {"$comment", "$schema", "$id", "$defs", "definitions", "discriminator"}
    | {"contentEncoding", "contentMediaType", "contentSchema"}
)


def exactly(a: Any, b: Any) -> bool:
    """Tell whether two JSON values are the same; unlike in Python, true is not 1."""
    return spelt(a) == spelt(b)


def spelt(value: Any) -> bytes:
    """Return a JSON value as text that is the same for the same values."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def asserts(keyword: str) -> bool:
    """Tell whether a keyword may refuse a value: it is no annotation and no extension."""
    return keyword not in ANNOTATIONS and not keyword.startswith("x-")


@dataclass(slots=True)
class Equality:
    """Compares schemas of two sides; what was found is kept.

    Attributes:
        one, other: The sides.
    """

    one: Side
    other: Side
    _known: dict[object, bool] = field(default_factory=dict)

    def equal(self, a: Part, b: Part) -> bool:
        """Tell whether a schema of `one` and one of `other` differ in annotations at most."""
        key = a.key, b.key
        if key not in self._known:
            # Whoever comes here again on the way finds nothing that speaks against it.
            self._known[key] = True
            self._known[key] = not a.tag and not b.tag and self._alike(a.schema, b.schema, a, b, "")
            if not self._known[key]:
                # What was taken for equal on the way may have leant on this.
                self._known = {k: v for k, v in self._known.items() if not v}
        return self._known[key]

    def _alike(self, a: Any, b: Any, part: Part, other: Part, key: str) -> bool:
        if key in _DATA:
            return exactly(a, b)
        if isinstance(a, list) and isinstance(b, list):
            pairs = zip(a, b, strict=False)
            return len(a) == len(b) and all(self._alike(*p, part, other, "") for p in pairs)
        if isinstance(a, dict) and isinstance(b, dict):
            return self._members_alike(a, b, part, other, names=key in _BY_NAME)
        return type(a) is type(b) and bool(a == b)

    def _members_alike(
        self, a: dict[str, Any], b: dict[str, Any], part: Part, other: Part, *, names: bool
    ) -> bool:
        left, right = (a, b) if names else (_bare(a), _bare(b))
        if left.keys() != right.keys():
            return False
        for name, value in left.items():
            if name == "$ref" and not names:
                alike = self._lead_alike(value, right[name], part, other)
            else:
                alike = self._alike(value, right[name], part, other, "" if names else name)
            if not alike:
                return False
        return True

    def _lead_alike(self, a: Any, b: Any, part: Part, other: Part) -> bool:
        one = self.one.followed(Part({"$ref": a}, part.base, ""))
        two = self.other.followed(Part({"$ref": b}, other.base, ""))
        return self.equal(one, two)


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {keyword: value for keyword, value in schema.items() if asserts(keyword)}
