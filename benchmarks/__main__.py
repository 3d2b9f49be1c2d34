"""`make bench`: the gate, the scan and the start of the program, against the ordinary way.

Everything is measured in this one run; absolute figures are this machine's, ratios travel.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ordinary
from benchmarks.corpus import write_corpus

ROOT = Path(__file__).parents[1]
MB = 1_000_000
ORDINARY_BYTES = 3 * MB
_CHILD = """
import json, resource, sys, time
from quantapilot.cli.app import qp
started = time.perf_counter()
try:
    qp.main(sys.argv[1:], prog_name="qp")
except SystemExit:
    pass
spent = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"s": spent, "kib": peak}), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing: its figure, and how many times the reference it is."""

    what: str
    figure: str
    ratio: str = ""
    target: str = ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200, help="size of the corpus")
    parser.add_argument("--big", action="store_true", help="also check memory on 1 GB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            *_throughput(Path(folder), options.megabytes, big=options.big),
            *_starts(Path(folder)),
        ]
    _print(rows)


def _throughput(folder: Path, megabytes: int, *, big: bool) -> list[Row]:
    corpus = folder / "corpus.jsonl"
    write_corpus(corpus, megabytes * MB)
    size = corpus.stat().st_size
    gate_s, gate_kib = _qp("validate:api", "--format", "json", str(corpus))
    scan_s, scan_kib = _qp("scan", "--format", "json", str(corpus))
    plain = _ordinary(corpus)
    gate, scan = size / MB / gate_s, size / MB / scan_s
    rows = [
        Row("ordinary loop: json + jsonschema + re", f"{plain:.2f} MB/s", "1.0x"),
        Row("qp validate:api, one process", f"{gate:.1f} MB/s", f"{gate / plain:.0f}x", "60 MB/s"),
        Row("qp scan, one process", f"{scan:.1f} MB/s", f"{scan / plain:.0f}x"),
        Row(f"peak memory of the gate on {megabytes} MB", f"{gate_kib / 1024:.0f} MiB"),
        Row(f"peak memory of the scan on {megabytes} MB", f"{scan_kib / 1024:.0f} MiB"),
    ]
    if big:
        write_corpus(corpus, 1000 * MB)
        _, kib = _qp("validate:api", "--format", "json", str(corpus))
        rows.append(Row("peak memory of the gate on 1 GB", f"{kib / 1024:.0f} MiB"))
    return rows


def _ordinary(corpus: Path) -> float:
    validators = ordinary.validators(ROOT / "_schemas")
    with corpus.open("rb") as stream:
        lines = stream.readlines(ORDINARY_BYTES)
    started = time.perf_counter()
    ordinary.check(lines, validators)
    return sum(map(len, lines)) / MB / (time.perf_counter() - started)


def _qp(*arguments: str) -> tuple[float, int]:
    """Return seconds and peak KiB of one command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    measured = json.loads(done.stderr.splitlines()[-1])
    return measured["s"], measured["kib"]


def _starts(folder: Path) -> list[Row]:
    payload = folder / "payload.json"
    with (ROOT / "examples" / "events" / "events.jsonl").open("rb") as stream:
        payload.write_bytes(stream.readline())
    qp = str(Path(sys.executable).with_name("qp"))
    python = _start(sys.executable, "-c", "pass")
    return [
        Row("start of Python itself", f"{python * 1e3:.0f} ms", "1.0x"),
        *(
            Row(what, f"{spent * 1e3:.0f} ms", f"{spent / python:.1f}x", target)
            for what, spent, target in (
                ("qp --version", _start(qp, "--version"), "60 ms"),
                ("qp scan, one event", _start(qp, "scan", str(payload)), "100 ms"),
                ("qp validate:api, one event", _start(qp, "validate:api", str(payload)), "100 ms"),
            )
        ),
    ]


def _start(*command: str, times: int = 15) -> float:
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - started)
    return best


def _print(rows: list[Row]) -> None:
    heads = Row("what", "measured", "ratio", "target")
    widths = [
        max(len(getattr(r, f)) for r in (heads, *rows))
        for f in ("what", "figure", "ratio", "target")
    ]
    for row in (heads, *rows):
        cells = (row.what, row.figure, row.ratio, row.target)
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        )


if __name__ == "__main__":
    main()
