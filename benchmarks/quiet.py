"""Proof of quiet: random ids, hashes and times in log lines, and not one finding in them.

`python -m benchmarks.quiet` writes lines such as ours without end into `qp scan -`, each with
fresh values, and tells what was found. It exits with 1 if that is anything at all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UUIDS, HASHES, STAMPS, EXTRAS = 10_000_000, 1_000_000, 1_000_000, 1_000_000
BATCH = 20_000
FIRST_MS, LAST_MS = 1_500_000_000_000, 1_900_000_000_000
_SCAN = "import sys; from quantapilot.cli.app import qp; qp.main(sys.argv[1:], prog_name='qp')"

# Each `@` is one fresh value. The words around it are those that stand by values of its kind.
LINES = {
    "uuid": [
        (
            '{"timestamp":"2025-08-19T06:07:28.963Z","level":"info","logger":"quantapilot.factory",'
            '"message":"run @ queued at position 6","run_id":"@","project_id":"@","queue_ms":1000}'
        ),
        (
            '{"timestamp":"2025-08-19T06:07:54.801Z","level":"DEBUG","logger":"quantapilot.gateway",'
            '"message":"webhook for @ delivered in 57 ms, id @","run_id":"@","correlation_id":"@"}'
        ),
        "2025-08-19 06:07:54,801 INFO worker-3 run @ took 4210 ms, next @",
        "081109 203615 148 INFO dfs.DataNode: block @ at 10.250.19.102:54106",
        '10.11.10.1 "GET /v2/@/servers/@ HTTP/1.1" status: 200 len: 1893 time: 0.2570438',
        "id=@ parent=@ number @ ref @ key @",
    ],
    "hash": [
        (
            '{"timestamp":"2025-08-19T06:09:44.175Z","level":"info","logger":"quantapilot.worker",'
            '"message":"merged as @","commit":"@","status":"ok"}'
        ),
        "2025-08-19T06:09:44Z commit @ rebased onto @",
        "submodule docs/site at @, was @",
        "HEAD is now at @ (tag: v1.4.0)",
        "deploying sha @ build 4711",
    ],
    "stamp": [
        (
            '{"timestamp":"2025-08-19T06:09:44.175Z","level":"debug","logger":"quantapilot.worker",'
            '"message":"heartbeat @ from worker-3.internal at 10.0.0.7:30123","duration_ms":@}'
        ),
        "ts=@ step=clone run=7 took 512 ms",
        "@ INFO scheduler: next tick at @",
        "window @: 27/60 used, id @",
        "lease until @, now @, number of retries 3",
        "call @ of tool planner, code 0, phone home disabled",
    ],
    "number": [
        (
            '{"timestamp":"2025-08-19T06:09:44.175Z","level":"debug","logger":"quantapilot.worker",'
            '"message":"span @ of trace @ closed","queue_ms":12}'
        ),
        "id @ order @ seq @",
        "took @ ns at offset @",
        "blk_@ replicated, @ bytes",
    ],
}


class Values:
    """Fresh values of each kind, from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self.makers: dict[str, Callable[[int], list[str]]] = {
            "uuid": self.uuids,
            "hash": self.hashes,
            "stamp": self.stamps,
            "number": self.numbers,
        }

    def uuids(self, count: int) -> list[str]:
        """Return UUIDs of version 4."""
        digits = self._rng.randbytes(16 * count).hex()
        variants = self._rng.choices("89ab", k=count)
        return [
            f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{variant}{h[17:20]}-{h[20:]}"
            for variant, h in zip(
                variants, (digits[at : at + 32] for at in range(0, 32 * count, 32)), strict=True
            )
        ]

    def hashes(self, count: int) -> list[str]:
        """Return commit ids."""
        digits = self._rng.randbytes(20 * count).hex()
        return [digits[at : at + 40] for at in range(0, 40 * count, 40)]

    def stamps(self, count: int) -> list[str]:
        """Return epoch milliseconds."""
        span = LAST_MS - FIRST_MS
        return [str(FIRST_MS + int(share * span)) for share in self._shares(count)]

    def numbers(self, count: int) -> list[str]:
        """Return ids of 16 to 20 digits, trace ids, and epoch seconds, micro- and nanoseconds."""
        forms: tuple[Callable[[float], str], ...] = (
            lambda share: str(int((0.1 + 0.9 * share) * 10**16)),
            lambda share: str(int((0.1 + 0.9 * share) * 10**19)),
            lambda share: str(int((0.1 + 0.9 * share) * 10**20)),
            lambda share: f"{int(share * 2**64):016x}",
            lambda share: str(1_500_000_000 + int(share * 400_000_000)),
            lambda share: str(1_500_000_000_000_000 + int(share * 4e14)),
            lambda share: str(1_500_000_000_000_000_000 + int(share * 4e17)),
        )
        chosen = self._rng.choices(forms, k=count)
        return [form(share) for form, share in zip(chosen, self._shares(count), strict=True)]

    def _shares(self, count: int) -> list[float]:
        return [self._rng.random() for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Quiet:
    """What a run found: lines, bytes and seconds, and the findings by their rule."""

    lines: int
    size: int
    seconds: float
    by_rule: Counter[str]


def batches(counts: dict[str, int], seed: int = 1) -> Iterator[bytes]:
    """Yield lines with so many fresh values of each kind, a batch at a time."""
    values = Values(seed)
    for kind, count in counts.items():
        templates = [line.split("@") for line in LINES[kind]]
        for start in range(0, count, BATCH):
            yield _filled(templates, values.makers[kind](min(BATCH, count - start)))


def _filled(templates: list[list[str]], fresh: list[str]) -> bytes:
    out: list[str] = []
    at = turn = 0
    while at < len(fresh):
        pieces = templates[turn % len(templates)]
        turn += 1
        own = fresh[at : at + len(pieces) - 1]
        at += len(own)
        # Where the values run out, a line is closed without the rest of its slots.
        own += ["-"] * (len(pieces) - 1 - len(own))
        out += [part for pair in zip(pieces, [*own, "\n"], strict=True) for part in pair]
    return "".join(out).encode()


def run(counts: dict[str, int], seed: int = 1) -> Quiet:
    """Scan lines with so many values of each kind and return what was found."""
    started = time.perf_counter()
    lines = size = 0
    with subprocess.Popen(
        [sys.executable, "-c", _SCAN, "scan", "--format", "json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as scan:
        stdin, stdout = scan.stdin, scan.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("no pipe to the scan")
        for batch in batches(counts, seed):
            stdin.write(batch)
            lines += batch.count(b"\n")
            size += len(batch)
        stdin.close()
        report = json.load(stdout)
    by_rule = Counter(finding["rule"] for finding in report["findings"])
    return Quiet(lines, size, time.perf_counter() - started, by_rule)


def main() -> None:
    """Print what was scanned and found; exit with 1 on any finding."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet", description=__doc__)
    parser.add_argument("--uuids", type=int, default=UUIDS, help="random UUIDs of version 4")
    parser.add_argument("--hashes", type=int, default=HASHES, help="random git hashes")
    parser.add_argument("--stamps", type=int, default=STAMPS, help="epoch milliseconds")
    parser.add_argument("--numbers", type=int, default=EXTRAS, help="other long numbers and ids")
    parser.add_argument("--seed", type=int, default=1, help="of everything left to chance")
    options = parser.parse_args()
    counts = {
        "uuid": options.uuids,
        "hash": options.hashes,
        "stamp": options.stamps,
        "number": options.numbers,
    }
    quiet = run(counts, options.seed)
    values = ", ".join(f"{count:,} {kind}s" for kind, count in counts.items())
    print(f"{values} in {quiet.lines:,} lines, {quiet.size / 1e6:,.0f} MB, {quiet.seconds:.0f} s")
    for rule, count in quiet.by_rule.most_common():
        print(f"  {rule}: {count}")
    print(f"{sum(quiet.by_rule.values())} findings")
    sys.exit(1 if quiet.by_rule else 0)


if __name__ == "__main__":
    main()
