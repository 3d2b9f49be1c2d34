"""Webhooks against a receiver that fails in each of the ways receivers fail."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import MODES, Behaviour
from quantapilot.signing import new_secret
from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import Delivered, Disabled, Message, Retry, SinkOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.chaos.server import Mode
    from quantapilot.sinks.sink import Outcome

SECRET = new_secret()
OPTIONS = SinkOptions(secrets=(SECRET,), allow_private=True, deadline=1.0)


def message(number: int, body: bytes = b'{"specversion":"1.0"}') -> Message:
    return Message(number, f"event-{number}", "quantapilot.run_started", "run", body)


def sent(url: str, messages: Sequence[Message], options: SinkOptions = OPTIONS) -> list[Outcome]:
    async def run() -> list[Outcome]:
        sink = sink_for(url, options)
        await sink.open()
        try:
            return [(await sink.send([each]))[0] for each in messages]
        finally:
            await sink.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.mark.parametrize(
    ("mode", "outcome"),
    {
        "ok": Delivered(),
        "500": Retry("status 500"),
        "429": Retry("status 429", 7.0),
        "404": Retry("status 404"),
        "410": Disabled("status 410"),
        "redirect": Retry("status 302"),
        "reset": Retry("reset"),
        "garbage": Retry("bad answer"),
        "slow-headers": Retry("timeout"),
        "slow-body": Delivered(),
        "huge": Delivered(),
        "closed": Retry("reset"),
    }.items(),
)
def test_each_answer_has_its_outcome(receiver: Receiver, mode: Mode, outcome: Outcome) -> None:
    receiver.behave(Behaviour(script=(mode,), secrets=(SECRET,), retry_after=7))
    each = message(MODES.index(mode))
    assert sent(receiver.url, [each]) == [outcome]
    heard = receiver.heard([each.id])[0]
    assert heard is not None
    assert heard.seen == 1
    assert (heard.accepted == 1) == (outcome == Delivered())
    assert heard.digest == hashlib.blake2b(each.body, digest_size=8).digest()
