"""Faults: what in a document, changed alone, may break one rule of the contract.

These are guesses from what stands there and what the schema says of it. Whether one breaks the
rule, and that rule only, the gate tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from quantapilot.mock import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Path = tuple[str | int, ...]

_UNDESCRIBED = "undescribed"
_OTHERS: tuple[Any, ...] = ("seven", 7, True, None, [], {})
_SWAPPED = "1xG~"
_LONGEST = 64
_MOST_ITEMS = 1000
_FAR = (-1, -1_000_000, 10**6, 10**12)
# Stands for a member that is taken out.
GONE = object()


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a document: the way there, what stands there, and the keywords for it."""

    path: Path
    value: Any
    known: Mapping[str, Any]


# Where, and what is put there.
Fault = tuple["Path", Any]


def places(value: Any, keywords: Callable[[Path], Mapping[str, Any]]) -> Iterator[Place]:
    """Yield every place of a document."""

    def below(path: Path, part: Any) -> Iterator[Place]:
        yield Place(path, part, keywords(path))
        if isinstance(part, dict):
            for name in part:
                yield from below((*path, name), part[name])
        elif isinstance(part, list):
            for at, item in enumerate(part):
                yield from below((*path, at), item)

    return below((), value)


def put(value: Any, path: Path, new: Any) -> Any:
    """Return a document with something else at one place; the other stays as it is."""
    if not path:
        return new
    first, *rest = path
    if isinstance(value, list):
        out = list(value)
        out[int(first)] = put(value[int(first)], tuple(rest), new)
        return out
    changed = dict(value)
    if new is GONE and not rest:
        del changed[first]
    else:
        changed[first] = put(value.get(first), tuple(rest), new)
    return changed


def _unknown_field(place: Place) -> Iterator[Any]:
    if isinstance(place.value, dict):
        yield (*place.path, _UNDESCRIBED), True


def _missing_field(place: Place) -> Iterator[Fault]:
    if isinstance(place.value, dict):
        yield from (((*place.path, name), GONE) for name in place.value)


def _type(place: Place) -> Iterator[Fault]:
    yield from ((place.path, each) for each in _OTHERS if type(each) is not type(place.value))


def _format(place: Place) -> Iterator[Fault]:
    if isinstance(value := place.value, str) and value:
        changed = (value[:-1], f"{value}0", f"{value[:5]}13-45{value[10:]}", "soon", ":")
        yield from ((place.path, each) for each in changed)


def _pattern(place: Place) -> Iterator[Fault]:
    if isinstance(value := place.value, str):
        changed = [value.upper(), f" {value}", f"{value} ", f"{value}!", f"-{value}", f"{value}/"]
        changed += [
            value[:at] + swapped + value[at + 1 :]
            for at, swapped in product(range(min(len(value), _LONGEST)), _SWAPPED)
        ]
        yield from ((place.path, each) for each in changed if each != value)


def _enum(place: Place) -> Iterator[Fault]:
    value = place.value
    if isinstance(value, str):
        yield from ((place.path, each) for each in ("other", f"{value}_2", value.swapcase()))
    elif isinstance(value, bool):
        yield place.path, not value
    elif isinstance(value, int | float):
        yield from ((place.path, each) for each in (value + 1, -value - 1))


def _range(place: Place) -> Iterator[Fault]:
    known = place.known
    match place.value:
        case str() as text:
            if least := known.get("minLength", 0):
                yield place.path, text[: least - 1]
            if (most := known.get("maxLength")) is not None:
                yield from ((place.path, each) for each in _lengthened(text, most + 1))
        case list() as items:
            yield place.path, items[: max(known.get("minItems", 1) - 1, 0)]
            most = known.get("maxItems", _MOST_ITEMS)
            if items and most < _MOST_ITEMS:
                yield place.path, [items[at % len(items)] for at in range(most + 1)]
        case bool() | None | dict():
            return
        case _:
            near = [known[each] - 1 for each in ("minimum", "exclusiveMinimum") if each in known]
            near += [known[each] + 1 for each in ("maximum", "exclusiveMaximum") if each in known]
            yield from ((place.path, each) for each in (*near, *_FAR))


def _lengthened(text: str, length: int) -> Iterator[str]:
    """Yield a text of a length that goes on as it ends, in words, or in its last character."""
    told = " ".join(words.SENTENCES)
    repeated = f"{told} " * (length // len(told) + 1)
    yield f"{repeated[: length - 1]}."
    if text:
        yield text + text[-1] * (length - len(text))
        yield text[0] * (length - len(text)) + text
        yield (text * (length // len(text) + 1))[:length]


def _value(place: Place) -> Iterator[Fault]:
    match place.value:
        case list() as items if items:
            yield place.path, [*items, items[0]]
        case dict():
            yield place.path, {}
        case bool() | None:
            return
        case int() | float() as number:
            yield from ((place.path, each) for each in (number + 1, number + 0.5, 0))
    yield from _type(place)


# Rule -> what may break it at a place.
FAULTS: dict[str, Callable[[Place], Iterator[Fault]]] = {
    "contract/unknown-field": _unknown_field,
    "contract/missing-field": _missing_field,
    "contract/type": _type,
    "contract/format": _format,
    "contract/pattern": _pattern,
    "contract/enum": _enum,
    "contract/range": _range,
    "contract/value": _value,
    "contract/unknown-event": _enum,
}
