"""The proof: a worker emits and is killed over and over, a receiver fails, and then it is counted.

Every event that the worker was told is stored must have arrived: at least once, under one id,
unchanged. Events with personal data must not have been taken.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from random import Random
from threading import Thread
from typing import IO, TYPE_CHECKING

from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import Behaviour
from quantapilot.chaos.worker import LEAKED, PAUSED, PLANTED, REFUSED, STARTED, Orders
from quantapilot.config import load_config
from quantapilot.emitter.envelope import Envelopes
from quantapilot.errors import QuantaPilotError, UnknownNameError
from quantapilot.gate.project import Project
from quantapilot.outbox.outbox import Outbox
from quantapilot.relay.relay import Relay
from quantapilot.relay.settings import RelaySettings
from quantapilot.signing import new_secret
from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import SinkOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quantapilot.chaos.server import Mode
    from quantapilot.contract.catalog import Contract

# How often the receiver does what: most requests fail in no way, so that much is delivered.
FAILURES: dict[Mode, float] = {
    "ok": 970,
    "500": 8,
    "404": 4,
    "429": 1,
    "redirect": 4,
    "reset": 4,
    "garbage": 3,
    "slow-headers": 2,
    "slow-body": 2,
    "huge": 1,
    "closed": 1,
}
_OUTBOX = "chaos.db"
_ASKED = 50_000
_DEADLINE = 1.0
# A worker is given time to start; then it works for some share of its time, and is killed.
_SHORTEST = 0.05
_STARTS = 60.0


class ChaosError(QuantaPilotError):
    """The proof could not be carried out; that proves nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is destroyed.

    Attributes:
        kills: How often the worker is killed.
        seconds: The longest that a worker works before it is killed; each time another part of it.
        events: The most events that it emits before that; then it only delivers.
        in_flight: How many events it is storing at a time.
        seed: Chooses the moments, the events and the failures.
        patience: Seconds in which all that is left must be delivered, when nothing fails any more.
    """

    kills: int = 20
    seconds: float = 2.0
    events: int = 6_000
    in_flight: int = 64
    seed: int = 0
    patience: float = 600.0


@dataclass(slots=True)
class Verdict:
    """What was counted.

    Attributes:
        kills: How often the worker was killed.
        acknowledged: Events that the worker was told are stored.
        lost: How many of them never arrived.
        changed: How many arrived with another body, or with several.
        repeated: Ids that arrived more than once; receivers drop them by their id.
        unacknowledged: Events that arrived and whose worker was killed before it was told.
        refused: Events with personal data that were not taken.
        leaked: Events with personal data that were taken or delivered.
        unverified: Deliveries whose signature did not hold.
        failures: How often the receiver failed, in all its ways.
        seconds: How long it took.
    """

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    changed: int = 0
    repeated: int = 0
    unacknowledged: int = 0
    refused: int = 0
    leaked: int = 0
    unverified: int = 0
    failures: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Tell whether nothing was lost, nothing changed and nothing leaked, with events at all."""
        wrong = self.lost or self.changed or self.leaked or self.unverified
        return bool(self.acknowledged and self.refused and not wrong)


@dataclass(slots=True)
class _Told:
    """What workers have told so far: digests of bodies by the id of their event."""

    stored: dict[str, bytes]
    refused: int = 0
    leaked: int = 0

    def read(self, pipe: IO[bytes]) -> None:
        """Take in what one worker tells, until it is killed."""
        for line in pipe:
            if not line.endswith(b"\n"):
                # It was killed while it told: the event counts as not acknowledged.
                break
            told = line[:-1]
            if told == REFUSED:
                self.refused += 1
            elif told == LEAKED:
                self.leaked += 1
            else:
                name, _, digest = told.decode().partition(" ")
                self.stored[name] = bytes.fromhex(digest)


def prove(plan: Plan, folder: Path, told: Callable[[str], None]) -> Verdict:
    """Return what came of it.

    Args:
        plan: How much is destroyed.
        folder: Where the outbox is kept; one of an earlier proof is in the way.
        told: Is given a line now and then on how far it is.

    Raises:
        ChaosError: A worker could not work, or what was left could not be delivered in time.
        ContractError: The contract can't be used.
        OutboxError: The outbox can't be used.
    """
    started = time.monotonic()
    _must_emit(Project(load_config()).contract())
    outbox = folder / _OUTBOX
    if outbox.exists():
        raise ChaosError(f"{outbox} is there already; choose an empty folder")
    chance = Random(plan.seed)  # noqa: S311 - it decides nothing secret
    secret = new_secret()
    heard = _Told({})
    failing = Behaviour(
        weights=FAILURES, seed=plan.seed, secrets=(secret,), slowness=0.25, pieces=12
    )
    with Receiver(failing) as receiver:
        for number in range(1, plan.kills + 1):
            orders = Orders(
                outbox=str(outbox),
                sink=receiver.url,
                secrets=(secret,),
                in_flight=plan.in_flight,
                deadline=_DEADLINE,
                events=plan.events,
                seed=chance.getrandbits(32),
            )
            _work_and_die(orders, chance.uniform(_SHORTEST, plan.seconds), heard)
            told(f"killed {number:,} of {plan.kills:,}, {len(heard.stored):,} events stored")
        receiver.behave(Behaviour(secrets=(secret,)))
        receiver.open_port()
        told("delivering what is left")
        _deliver_the_rest(outbox, receiver.url, secret, plan.patience)
        verdict = _counted(receiver, heard)
    verdict.kills = plan.kills
    verdict.leaked += _dirty_bodies(outbox)
    verdict.seconds = time.monotonic() - started
    return verdict


def _must_emit(contract: Contract) -> None:
    """Refuse a contract that does not have the events which workers emit."""
    envelopes = Envelopes(contract)
    try:
        for name in (STARTED, PAUSED):
            envelopes.type_named(name)
    except UnknownNameError:
        raise ChaosError(
            f"the proof emits {STARTED} and {PAUSED} of QuantaPilot's own contract; that of this "
            "folder does not define them: run it in a folder without a contract"
        ) from None


def _work_and_die(orders: Orders, seconds: float, heard: _Told) -> None:
    """Let a worker work for some time from its first event on, then kill it."""
    command = [sys.executable, "-m", "quantapilot.chaos.worker"]
    before = len(heard.stored)
    with subprocess.Popen(  # noqa: S603 - this very Python, with arguments of our own
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as worker:
        if worker.stdin is None or worker.stdout is None or worker.stderr is None:
            raise ChaosError("a worker could not be started")
        reading = Thread(target=heard.read, args=(worker.stdout,), daemon=True)
        reading.start()
        with suppress(BrokenPipeError):
            worker.stdin.write(orders.written())
            worker.stdin.close()
        ended: int | None = None
        try:
            until = time.monotonic() + _STARTS
            while (
                len(heard.stored) == before and worker.poll() is None and time.monotonic() < until
            ):
                time.sleep(0.005)
            with suppress(subprocess.TimeoutExpired):
                worker.wait(seconds)
            ended = worker.poll()
        finally:
            # Also where the proof is interrupted: its pipe is not closed while it is read.
            worker.kill()
            reading.join()
        said = worker.stderr.read()
    if ended is not None or len(heard.stored) == before:
        raise ChaosError(f"a worker ended by itself: {_last_line(said)}")


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _deliver_the_rest(outbox: Path, url: str, secret: str, patience: float) -> None:
    options = SinkOptions((secret,), allow_private=True)
    with Outbox(outbox, append=False) as ledger:
        settings = RelaySettings(give_up_after=patience)
        progress = asyncio.run(Relay(ledger, [sink_for(url, options)], settings).drain())
    if not progress.settled:
        reasons = ", ".join(sink.disabled or sink.reason for sink in progress.sinks)
        raise ChaosError(f"not all events were delivered within {patience:.0f} s: {reasons}")


def _dirty_bodies(outbox: Path) -> int:
    """Return how many stored events hold what was planted in those that were to be refused."""
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as stored:
        (found,) = stored.execute(
            "SELECT count(*) FROM events WHERE instr(body, ?)", (PLANTED.encode(),)
        ).fetchone()
    return int(found)


def _counted(receiver: Receiver, told: _Told) -> Verdict:
    verdict = Verdict(acknowledged=len(told.stored), refused=told.refused, leaked=told.leaked)
    for ids in _parts(list(told.stored), _ASKED):
        for name, found in zip(ids, receiver.heard(ids), strict=True):
            if found is None or not found.accepted:
                verdict.lost += 1
            elif found.differed or found.digest != told.stored[name]:
                verdict.changed += 1
    totals = receiver.totals()
    verdict.repeated = totals.repeated
    verdict.unverified = totals.unverified + totals.unnamed
    verdict.unacknowledged = totals.ids - (verdict.acknowledged - verdict.lost)
    verdict.failures = totals.requests - totals.modes.get("ok", 0)
    return verdict


def _parts(names: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(names), size):
        yield names[at : at + size]
