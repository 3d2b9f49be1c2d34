"""For how long a gateway is asked again: by a clock of the test's own."""

from __future__ import annotations

import pytest

from quantapilot.client.patience import Patience, told
from quantapilot.errors import (
    ForbiddenError,
    GatewayError,
    GatewayUnavailableError,
    RateLimitedError,
)


def patience(seconds: float, tries: int | None = None) -> tuple[Patience, list[float], list[str]]:
    slept: list[float] = []
    said: list[str] = []
    return (
        Patience(seconds, said.append, tries=tries, sleep=slept.append, random=lambda: 0.0),
        slept,
        said,
    )


def test_a_gateway_that_says_when_is_asked_then() -> None:
    waits, slept, said = patience(300)
    waits.wait(RateLimitedError("no more just now", 12.0))
    assert slept == [12.0]
    assert said == ["no more just now; trying again in 12 s"]


def test_a_gateway_that_says_nothing_is_asked_less_and_less_often() -> None:
    waits, slept, _ = patience(300)
    for _ in range(7):
        waits.wait(GatewayUnavailableError("gone"))
    assert slept == [0.5, 1, 2, 4, 8, 15, 15]


def test_what_would_take_longer_than_is_waited_is_given_up_at_once() -> None:
    waits, slept, _ = patience(300)
    waits.wait(RateLimitedError("later", 200.0))
    with pytest.raises(RateLimitedError, match="no more: again in 3 min 20 s"):
        waits.wait(RateLimitedError("no more", 200.0))
    with pytest.raises(GatewayUnavailableError, match=r"^gone$"):
        patience(0)[0].wait(GatewayUnavailableError("gone"))
    assert slept == [200.0]


def test_a_gateway_that_does_not_answer_is_given_up_after_some_tries() -> None:
    waits, slept, _ = patience(300, tries=2)
    waits.wait(GatewayUnavailableError("gone"))
    waits.wait(GatewayUnavailableError("gone"))
    waits.wait(RateLimitedError("later"))
    with pytest.raises(GatewayUnavailableError):
        waits.wait(GatewayUnavailableError("gone"))
    assert slept == [0.5, 1, 2]
    waits.renew()
    waits.wait(GatewayUnavailableError("gone"))
    assert slept[-1] == 0.5


@pytest.mark.parametrize("error", [ForbiddenError("no"), GatewayError("no")])
def test_what_no_waiting_helps_is_not_tried_again(error: GatewayError) -> None:
    waits, slept, _ = patience(300)
    with pytest.raises(GatewayError) as raised:
        waits.wait(error)
    assert raised.value is error
    assert not slept


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (12.4, "12 s"), (59.6, "1 min"), (60, "1 min"), (185, "3 min 5 s")],
)
def test_a_time_is_told_in_words(seconds: float, words: str) -> None:
    assert told(seconds) == words
