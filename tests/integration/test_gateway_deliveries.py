"""From an event that is stored to the webhooks that hear of it: the real store, over real HTTP."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.storing import OTHER, PROJECT, accept, new_event, new_run, subscription, token, writing
from tests.subscriptions import Hook, Hooks
from tests.waiting import until

from quantapilot.gateway.deliveries import Deliveries
from quantapilot.gateway.keys import Keys
from quantapilot.gateway.model import NewRun
from quantapilot.gateway.store.ledger import StoreLedger
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.webhooks import DeliverySettings
from quantapilot.relay.backoff import Backoff
from quantapilot.relay.settings import RelaySettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgresql_server import PostgresqlServer

    from quantapilot.gateway.model import NewEvent
    from quantapilot.gateway.store.writer import Writer

KEYS = Keys(b"k" * 32)
QUICK = Backoff(0.005, 0.05)
SETTINGS = DeliverySettings(
    allow_private=True,
    challenge_waits=QUICK,
    look=0.1,
    relay=RelaySettings(backoff=QUICK, pauses=QUICK, max_attempts=5000, grace=1.0),
)
MINE, THEIRS = "t00000000001", "t00000000002"


class Node:
    """One process of a gateway as far as deliveries go."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.directory = store.directory()
        self.deliveries = Deliveries(
            StoreLedger(store),
            store,
            lambda: self.directory,
            KEYS,
            SETTINGS,
            changed=self.refresh,
        )

    def refresh(self) -> None:
        self.directory = self.store.directory()
        self.deliveries.sync()

    @contextmanager
    def running(self) -> Iterator[Writer]:
        self.deliveries.start()
        try:
            with writing(self.store, self.deliveries.told) as writer:
                yield writer
        finally:
            assert self.deliveries.stop()


def accepted(writer: Writer, *items: NewRun | NewEvent) -> set[str]:
    """Have items stored in their order, and return the ids of their events."""

    async def ask() -> None:
        futures: list[asyncio.Future[Any]] = [
            writer.accept_run(each) if isinstance(each, NewRun) else writer.accept_event(each)
            for each in items
        ]
        await asyncio.gather(*futures)

    asyncio.run(ask())
    return {each.entry.id for each in items}


def _new_place(request: pytest.FixtureRequest) -> str:
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_place()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place: Any = tmp_path / "store.db"
    if request.param == "postgresql":
        place = _new_place(request)
    with Store(place) as opened:
        opened.add_token(token(MINE))
        opened.add_token(token(THEIRS, OTHER))
        yield opened


@pytest.fixture(scope="module")
def served() -> Iterator[Hooks]:
    with Hooks() as running:
        yield running


@pytest.fixture
def hooks(served: Hooks) -> Hooks:
    served.hooks.clear()
    return served


def subscribed(store: Store, hooks: Hooks, name: str, token_id: str = MINE, **given: Any) -> Hook:
    hook = given.pop("hook", None) or Hook()
    hooks.hooks[name] = hook
    made = subscription(token_id, url=hooks.url(name), **{"state": "pending", **given})
    store.add_subscription(made)
    hook.secrets = (KEYS.subscription_secret(made.subscription_id, 0),)
    hook.subscription_id = made.subscription_id
    return hook


def waiting(store: Store, hook: Hook) -> int:
    found = store.subscription(hook.subscription_id)
    assert found is not None
    return found.waiting


def test_each_hears_what_it_asked_for_and_is_granted_and_nothing_else(
    store: Store, hooks: Hooks
) -> None:
    mine, theirs = new_run(PROJECT), new_run(OTHER)
    run_id = mine.run.run_id
    everything = subscribed(store, hooks, "everything")
    others = subscribed(store, hooks, "others", THEIRS)
    milestones = subscribed(
        store, hooks, "milestones", types=frozenset({"quantapilot.milestone_completed"})
    )
    another_run = subscribed(store, hooks, "run", run_id=theirs.run.run_id)
    greedy = subscribed(store, hooks, "greedy", project_id=OTHER)
    fails = subscribed(store, hooks, "fails", hook=Hook(status=lambda _: 503))
    slow = subscribed(store, hooks, "slow", hook=Hook(takes=0.05))
    node = Node(store)
    with node.running() as writer:
        started = accepted(writer, mine)
        events = accepted(writer, *(new_event(run_id) for _ in range(30)))
        foreign = accepted(writer, theirs, *(new_event(theirs.run.run_id) for _ in range(5)))
        until(lambda: everything.ids == started | events)
        until(lambda: milestones.ids == events)
        until(lambda: others.ids == foreign)
        until(lambda: slow.ids == started | events)
        until(lambda: not waiting(store, slow))
        until(lambda: node.deliveries.trouble(fails.subscription_id) == "status 503")
        assert waiting(store, fails) == 31
    assert not another_run.tried
    assert not greedy.tried
    assert not fails.arrived
    assert all(hook.challenged == 1 for hook in hooks.hooks.values())
    assert all(hook.refused == 0 for hook in hooks.hooks.values())
    found = store.subscription(everything.subscription_id)
    assert found is not None
    assert (found.state, found.delivered, found.waiting) == ("active", 31, 0)


def test_a_key_made_anew_amid_events_loses_none(store: Store, hooks: Hooks) -> None:
    hook = subscribed(store, hooks, "one", hook=Hook(takes=0.005))
    subscription_id = hook.subscription_id
    run = new_run()
    node = Node(store)
    with node.running() as writer:
        ids = accepted(writer, run, *(new_event(run.run.run_id) for _ in range(100)))
        until(lambda: hook.arrived)
        rotated = store.rotate(subscription_id, time.time())
        assert rotated is not None
        node.refresh()
        ids |= accepted(writer, *(new_event(run.run.run_id) for _ in range(50)))
        until(lambda: hook.ids == ids)
        hook.secrets = (KEYS.subscription_secret(subscription_id, 1),)
        ids |= accepted(writer, new_event(run.run.run_id))
        until(lambda: hook.ids == ids)
    assert hook.refused == 0
    assert (hook.signatures[0], hook.signatures[-1]) == (1, 2)


def test_what_came_while_it_was_disabled_arrives_once_it_is_enabled(
    store: Store, hooks: Hooks
) -> None:
    hook = subscribed(store, hooks, "one", hook=Hook(status=lambda _: 410))
    run = new_run()
    node = Node(store)
    with node.running() as writer:
        ids = accepted(writer, run)
        until(lambda: node.directory.subscriptions[hook.subscription_id].state == "disabled")
        assert node.directory.subscriptions[hook.subscription_id].reason == "status 410"
        ids |= accepted(writer, *(new_event(run.run.run_id) for _ in range(5)))
        hook.status = lambda _: 204
        assert store.set_state(hook.subscription_id, "pending")
        node.refresh()
        until(lambda: hook.ids == ids)
    assert hook.challenged == 2


def test_a_token_that_is_revoked_takes_its_subscriptions_along(store: Store, hooks: Hooks) -> None:
    hook, other = subscribed(store, hooks, "one"), subscribed(store, hooks, "other", THEIRS)
    run, theirs = new_run(), new_run(OTHER)
    node = Node(store)
    with node.running() as writer:
        ids = accepted(writer, run)
        until(lambda: hook.ids == ids)
        store.revoke_token(MINE, time.time())
        node.refresh()
        until(lambda: node.directory.subscriptions[hook.subscription_id].state == "disabled")
        accepted(writer, new_event(run.run.run_id))
        foreign = accepted(writer, theirs)
        until(lambda: other.ids == foreign)
    assert hook.ids == ids
    found = store.subscription(hook.subscription_id)
    assert found is not None
    assert found.reason == "its token has ended"


def more_than(hook: Hook, count: int) -> bool:
    return len(hook.ids) > count


def deliver_until_killed(place: Path) -> None:
    with Store(place) as store:
        Node(store).deliveries.start()
        threading.Event().wait()


def test_whoever_delivers_is_killed_and_every_event_arrives(tmp_path: Path, hooks: Hooks) -> None:
    place = tmp_path / "store.db"
    with Store(place) as store:
        store.add_token(token(MINE))
        slow = subscribed(store, hooks, "slow", hook=Hook(takes=0.002))
        other = subscribed(store, hooks, "other", hook=Hook(takes=0.001))
        run = new_run()
        items: list[NewRun | NewEvent] = [run, *(new_event(run.run.run_id) for _ in range(600))]
        accept(store, *items)
        ids = {each.entry.id for each in items}
        for enough in (50, 200):
            child = multiprocessing.get_context("spawn").Process(
                target=deliver_until_killed, args=(place,), daemon=True
            )
            child.start()
            until(partial(more_than, slow, enough), 60)
            child.kill()
            child.join()
            assert child.exitcode == -signal.SIGKILL
        assert slow.ids != ids
        node = Node(store)
        with node.running():
            until(lambda: slow.ids == other.ids == ids)
            until(lambda: not waiting(store, slow) and not waiting(store, other))
    assert slow.challenged == other.challenged == 1


def test_the_receiver_of_the_page_answers_its_challenge_and_takes_events(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "subscriptions.md").read_text("utf-8")
    program = tmp_path / "subscriber.py"
    program.write_text(page.partition("```python file=subscriber.py\n")[2].partition("```")[0])
    made = subscription(state="pending")
    secret = KEYS.subscription_secret(made.subscription_id, 0)
    run = new_run()
    with Store(tmp_path / "store.db") as store, serving(program, secret) as lines:
        store.add_token(token(MINE))
        port = next(lines).split()[1]
        store.add_subscription(replace(made, url=f"http://127.0.0.1:{port}/"))
        with Node(store).running() as writer:
            accepted(writer, run)
            assert next(lines) == f"quantapilot.run_started {run.entry.id}\n"


@contextmanager
def serving(program: Path, secret: str) -> Iterator[Iterator[str]]:
    """Run a program that is a receiver; give the lines that it prints."""
    running = subprocess.Popen(
        [sys.executable, program],
        env={**os.environ, "QP_WEBHOOK_SECRETS": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with running:
        assert running.stdout is not None
        yield iter(running.stdout)
        running.terminate()
