"""A gateway on two nodes, PostgreSQL below and NATS between: one is killed, nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from tests.events_source import MemorySource
from tests.gateways import GENEROUS, Gateway
from tests.nats_server import nats_server
from tests.subscriptions import Hook, Hooks
from tests.waiting import eventually, until

from quantapilot.gateway.live import Tail, TailSettings
from quantapilot.gateway.nats_wakeups import NatsWakeUps, WakeUpsAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.nats_server import NatsServer
    from tests.postgresql_server import PostgresqlServer

KEY = {"QP_GATEWAY_KEY": "0123456789abcdef0123456789abcdef"}
CLIENTS = 2
EACH = 5
# What one node has under way to webhooks at a time, and more.
TWICE = 12
COURSE = {"run_paused": {"reason": "Budget"}, "run_resumed": {}, "run_completed": {}}


@dataclass
class Load:
    """Runs that are started and led to their end through one node, until it is gone."""

    node: Gateway
    token: str
    accepted: dict[str, list[str]] = field(default_factory=dict)
    ends: bool = False

    def run(self) -> None:
        try:
            while not self.ends:
                run_id = self.node.run(self.token)
                told = self.accepted[run_id] = []
                for name, data in COURSE.items():
                    answer = self.node.emit(self.token, run_id, name, **data)
                    assert answer.status == 202, answer.body
                    told.append(answer.json["event_id"])
        except (OSError, HTTPException):
            return


@dataclass
class Follower:
    """A client that hears events, and resumes at the next node where its own is gone."""

    nodes: Iterator[Gateway]
    token: str
    heard: list[str] = field(default_factory=list)
    began: threading.Event = field(default_factory=threading.Event)
    moves: int = -1
    ends: bool = False

    def run(self) -> None:
        while not self.ends:
            self.moves += 1
            try:
                last = self.heard[-1] if self.heard else None
                with next(self.nodes).stream(self.token, last=last) as stream:
                    self.began.set()
                    while (event := stream.next()) is not None:
                        self.heard.append(event["id"])
            except (OSError, HTTPException):
                continue


def test_a_node_is_killed_and_nothing_is_lost(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    place = postgresql.new_place()
    with ExitStack() as stack:
        nats = stack.enter_context(nats_server(tmp_path / "nats"))
        hooks = stack.enter_context(Hooks())
        options = ("--allow-private", *GENEROUS, "--nats", nats.url)
        nodes = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            nodes.append(stack.enter_context(Gateway(place, folder, options, KEY)))
        one, other = nodes
        one.register()
        token = one.token()

        # The first one has the lead; the other takes what is asked of it all the same.
        hook = hooks.hooks["all"] = Hook()
        made = other.call("POST", "/subscriptions", token, {"url": hooks.url("all")})
        assert made.status == 201, made.body
        followers = [Follower(cycle(each), token) for each in (nodes, nodes[::-1])]
        threads = [_begun(each.run) for each in followers]
        for follower in followers:
            assert follower.began.wait(20)
        first = other.run(token)
        until(lambda: first in hook.runs)

        loads = [Load(node, token) for node in nodes for _ in range(CLIENTS)]
        working = [_begun(each.run) for each in loads]
        until(lambda: sum(len(each.accepted) for each in loads) >= EACH, 60)
        # Without NATS they look by themselves.
        nats.kill()
        until(lambda: sum(len(each.accepted) for each in loads) >= 2 * EACH, 60)
        one.kill()
        nats.start()
        behind = other.run(token)
        until(lambda: behind in hook.runs)
        for load in loads:
            load.ends = True
        for thread in working:
            thread.join(30)

        accepted = {run: ids for each in loads for run, ids in each.accepted.items()}
        stored = _stored(other, token)
        for run, ids in accepted.items():
            assert stored[run][1 : 1 + len(ids)] == ids
        events = {each for ids in stored.values() for each in ids}
        until(lambda: events <= hook.ids, 60)
        assert hook.ids == events
        # Only what the dead one could not record any more comes twice.
        assert len(hook.arrived) - len(events) < TWICE
        for follower in followers:
            until(lambda: events <= set(follower.heard), 60)  # noqa: B023 - called at once
            assert len(follower.heard) == len(events)
        assert followers[0].heard == followers[1].heard
        assert followers[0].moves > followers[1].moves == 0
        for follower in followers:
            follower.ends = True
        other.kill()
        for thread in threads:
            thread.join(30)


def test_a_node_that_would_not_look_for_an_hour_is_woken_at_once(tmp_path: Path) -> None:
    async def nodes(server: NatsServer) -> None:
        source = MemorySource()
        async with Tail(source, TailSettings(poll=3600, rest=0)) as tail:
            own: list[int] = []
            one = NatsWakeUps(server.url, b"key", own.append)
            other = NatsWakeUps(server.url, b"key", tail.reached)
            stranger = NatsWakeUps(server.url, b"another key", own.append)
            all_three = one, other, stranger
            for each in all_three:
                await each.keep()
            for place in (3, 7):
                source.add(place - tail.shown)
                one.told(place)
                await eventually(lambda: tail.shown == place)  # noqa: B023 - awaited at once
            # A server that is away is no harm, and one that is back is found.
            server.kill()
            one.told(8)
            for each in all_three:
                with pytest.raises(WakeUpsAwayError, match=r"\ANATS: no connection\Z"):
                    await kept(each)
            server.start()
            for each in all_three:
                await each.keep()
            source.add(1)
            one.told(8)
            await eventually(lambda: tail.shown == 8)
            assert own == []
            for each in all_three:
                await each.close()

    with nats_server(tmp_path) as server:
        asyncio.run(nodes(server))


def test_a_server_that_forbids_the_subject_is_told_of(tmp_path: Path) -> None:
    user = '{user: u, password: "hidden", permissions: {publish: "x", subscribe: "x"}}'

    async def node(url: str) -> None:
        woken = NatsWakeUps(url.replace("//", "//u:hidden@"), b"key", print)
        with pytest.raises(WakeUpsAwayError, match="the server forbids this user"):
            await kept(woken)
        await woken.close()

    with nats_server(tmp_path, f"authorization {{ users = [{user}] }}") as server:
        asyncio.run(node(server.url))


async def kept(woken: NatsWakeUps) -> None:
    while True:
        await woken.keep()
        await asyncio.sleep(0.01)


def _begun(target: object) -> threading.Thread:
    assert callable(target)
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def _stored(node: Gateway, token: str) -> dict[str, Sequence[str]]:
    """Return the ids of all events, in order, by their runs."""
    found: dict[str, Sequence[str]] = {}
    query = "?limit=500"
    while query:
        page = node.call("GET", f"/runs{query}", token).json
        for run in page["runs"]:
            events = node.call("GET", f"/runs/{run['run_id']}/events", token).json["events"]
            found[run["run_id"]] = [each["id"] for each in events]
        query = f"?limit=500&before={page['next']}" if "next" in page else ""
    return found
