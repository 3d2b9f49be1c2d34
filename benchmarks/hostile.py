"""Lines of 10 MB that are made to be slow, against as many bytes of ordinary lines.

What is timed is the command in a running interpreter: its start would flatter the ratio.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import MB, MeasureError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SIZE = 10 * MB
UNCHECKED = 4
_CHILD = """
import sys, time
from quantapilot.cli.app import qp
code, started = 0, time.perf_counter()
try:
    qp.main(["scan", "--format", "json", "--output", sys.argv[2], sys.argv[3]], prog_name="qp")
except SystemExit as end:
    code = end.code
spent = time.perf_counter() - started
with open(sys.argv[1], "w") as file:
    print(code, spent, file=file)
"""
_UNITS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """How many times as long as ordinary lines a shape takes, as plain text and as a record.

    None means that the scan said it could not check it, or did not come to an end.
    """

    shape: str
    plain: float | None
    record: float | None


@dataclass(frozen=True, slots=True)
class Full:
    """What a line full of personal data costs: findings, and microseconds for each."""

    of: str
    findings: int
    each: float


def hostile(corpus: Path, size: int = SIZE, times: int = 2) -> Iterator[Hostile]:
    """Yield the cost of each shape as a ratio; the first bytes of the corpus are the measure."""
    folder = corpus.parent
    file = folder / "hostile.jsonl"
    with corpus.open("rb") as stream:
        data = stream.read(size)
    file.write_bytes(data[: data.rfind(b"\n") + 1])
    ordinary = _seconds(file, times + 1)
    if ordinary is None:
        raise MeasureError("the ordinary lines could not be scanned")
    ordinary /= file.stat().st_size
    for shape, unit in _UNITS["shapes"].items():
        costs: list[float | None] = []
        for line in (plain_line(unit, size), record_line(unit, size)):
            file.write_bytes(line)
            spent = _seconds(file, times)
            costs.append(spent and spent / len(line) / ordinary)
        yield Hostile(shape, *costs)
    file.unlink()


def full(folder: Path, size: int = MB) -> Iterator[Full]:
    """Yield what lines full of personal data cost by the finding."""
    file = folder / "full.jsonl"
    for of, unit in _UNITS["full"].items():
        file.write_bytes(plain_line(unit, size))
        spent = _seconds(file, 1)
        summary = json.loads(file.with_name("found.json").read_bytes())["summary"]
        found = summary["findings"]
        if spent is not None and found:
            yield Full(of, found, spent / found * 1e6)
    file.unlink()


def plain_line(unit: str, size: int) -> bytes:
    """Return a line that is nothing but a unit over and over."""
    width = len(unit.encode())
    return b"x " + "".join(islice(cycle([unit]), size // width)).encode() + b"\n"


def record_line(unit: str, size: int) -> bytes:
    """Return a log record whose message is nothing but a unit over and over."""
    width = len(json.dumps(unit, ensure_ascii=False).encode()) - 2
    head = {"timestamp": "2025-08-19T06:00:00.000Z", "level": "info"}
    record = head | {"message": "".join(islice(cycle([unit]), size // width))}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _seconds(file: Path, times: int) -> float | None:
    """Return the best of some runs; slow ones are not run again."""
    quickest: float | None = None
    said = file.with_name("said")
    for _ in range(times):
        try:
            run(
                [sys.executable, "-c", _CHILD, said, file.with_name("found.json"), file],
                cwd=ROOT,
                timeout=40,
            )
        except MeasureError:
            return None
        code, spent = said.read_text("ascii").split()
        if int(code) == UNCHECKED:
            return None
        quickest = min(quickest or float("inf"), float(spent))
        if quickest > 1.5:
            break
    return quickest
