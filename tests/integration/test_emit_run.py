"""The example application: a whole run to a webhook receiver and to a real NATS server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import nats
import orjson
from tests.emitting import MAIL, ROOT
from tests.nats_server import NatsServer

from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import Behaviour
from quantapilot.signing import new_secret

if TYPE_CHECKING:
    from pathlib import Path

RUN = [
    "quantapilot.run_started",
    "quantapilot.gate_requested",
    "quantapilot.gate_decision",
    "quantapilot.milestone_completed",
    "quantapilot.run_completed",
]


def test_a_whole_run_reaches_a_webhook_and_nats(tmp_path: Path) -> None:
    secret = new_secret()
    server = NatsServer(tmp_path / "nats")
    server.start()
    try:
        with Receiver(Behaviour(secrets=(secret,)), own_process=False) as receiver:
            done = subprocess.run(
                [
                    sys.executable,
                    ROOT / "examples" / "emit_run.py",
                    receiver.url,
                    f"{server.url}/RUNS?subject=runs.{{type}}&create=1",
                ],
                cwd=tmp_path,
                env=os.environ | {"QP_WEBHOOK_SECRETS": secret, "QP_ALLOW_PRIVATE": "1"},
                input=f"Asked {MAIL} about it\n".encode(),
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            events = asyncio.run(_published(server.url))
            heard = receiver.heard([event["id"] for event in events])
    finally:
        server.stop()
    assert [event["type"] for event in events] == RUN
    assert done.stdout.decode().strip() == events[-1]["id"]
    assert all(each is not None and each.accepted == 1 for each in heard)
    assert b"pii/email" in done.stderr
    assert MAIL.encode() not in done.stdout + done.stderr
    assert "reason" not in events[2]["data"]


async def _published(url: str) -> list[dict[str, object]]:
    client = await nats.connect(url)
    try:
        subscription = await client.jetstream().pull_subscribe("runs.>", durable="test")
        return [orjson.loads(each.data) for each in await subscription.fetch(5, timeout=5)]
    finally:
        await client.close()
