"""The items of a drawn array: how many there are, and what each has to be."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.contract.sampled_draw import DeadEndError, UnsampledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.contract.sampled_draw import Draw
    from quantapilot.contract.sampled_schemas import Flat, Part

_TRIES = 60
# A longer array at the limit would tell nothing more; one that has to be takes too long.
_LONGEST, _TOO_LONG = 50, 10_000


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one array.

    Attributes:
        flat: The schemas that all hold for the array.
        draw: What draws it.
        more: How many items it has at most, beyond those that it must have.
        item: Draws an item, at a place, that conforms to some schemas.
    """

    flat: Flat
    draw: Draw
    more: int
    item: Callable[[int, list[Part]], Any]

    def made(self) -> list[Any]:
        """Return the items.

        Raises:
            DeadEndError: They would be more than can be drawn.
            UnsampledError: No item was found that conforms.
        """
        wanted = self._wanted()
        made = self._drawn(self._length(len(wanted)))
        places = self.draw.random.sample(range(len(made)), min(len(wanted), len(made)))
        for at, part in zip(places, wanted, strict=False):
            # What is asked for may be there already.
            with suppress(UnsampledError):
                made[at] = self.item(at, [part, *self._parts(at)])
        return made

    def _drawn(self, length: int) -> list[Any]:
        made: list[Any] = []
        unique = any(schema.get("uniqueItems") for schema, _ in self.flat)
        for _ in range(length * _TRIES):
            if len(made) >= length:
                break
            item = self.item(len(made), self._parts(len(made)))
            if not (unique and item in made):
                made.append(item)
        return made

    def _wanted(self) -> list[Part]:
        """Return the schemas that some items have to conform to, one for each such item."""
        return [
            (schema["contains"], base)
            for schema, base in self.flat
            if "contains" in schema
            for _ in range(_within(schema.get("minContains", 1)))
        ]

    def _length(self, wanted: int) -> int:
        said = [schema for schema, _ in self.flat]
        least = _within(max((each.get("minItems", 0) for each in said), default=0))
        most = min((each["maxItems"] for each in said if "maxItems" in each), default=None)
        wished = least + self.draw.random.randint(0, self.more)
        if self.draw.edge and most is not None and most <= _LONGEST:
            wished = self.draw.random.choice((least, most))
        return max(wished if most is None else min(wished, most), wanted)

    def _parts(self, at: int) -> list[Part]:
        found: list[Part] = []
        for schema, base in self.flat:
            first = schema.get("prefixItems", ())
            if at < len(first):
                found.append((first[at], base))
            elif "items" in schema:
                found.append((schema["items"], base))
        if not found:
            found += [(s["unevaluatedItems"], b) for s, b in self.flat if "unevaluatedItems" in s]
        return found


def _within(count: int) -> int:
    if count > _TOO_LONG:
        raise DeadEndError(f"an array of {count} items is longer than {_TOO_LONG}")
    return count
