"""A receiver is sent events only once it has sent a challenge back."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.gateway.challenge import answered, challenged
from quantapilot.sinks.sink import Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.sinks.sink import Message, Outcome

CHALLENGE = "J2pXn0u3aQdT4o8eXy6bW1zK5mR7vC9s"


class Webhook:
    """Answers by `reply`, which gets the challenge."""

    def __init__(self, reply: Callable[[str], bytes], outcome: Outcome | None = None) -> None:
        self.asked: list[Message] = []
        self._reply = reply
        self._outcome = outcome or Delivered()

    async def ask(self, message: Message) -> tuple[Outcome, bytes]:
        self.asked.append(message)
        return self._outcome, self._reply(orjson.loads(message.body)["challenge"])


def quoted(challenge: str) -> bytes:
    return orjson.dumps({"challenge": challenge})


@pytest.mark.parametrize(
    "answer",
    [
        CHALLENGE.encode(),
        f"  {CHALLENGE}\r\n".encode(),
        quoted(CHALLENGE),
        json.dumps({"ok": True, "challenge": CHALLENGE}, indent=2).encode(),
    ],
)
def test_the_challenge_may_come_back_as_text_or_in_json(answer: bytes) -> None:
    assert answered(answer, CHALLENGE)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"ok",
        b"{}",
        b"null",
        quoted(CHALLENGE[:-1]),
        f"<p>{CHALLENGE}</p>".encode(),
        f'["{CHALLENGE}"]'.encode(),
        f'{{"data": {{"challenge": "{CHALLENGE}"}}}}'.encode(),
        f'"{CHALLENGE}'.encode(),
        CHALLENGE.encode("utf-16"),
        b"[" * 4096,
        b'{"challenge":' * 300,
    ],
)
def test_what_is_no_such_answer_does_not_pass(answer: bytes) -> None:
    assert not answered(answer, CHALLENGE)


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_judge(answer: bytes) -> None:
    assert not answered(answer, CHALLENGE)


@pytest.mark.parametrize("reply", [str.encode, quoted])
def test_who_sends_it_back_passes(reply: Callable[[str], bytes]) -> None:
    assert asyncio.run(challenged(Webhook(reply))) == Delivered()


def test_each_challenge_is_new_and_is_what_the_contract_says() -> None:
    webhook = Webhook(str.encode)
    for _ in range(2):
        asyncio.run(challenged(webhook))
    first, second = (orjson.loads(each.body) for each in webhook.asked)
    assert first["type"] == second["type"] == "quantapilot.subscription_challenge"
    assert set(first) == {"type", "challenge"}
    assert first["challenge"] != second["challenge"]
    assert len({each.id for each in webhook.asked}) == 2


def test_an_earlier_challenge_does_not_pass() -> None:
    seen: list[str] = []

    def earlier(challenge: str) -> bytes:
        seen.append(challenge)
        return seen[0].encode()

    webhook = Webhook(earlier)
    assert asyncio.run(challenged(webhook)) == Delivered()
    assert asyncio.run(challenged(webhook)) == Retry("no such answer")


def test_a_good_answer_with_another_status_does_not_pass() -> None:
    for outcome in (Retry("status 500"), Disabled("status 410")):
        assert asyncio.run(challenged(Webhook(str.encode, outcome))) == outcome
