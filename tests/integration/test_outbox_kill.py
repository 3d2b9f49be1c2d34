"""Killed under load: every event that was acknowledged is there, and nothing looks damaged."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from quantapilot.outbox.intact import examine
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.survey import items

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 5

# It tells on standard output what was acknowledged, delivers at the same time, and never ends.
PROGRAM = """
import asyncio, os, sys
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Entry, Settlement
from quantapilot.outbox.limits import Limits

async def main(path, turn):
    loop = asyncio.get_running_loop()
    outbox = Outbox(path, limits=Limits(events=3000, keep=0))
    outbox.register("sink")

    async def emit(worker):
        number = 0
        while True:
            name = f"{turn}-{worker}-{number}"
            waiter = loop.create_future()
            outbox.append([Entry(name, "t", "s", name.encode() * 20)], waiter)
            await waiter
            os.write(1, f"{name}\\n".encode())
            number += 1

    async def relay():
        after = 0
        while True:
            found = outbox.pending("sink", after, 100)
            for each in found:
                os.write(1, f"!{each.message.id}\\n".encode())
            outbox.settle("sink", [Settlement(each.message.seq, "delivered") for each in found])
            after = found[-1].message.seq if found else after
            await asyncio.sleep(0.001)

    await asyncio.gather(relay(), *[emit(worker) for worker in range(32)])

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def run_and_kill(file: Path, turn: int, lines: int) -> list[str]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, file, str(turn)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        told += process.stdout.read().splitlines(keepends=True)
    return [line.decode().strip() for line in told if line.endswith(b"\n")]


def test_no_acknowledged_event_is_lost_by_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "o.db"
    told: list[str] = []
    for turn in range(KILLS):
        told += run_and_kill(file, turn, 700 + 311 * turn)
        assert examine(file, full=True).clean
    acknowledged = {name for name in told if not name.startswith("!")}
    sent = {name[1:] for name in told if name.startswith("!")}
    with Outbox(file) as outbox:
        outbox.register("sink")
        left = outbox.pending("sink", 0, 1_000_000)
    assert {each.message.body for each in left} == {each.message.id.encode() * 20 for each in left}
    assert acknowledged <= sent | {each.message.id for each in left}
    assert items(file, "sink", "dead", 10) == []
    assert len(acknowledged) > 1000
