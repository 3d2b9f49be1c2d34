"""Two versions of one schema: compatible, breaking or unknown, by cause, with values that show it.

```python
comparison = compare(older, newer)
comparison.verdict, [change.pointer for change in comparison.changes]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.compat.changes import (
    Change,
    Comparison,
    Direction,
    Kind,
    OneWay,
    Verdict,
    Witness,
    ordered,
)
from quantapilot.compat.inclusion import Inclusion, Spot
from quantapilot.compat.sides import side
from quantapilot.compat.witnesses import witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.compat.inclusion import Difference
    from quantapilot.compat.sides import Side

__all__ = ["Change", "Comparison", "Direction", "Verdict", "Witness", "compare"]

FILE = "schema.json"


def compare(old: Any, new: Any, direction: Direction = "backward") -> Comparison:
    """Return what changed between two versions of a JSON Schema.

    Formats count, as everywhere in the toolkit. A change that nothing proves compatible and no
    value proves breaking is `unknown`.

    Args:
        old: The older schema: an object or a boolean.
        new: The newer one.
        direction: `backward`: every value of the older version stays valid; `forward`: every value
            of the newer one was valid before; `full`: both.

    Raises:
        BrokenContractError: One of them is no valid schema, or a `$ref` leads nowhere.
        MissingExtraError: What makes strings of patterns is not installed.
    """
    from quantapilot.compat.privacy import loosened

    then, now = side("old", {FILE: old}), side("new", {FILE: new})
    wanted: tuple[OneWay, ...] = ("backward", "forward") if direction == "full" else (direction,)
    changes: list[Change] = []
    for way in ("backward", "forward"):
        of = Inclusion(then, now) if way == "backward" else Inclusion(now, then)
        changes += _changes(of, way, counted=way in wanted)
    if then.plain and now.plain:
        changes = loosened(then, now, [((), FILE)], changes)
    return Comparison(ordered(_each_once(changes)))


def _changes(of: Inclusion, way: OneWay, *, counted: bool) -> Iterator[Change]:
    sub, sup = (of.sub.root(FILE),), (of.sup.root(FILE),)
    for found in of.differences(sub, sup, Spot(FILE, "")):
        yield change(of, found, way, counted=counted)


def change(of: Inclusion, found: Difference, way: OneWay, *, counted: bool) -> Change:
    """Return the change that a difference stands for, with a value that shows it.

    Args:
        of: The comparison that found it.
        found: The difference.
        way: Its direction.
        counted: Whether this direction is the one that counts.
    """
    if not counted:
        return Change(found.pointer, "compatible", way, found.message, None, found.file)
    seen = witness(of, found)
    kind: Kind = "breaking" if seen else "unknown"
    return Change(found.pointer, kind, way, found.message, seen, found.file)


def _each_once(changes: list[Change]) -> list[Change]:
    """Return changes without what is told in the direction that counts already."""
    told = {(c.file, c.pointer) for c in changes if c.kind != "compatible"}
    return [c for c in changes if c.kind != "compatible" or (c.file, c.pointer) not in told]


def versions(then: Side, now: Side) -> None:
    """Do nothing."""
    del then, now
