"""What the guard costs a clean line: the messages of the examples, logged with it and without.

`python -m benchmarks.guard` prints it. Both run in one process, in turns, and the best counts.
"""

from __future__ import annotations

import io
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from quantapilot.config import Config
from quantapilot.guard import JsonFormatter, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[1]
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
TIMES = 5


@dataclass(frozen=True, slots=True)
class Guarded:
    """Seconds that a line takes without the guard and with it."""

    name: str
    bare: float
    guarded: float

    @property
    def ratio(self) -> float:
        """Return how many times as long a guarded line takes."""
        return self.guarded / self.bare


class Nowhere(io.StringIO):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        """Take a text."""
        return len(text)


def messages() -> list[str]:
    """Return the messages of the examples' log records."""
    files = sorted((ROOT / "examples" / "logs").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().splitlines()]
    return [record["message"] for record in map(orjson.loads, lines) if "message" in record]


def costs(texts: Sequence[str]) -> Iterator[Guarded]:
    """Yield what the guard costs each way of writing a line."""
    logger = logging.Logger("bench")
    handler = logging.StreamHandler(Nowhere())
    logger.addHandler(handler)
    for name, formatter in (
        ("logging.Formatter", logging.Formatter(LINE)),
        ("JsonFormatter", JsonFormatter(config=Config())),
    ):
        handler.setFormatter(formatter)
        yield _cost(name, lambda: _log(logger, texts))


def _cost(name: str, write: Callable[[], float]) -> Guarded:
    bare, guarded = [], []
    for _ in range(TIMES):
        bare.append(write())
        with install(config=Config(), hooks=False):
            guarded.append(write())
    return Guarded(name, min(bare), min(guarded))


def _log(logger: logging.Logger, texts: Sequence[str]) -> float:
    started = time.perf_counter()
    for text in texts:
        logger.info("%s", text)
    return (time.perf_counter() - started) / len(texts)


if __name__ == "__main__":
    for each in costs(messages()):
        more = (each.guarded - each.bare) * 1e6
        print(
            f"{each.name}: {each.bare * 1e6:.1f} µs bare, {each.guarded * 1e6:.1f} µs guarded, "
            f"{more:.1f} µs more, {each.ratio:.2f} times"
        )
