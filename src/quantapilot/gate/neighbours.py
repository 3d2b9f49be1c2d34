"""Neighbours that name a value: `{"name": "DB_PASSWORD", "value": …}` and `["--password", …]`.

Only names of credentials are read so: they are what the rules `pii/token-name-value` and
`pii/token-assignment` know on raw text, and so what the first pass over a block doubts.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantapilot.contract.positions import Node

_NAMING = frozenset({"name", "key", "header", "field", "param", "parameter", "variable", "var"})
_HOLDING = frozenset({"value", "val", "content", "default"})
_NAME = lazy(
    r"[\w.-]{0,40}?(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key"
    r"|secret[_-]?key|private[_-]?key|authorization|cookie)"
)
_FLAG = lazy(
    r"--(?:[a-z]{1,16}-){0,2}(?:token|password|passwd|passphrase|secret|key|credentials|pass)"
)


def told_name(before: Node | None, node: Node) -> str:
    """Return the name that the value just before gives to this one; empty when it gives none."""
    if before is None or before.kind != "string" or before.pointer[:-1] != node.pointer[:-1]:
        return ""
    if not node.pointer or not _names(before.pointer[-1], before.text, node.pointer[-1]):
        return ""
    return before.text.lstrip("-")


def tells_names(value: dict[str, Any] | list[Any]) -> bool:
    """Tell whether a value in an object or array is named by the one before it."""
    places: Iterable[str | int] = value if isinstance(value, dict) else range(len(value))
    texts = value.values() if isinstance(value, dict) else value
    return any(
        isinstance(text, str) and _names(place, text, behind)
        for (place, behind), text in zip(pairwise(places), texts, strict=False)
    )


def _names(place: str | int, text: str, behind: str | int) -> bool:
    if isinstance(place, str) and isinstance(behind, str):
        pair = place.lower() in _NAMING and behind.lower() in _HOLDING
        return pair and _NAME.fullmatch(text) is not None
    return isinstance(place, int) and text[:2] == "--" and _FLAG.fullmatch(text) is not None
