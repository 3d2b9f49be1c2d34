"""The process that is killed: it emits as fast as it can, and tells of each event that is stored.

On standard output, a line each: the id and the digest of an event that was acknowledged, `refused`
for one with personal data that was refused, `leaked` for one that was not.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from quantapilot.emitter.emitter import Emitter
from quantapilot.errors import ExitCode, QuantaPilotError
from quantapilot.findings import EventRefusedError
from quantapilot.sinks.sink import SinkOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

# The types of event that are emitted.
STARTED, PAUSED = "run_started", "run_paused"
REFUSED = b"refused"
LEAKED = b"leaked"
# Every planted address has it, and nothing else that is emitted.
PLANTED = "@mail"
# One event in so many is given personal data, and must not get out.
_DIRTY = 50
_TO_STDOUT = 1


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker does, as it is written on its standard input.

    Attributes:
        outbox: Its file.
        sink: Address of the receiver.
        secrets: What deliveries are signed with.
        in_flight: How many events are being stored at a time.
        deadline: Seconds that one delivery may take.
        events: After so many it emits no more, and only delivers.
        seed: Chooses what it emits.
    """

    outbox: str
    sink: str
    secrets: tuple[str, ...]
    in_flight: int
    deadline: float
    events: int
    seed: int

    def written(self) -> bytes:
        """Return the orders as a worker reads them."""
        return orjson.dumps(asdict(self))


def read_orders(written: bytes) -> Orders:
    """Return the orders that `written` made."""
    given = orjson.loads(written)
    return Orders(**{**given, "secrets": tuple(given["secrets"])})


def digest(body: bytes) -> str:
    """Return what tells whether a body is the one that was stored, as the receiver keeps it."""
    return blake2b(body, digest_size=8).hexdigest()


def payloads(random: Random) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield types of event, payloads of them, and whether they hold personal data."""
    for number in count(1):
        run = str(UUID(int=random.getrandbits(128), version=4))
        if number % _DIRTY == 0:
            someone = f"user{number}{PLANTED}{number}.example.com"
            yield PAUSED, {"run_id": run, "reason": f"waits for {someone}"}, True
        elif number % 2:
            repository = f"https://git.example/team/app-{number % 97}"
            yield STARTED, {"run_id": run, "repo_url": repository, "branch": "main"}, False
        else:
            reason = f"step {number % 89} is done, {number % 13} are left"
            yield PAUSED, {"run_id": run, "reason": reason}, False


async def work(orders: Orders) -> None:
    """Emit events, and deliver them, until the process is killed."""
    options = SinkOptions(orders.secrets, allow_private=True, deadline=orders.deadline)
    planned = payloads(Random(orders.seed))  # noqa: S311 - it decides nothing secret
    left = iter(range(orders.events))

    async def emit_some(emitter: Emitter) -> None:
        for _ in left:
            name, payload, dirty = next(planned)
            try:
                entry = emitter.check.entry(payload, name)
            except EventRefusedError:
                told = REFUSED
            else:
                await emitter.astore(entry)
                told = LEAKED if dirty else f"{entry.id} {digest(entry.body)}".encode()
            os.write(_TO_STDOUT, told + b"\n")

    async with Emitter(
        orders.outbox, source="/chaos", sinks=[orders.sink], options=options, linger=0
    ) as emitter:
        await asyncio.gather(*(emit_some(emitter) for _ in range(orders.in_flight)))
        # Killed while it delivers, too.
        await asyncio.Event().wait()


def main() -> None:
    """Work by the orders on standard input."""
    try:
        asyncio.run(work(read_orders(sys.stdin.buffer.read())))
    except QuantaPilotError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(ExitCode.UNCHECKED)


if __name__ == "__main__":
    main()
