"""Subscriptions over real HTTP: challenged first, then sent every event, each on its own way."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from tests.subscriptions import Hook, Hooks, MemorySubscriptions, SubscriptionKeys
from tests.waiting import until

from quantapilot.errors import OutboxUnwritableError
from quantapilot.gateway.deliveries import Deliveries
from quantapilot.gateway.webhooks import DeliverySettings
from quantapilot.relay.backoff import Backoff
from quantapilot.relay.settings import RelaySettings

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Backoff(0.005, 0.02)
SETTINGS = DeliverySettings(
    allow_private=True,
    deadline=5.0,
    challenge_for=20.0,
    challenge_waits=QUICK,
    look=0.1,
    relay=RelaySettings(backoff=QUICK, pauses=QUICK, max_attempts=5000),
)
KEYS = SubscriptionKeys()


@pytest.fixture
def store() -> MemorySubscriptions:
    return MemorySubscriptions()


@pytest.fixture(scope="module")
def served() -> Iterator[Hooks]:
    with Hooks() as running:
        yield running


@pytest.fixture
def hooks(served: Hooks) -> Hooks:
    served.hooks.clear()
    return served


@contextmanager
def delivering(
    store: MemorySubscriptions, settings: DeliverySettings = SETTINGS
) -> Iterator[Deliveries]:
    deliveries = Deliveries(store, store, lambda: store.directory, KEYS, settings)
    store.stale = deliveries.sync
    deliveries.start()
    try:
        yield deliveries
    finally:
        assert deliveries.stop()
        assert not deliveries.alive


def subscribed(
    store: MemorySubscriptions, hooks: Hooks, name: str, hook: Hook | None = None, **given: object
) -> Hook:
    hooks.hooks[name] = hook = hook or Hook()
    store.subscribe(name, hooks.url(name), **given)
    return hook


def ids(first: int, last: int) -> set[str]:
    return {f"id-{seq}" for seq in range(first, last + 1)}


def test_a_receiver_that_answers_its_challenge_is_sent_all_events_signed(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    secret = KEYS.subscription_secret("one", 0)
    with delivering(store) as deliveries:
        hook = subscribed(store, hooks, "one", Hook(secrets=(secret,)))
        store.add(20)
        until(lambda: hook.ids == ids(1, 20))
        deliveries.told(store.add(5))
        until(lambda: hook.ids == ids(1, 25))
        until(lambda: not store.waiting("one"))
        assert deliveries.trouble("one") == ""
    assert (hook.challenged, hook.refused) == (1, 0)
    assert store.states == [("one", "active", "")]
    assert len(hook.arrived) == 25


def test_who_does_not_answer_at_first_is_asked_again_and_gets_nothing_until_then(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    hook = Hook(challenge=lambda _: web.Response(text="what?"))
    with delivering(store) as deliveries:
        subscribed(store, hooks, "one", hook)
        store.add(3)
        until(lambda: hook.challenged >= 3)
        assert deliveries.trouble("one") == "challenge: no such answer"
        assert hook.tried == 0
        hook.challenge = lambda challenge: web.Response(text=challenge)
        until(lambda: hook.ids == ids(1, 3))
        until(lambda: deliveries.trouble("one") == "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda challenge: web.Response(text=challenge, status=404), "challenge: status 404"),
        (lambda _: web.Response(status=302), "challenge: status 302"),
        (lambda challenge: web.Response(text=challenge[:-1]), "challenge: no such answer"),
        (lambda challenge: web.Response(text=challenge + " " * 5000), "challenge: no such answer"),
    ],
)
def test_who_never_answers_the_challenge_is_disabled_with_the_reason(
    store: MemorySubscriptions, hooks: Hooks, answer: object, reason: str
) -> None:
    with delivering(store, replace(SETTINGS, challenge_for=0.1)):
        hook = subscribed(store, hooks, "one", Hook(challenge=answer))  # type: ignore[arg-type]
        store.add(3)
        until(lambda: store.state("one")[0] == "disabled")
    assert store.state("one") == ("disabled", reason)
    assert hook.challenged > 1
    assert hook.tried == 0


def test_who_is_gone_at_the_challenge_is_not_asked_again(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    with delivering(store):
        hook = subscribed(store, hooks, "one", Hook(challenge=lambda _: web.Response(status=410)))
        until(lambda: store.state("one") == ("disabled", "challenge: status 410"))
    assert hook.challenged == 1


def test_no_challenge_is_sent_into_a_private_network(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    settings = replace(SETTINGS, allow_private=False, challenge_for=0.1)
    with delivering(store, settings):
        store.subscribe("by-name", f"https://localhost:{hooks.port}/by-name")
        store.subscribe("by-number", hooks.url("by-number"))
        until(lambda: store.state("by-name")[0] == store.state("by-number")[0] == "disabled")
    assert store.state("by-name")[1] == "challenge: address not allowed"
    assert store.state("by-number")[1] == "address not allowed"


def test_receivers_that_fail_hang_or_are_slow_hold_up_no_other(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    with delivering(store, replace(SETTINGS, relay=replace(SETTINGS.relay, grace=0.1))) as running:
        fails = subscribed(store, hooks, "fails", Hook(status=lambda _: 503), state="active")
        hangs = subscribed(store, hooks, "hangs", Hook(takes=60), state="active")
        slow = subscribed(store, hooks, "slow", Hook(takes=0.02), state="active")
        good = subscribed(store, hooks, "good", state="active")
        running.told(store.add(50))
        until(lambda: good.ids == ids(1, 50))
        until(lambda: slow.ids == ids(1, 50))
        until(lambda: running.trouble("fails") == "status 503")
        assert running.trouble("good") == running.trouble("slow") == ""
        until(lambda: hangs.tried)
        assert fails.ids == hangs.ids == set()
        assert store.waiting("fails") == store.waiting("hangs") == 50


def test_an_event_that_alone_is_refused_is_told_as_the_trouble(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    slow = replace(SETTINGS, relay=replace(SETTINGS.relay, backoff=Backoff(3600.0, 3600.0)))
    with delivering(store, slow) as deliveries:
        hook = subscribed(
            store, hooks, "one", Hook(status=lambda id_: 500 if id_ == "id-2" else 204)
        )
        store.add(9)
        until(lambda: hook.ids == ids(1, 9) - {"id-2"})
        until(lambda: store.waiting("one") == 1)
        deliveries.told(store.add(1))
        until(lambda: "id-10" in hook.ids)
        assert deliveries.trouble("one") == "status 500"


def test_a_rotation_amid_events_loses_none_and_both_keys_verify(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    old, new = (KEYS.subscription_secret("one", generation) for generation in (0, 1))
    with delivering(store) as deliveries:
        hook = subscribed(store, hooks, "one", Hook(secrets=(old,)), state="active")
        deliveries.told(store.add(100))
        until(lambda: hook.arrived)
        store.change("one", generation=1, rotated_at=time.time())
        deliveries.told(store.add(100))
        until(lambda: hook.ids == ids(1, 200))
        hook.secrets = (new,)
        deliveries.told(store.add(10))
        until(lambda: hook.ids == ids(1, 210))
        assert hook.signatures[-1] == 2
        store.change("one", rotated_at=time.time() - 86_401)
        deliveries.told(store.add(1))
        until(lambda: "id-211" in hook.ids)
    assert hook.refused == 0
    assert hook.signatures[0] == 1
    assert hook.signatures[-1] == 1


def test_with_its_token_a_subscription_ends(store: MemorySubscriptions, hooks: Hooks) -> None:
    with delivering(store) as deliveries:
        hook = subscribed(store, hooks, "one", state="active")
        deliveries.told(store.add(1))
        until(lambda: hook.arrived)
        store.revoke(time.time())
        until(lambda: store.state("one") == ("disabled", "its token has ended"))
        deliveries.told(store.add(1))
    assert hook.tried == 1


def test_a_token_that_expires_ends_it_although_nobody_tells(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    token = replace(store.directory.tokens["tok"], expires_at=time.time() + 0.3)
    store.directory = replace(store.directory, tokens={"tok": token})
    with delivering(store) as deliveries:
        hook = subscribed(store, hooks, "one", state="active")
        deliveries.told(store.add(1))
        until(lambda: store.state("one") == ("disabled", "its token has ended"))
        assert deliveries.trouble("one") == ""
    assert hook.tried <= 1


def test_who_wants_no_more_gets_no_more_until_enabled_and_challenged_anew(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    with delivering(store) as deliveries:
        hook = subscribed(store, hooks, "one", Hook(status=lambda _: 410))
        store.add(5)
        until(lambda: store.state("one") == ("disabled", "status 410"))
        assert store.waiting("one") == 5
        hook.status = lambda _: 204
        deliveries.sync()
        store.change("one", state="pending", reason="")
        until(lambda: hook.ids == ids(1, 5))
    assert hook.challenged == 2


def test_what_failed_before_another_node_took_over_counts(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    store.failed_for = {"long": 1000.0, "enabled": 1000.0}
    subscribed(store, hooks, "long", Hook(status=lambda _: 503), state="active")
    subscribed(store, hooks, "enabled", Hook(status=lambda _: 503))
    store.add(1)
    with delivering(store, replace(SETTINGS, disable_after=900.0)):
        until(lambda: store.state("long")[0] == "disabled")
        until(lambda: hooks.hooks["enabled"].tried > 2)
    assert store.state("enabled") == ("active", "")


def test_where_nothing_arrives_for_too_long_it_is_disabled_and_its_events_are_kept(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    with delivering(store, replace(SETTINGS, disable_after=0.2)):
        hook = subscribed(store, hooks, "one", Hook(status=lambda _: 503))
        store.add(5)
        until(lambda: store.state("one")[0] == "disabled")
        assert store.state("one") == ("disabled", "no delivery for 1 second: status 503")
        assert store.waiting("one") == 5
        hook.status = lambda _: 204
        store.change("one", state="pending", reason="")
        until(lambda: hook.ids == ids(1, 5))


def test_one_that_is_deleted_gets_nothing_more(store: MemorySubscriptions, hooks: Hooks) -> None:
    with delivering(store) as deliveries:
        hook = subscribed(store, hooks, "one", Hook(takes=0.02), state="active")
        other = subscribed(store, hooks, "other", state="active")
        deliveries.told(store.add(500))
        until(lambda: hook.arrived)
        store.remove("one")
        until(lambda: other.ids == ids(1, 500))
    assert len(hook.arrived) < 500


def test_who_comes_next_goes_on_where_the_last_one_stopped(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    hook = subscribed(store, hooks, "one", Hook(takes=0.005), state="active")
    store.add(300)
    with delivering(store):
        until(lambda: hook.arrived)
    first = len(hook.arrived)
    assert first < 300
    with delivering(store):
        until(lambda: hook.ids == ids(1, 300))
    assert len(hook.arrived) == 300


def test_a_store_that_is_away_for_a_while_is_waited_for_and_told_of_once(
    store: MemorySubscriptions, hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    store.fault = OutboxUnwritableError("the store is away")
    with delivering(store):
        first = subscribed(store, hooks, "first")
        second = subscribed(store, hooks, "second", state="active")
        store.add(3)
        until(lambda: first.challenged >= 2)
        store.fault = None
        until(lambda: first.ids == second.ids == ids(1, 3))
    assert [each.getMessage() for each in caplog.records] == [
        "deliveries are held up: the store is away"
    ]


def test_what_arrived_while_the_store_was_away_is_recorded_and_not_sent_again(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    with delivering(store, replace(SETTINGS, sweep=0.2)) as deliveries:
        hook = subscribed(store, hooks, "one", Hook(takes=0.01), state="active")
        deliveries.told(store.add(60))
        until(lambda: hook.arrived)
        store.fault = OutboxUnwritableError("the store is away")
        until(lambda: hook.ids == ids(1, 60))
        assert store.waiting("one")
        store.fault = None
        until(lambda: not store.waiting("one"))
    assert len(hook.arrived) == 60


def test_events_wake_only_those_that_they_may_be_for(
    store: MemorySubscriptions, hooks: Hooks
) -> None:
    with delivering(store) as deliveries:
        subscribed(store, hooks, "others", state="active", types=["quantapilot.run_paused"])
        subscribed(store, hooks, "run", state="active", run_id="another")
        hook = subscribed(store, hooks, "one", state="active")
        until(lambda: set(store.reads) == {"others", "run", "one"})
        store.reads.clear()
        deliveries.told(store.add(3))
        until(lambda: hook.ids == ids(1, 3))
        until(lambda: not store.waiting("one"))
        assert set(store.reads) == {"one"}


def test_events_that_nobody_told_of_are_found(store: MemorySubscriptions, hooks: Hooks) -> None:
    with delivering(store, replace(SETTINGS, sweep=0.2)):
        hook = subscribed(store, hooks, "one", state="active")
        until(lambda: store.reads)
        store.add(2)
        until(lambda: hook.ids == ids(1, 2))


def test_one_that_never_started_stops_and_knows_no_trouble(store: MemorySubscriptions) -> None:
    deliveries = Deliveries(store, store, lambda: store.directory, KEYS)
    deliveries.sync()
    deliveries.told(store.add(1))
    assert deliveries.trouble("one") == ""
    assert deliveries.stop()


def test_a_fault_of_deliveries_themselves_is_told(
    store: MemorySubscriptions, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> object:
        raise ZeroDivisionError("hidden")

    deliveries = Deliveries(store, store, broken, KEYS)  # type: ignore[arg-type]
    deliveries.start()
    until(lambda: not deliveries.alive)
    assert [each.getMessage() for each in caplog.records] == ["deliveries ended: ZeroDivisionError"]
    assert deliveries.stop()
