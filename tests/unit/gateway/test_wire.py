"""What is kept, as answers have it: all by the contract."""

from __future__ import annotations

from typing import Any

import pytest
from tests.emitting import CONTRACT, RUN

from quantapilot.contract.validator import Validator
from quantapilot.gateway import wire
from quantapilot.gateway.model import DeliveryHealth, Refusal, Run, Subscription

VALIDATOR = Validator(CONTRACT)
MOMENT = "2026-01-02T03:04:05.678Z"
FACTS = {
    "repo_url": "https://github.com/org/project",
    "branch": "main",
    "correlation_id": RUN,
    "milestones_count": 0,
}
SUBSCRIPTION = Subscription(RUN, "token", "https://a.example/b", frozenset(), 1767323045.678)


def conforms(value: Any, name: str) -> bool:
    return VALIDATOR.is_valid(CONTRACT.definitions[name], value)


def test_times_are_utc_with_milliseconds() -> None:
    assert wire.moment(1767323045.678) == MOMENT
    assert wire.moment(0) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "more",
    [{}, {"docs_branch": "docs", "pr_number": 7, "milestones_count": 2, "message": "Paused"}],
)
def test_a_run(more: dict[str, Any]) -> None:
    run = Run(RUN, "proj_a", "running", FACTS | more, MOMENT, MOMENT, 3, frozenset({"b", "a"}))
    told = wire.run_state(run)
    assert conforms(told, "RunState")
    assert told["gates"] == ["a", "b"]


def test_a_subscription_says_why_it_is_ended_or_what_fails() -> None:
    told = wire.subscription(SUBSCRIPTION)
    assert conforms(told, "Subscription")
    assert "reason" not in told
    assert "key" not in told
    assert wire.subscription(SUBSCRIPTION, "status 503")["reason"] == "status 503"
    key = "whsec_" + "A" * 64
    assert conforms(wire.subscription(SUBSCRIPTION, key=key), "Subscription")


def test_a_refusal_and_health() -> None:
    assert conforms(wire.refusal(Refusal(MOMENT, "pii/email", "event", "proj_a")), "Refusal")
    whole = Refusal(MOMENT, "pii/email", "event", "proj_a", "/data/reason", RUN)
    assert conforms(wire.refusal(whole), "Refusal")
    assert conforms(wire.delivery_health(DeliveryHealth()), "DeliveryHealth")
    late = wire.delivery_health(DeliveryHealth(waiting=1, oldest=61.0))
    assert (late["status"], late["oldest_waiting_ms"]) == ("late", 61_000)
