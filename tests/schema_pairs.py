"""The table of schema versions in tests/conformance/compat: two versions, and what they break.

Backward says that every old value stays valid, forward that every new value was valid before. A
pair names a value for each direction that it breaks; the directions that it does not name are
compatible. `both` are values of both versions, `at` is where in the schema the change stands. With
a `base`, `old` and `new` are merge patches (RFC 7396) on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Direction = Literal["backward", "forward"]

FOLDER = Path(__file__).parent / "conformance" / "compat"
DIRECTIONS: tuple[Direction, ...] = ("backward", "forward")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of a schema, and the values that prove what the table says of them."""

    topic: str
    name: str
    old: Any
    new: Any
    both: tuple[Any, ...]
    breaks: Mapping[str, Any]
    at: str | None

    def versions(self, direction: Direction) -> tuple[Any, Any]:
        """Return the version whose values have to stay valid, and the one that must take them."""
        return (self.old, self.new) if direction == "backward" else (self.new, self.old)

    def __str__(self) -> str:
        return f"{self.topic}: {self.name}"


def pairs() -> list[Pair]:
    """Return the whole table, in the order of the files."""
    return [
        _pair(file.stem, told, table.get("bases", {}))
        for file in sorted(FOLDER.glob("*.json"))
        for table in [json.loads(file.read_text("utf-8"))]
        for told in table["pairs"]
    ]


def engines(schema: Any) -> Callable[[Any], list[bool]]:
    """Return the function that tells what both engines, formats asserted, say of a value."""
    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    reference = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return lambda value: [fast.is_valid(value), reference.is_valid(value)]


def merged(target: Any, patch: Any) -> Any:
    """Return a value with a merge patch applied (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


def _pair(topic: str, told: dict[str, Any], bases: dict[str, Any]) -> Pair:
    old, new = told.get("old", {}), told["new"]
    if "base" in told:
        base = bases[told["base"]]
        old, new = merged(base, old), merged(base, new)
    return Pair(
        topic,
        told["name"],
        old,
        new,
        tuple(told.get("both", ())),
        told.get("breaks", {}),
        told.get("at"),
    )
