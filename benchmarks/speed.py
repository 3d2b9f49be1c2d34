"""How fast each tool reads the corpus, how much memory it takes, and how long it takes to start."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import baseline, ordinary
from benchmarks.measure import MB, MeasureError, Run, best, run
from benchmarks.peers import PEERS, Environment, Peer, rate
from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.prefilter import line_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[1]
QP = Path(sys.executable).with_name("qp")
CLEAN_OR_NOT = (0, 1)
PROBE = 2 * MB
ORDINARY = 3 * MB
GATE, SCAN, RIPGREP, LOOP = "qp validate:api", "qp scan", "ripgrep", "ordinary loop"
SEVEN = "seven regexes"


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a tool was on so many bytes; `fault` says why it was not measured."""

    name: str
    bytes: int = 0
    rate: float = 0
    cores: float = 1
    peak_mib: float | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """The shortest time in which a command did nearly nothing."""

    name: str
    seconds: float


def qp(check: str, *arguments: str | Path, times: int = 1) -> Run:
    """Return the best of some runs of a check of `qp` in one process, as ratios are told."""
    command = [QP, check, "--jobs", "1", *arguments]
    return best([run(command, cwd=ROOT, expected=CLEAN_OR_NOT) for _ in range(times)])


def speeds(corpus: Path, env: Environment, times: int, seconds: float) -> Iterator[Speed]:
    """Yield the speed of every tool, ours first.

    Args:
        corpus: The JSONL file to read.
        env: Where the peers are.
        times: How often the fast ones are run; the best counts.
        seconds: About how long a slow one may take.
    """
    size = corpus.stat().st_size
    qp("validate:api", "--format", "json", corpus.parent / "payload.json")
    for name, command in ((GATE, "validate:api"), (SCAN, "scan")):
        took = qp(command, "--format", "json", corpus, times=times)
        yield Speed(name, size, size / MB / took.seconds, took.cores, took.peak_mib)
    yield _ripgrep(corpus, env, times)
    yield _loop(corpus, times)
    yield _seven(corpus, times)
    for peer in PEERS:
        try:
            yield _peer(peer, corpus, env, times, seconds)
        except MeasureError as error:
            yield Speed(peer.name, fault=str(error))


def _peer(peer: Peer, corpus: Path, env: Environment, times: int, seconds: float) -> Speed:
    """Return the best of some runs over as much of the corpus as a tool reads in the seconds."""
    report = corpus.with_name("report")
    # What a tool keeps between runs, such as compiled rules, is there when time counts.
    peer.scan(env, corpus.with_name("payload.json"), report, seconds)
    part = _part(corpus, PROBE)
    took, said = peer.scan(env, part, report, seconds)
    whole = said.bytes in {None, part.stat().st_size}
    wanted = int(rate(took, said, part.stat().st_size) * MB * seconds)
    if whole and wanted > PROBE:
        part = _part(corpus, wanted)
        took, said = peer.scan(env, part, report, seconds)
    size = part.stat().st_size
    runs, spent = [(took, said)], took.seconds
    while len(runs) < times and spent < 2 * seconds and said.bytes is None:
        runs.append(peer.scan(env, part, report, seconds))
        spent += runs[-1][0].seconds
    took, said = max(runs, key=lambda each: rate(each[0], each[1], size))
    peak = best([each for each, _ in runs]).peak_mib
    return Speed(peer.name, said.bytes or size, rate(took, said, size), took.cores, peak)


def peak_of(size: int, corpus: Path) -> tuple[float, float]:
    """Return the peak memory in MiB of the gate and of the scan on a corpus of a size."""
    big = corpus.with_name("big.jsonl")
    with big.open("wb") as target:
        while target.tell() < size:
            with corpus.open("rb") as source:
                shutil.copyfileobj(source, target, 4 << 20)
    peaks = [
        qp(command, "--format", "json", "--output", big.with_name("report.json"), big).peak_mib
        for command in ("validate:api", "scan")
    ]
    big.unlink()
    return peaks[0], peaks[1]


def starts(payload: Path, env: Environment, times: int) -> Iterator[Start]:
    """Yield how long it takes to start and to look at one event."""
    ours: Sequence[tuple[str, list[str | Path]]] = (
        ("Python itself", [sys.executable, "-c", "pass"]),
        ("qp --version", [QP, "--version"]),
        ("qp scan, one event", [QP, "scan", payload]),
        ("qp validate:api, one event", [QP, "validate:api", payload]),
    )
    for name, command in ours:
        yield Start(name, best([run(command, cwd=ROOT) for _ in range(times)]).seconds)
    for peer in PEERS:
        try:
            tries = [peer.scan(env, payload, payload.with_name("report"), 60)[0] for _ in range(3)]
        except MeasureError:
            continue
        yield Start(f"{peer.name}, one event", best(tries).seconds)


def _part(corpus: Path, size: int) -> Path:
    """Return a file with the first lines of the corpus."""
    if size >= corpus.stat().st_size:
        return corpus
    part = corpus.with_name("part.jsonl")
    with corpus.open("rb") as stream:
        data = stream.read(size)
    part.write_bytes(data[: data.rfind(b"\n") + 1])
    return part


def _ripgrep(corpus: Path, env: Environment, times: int) -> Speed:
    """Count lines with the pattern that proves lines clean: ripgrep takes it as it is."""
    pattern = corpus.with_name("pattern")
    pattern.write_bytes(line_pattern(compiled_rules()))
    program = env.bin / "rg"
    if not program.exists():
        return Speed(RIPGREP, fault="not installed")
    command: list[str | Path] = [
        program, "--count", "--text", "--no-unicode", "--no-mmap", "--no-config",
        "--regex-size-limit", "1G", "--dfa-size-limit", "1G", "--file", pattern, corpus,
    ]  # fmt: skip
    try:
        took = best([run(command, expected=CLEAN_OR_NOT) for _ in range(times)])
    except MeasureError as error:
        return Speed(RIPGREP, fault=str(error))
    size = corpus.stat().st_size
    return Speed(RIPGREP, size, size / MB / took.seconds, took.cores, took.peak_mib)


def _loop(corpus: Path, times: int) -> Speed:
    validators = ordinary.validators(ROOT / "_schemas")
    with corpus.open("rb") as stream:
        lines = stream.readlines(ORDINARY)
    spent = _shortest(lambda: ordinary.check(lines, validators), times)
    size = sum(map(len, lines))
    return Speed(LOOP, size, size / MB / spent)


def _seven(corpus: Path, times: int) -> Speed:
    with corpus.open("rb") as stream:
        lines = [line.decode() for line in stream.readlines(ORDINARY)]
    spent = _shortest(lambda: baseline.flagged(lines), times)
    size = sum(map(len, lines))
    return Speed(SEVEN, size, size / MB / spent)


def _shortest(work: Callable[[], object], times: int) -> float:
    """Return the shortest seconds of some runs, as for `qp`: the machine's pace changes."""
    spent: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return min(spent)
