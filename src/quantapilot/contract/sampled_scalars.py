"""Scalars that a schema admits: strings and numbers, drawn by a random generator.

What is drawn need not conform: a pattern and a length, say, are met by drawing until both hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from quantapilot.contract.sampled_patterns import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What counts differently as characters, UTF-16 units and bytes, and what JSON escapes.
_ODD = 'aé😀"\\\n'
_USUAL_LENGTH = 12
# A longer text at the limit would tell nothing more.
_LONGEST = 100_000
_REACH = 1000


@dataclass(frozen=True, slots=True)
class Draw:
    """A random generator, and whether the value is to be one at a limit."""

    random: Random
    edge: bool = False


def string(draw: Draw, parts: Sequence[Mapping[str, Any]]) -> str:
    """Return a text as some schemas, which all hold, describe it.

    Raises:
        ContractError: A pattern can't be read.
    """
    ways: list[Callable[[], str]] = []
    for part in parts:
        if (made := FORMATS.get(part.get("format", ""))) is not None:
            ways.append(partial(made, draw.random))
        if (pattern := part.get("pattern")) is not None:
            ways.append(partial(matching, draw, pattern))
    return draw.random.choice(ways)() if ways else _text(draw, parts)


def number(draw: Draw, parts: Sequence[Mapping[str, Any]], *, whole: bool) -> float:
    """Return a number as some schemas, which all hold, describe it."""
    random = draw.random
    step = next((part["multipleOf"] for part in parts if "multipleOf" in part), None)
    if step is None and not whole and not draw.edge and random.random() < 0.5:
        low, high = _bounds(parts, 0)
        return round(random.uniform(low, high), 3)
    unit = step or 1
    low, high = _bounds(parts, unit)
    first, last = math.ceil(low / unit), math.floor(high / unit)
    if first > last:
        return random.uniform(low, high)
    return unit * (random.choice((first, last)) if draw.edge else random.randint(first, last))


def _bounds(parts: Sequence[Mapping[str, Any]], unit: float) -> tuple[float, float]:
    """Return the least and the greatest number; where none is set, one within reach."""
    least = [part["minimum"] for part in parts if "minimum" in part]
    least += [part["exclusiveMinimum"] + unit for part in parts if "exclusiveMinimum" in part]
    most = [part["maximum"] for part in parts if "maximum" in part]
    most += [part["exclusiveMaximum"] - unit for part in parts if "exclusiveMaximum" in part]
    low = max(least) if least else min([0, *most]) - (_REACH if most else 0)
    high = min(most) if most else low + _REACH
    return low, high


def _text(draw: Draw, parts: Sequence[Mapping[str, Any]]) -> str:
    least = max((part["minLength"] for part in parts if "minLength" in part), default=0)
    most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    alphabet = _LETTERS
    if draw.edge:
        length = draw.random.choice((least, least + 1 if most is None else min(most, _LONGEST)))
        alphabet = draw.random.choice((_LETTERS, _ODD))
    else:
        usual = max(least, 1) + _USUAL_LENGTH
        length = draw.random.randint(max(least, 1), usual)
        length = length if most is None else min(length, most)
    if length > _USUAL_LENGTH * 4:
        # One character, many times: to draw each would take time and tell nothing.
        return draw.random.choice(alphabet) * length
    return "".join(draw.random.choice(alphabet) for _ in range(length))


def _uuid(random: Random) -> str:
    from uuid import UUID

    return str(UUID(int=random.getrandbits(128), version=4))


def _moment(random: Random) -> str:
    from datetime import UTC, datetime, timedelta

    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(31_536_000))
    return moment.isoformat().replace("+00:00", "Z")


def _word(random: Random) -> str:
    return "".join(random.choice(_LETTERS) for _ in range(8))


# Format of JSON Schema 2020-12 -> what draws a text of it.
FORMATS: dict[str, Callable[[Random], str]] = {
    "uuid": _uuid,
    "date-time": _moment,
    "date": lambda random: _moment(random)[:10],
    "time": lambda random: _moment(random)[11:],
    "duration": lambda random: f"PT{random.randint(1, 59)}M",
    "uri": lambda random: f"https://{_word(random)}.example/{_word(random)}",
    "uri-reference": lambda random: f"/{_word(random)}",
    "iri": lambda random: f"https://{_word(random)}.example/{_word(random)}",
    "hostname": lambda random: f"{_word(random)}.example",
    "email": lambda random: f"{_word(random)}@{_word(random)}.example",
    "ipv4": lambda random: f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.1",
    "ipv6": lambda random: f"fd00::{random.randint(1, 0xFFFF):x}",
    "json-pointer": lambda random: f"/{_word(random)}",
    "regex": lambda random: f"^{_word(random)}$",
}
