"""Texts that a schema admits, drawn by a random generator.

What is drawn need not conform: a format and a pattern, say, are met by drawing until both hold.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from quantapilot.contract.sampled_draw import DeadEndError
from quantapilot.contract.sampled_patterns import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from quantapilot.contract.sampled_draw import Draw

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What counts differently as characters, UTF-16 units and bytes, and what JSON escapes.
_ODD = 'aé😀"\\\n'
_USUAL_LENGTH = 12
# A longer text at the limit would tell nothing more.
_LONGEST = 100_000
# A longer one that has to be is more than a document should hold.
_TOO_LONG = 10_000_000


def string(draw: Draw, parts: Sequence[Mapping[str, Any]]) -> str:
    """Return a text as some schemas, which all hold, describe it.

    Raises:
        DeadEndError: It would be longer than memory should hold.
        UnsampledError: A pattern can't be read.
    """
    least = max((part["minLength"] for part in parts if "minLength" in part), default=0)
    most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    if least > _TOO_LONG:
        raise DeadEndError(f"a text of {least} characters is longer than {_TOO_LONG}")
    ways: list[Callable[[], str]] = []
    for part in parts:
        kind = part.get("format", "")
        if kind in FORMATS:
            ways.append(partial(_formatted, draw.random, kind, least))
        if (pattern := part.get("pattern")) is not None:
            ways.append(partial(matching, draw, pattern, least, most))
            if kind in FORMATS and not pattern.startswith("^"):
                ways.append(partial(_ended, draw, kind, pattern))
    return draw.random.choice(ways)() if ways else _text(draw, least, most)


def _ended(draw: Draw, kind: str, pattern: str) -> str:
    """Return a text of a format, with what an open pattern asks for behind it."""
    return FORMATS[kind](draw.random) + matching(draw, pattern)


def _formatted(random: Random, kind: str, least: int) -> str:
    made = FORMATS[kind](random)
    if kind in _OPEN_ENDED and len(made) < least:
        made += "".join(random.choice(_LETTERS) for _ in range(least - len(made)))
    return made


def _text(draw: Draw, least: int, most: int | None) -> str:
    alphabet = _LETTERS
    if draw.edge:
        longest = least + 1 if most is None else max(least, min(most, _LONGEST))
        length = draw.random.choice((least, longest))
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


# Format of JSON Schema 2020-12 (validation, section 7.3) -> what draws a text of it.
FORMATS: dict[str, Callable[[Random], str]] = {
    "uuid": _uuid,
    "date-time": _moment,
    "date": lambda random: _moment(random)[:10],
    "time": lambda random: _moment(random)[11:],
    "duration": lambda random: f"PT{random.randint(1, 59)}M",
    "uri": lambda random: f"https://{_word(random)}.example/{_word(random)}",
    "uri-reference": lambda random: f"/{_word(random)}",
    "uri-template": lambda random: f"/{_word(random)}/{{{_word(random)}}}",
    "iri": lambda random: f"https://{_word(random)}.example/{_word(random)}",
    "iri-reference": lambda random: f"/{_word(random)}",
    "hostname": lambda random: f"{_word(random)}.example",
    "idn-hostname": lambda random: f"{_word(random)}.example",
    "email": lambda random: f"{_word(random)}@{_word(random)}.example",
    "idn-email": lambda random: f"{_word(random)}@{_word(random)}.example",
    "ipv4": lambda random: f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.1",
    "ipv6": lambda random: f"fd00::{random.randint(1, 0xFFFF):x}",
    "json-pointer": lambda random: f"/{_word(random)}",
    "relative-json-pointer": lambda random: f"{random.randint(0, 9)}/{_word(random)}",
    "regex": lambda random: f"^{_word(random)}$",
}
# Formats that what is added to the end of a text leaves as they are.
_OPEN_ENDED = frozenset({"uri", "uri-reference", "iri", "iri-reference", "json-pointer"})
