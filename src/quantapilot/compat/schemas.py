"""Two versions of one schema: compatible, breaking or unknown, by cause, with values that show it.

```python
comparison = compare(older, newer)
comparison.verdict, [change.pointer for change in comparison.changes]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.compat.causes import Spot
from quantapilot.compat.changes import (
    Change,
    Comparison,
    Direction,
    OneWay,
    Verdict,
    Witness,
    ordered,
)
from quantapilot.compat.comparing import Versions, each_once
from quantapilot.compat.equality import asserts
from quantapilot.compat.loading import side
from quantapilot.compat.privacy import classed

if TYPE_CHECKING:
    from quantapilot.compat.sides import Side

__all__ = ["Change", "Comparison", "Direction", "Verdict", "Witness", "compare"]

FILE = "schema.json"


def compare(
    old: Any, new: Any, direction: Direction = "backward", *, file: str = FILE
) -> Comparison:
    """Return what changed between two versions of a JSON Schema.

    Formats count, as everywhere in the toolkit. A change that nothing proves compatible and no
    value proves breaking is `unknown`. Where the schemas use `x-data-class`, a place that may hold
    more than before is a break in every direction. A schema that says nothing but `$defs` is
    compared definition by definition.

    Args:
        old: The older schema: an object or a boolean.
        new: The newer one.
        direction: `backward`: every value of the older version stays valid; `forward`: every value
            of the newer one was valid before; `full`: both.
        file: What the schema is called in changes.

    Raises:
        BrokenContractError: One of them is no valid schema, or a `$ref` leads nowhere.
    """
    then, now = side("old", {file: old}), side("new", {file: new})
    wanted: tuple[OneWay, ...] = ("backward", "forward") if direction == "full" else (direction,)
    versions = Versions(then, now, private=classed(old) or classed(new))
    changes: list[Change] = []
    for pointer in _compared(then, now):
        spot = Spot(file, "".join(f"/{step}" for step in pointer))
        name = pointer[-1] if pointer else ""
        one, two = _at(then, file, pointer), _at(now, file, pointer)
        if one is None:
            changes.append(
                Change(spot.pointer, "compatible", "forward", f"{name} added", None, file)
            )
        elif two is None:
            changes.append(
                Change(spot.pointer, "breaking", "backward", f"{name} removed", None, file)
            )
        else:
            changes += versions.compared(one, two, spot, wanted, name)
    return Comparison(ordered(each_once(changes)))


def _compared(then: Side, now: Side) -> list[tuple[str, ...]]:
    """Return what is compared: the schemas themselves, or their definitions."""
    bodies = [next(iter(each.given.values())) for each in (then, now)]
    if any(says_something(body) for body in bodies):
        return [()]
    names = dict.fromkeys(name for body in bodies for name in body.get("$defs", {}))
    return [("$defs", name) for name in names] or [()]


def says_something(schema: Any) -> bool:
    """Tell whether a schema says more than annotations and definitions."""
    return not isinstance(schema, dict) or any(map(asserts, schema))


def _at(of: Side, file: str, pointer: tuple[str, ...]) -> Any:
    try:
        return of.root(file, pointer)
    except (KeyError, TypeError):
        return None
