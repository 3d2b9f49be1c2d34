"""Events for an outbox, stored one after another, and what it still has to deliver."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from quantapilot.outbox.ports import Entry, Settlement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.outbox.outbox import Outbox

SINK = "https://hooks.example/in"
BODY = b'{"status":"ok","text":"' + b"x" * 320 + b'"}'


def entry(number: int, body: bytes = BODY) -> Entry:
    return Entry(f"id-{number}", "run_started", f"run-{number % 7}", body)


def handed(outbox: Outbox, *entries: Entry) -> Future[Sequence[int]]:
    waiter: Future[Sequence[int]] = Future()
    outbox.append(entries, waiter)
    return waiter


def store(outbox: Outbox, numbers: range) -> list[int]:
    """Store events, each with a commit of its own, and return their places."""
    return [handed(outbox, entry(number)).result(10)[0] for number in numbers]


def waiting(outbox: Outbox, sink: str = SINK, after: int = 0) -> list[int]:
    return [each.message.seq for each in outbox.pending(sink, after, 100_000)]


def deliver(outbox: Outbox, seqs: Sequence[int], sink: str = SINK) -> None:
    outbox.settle(sink, [Settlement(seq, "delivered") for seq in seqs])
    outbox.flush()
