"""What is done for a subscription follows from the directory and the time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from quantapilot.gateway.model import Directory, StoredEvent, Subscription, Token
from quantapilot.gateway.plan import News, plans

if TYPE_CHECKING:
    from quantapilot.gateway.plan import Plan

DAY = 86_400.0
TOKEN = Token("tok", "bearer", frozenset({"events:subscribe"}), frozenset({"proj_a"}), 0.0)
WANTED = Subscription("sub", "tok", "https://hooks.example/", frozenset(), 0.0, state="active")


def plan(subscription: Subscription, token: Token | None = TOKEN, now: float = 0.0) -> Plan | None:
    tokens = {} if token is None else {token.token_id: token}
    directory = Directory(1, tokens, subscriptions={subscription.subscription_id: subscription})
    return plans(directory, now, DAY).get(subscription.subscription_id)


def task(subscription: Subscription, token: Token | None = TOKEN, now: float = 0.0) -> str:
    found = plan(subscription, token, now)
    return "nothing" if found is None else found.task


def test_a_new_one_is_challenged_an_active_one_delivered_to_a_disabled_one_left_alone() -> None:
    assert task(replace(WANTED, state="pending")) == "challenge"
    assert task(WANTED) == "deliver"
    assert task(replace(WANTED, state="disabled")) == "nothing"


def test_it_ends_with_its_token() -> None:
    assert task(WANTED, None) == "end"
    assert task(WANTED, replace(TOKEN, revoked_at=5.0), 5.0) == "end"
    expires = replace(TOKEN, expires_at=10.0)
    assert task(WANTED, expires, 9.9) == "deliver"
    assert task(WANTED, expires, 10.0) == "end"
    assert task(replace(WANTED, state="pending"), expires, 10.0) == "end"
    assert task(replace(WANTED, state="disabled"), expires, 10.0) == "nothing"


def test_for_a_day_the_key_before_signs_too() -> None:
    rotated = replace(WANTED, generation=2, rotated_at=100.0)
    found = [plan(each, now=now) for each, now in [(WANTED, 0.0), (rotated, 100.0)]]
    found += [plan(rotated, now=99.9 + DAY), plan(rotated, now=100.0 + DAY)]
    assert [each.generations for each in found if each] == [(0,), (2, 1), (2, 1), (2,)]


def event(kind: str = "quantapilot.run_failed", project: str = "proj_a", run: str = "r1") -> News:
    return News.of([StoredEvent(1, "id", kind, run, project, b"{}")])


@pytest.mark.parametrize(
    ("change", "news", "expected"),
    [
        ({}, event(), True),
        ({}, event(project="proj_b"), False),
        ({"types": frozenset({"quantapilot.run_failed"})}, event(), True),
        ({"types": frozenset({"quantapilot.run_paused"})}, event(), False),
        ({"project_id": "proj_a"}, event(), True),
        ({"project_id": "proj_a"}, event(project="proj_b"), False),
        ({"run_id": "r1"}, event(), True),
        ({"run_id": "r2"}, event(), False),
        ({"run_id": "r2"}, event() | event(run="r2"), True),
    ],
)
def test_only_those_look_that_an_event_may_be_for(
    change: dict[str, object], news: News, expected: bool
) -> None:
    assert news.concern(replace(WANTED, **change), TOKEN) is expected  # type: ignore[arg-type]


def test_who_is_granted_all_looks_at_every_project() -> None:
    operator = replace(TOKEN, projects=frozenset({"*"}))
    assert event(project="proj_z").concern(WANTED, operator)
