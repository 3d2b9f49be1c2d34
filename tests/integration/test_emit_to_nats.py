"""From the emitter to JetStream, through crashes of its server: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import nats
import orjson
from tests.emitting import CONFIG, PAYLOAD
from tests.nats_server import NatsServer

from quantapilot.emitter import Emitter, RelaySettings
from quantapilot.relay.backoff import Backoff

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 3_000
BATCH = 100
KILLS = 3


def test_nothing_is_lost_and_nothing_comes_twice_when_the_server_is_killed(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats")
    server.start()
    sink = f"{server.url}/RUNS?subject=runs.{{type}}&create=1"
    settings = RelaySettings(backoff=Backoff(first=0.05, cap=0.2))
    emitted: list[str] = []

    def kill() -> None:
        for _ in range(KILLS):
            time.sleep(0.2)
            server.kill()
            server.start()

    killing = threading.Thread(target=kill)
    try:
        with Emitter(
            tmp_path / "events.db",
            source="/worker",
            config=CONFIG,
            sinks=[sink],
            relay=settings,
            linger=60,
        ) as emitter:
            killing.start()
            for _ in range(EVENTS // BATCH):
                batch = [
                    {"type": "quantapilot.run_started", "data": PAYLOAD | {"run_id": str(uuid4())}}
                    for _ in range(BATCH)
                ]
                emitted += emitter.emit_batch(batch)
                if killing.is_alive():
                    time.sleep(0.06)
            killing.join()
        (progress,) = emitter.progress
        arrived = asyncio.run(_published(server.url))
    finally:
        killing.join()
        server.stop()
    assert progress.delivered == EVENTS
    assert len(arrived) == EVENTS
    assert sorted(arrived) == sorted(emitted)


async def _published(url: str) -> list[str]:
    """Return the ids of all events in the stream, which drops what it has under the same id."""
    client = await nats.connect(url)
    try:
        subscription = await client.jetstream().pull_subscribe("runs.>", durable="test")
        found: list[str] = []
        while len(found) < EVENTS:
            messages = await subscription.fetch(1_000, timeout=5)
            for each in messages:
                assert each.headers is not None
                event = orjson.loads(each.data)
                assert each.headers["Nats-Msg-Id"] == event["id"]
                found.append(event["id"])
            await asyncio.gather(*(each.ack() for each in messages))
        info = await client.jetstream().stream_info("RUNS")
        assert info.state.messages == len(found)
        return found
    finally:
        await client.close()
