"""What the runtime costs: to check an event, keep it and deliver it, and to guard a log line."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import uvloop

from benchmarks.guard import costs, messages
from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import Behaviour
from quantapilot.config import load_config
from quantapilot.emitter import Emitter, SinkOptions
from quantapilot.emitter.checking import EventCheck
from quantapilot.signing import Signer, new_secret

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = "/benchmarks"
PAYLOAD: dict[str, Any] = {
    "run_id": "550e8400-e29b-41d4-a716-446655440000",
    "repo_url": "https://git.example/team/app",
    "branch": "main",
}
IN_FLIGHT = 256
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Runtime:
    """What was measured.

    Attributes:
        checked: Microseconds to make, check and sign an event in process.
        fsync_lines: Lines a second that are appended to a file with an fsync each.
        durable: Events a second that are checked and stored, `IN_FLIGHT` at a time.
        durable_alone: The same, one at a time.
        delivered: Events a second that are signed, delivered and recorded.
        bare_line: Microseconds of a log line without a guard.
        guarded_line: The same with one, of a clean line.
    """

    checked: float
    fsync_lines: float
    durable: float
    durable_alone: float
    delivered: float
    bare_line: float
    guarded_line: float


def runtime(root: Path, scale: float = 1.0) -> Runtime:
    """Return what one run measures; `scale` says how much is done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        line = next(costs(messages()))
        return Runtime(
            checked=checked_event(root, int(20_000 * scale)),
            fsync_lines=fsync_lines(folder, int(3_000 * scale)),
            durable=durable(root, folder / "many.db", int(100_000 * scale), IN_FLIGHT),
            durable_alone=durable(root, folder / "one.db", int(5_000 * scale), 1),
            delivered=delivered(root, folder / "sent.db", int(60_000 * scale)),
            bare_line=line.bare * 1e6,
            guarded_line=line.guarded * 1e6,
        )


def checked_event(root: Path, events: int) -> float:
    """Return microseconds to fill in, check and sign an event; the best of some rounds."""
    check = EventCheck(load_config(start=root), SOURCE)
    signer = Signer([new_secret()])

    def once() -> None:
        entry = check.entry(PAYLOAD, "run_started")
        signer.sign(entry.id, 1_700_000_000, entry.body)

    return _best(once, events)


def fsync_lines(folder: Path, lines: int) -> float:
    """Return lines a second that are each on the disk before the next one is written."""
    check = EventCheck(load_config(), SOURCE)
    line = check.entry(PAYLOAD, "run_started").body + b"\n"
    with (folder / "lines.jsonl").open("wb", buffering=0) as out:
        started = time.perf_counter()
        for _ in repeat(None, lines):
            out.write(line)
            os.fsync(out.fileno())
        return lines / (time.perf_counter() - started)


def durable(root: Path, outbox: Path, events: int, in_flight: int) -> float:
    """Return events a second that are checked and stored."""

    async def emit_all() -> float:
        left = iter(range(events))
        async with Emitter(outbox, source=SOURCE, config=load_config(start=root)) as emitter:

            async def emit_some() -> None:
                for _ in left:
                    await emitter.aemit(PAYLOAD, "run_started")

            started = time.perf_counter()
            await asyncio.gather(*(emit_some() for _ in range(in_flight)))
            return events / (time.perf_counter() - started)

    rate = uvloop.run(emit_all())
    with closing(sqlite3.connect(outbox)) as stored:
        kept = stored.execute("select count(*) from events").fetchone()[0]
    if kept != events:
        raise RuntimeError(f"{kept} of {events} events were stored")
    return rate


def delivered(root: Path, outbox: Path, events: int) -> float:
    """Return events a second that are signed, delivered to a receiver, and recorded."""
    secret = new_secret()
    options = SinkOptions((secret,), allow_private=True, in_flight=CONNECTIONS)
    config = load_config(start=root)
    with Emitter(outbox, source=SOURCE, config=config) as emitter:
        for _ in range(events // 1000):
            batch = [
                {"type": "quantapilot.run_started", "data": PAYLOAD | {"run_id": str(uuid4())}}
                for _ in range(1000)
            ]
            emitter.emit_batch(batch)
    with Receiver(Behaviour()) as receiver:
        started = time.perf_counter()
        with Emitter(
            outbox, source=SOURCE, config=config, sinks=[receiver.url], options=options, linger=600
        ):
            pass
        taken = time.perf_counter() - started
        arrived = receiver.totals().accepted
    if arrived != events // 1000 * 1000:
        raise RuntimeError(f"{arrived} of {events} events arrived")
    return arrived / taken


def _best(once: Callable[[], object], times: int, rounds: int = 5) -> float:
    """Return microseconds a call."""
    quickest = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in repeat(None, times // rounds):
            once()
        quickest = min(quickest, time.perf_counter() - started)
    return quickest / (times // rounds) * 1e6
