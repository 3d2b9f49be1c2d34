"""What one run measured, held against what was promised and against the other tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmarks.labelled import CLASSES, ORDINARY
from benchmarks.measure import MB
from benchmarks.quality import share
from benchmarks.speed import GATE, LOOP, RIPGREP, SCAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.events import EventCost
    from benchmarks.gateway import GatewayCost
    from benchmarks.hostile import Full, Hostile
    from benchmarks.order import OrderCost
    from benchmarks.quality import Quality, Score
    from benchmarks.runtime import Runtime
    from benchmarks.speed import Speed, Start

OURS = (GATE, SCAN)
ONE_EVENT = "qp scan, one event"
MEBI = (1 << 20) / MB


@dataclass(frozen=True, slots=True)
class Memory:
    """The peak memory in MiB of the gate and of the scan on so many bytes."""

    bytes: int
    gate: float
    scan: float


@dataclass(frozen=True, slots=True)
class Results:
    """All that one run measured."""

    speeds: Sequence[Speed]
    memory: Memory
    starts: Sequence[Start]
    event: EventCost
    runtime: Runtime
    gateway: GatewayCost
    order: OrderCost
    hostile: Sequence[Hostile]
    hostile_bytes: int
    full: Sequence[Full]
    qualities: Sequence[Quality]
    labelled_lines: int
    corpus_bytes: int
    times: int
    versions: dict[str, str]

    def speed(self, name: str) -> Speed:
        """Return the speed of a tool."""
        return next(each for each in self.speeds if each.name == name)

    def quality(self, name: str) -> Quality:
        """Return the scores of a tool."""
        return next(each for each in self.qualities if each.name == name)

    def start(self, name: str) -> Start:
        """Return how long a command took to start."""
        return next(each for each in self.starts if each.name == name)


@dataclass(frozen=True, slots=True)
class Goal:
    """Something promised: what, what was measured, and what was asked for."""

    what: str
    measured: str
    asked: str
    met: bool


def goals(results: Results) -> Iterator[Goal]:
    """Yield what was promised beside what was measured; what could not be measured is not met."""
    gate, scan = results.speed(GATE).rate, results.speed(SCAN).rate
    yield Goal("`qp validate:api`", f"{gate:.0f} MB/s", "≥ 110 MB/s", gate >= 110)
    yield _times(GATE, gate, results.speed(LOOP), 45)
    for name, least in ((RIPGREP, 0.35), ("Presidio", 100), ("betterleaks", 3)):
        yield _times(SCAN, scan, results.speed(name), least)
    cost = results.event.quick
    yield Goal("one clean event in process", f"{cost:.1f} µs", "≤ 5 µs", cost <= 5)
    yield from _runtime(results.runtime)
    yield from _gateway(results.gateway)
    order = results.order
    what = f"findings in {order.events:,} events with {order.planted} order faults"
    yield Goal(what, f"{order.found:,}", f"{order.planted}", order.found == order.planted)
    peak = max(results.memory.gate, results.memory.scan) * MEBI
    what = f"most memory on {results.memory.bytes / MB:,.0f} MB"
    yield Goal(what, f"{peak:.0f} MB", "≤ 80 MB", peak <= 80)
    worst = worst_of(results.hostile)
    said = "gave up" if worst is None else f"{worst:.1f}x"
    met = worst is not None and worst <= 3
    yield Goal("the worst hostile line against ordinary lines", said, "≤ 3x", met)
    for name, most in (("qp --version", 60), (ONE_EVENT, 100)):
        spent = results.start(name).seconds * 1e3
        yield Goal(f"start of `{name}`", f"{spent:.0f} ms", f"≤ {most} ms", spent <= most)
    whole = results.quality(SCAN).whole
    plain, false = share(whole.plain), share(whole.clean)
    yield Goal("dirty lines found", f"{whole.recall:.3f}", "≥ 0.97", whole.recall >= 0.97)
    yield Goal("plain dirty lines found", f"{plain:.3f}", "≥ 0.99", plain >= 0.99)
    yield Goal("clean lines flagged", f"{false:.3f}", "≤ 0.01", false <= 0.01)


def _runtime(runtime: Runtime) -> Iterator[Goal]:
    checked = runtime.checked
    what = "one event made, checked and signed in process"
    yield Goal(what, f"{checked:.1f} µs", "≤ 10 µs", checked <= 10)
    times = runtime.durable / runtime.fsync_lines
    yield Goal("events stored against lines with an fsync each", ratio(times), "≥ 3x", times >= 3)
    for what, rate, least in (
        ("events checked and stored, 256 at a time", runtime.durable, 30_000),
        ("events delivered over 32 connections", runtime.delivered, 8_000),
    ):
        yield Goal(what, f"{rate:,.0f}/s", f"≥ {least:,}/s", rate >= least)
    more = runtime.guarded_line - runtime.bare_line
    yield Goal("what the guard adds to a clean log line", f"{more:.1f} µs", "≤ 10 µs", more <= 10)


def _gateway(cost: GatewayCost) -> Iterator[Goal]:
    rate, p99, memory = cost.run.rate, cost.run.p99, cost.streams.after
    yield Goal("runs accepted over 64 connections", f"{rate:,.0f}/s", "≥ 8,000/s", rate >= 8_000)
    yield Goal("99 % of them within", f"{p99:.1f} ms", "≤ 15 ms", p99 <= 15)
    what = f"memory with {cost.streams.streams:,} idle event streams"
    yield Goal(what, f"{memory:.0f} MiB", "≤ 200 MB", memory * MEBI <= 200)


def worst_of(hostile: Iterable[Hostile]) -> float | None:
    """Return the highest cost of all shapes; None when the scan gave up on one."""
    costs = [cost for each in hostile for cost in (each.plain, each.record)]
    known = [cost for cost in costs if cost is not None]
    return max(known) if known and len(known) == len(costs) else None


def losses(results: Results) -> Iterator[str]:
    """Yield, in sentences, where others do better than ours, and which goals were not reached."""
    yield from _slower(results)
    yield from _worse(results)
    for goal in goals(results):
        if not goal.met:
            yield f"Not reached: {goal.what}, {goal.measured} where {goal.asked} is the goal."


def ratio(number: float) -> str:
    """Return a ratio as it is shown."""
    if number >= 1:
        return f"{number:.0f}x" if number >= 10 else f"{number:.1f}x"
    return f"{number:.2g}x"


def _times(name: str, rate: float, other: Speed, least: float) -> Goal:
    what = f"`{name}` against {other.name}"
    if other.fault:
        return Goal(what, "not measured", f"≥ {least:g}x", met=False)
    measured = rate / other.rate
    return Goal(what, ratio(measured), f"≥ {least:g}x", measured >= least)


def _slower(results: Results) -> Iterator[str]:
    ours = results.speed(SCAN)
    for other in results.speeds:
        if other.fault or other.name in OURS:
            continue
        if other.rate > ours.rate:
            times = other.rate / ours.rate
            yield f"{other.name} is {times:.2f} times as fast as `{SCAN}`."
        if other.peak_mib is not None and other.peak_mib < (ours.peak_mib or 0):
            yield f"{other.name} takes {other.peak_mib:.0f} MiB, `{SCAN}` {ours.peak_mib:.0f} MiB."
    own = results.start(ONE_EVENT).seconds
    for start in results.starts:
        if start.seconds < own and not start.name.startswith(("qp", "Python")):
            yield f"{start.name}: {start.seconds * 1e3:.0f} ms, `{SCAN}` {own * 1e3:.0f} ms."


def _worse(results: Results) -> Iterator[str]:
    ours = results.quality(SCAN).scores
    for tool in results.qualities:
        if tool.name != SCAN and not tool.fault:
            for name in (*CLASSES, ORDINARY):
                if name in tool.scores:
                    yield from _worse_in(tool.name, name, tool.scores[name], ours[name])


def _worse_in(tool: str, name: str, theirs: Score, ours: Score) -> Iterator[str]:
    parts: tuple[tuple[Literal["plain", "disguised", "clean"], str, int], ...] = (
        ("plain", "finds", 1),
        ("disguised", "finds", 1),
        ("clean", "flags", -1),
    )
    for part, does, sign in parts:
        other, own = share(getattr(theirs, part)), share(getattr(ours, part))
        if other * sign > own * sign:
            yield f"{tool} {does} {other:.2f} of the {part} lines of `{name}`, `{SCAN}` {own:.2f}."
