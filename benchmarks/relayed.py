"""What `qp relay --check` passes on: events through a real NATS server of this machine.

`make bench-scale` calls it; `python -m benchmarks.relayed [COUNT]` prints it alone. The server, the
relay and the streams are real, on loopback; what the relay takes to start is left out.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nats
from nats.js.api import StreamConfig
from tests.nats_server import nats_server

from benchmarks.corpus import write_corpus
from benchmarks.measure import run
from benchmarks.speed import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.js import JetStreamContext
    from tests.nats_server import NatsServer

    from benchmarks.measure import Run

EVENTS = 40_000
# The streams: what is checked, what is clean, what is held back.
RAW, CLEAN, HELD = "RAW", "CLEAN", "HELD"
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Relayed:
    """Events that were relayed, how many of them were held back, and what that took."""

    events: int
    held: int
    seconds: float
    peak_mib: float

    @property
    def speed(self) -> float:
        """Return events a second."""
        return self.events / self.seconds


def relayed(folder: Path, count: int = EVENTS) -> Relayed:
    """Measure a relay of so many events, and one of none, whose time is its start."""
    with nats_server(folder / "nats") as server:
        asyncio.run(_made(server, []))
        start = _relay(server)
        asyncio.run(_made(server, _events(folder, count)))
        spent = _relay(server)
        clean, held = asyncio.run(_arrived(server))
    if clean + held != count:
        raise SystemExit(f"of {count} events {clean + held} arrived")
    return Relayed(count, held, spent.seconds - start.seconds, spent.peak_mib)


def sentence(found: Relayed) -> str:
    """Return what was measured as a sentence of Markdown."""
    return (
        f"`qp relay --check` passed on {found.events:,} events, {found.held:,} of them into "
        f"quarantine, at {found.speed:,.0f} events/s and {found.peak_mib:.0f} MiB."
    )


def _relay(server: NatsServer) -> Run:
    to = [f"{server.url}/{name}?subject={name.lower()}.{{type}}" for name in (CLEAN, HELD)]
    command = (str(Path(sys.executable).parent / "qp"), "relay", "--check", f"{server.url}/{RAW}")
    return run(
        (*command, "--to", to[0], "--quarantine", to[1], "--once"), cwd=ROOT, expected=(0, 1)
    )


def _events(folder: Path, count: int) -> list[bytes]:
    """Return events of a corpus in which one line in a hundred is dirty."""
    corpus = folder / "corpus.jsonl"
    write_corpus(corpus, count * 1000)
    lines = [each for each in corpus.read_bytes().splitlines() if b'"specversion"' in each]
    if len(lines) < count:
        raise SystemExit(f"the corpus has {len(lines)} events only")
    return lines[:count]


async def _made(server: NatsServer, events: Sequence[bytes]) -> None:
    client = await nats.connect(server.url)
    stream = client.jetstream()
    for name in (RAW, CLEAN, HELD):
        await stream.add_stream(StreamConfig(name=name, subjects=[f"{name.lower()}.>"]))
    for start in range(0, len(events), _AT_ONCE):
        part = events[start : start + _AT_ONCE]
        sent = [await stream.publish_async(f"{RAW.lower()}.x", each) for each in part]
        await asyncio.gather(*sent)
    await client.close()


async def _arrived(server: NatsServer) -> tuple[int, int]:
    client = await nats.connect(server.url)
    stream = client.jetstream()
    clean, held = [await _count(stream, name) for name in (CLEAN, HELD)]
    await client.close()
    return clean, held


async def _count(stream: JetStreamContext, name: str) -> int:
    return int((await stream.stream_info(name)).state.messages)


def main() -> None:
    """Print what a relay of the asked number of events takes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as temporary:
        print(sentence(relayed(Path(temporary), count)))


if __name__ == "__main__":
    main()
