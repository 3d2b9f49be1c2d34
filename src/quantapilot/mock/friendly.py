"""Friendly values: a drawn document, said the way people would write it.

What the sampler draws conforms and looks like noise. Here its texts, numbers and the names of its
open families are exchanged for plausible ones, one by one: what the schema then no longer admits
stays as it was drawn. So nothing about a contract must be known here but names and data classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import Field, snake
from quantapilot.contract.shape import keywords
from quantapilot.mock import words
from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from random import Random

    from quantapilot.contract.catalog import Contract, Definition

    Path = tuple[str | int, ...]

# When mocks happen, unless a run goes on from there.
INSTANT = datetime(2026, 1, 5, 9, tzinfo=UTC)

_UUID = lazy(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_DATE_TIME = lazy(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:")
_DATE = lazy(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = lazy(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_PREFIX = lazy(r"[A-Za-z]{1,16}[_-]")
_GENERAL = (
    words.SLUGS,
    words.CODES,
    words.PATHS,
    words.DOTTED,
    words.VERSIONS,
    words.ADDRESSES,
    words.SHORT,
)
_LONG = (1, 2, 4, 8, 16)
# Words in the name of a number that tell what it counts.
_PERCENT = frozenset({"percent", "percentage", "pct", "progress"})
_MONEY = frozenset({"price", "amount", "cost", "sum", "fee", "total"})
_SHARE = frozenset({"share", "ratio", "rate"})


@dataclass(frozen=True, slots=True)
class Befriending:
    """What friendly values of one document are made by.

    Attributes:
        contract, definition: What the document conforms to.
        is_valid: Tells whether it does.
        random: What chooses.
        moment: When the document happens.
    """

    contract: Contract
    definition: Definition
    is_valid: Callable[[Any], bool]
    random: Random
    moment: datetime

    def made(self, value: Any) -> Any:
        """Return a conforming value with friendly parts; containers in it are changed."""
        holder = [value]
        self._exchange(_Spot(holder, 0, holder, (), "", self.contract.fields(self.definition)))
        return holder[0]

    def _exchange(self, spot: _Spot) -> None:
        value = spot.holder[spot.key]
        if isinstance(value, dict):
            self._rename(spot, value)
            for name in value:
                below = spot.field.below(name) or Field()
                path = (*spot.path, name)
                self._exchange(_Spot(value, name, spot.root, path, name, below))
        elif isinstance(value, list):
            below = spot.field.items or Field()
            for at in range(len(value)):
                path = (*spot.path, at)
                self._exchange(_Spot(value, at, spot.root, path, spot.name, below))
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            known = keywords(self.contract, self.definition, spot.path)
            if not known.keys() & {"const", "enum"}:
                self._first(spot, self._candidates(spot, value, known))

    def _first(self, spot: _Spot, candidates: Iterable[Any]) -> None:
        """Have the first candidate stand there with which the document conforms."""
        drawn = spot.holder[spot.key]
        for candidate in candidates:
            spot.holder[spot.key] = candidate
            if self.is_valid(spot.root[0]):
                return
        spot.holder[spot.key] = drawn

    def _candidates(self, spot: _Spot, value: Any, known: dict[str, Any]) -> Iterator[Any]:
        chance = self.random.getrandbits(128)
        given = [*known.get("examples", ()), *([known["default"]] if "default" in known else [])]
        yield from _turned([each for each in given if isinstance(each, type(value))], chance)
        named = frozenset(snake(spot.name).replace("-", "_").split("_"))
        if not isinstance(value, str):
            yield from _numbers(value, named, spot.field.data_class, self.moment, chance)
            return
        yield from _alike(value, self.moment, chance)
        data_class = spot.field.data_class
        if data_class in {"identifier", "timestamp"}:
            if prefix := _PREFIX.match(value):
                yield from (f"{prefix[0]}{least + chance % (9 * least)}" for least in (100_000, 10))
            return
        topics = [pool for known_by, pool in words.TOPICS if known_by & named]
        topics += [words.SENTENCES, words.TITLES, words.SHORT] if data_class == "text" else []
        least, most = known.get("minLength", 0), known.get("maxLength")
        for pool in chain(topics, () if data_class == "text" else _GENERAL):
            if pool is words.SENTENCES:
                yield from _told(chance, least, most)
            else:
                yield from _turned(pool, chance)

    def _rename(self, spot: _Spot, members: dict[str, Any]) -> None:
        """Give members of open families names that people would give them."""
        for drawn in [name for name in members if name not in spot.field.properties]:
            family = spot.field.below(drawn)
            before = dict(members)
            for name in self._names(drawn):
                if name in members or spot.field.below(name) is not family:
                    continue
                _renamed(members, before, drawn, name)
                if self.is_valid(spot.root[0]):
                    break
            else:
                _renamed(members, before, "", "")

    def _names(self, drawn: str) -> Iterator[str]:
        first, _, rest = drawn.partition("_")
        last = rest.rpartition("_")[2]
        for word in _turned(words.SLUGS, self.random.getrandbits(32)):
            yield word
            if rest:
                yield f"{word}_{last}"
                yield f"{first}_{word}"


@dataclass(frozen=True, slots=True)
class _Spot:
    """One place of a document: what holds it, and under which key.

    `root` holds the document, `name` is the member that it is in, `field` what the contract says.
    """

    holder: Any
    key: str | int
    root: list[Any]
    path: Path
    name: str
    field: Field


def written(moment: datetime) -> str:
    """Return a moment as RFC 3339 has it, in UTC, with milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _alike(value: str, moment: datetime, chance: int) -> Iterator[str]:
    """Yield what has the format that a drawn text has."""
    if _UUID.match(value):
        made = [_uuid7(moment, chance), _uuid4(chance)]
        yield from made if chance & 1 else reversed(made)
    elif _DATE_TIME.match(value):
        yield from (written(moment), f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    elif _DATE.match(value):
        yield f"{moment:%Y-%m-%d}"
    elif _TIME.match(value):
        yield f"{moment:%H:%M:%SZ}"
    elif value.startswith(("https://", "http://")):
        yield from _turned(words.ADDRESSES, chance)


def _uuid7(moment: datetime, chance: int) -> str:
    """Return a UUID of version 7 (RFC 9562, section 5.7)."""
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    bits = milliseconds << 80 | 7 << 76 | 2 << 62
    return _spelt(bits | (chance >> 50 & 0xFFF) << 64 | chance & (1 << 62) - 1)


def _uuid4(chance: int) -> str:
    """Return a UUID of version 4 (RFC 9562, section 5.4)."""
    free = (1 << 128) - 1 ^ 0xF << 76 ^ 3 << 62
    return _spelt(chance & free | 4 << 76 | 2 << 62)


def _spelt(bits: int) -> str:
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _told(chance: int, least: int, most: int | None) -> Iterator[str]:
    """Yield one sentence, or as many as a text of the least length needs."""
    turned = _turned(words.SENTENCES, chance)
    for count in _LONG:
        text = " ".join(turned[:count])
        if len(text) >= least:
            yield text if most is None or len(text) <= most else text[:most].rpartition(" ")[0]


def _numbers(
    value: float, name: frozenset[str], data_class: str | None, moment: datetime, chance: int
) -> Iterator[float]:
    if data_class == "timestamp":
        seconds = int(moment.timestamp())
        yield from (seconds, seconds * 1000)
    if isinstance(value, float):
        if name & _SHARE:
            yield chance % 20 / 20
        if name & _MONEY:
            yield (chance % 10_000 + 99) / 100
    if name & {"status"}:
        yield from _turned(words.STATUSES, chance)
    if name & {"year"}:
        yield moment.year
    if name & {"port"}:
        yield 8000 + chance % 1000
    if name & _PERCENT:
        yield chance % 21 * 5
    if name & {"ms", "bytes", "milliseconds"}:
        yield 10 + chance % 5000
    yield from (1 + chance % 20, 1 + chance % 9, 100 + chance % 900)


def _turned(pool: Sequence[Any], chance: int) -> list[Any]:
    """Return a pool from some place on, and around."""
    at = chance % len(pool) if pool else 0
    return [*pool[at:], *pool[:at]]


def _renamed(members: dict[str, Any], before: dict[str, Any], old: str, new: str) -> None:
    members.clear()
    members.update({new if name == old else name: value for name, value in before.items()})
