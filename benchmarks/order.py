"""What it costs to hold whole runs to their order: a million events of runs that go on at a time.

All runs go on at a time, so that each event is of another run than those around it, and every run
stands somewhere until the end. A few have a fault each.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks.measure import MB, best
from benchmarks.speed import qp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RUNS, FAULTS = 50_000, 20
_DATA = {
    "run_started": ',"repo_url":"https://git.quantapilot.example/team/app","branch":"main"',
    "documentation_generated": ',"docs_branch":"docs/anchor","pr_number":17',
    "gate_requested": ',"gate":"%s","description":"the plan is ready to be read"',
    "gate_decision": ',"gate":"%s","approved":true',
    "milestone_completed": ',"milestone_id":"anchor"',
    "run_paused": ',"reason":"waiting for the nightly window"',
    "run_resumed": "",
    "run_completed": "",
}
_MODELS = {kind: "".join(map(str.title, kind.split("_"))) for kind in _DATA}
# A run of 20 events; a name behind a colon is that of a gate.
_GOOD = [
    "run_started", "documentation_generated", "gate_requested:anchor", "milestone_completed",
    "gate_decision:anchor", "milestone_completed", "milestone_completed", "run_paused",
    "run_resumed", "milestone_completed", "gate_requested:readiness", "run_paused",
    "gate_decision:readiness", "run_resumed", *["milestone_completed"] * 5, "run_completed",
]  # fmt: skip


def _without(kind: str) -> list[str]:
    """Return a good run that lacks the last event of a type."""
    at = len(_GOOD) - 1 - _GOOD[::-1].index(kind)
    return _GOOD[:at] + _GOOD[at + 1 :]


def _with(kind: str, at: int) -> list[str]:
    return [*_GOOD[:at], kind, *_GOOD[at:]]


# What may be wrong with a run: each is one fault.
BAD: dict[str, list[str]] = {
    "no run_started": _without("run_started"),
    "run_started twice": _with("run_started", 9),
    "run_resumed lost": _without("run_resumed"),
    "run_paused lost": _without("run_paused"),
    "gate_requested lost": _without("gate_requested:readiness"),
    "a decision twice": _with("gate_decision:anchor", 9),
    "a milestone while paused": _with("milestone_completed", 8),
    "run_completed too early": _with("run_completed", 9),
    "a second end": _with("run_completed", 20),
    "a milestone behind the end": _with("milestone_completed", 20),
}


@dataclass(frozen=True, slots=True)
class OrderCost:
    """What was measured.

    Attributes:
        events: How many events there were.
        runs: Of how many runs they told.
        planted: How many faults were planted.
        found: How many findings there were.
        bytes: The size of the events.
        seconds: How long `qp validate:api --events` took.
        peak_mib: The most memory it had.
        plain_seconds, plain_peak_mib: The same of `qp validate:api --kind events`.
    """

    events: int
    runs: int
    planted: int
    found: int
    bytes: int
    seconds: float
    peak_mib: float
    plain_seconds: float
    plain_peak_mib: float

    @property
    def rate(self) -> float:
        """Return the megabytes a second with the order."""
        return self.bytes / MB / self.seconds

    @property
    def plain_rate(self) -> float:
        """Return the megabytes a second without it."""
        return self.bytes / MB / self.plain_seconds


def order_cost(scale: float = 1.0, times: int = 1) -> OrderCost:
    """Return what the order costs on `scale` of a million events."""
    runs = max(int(RUNS * scale), 2 * FAULTS)
    with tempfile.TemporaryDirectory() as folder:
        events, report = Path(folder) / "events.jsonl", Path(folder) / "report.json"
        count = write_runs(events, runs)
        plain = best([qp("validate:api", "--kind", "events", events) for _ in range(times)])
        told = ("--events", "--format", "json", "--output", report)
        took = best([qp("validate:api", *told, events) for _ in range(times)])
        found = json.loads(report.read_text("utf-8"))["findings"]
        size = events.stat().st_size
    return OrderCost(
        count,
        runs,
        FAULTS,
        len(found),
        size,
        took.seconds,
        took.peak_mib,
        plain.seconds,
        plain.peak_mib,
    )


def write_runs(file: Path, runs: int, faults: int = FAULTS, seed: int = 7) -> int:
    """Write the events of runs that all go on at a time, and return how many there are.

    Args:
        file: Where they go, one a line.
        runs: How many runs there are.
        faults: How many of them have a fault each; they stand among the others.
        seed: The same one makes the same events.
    """
    rng = Random(seed)
    plans = [_GOOD] * runs
    for fault, run in enumerate(sorted(rng.sample(range(runs), faults))):
        plans[run] = list(BAD.values())[fault % len(BAD)]
    count = 0
    with file.open("w", encoding="ascii") as out:
        for line in _lines(rng, plans):
            out.write(line)
            count += 1
    return count


def _lines(rng: Random, plans: Sequence[Sequence[str]]) -> Iterator[str]:
    new = _ids(rng)
    ids = [new() for _ in plans]
    going = list(range(len(plans)))
    second = 0
    for step in range(max(map(len, plans))):
        rng.shuffle(going)
        for run in going:
            if step < len(plans[run]):
                second += 1
                yield _line(plans[run][step], ids[run], new(), second)


def _line(step: str, run: str, event: str, second: int) -> str:
    kind, _, gate = step.partition(":")
    data = _DATA[kind] % gate if gate else _DATA[kind]
    minute, hour, day = second // 60, second // 3600, 1 + second // 86_400
    return (
        f'{{"specversion":"1.0","id":"{event}","source":"/quantapilot/factory",'
        f'"type":"quantapilot.{kind}",'
        f'"time":"2026-01-{day:02}T{hour % 24:02}:{minute % 60:02}:{second % 60:02}Z",'
        f'"subject":"{run}",'
        f'"dataschema":"https://quantapilot.example/_schemas/api.schema.json#/$defs/'
        f'{_MODELS[kind]}","datacontenttype":"application/json",'
        f'"data":{{"run_id":"{run}"{data}}}}}\n'
    )


def _ids(rng: Random) -> Callable[[], str]:
    def new() -> str:
        digits = rng.randbytes(16).hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    return new
