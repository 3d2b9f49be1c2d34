"""`make bench-scale`: one corpus through one process, two, Dask and Spark; compressed; a stream.

The findings must be the same everywhere. What a cluster takes to start is measured on a file of
one line and told apart. The tables go into docs/scaling.md and what a live stream comes to into
docs/streams.md, between the two marks of each.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.corpus import write_corpus
from benchmarks.measure import MB, Run, run
from benchmarks.relayed import EVENTS, relayed, sentence
from benchmarks.speed import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCS = ROOT / "docs"
MARKS = ("<!-- measured by make bench-scale -->", "<!-- end of what is measured -->")
SPARK_JOB = ROOT / "examples" / "spark" / "scan_lake.py"


@dataclass(frozen=True, slots=True)
class Way:
    """A way to check a corpus: its name, its command, and what tells where the report goes.

    `starts` is said of a cluster, whose start is told apart.
    """

    name: str
    command: tuple[str, ...]
    to: tuple[str, ...] = ("--output",)
    starts: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What a way took on a corpus of so many bytes, without its start."""

    name: str
    size: int
    run: Run
    start: float
    findings: int

    @property
    def speed(self) -> float:
        """Return MB/s."""
        return self.size / MB / (self.run.seconds - self.start)


def main() -> None:
    """Measure, and write what was measured into its pages."""
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--clusters", default=".venv-scale", help="environment of Dask and Spark")
    parser.add_argument("--size", type=int, default=2000, help="MB of the corpus")
    parser.add_argument("--packed", type=int, default=200, help="MB that are compressed")
    parser.add_argument("--events", type=int, default=EVENTS, help="events of the live stream")
    parser.add_argument("--times", type=int, default=3, help="rounds, of which the median counts")
    parser.add_argument("--docs", default=str(DOCS), help="folder of the pages; empty for none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stream = [sentence(relayed(folder, options.events))]
        lines = list(_table(folder, Path(options.clusters).resolve(), options))
    print("\n".join([*lines, "", *stream]))
    if options.docs:
        _write(Path(options.docs) / "scaling.md", lines)
        _write(Path(options.docs) / "streams.md", stream)


def ways(clusters: Path) -> tuple[Way, ...]:
    """Return the ways to check one corpus."""
    scan = (str(Path(sys.executable).parent / "qp"), "scan", "--format", "jsonl")
    clustered = (str(clusters / "bin" / "qp"), *scan[1:])
    spark = (str(clusters / "bin" / "spark-submit"), "--master", "local[2]", str(SPARK_JOB))
    return (
        Way("one process", (*scan, "--jobs", "1")),
        Way("`--jobs 2`", (*scan, "--jobs", "2")),
        Way("Dask, 2 workers", (*clustered, "--engine", "dask", "--jobs", "2"), starts=True),
        Way("Spark, `local[2]`", spark, to=(), starts=True),
    )


def _table(folder: Path, clusters: Path, options: argparse.Namespace) -> Iterator[str]:
    corpus, one_line = folder / "corpus.jsonl", folder / "line.jsonl"
    write_corpus(corpus, options.size * MB)
    with corpus.open("rb") as stream:
        one_line.write_bytes(stream.readline())
    rounds: dict[str, list[Measured]] = {}
    first: list[bytes] | None = None
    # In turns, so that a minute in which the machine is slow is nobody's alone.
    for way in ways(clusters) * options.times:
        start = _checked(way, one_line, folder)[0].seconds if way.starts else 0.0
        spent, findings = _checked(way, corpus, folder)
        if first is not None and findings != first:
            raise SystemExit(f"{way.name} finds something else than one process")
        first = findings
        measured = Measured(way.name, corpus.stat().st_size, spent, start, len(findings))
        print(measured, file=sys.stderr)
        rounds.setdefault(way.name, []).append(measured)
    one, two = list(rounds.values())[:2]
    yield (
        f"{options.size:,} MB of log records and events, {one[0].findings:,} findings, "
        "the same every time:"
    )
    yield ""
    yield "| way | time | start | MB/s | against one | against two | memory a process |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for each in rounds.values():
        usual = sorted(each, key=attrgetter("speed"))[len(each) // 2]
        started = f"{usual.start:.1f} s" if usual.start else ""
        yield (
            f"| {usual.name} | {usual.run.seconds:.0f} s | {started} | {usual.speed:.0f} | "
            f"{_against(each, one):.2f}x | {_against(each, two):.2f}x | "
            f"{max(each, key=_peak).run.peak_mib:.0f} MiB |"
        )
    yield ""
    yield "Compressed, one process; the speed is that of what was unpacked:"
    yield ""
    yield "| input | size | MB/s | against plain |"
    yield "| --- | --- | --- | --- |"
    plain = folder / "plain.jsonl"
    write_corpus(plain, options.packed * MB)
    scan, packed = ways(clusters)[0], list(_packed(plain))
    seconds: dict[str, list[float]] = {name: [] for name, _ in packed}
    for name, file in packed * 2 * options.times:
        seconds[name].append(_checked(scan, file, folder)[0].seconds)
    for name, file in packed:
        speed, base = (options.packed / median(seconds[each]) for each in (name, "plain"))
        yield (
            f"| {name} | {file.stat().st_size / MB:.0f} MB | {speed:.0f} | {speed / base:.2f}x |"
        )


def _against(way: Sequence[Measured], other: Sequence[Measured]) -> float:
    """Return how many times as fast a way is, in the median of the rounds."""
    return median(each.speed / base.speed for each, base in zip(way, other, strict=True))


def _peak(measured: Measured) -> float:
    return measured.run.peak_mib


def _checked(way: Way, file: Path, folder: Path) -> tuple[Run, list[bytes]]:
    """Return what a check takes, and its findings, sorted."""
    report = folder / "report"
    shutil.rmtree(report, ignore_errors=True)
    report.unlink(missing_ok=True)
    spent = run(
        (*way.command, *way.to, str(report), str(file)),
        cwd=folder,
        expected=(0, 1),
        environment={"PATH": f"{Path(way.command[0]).parent}{os.pathsep}{os.environ['PATH']}"},
        timeout=1800,
    )
    parts = report.glob("findings/part-*") if report.is_dir() else [report]
    lines = b"".join(part.read_bytes() for part in parts).splitlines()
    findings = sorted(_finding(each) for each in lines if b'"type":"summary"' not in each)
    return spent, findings


def _finding(line: bytes) -> bytes:
    return line.removeprefix(b'{"type":"finding",').removeprefix(b"{")


def _packed(plain: Path) -> Iterator[tuple[str, Path]]:
    yield "plain", plain
    file = plain.with_name("plain.jsonl.gz")
    with plain.open("rb") as data, gzip.open(file, "wb", 6) as out:
        shutil.copyfileobj(data, out, MB)
    yield "gzip", file
    from backports import zstd

    file = plain.with_name("plain.jsonl.zst")
    with plain.open("rb") as data, zstd.open(file, "wb") as out:
        shutil.copyfileobj(data, out, MB)
    yield "zstd", file


def _write(page: Path, lines: Sequence[str]) -> None:
    text = page.read_text("utf-8")
    before, _, rest = text.partition(MARKS[0])
    _, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise SystemExit(f"{page} has no marks for the table")
    about = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout
    head = f"{os.cpu_count()} cores, {about.strip()}, CPython {sys.version.split()[0]}."
    body = "\n".join([MARKS[0], head, "", *lines, MARKS[1]])
    page.write_text(before + body + after, "utf-8")


if __name__ == "__main__":
    main()
