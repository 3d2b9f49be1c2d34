"""Scalars that a schema admits: strings and numbers, drawn by a random generator.

What is drawn need not conform: a pattern and a length, say, are met by drawing until both hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from quantapilot.contract.sampled_patterns import matching
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What counts differently as characters, UTF-16 units and bytes, and what JSON escapes.
_ODD = 'aé😀"\\\n'
_USUAL_LENGTH = 12
# A longer text at the limit would tell nothing more.
_LONGEST = 100_000
_LONGEST_MADE = 1_000_000
# So often at most is a part of a pattern repeated for the sake of a length.
_REPEATED = 4096
_REACH = 1000


@dataclass(frozen=True, slots=True)
class Draw:
    """A random generator, and how values are drawn.

    Attributes:
        random: The generator.
        edge: Whether the value is to be one at a limit.
        extra: How often more than it must each part of a pattern is repeated; None for any number.
    """

    random: Random
    edge: bool = False
    extra: int | None = None


def string(draw: Draw, parts: Sequence[Mapping[str, Any]]) -> str:
    """Return a text as some schemas, which all hold, describe it.

    Raises:
        ContractError: A pattern can't be read, or a text would be very long.
    """
    ways: list[Callable[[], str]] = []
    for part in parts:
        if (made := FORMATS.get(part.get("format", ""))) is not None:
            ways.append(partial(made, draw.random))
        if (pattern := part.get("pattern")) is not None:
            ways.append(partial(_matching, draw, pattern, _lengths(parts)))
    return draw.random.choice(ways)() if ways else _text(draw, parts)


def _lengths(parts: Sequence[Mapping[str, Any]]) -> tuple[int, int | None]:
    """Return the least and the greatest length of a text."""
    least = max((part["minLength"] for part in parts if "minLength" in part), default=0)
    most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    return int(least), None if most is None else int(most)


def _matching(draw: Draw, pattern: str, lengths: tuple[int, int | None]) -> str:
    """Return a text that a pattern is meant to match, of a length if repetitions allow it."""
    least, most = lengths

    def misses(text: str) -> int:
        longest = len(text) if most is None else most
        return least - len(text) if len(text) < least else min(0, longest - len(text))

    made = matching(draw, pattern)
    if least > _LONGEST_MADE or not misses(made):
        return made
    # The more is repeated, the longer it gets. Doubling finds what is long enough before parts
    # that lie in each other grow beyond all bounds; halves find what is as long as it may be.
    low, high = 0, 1
    while misses(made := matching(replace(draw, extra=high), pattern)) > 0 and high < _REPEATED:
        low, high = high, high * 2
    while misses(made) and low < high:
        middle = (low + high) // 2
        made = matching(replace(draw, extra=middle), pattern)
        low, high = (middle + 1, high) if misses(made) > 0 else (low, middle)
    # A pattern that is open at its end matches whatever follows.
    return made + draw.random.choice(_LETTERS) * misses(made)


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
    least, most = _lengths(parts)
    if least > _LONGEST_MADE:
        raise ContractError(f"no text of {least} characters is drawn")
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
