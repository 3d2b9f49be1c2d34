"""Uses: what changed in what a definition is for, as `x-document` and `x-operation` say it.

Who finds documents by a field, or calls an operation by its path, breaks though no value shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quantapilot.compat.changes import Change
from quantapilot.compat.directions import OPERATION
from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.contract.catalog import Definition

DOCUMENT = "x-document"


def use_changes(then: Definition, now: Definition) -> Iterator[Change]:
    """Yield what changed in what a definition is for."""
    at = pointer_of(["$defs", now.name])
    before, after = then.schema.get(DOCUMENT), now.schema.get(DOCUMENT)
    for key in ("kind", "recognised_by", "payload"):
        one, two = _of(before, key), _of(after, key)
        if before and one != two:
            message = f"{DOCUMENT} {key} {one or 'none'} → {two or 'none'}"
            place = f"{at}/{DOCUMENT}/{key}"
            yield Change(place, "breaking", "backward", message, None, now.file)
    operation, other = then.schema.get(OPERATION), now.schema.get(OPERATION)
    if operation and not other:
        message = f"{OPERATION} {_called(operation)} removed"
        yield Change(f"{at}/{OPERATION}", "breaking", "backward", message, None, now.file)
    elif operation:
        yield from _operation(operation, other, f"{at}/{OPERATION}", now.file)


def _operation(old: Any, new: Any, at: str, file: str) -> Iterator[Change]:
    for key in ("method", "path"):
        if _of(old, key) != _of(new, key):
            message = f"{key} {_of(old, key)} → {_of(new, key)}"
            yield Change(f"{at}/{key}", "breaking", "backward", message, None, file)
    before, after = _of(old, "answers") or {}, _of(new, "answers") or {}
    for status in before:
        if status not in after:
            message = f"answer {status} removed"
            yield Change(f"{at}/answers/{status}", "breaking", "forward", message, None, file)
        elif name_of(before[status]) != name_of(after[status]):
            message = f"answer {status} {name_of(before[status])} → {name_of(after[status])}"
            yield Change(f"{at}/answers/{status}", "breaking", "forward", message, None, file)
    for status in after:
        if status not in before:
            message = f"answer {status} added"
            yield Change(f"{at}/answers/{status}", "compatible", "forward", message, None, file)


def name_of(reference: Any) -> str:
    """Return the name of the definition that a reference leads to."""
    return str(reference).rpartition("/")[2]


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _called(operation: Any) -> str:
    return f"{_of(operation, 'method')} {_of(operation, 'path')}"
