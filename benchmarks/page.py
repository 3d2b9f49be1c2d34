"""Writes docs/benchmarks.md: the figures of a run, put into the text of page.md."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from benchmarks.labelled import CLASSES, ORDINARY, ORDINARY_LINES
from benchmarks.measure import MB
from benchmarks.quality import share
from benchmarks.results import OURS, goals, losses, ratio
from benchmarks.speed import GATE, LOOP, RIPGREP, SCAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.events import EventCost
    from benchmarks.gateway import GatewayCost, Load
    from benchmarks.hostile import Full, Hostile
    from benchmarks.order import OrderCost
    from benchmarks.quality import Quality
    from benchmarks.results import Results
    from benchmarks.runtime import Runtime
    from benchmarks.speed import Speed

TEXT = Path(__file__).with_name("page.md")


def page(results: Results) -> str:
    """Return the page."""
    return Template(TEXT.read_text("utf-8")).substitute(
        machine=_machine(),
        corpus_mb=round(results.corpus_bytes / MB),
        labelled_lines=f"{results.labelled_lines:,}",
        ordinary_lines=ORDINARY_LINES,
        times=results.times,
        memory_mb=f"{results.memory.bytes / MB:,.0f}",
        hostile_mb=round(results.hostile_bytes / MB),
        goals=_goals_table(results),
        speed=_speed_table(results),
        memory=_memory_table(results),
        start=_start_table(results),
        event=_event_text(results.event),
        runtime=_runtime_table(results.runtime),
        gateway=_gateway_table(results.gateway),
        order=_order_table(results.order),
        order_events=f"{results.order.events:,}",
        order_runs=f"{results.order.runs:,}",
        order_faults=results.order.planted,
        hostile=_hostile_table(results.hostile),
        full=_full_table(results.full),
        quality=_quality_table(results),
        classes=_classes_table(results),
        losses="\n".join(f"- {line}" for line in losses(results)) or "- Nowhere in this run.",
        versions=_table(("package", "version"), results.versions.items()),
    )


def figures(results: Results) -> dict[str, list[dict[str, object]]]:
    """Return what the plots show."""
    return {
        "speed": [
            {"name": each.name, "rate": each.rate, "ours": each.name in OURS}
            for each in results.speeds
            if not each.fault
        ],
        "quality": [
            {
                "name": each.name,
                "recall": each.whole.recall,
                "false": share(each.whole.clean),
                "ours": each.name in OURS,
            }
            for each in results.qualities
            if not each.fault
        ],
    }


def _rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"


def _machine() -> str:
    cores = os.cpu_count() or 1
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
        memory = f", {size:.0f} GiB of memory"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{cores} cores{memory}, {platform.system()} on {platform.machine()}, {python}"


def _goals_table(results: Results) -> str:
    rows = (
        (each.what, each.measured, each.asked, "yes" if each.met else "**no**")
        for each in goals(results)
    )
    return _table(("what", "measured", "goal", "reached"), rows)


def _speed_table(results: Results) -> str:
    loop, ripgrep = results.speed(LOOP), results.speed(RIPGREP)

    def row(each: Speed) -> tuple[str, ...]:
        if each.fault:
            return each.name, f"left out: {each.fault}", "", "", "", "", ""
        by_ripgrep = "" if ripgrep.fault else f"{each.rate / ripgrep.rate:.2g}x"
        peak = "" if each.peak_mib is None else f"{each.peak_mib:.0f} MiB"
        return (
            f"`{each.name}`" if each.name in OURS else each.name,
            f"{_rate(each.rate)} MB/s",
            ratio(each.rate / loop.rate),
            by_ripgrep,
            f"{each.cores:.1f}",
            peak,
            f"{each.bytes / MB:.3g} MB",
        )

    heads = ("tool", "speed", "against the loop", "against ripgrep", "cores", "memory", "read")
    return _table(heads, map(row, results.speeds))


def _memory_table(results: Results) -> str:
    peaks = ((GATE, results.memory.gate), (SCAN, results.memory.scan))
    return _table(("tool", "memory"), ((f"`{name}`", f"{peak:.0f} MiB") for name, peak in peaks))


def _start_table(results: Results) -> str:
    rows = ((each.name, f"{each.seconds * 1e3:.0f} ms") for each in results.starts)
    return _table(("what", "time"), rows)


def _event_text(cost: EventCost) -> str:
    return (
        f"To serialise, validate and search an event with the library takes {cost.quick:.1f} µs\n"
        f"where one pass proves it clean, as it does for {cost.proven:.1%} of clean events. With\n"
        f"those that need a closer look, a clean event takes {cost.average:.1f} µs on average."
    )


def _runtime_table(runtime: Runtime) -> str:
    line, by = runtime.fsync_lines, runtime.bare_line
    rows = (
        ("an event made, checked and signed", f"{runtime.checked:.1f} µs", ""),
        ("lines appended with an fsync each", f"{line:,.0f}/s", "1x"),
        ("events checked and stored, one at a time", *_against(runtime.durable_alone, line)),
        ("events checked and stored, 256 at a time", *_against(runtime.durable, line)),
        ("events signed, delivered, recorded", *_against(runtime.delivered, line)),
        ("a log line without a guard", f"{by:.1f} µs", "1x"),
        (
            "a clean log line with a guard",
            f"{runtime.guarded_line:.1f} µs",
            ratio(runtime.guarded_line / by),
        ),
    )
    return _table(("what", "measured", "ratio"), rows)


def _gateway_table(cost: GatewayCost) -> str:
    def row(what: str, load: Load) -> tuple[str, ...]:
        return what, f"{load.rate:,.0f}/s", f"{load.p99:.1f} ms", ratio(load.rate / cost.bare.rate)

    return _table(
        ("server", "requests", "99 % within", "ratio"),
        (row("Starlette, echo", cost.bare), row("`POST /run` of `qp serve`", cost.run)),
    )


def _order_table(cost: OrderCost) -> str:
    plain = (cost.plain_seconds, cost.plain_rate, cost.plain_peak_mib)
    ordered = (cost.seconds, cost.rate, cost.peak_mib)

    def row(what: str, found: str, seconds: float, rate: float, peak: float) -> tuple[str, ...]:
        share = ratio(rate / cost.plain_rate)
        return what, found, f"{seconds:.1f} s", f"{_rate(rate)} MB/s", share, f"{peak:.0f} MiB"

    heads = ("command", "findings", "time", "speed", "ratio", "memory")
    rows = (
        row("`qp validate:api --kind events`", "", *plain),
        row("`qp validate:api --events`", f"{cost.found:,}", *ordered),
    )
    return _table(heads, rows)


def _against(rate: float, other: float) -> tuple[str, str]:
    return f"{rate:,.0f}/s", ratio(rate / other)


def _hostile_table(hostile: Sequence[Hostile]) -> str:
    def shown(cost: float | None) -> str:
        return "–" if cost is None else f"{cost:.1f}x"

    rows = ((each.shape, shown(each.plain), shown(each.record)) for each in hostile)
    return _table(("line of", "plain text", "log record"), rows)


def _full_table(full: Sequence[Full]) -> str:
    rows = ((each.of, f"{each.findings:,}", f"{each.each:.0f} µs") for each in full)
    return _table(("line of", "findings", "each"), rows)


def _quality_table(results: Results) -> str:
    def row(each: Quality) -> tuple[str, ...]:
        covers = "all" if each.covers == set(CLASSES) else ", ".join(
            name for name in CLASSES if name in each.covers
        )  # fmt: skip
        name = f"`{each.name}`" if each.name in OURS else each.name
        if each.fault:
            return name, covers, f"left out: {each.fault}", "", "", ""
        whole = each.whole
        shares = (whole.recall, *map(share, (whole.plain, whole.disguised, whole.clean)))
        return name, covers, *(f"{part:.3f}" for part in shares)

    heads = ("tool", "classes", "found", "plain", "disguised", "clean lines flagged")
    return _table(heads, map(row, results.qualities))


def _classes_table(results: Results) -> str:
    tools = [each for each in results.qualities if not each.fault]

    def cell(tool: Quality, name: str, part: str) -> str:
        if name not in tool.scores:
            return ""
        return f"{share(getattr(tool.scores[name], part)):.2f}"

    rows = [
        (f"`{name}`" if part == "plain" else "", label, *(cell(tool, name, part) for tool in tools))
        for name in CLASSES
        for part, label in (
            ("plain", "plain found"), ("disguised", "disguised found"), ("clean", "clean flagged"),
        )
    ]  # fmt: skip
    rows.append((ORDINARY, "clean flagged", *(cell(tool, ORDINARY, "clean") for tool in tools)))
    return _table(("class", "lines", *(each.name for each in tools)), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
