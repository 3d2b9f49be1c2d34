"""A corpus of any size to measure on: what a busy factory writes, with a few dirty lines in it.

To make a record takes longer than to check it, so a pool is made once, and each line of the corpus
is one of the pool with fresh ids, moments, commits and numbers put in.
"""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from examples.make_examples import PLANTS, START, Json, fill, plant, play_runs, to_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

POOL_RUNS = 100
POOL_LOGS, POOL_EVENTS, POOL_DIRTY = 3000, 2000, 1200  # 60 log records to 40 events
BLOCK_LINES = 4096
RESERVE = 1 << 20

HEX_DIGITS = bytes(b"0123456789abcdef"[byte % 16] for byte in range(256))
DECIMAL_DIGITS = bytes(48 + byte % 10 for byte in range(256))
VARIANTS = {digit: b"89ab"[digit % 4 : digit % 4 + 1] for digit in b"0123456789abcdef"}
MILLISECONDS = [b".%03dZ" % ms for ms in range(1000)]
FORBIDDEN_FIELDS = {"user_email": "{email}", "operator_name": "{name}", "api_token": "{token}"}

VARIABLE = re.compile(
    rb'"(?:time|timestamp)":"(?P<moment>[^"]{24})'
    rb"|\b(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\b"
    rb"|\b(?P<hex>[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16})\b"
    rb'|_(?:ms|bytes|count|total|in|out)":(?P<number>[1-9][0-9]{1,6})\b'
)


class Digits:
    """An endless supply of random digits."""

    def __init__(self, rng: Random, alphabet: bytes) -> None:
        self._rng, self._alphabet = rng, alphabet
        self._reserve, self._at = b"", 0

    def take(self, width: int) -> bytes:
        """Return the next `width` digits."""
        start, self._at = self._at, self._at + width
        if self._at > len(self._reserve):
            self._reserve = self._rng.randbytes(RESERVE).translate(self._alphabet)
            start, self._at = 0, width
        return self._reserve[start : self._at]


class Fresh:
    """Fresh values of every kind that VARIABLE tells apart; the clock only runs forward."""

    def __init__(self, rng: Random) -> None:
        self._decimal = Digits(rng, DECIMAL_DIGITS)
        self.hex = Digits(rng, HEX_DIGITS).take
        self._second, self._ms, self._prefix = -1, 1000, b""
        self.makers = {
            "moment": self.moment,
            "uuid": self.uuid,
            "hex": self.hex,
            "number": self.number,
        }

    def moment(self, _width: int) -> bytes:
        """Return a moment 2 ms after the one before."""
        self._ms += 2
        if self._ms >= 1000:
            self._second, self._ms = self._second + 1, 0
            moment = START + timedelta(seconds=self._second)
            self._prefix = f"{moment:%Y-%m-%dT%H:%M:%S}".encode()
        return self._prefix + MILLISECONDS[self._ms]

    def uuid(self, _width: int) -> bytes:
        """Return a UUID of version 4."""
        digits = self.hex(32)
        head = digits[:8] + b"-" + digits[8:12] + b"-4" + digits[13:16] + b"-"
        return head + VARIANTS[digits[16]] + digits[17:20] + b"-" + digits[20:]

    def number(self, width: int) -> bytes:
        """Return a number of so many digits."""
        digits = self._decimal.take(width)
        return b"7" + digits[1:] if digits[0] == 48 else digits


class Template:
    """One line of the pool, cut where a fresh value goes."""

    def __init__(self, line: bytes, fresh: Fresh) -> None:
        self._pieces: list[bytes] = []
        places: dict[tuple[str, object], list[int]] = {}
        end = 0
        for found in VARIABLE.finditer(line):
            kind = found.lastgroup or ""
            start, stop = found.span(kind)
            self._pieces += (line[end:start], line[start:stop])
            same = start if kind == "number" else line[start:stop]
            places.setdefault((kind, same), []).append(len(self._pieces) - 1)
            end = stop
        self._pieces.append(line[end:])
        self._slots = [
            (fresh.makers[kind], len(self._pieces[where[0]]), tuple(where))
            for (kind, _), where in places.items()
        ]

    def line(self) -> bytes:
        """Return the line with fresh values; one that stood twice stands twice again."""
        pieces = self._pieces
        for make, width, places in self._slots:
            value = make(width)
            for place in places:
                pieces[place] = value
        return b"".join(pieces)


def clean_documents(rng: Random) -> list[Json]:
    """Return the pool of log records and events."""
    files = play_runs(rng, POOL_RUNS)
    events = files.pop("events")
    logs = [record for file in files.values() for record in file]
    return rng.choices(logs, k=POOL_LOGS) + rng.choices(events, k=POOL_EVENTS)


def dirty_documents(rng: Random, clean: list[Json]) -> Iterator[Json]:
    """Yield documents of the pool with one made-up value of personal data in each."""
    classes = list(PLANTS)
    for at, document in enumerate(rng.choices(clean, k=POOL_DIRTY)):
        data = document.get("data")
        payload: Json = dict(data) if isinstance(data, dict) else dict(document)
        texts = [name for name in ("message", "reason", "description") if name in payload]
        if texts:
            said = plant(rng, classes[at % len(classes)])
            payload[texts[0]] = f"{payload[texts[0]]}; {said}"
        else:
            field = rng.choice(list(FORBIDDEN_FIELDS))
            payload[field] = fill(rng, FORBIDDEN_FIELDS[field])
        yield {**document, "data": payload} if isinstance(data, dict) else payload


def blocks(rng: Random, dirty_share: float) -> Iterator[list[bytes]]:
    """Yield lines without end, a block at a time."""
    fresh = Fresh(rng)

    def templates(documents: Iterable[Json]) -> list[Template]:
        return [Template(to_line(document), fresh) for document in documents]

    pool = clean_documents(rng)
    clean, dirty = templates(pool), templates(dirty_documents(rng, pool))
    while True:
        chosen = rng.choices(clean, k=BLOCK_LINES)
        yield [
            (rng.choice(dirty) if rng.random() < dirty_share else template).line()
            for template in chosen
        ]


def write_corpus(path: Path, size: int, dirty_share: float = 0.01, seed: int = 1) -> None:
    """Write as many whole lines as fit into `size` bytes; the same arguments, the same bytes.

    Args:
        path: The JSONL file to write.
        size: Bytes that the file may have.
        dirty_share: Share of the lines that hold one planted value of personal data.
        seed: Of everything that is left to chance.
    """
    left = size
    with path.open("wb") as file:
        for lines in blocks(Random(seed), dirty_share):
            block = b"".join(lines)
            if len(block) > left:
                block = block[: block.rfind(b"\n", 0, left) + 1]
                file.write(block)
                return
            file.write(block)
            left -= len(block)
