"""Who is granted project A sees no byte about project B: whatever it asks, and however it asks."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import pytest
from tests.gateways import Gateway
from tests.subscriptions import Hook, Hooks
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateways import Answer

OURS, THEIRS = "https://github.com/org/ours", "https://github.com/org/theirs-marker"
ALONE, NOBODYS = "https://github.com/org/alone", "https://github.com/org/nobodys"
UNKNOWN = "0197a6f0-7c1e-7b3a-9d2e-3f4a5b6c7d8e"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("isolation")
    names = ("trigger", "emit", "read", "subscribe", "refused")
    options = tuple(f"--limit={each}=100000/second" for each in names)
    with Gateway(str(folder / "store.db"), folder, ("--allow-private", *options)) as running:
        running.register("proj_ours", OURS)
        running.register("proj_theirs", THEIRS)
        yield running


@pytest.fixture(scope="module")
def ours(gateway: Gateway) -> str:
    return gateway.token("proj_ours")


@pytest.fixture(scope="module")
def theirs(gateway: Gateway) -> str:
    return gateway.token("proj_theirs")


@pytest.fixture(scope="module")
def their_run(gateway: Gateway, theirs: str) -> str:
    run = gateway.run(theirs, THEIRS)
    asked = gateway.emit(theirs, run, "gate_requested", gate="anchor", description="marker-b")
    assert asked.status == 202
    return run


def same(first: Answer, second: Answer) -> None:
    assert (first.status, first.body) == (second.status, second.body)
    assert {**first.headers, "date": ""} == {**second.headers, "date": ""}


def test_a_run_of_others_looks_like_one_that_there_is_not(
    gateway: Gateway, ours: str, their_run: str
) -> None:
    for path in ("/runs/{}", "/runs/{}/events"):
        found = gateway.call("GET", path.format(their_run), ours)
        assert found.status == 404
        same(found, gateway.call("GET", path.format(UNKNOWN), ours))
    emitted = gateway.emit(ours, their_run, "run_completed")
    assert emitted.status == 404
    same(emitted, gateway.emit(ours, UNKNOWN, "run_completed"))


def test_a_repository_of_others_looks_like_one_that_nobody_registered(
    gateway: Gateway, ours: str
) -> None:
    asked = [
        gateway.call("POST", "/run", ours, {"repo_url": url, "branch": "main"})
        for url in (THEIRS, NOBODYS)
    ]
    assert asked[0].status == 403
    same(*asked)


def test_lists_show_what_is_ones_own_alone(gateway: Gateway, theirs: str, their_run: str) -> None:
    # Of nobody else's tests: all that there is of the project is known.
    gateway.register("proj_alone", ALONE)
    ours = gateway.token("proj_alone")
    mine = gateway.run(ours, ALONE)
    gateway.emit(theirs, their_run, "run_paused", reason="asked by alice@example.com")
    hook = {"url": "http://127.0.0.1:9/theirs-marker"}
    gateway.call("POST", "/subscriptions", theirs, hook)
    until(lambda: their_run.encode() in gateway.call("GET", "/refusals", theirs).body)
    for path in ("/runs", "/refusals", "/subscriptions"):
        answer = gateway.call("GET", path, ours)
        assert answer.status == 200
        for part in (their_run, "proj_theirs", "marker"):
            assert part.encode() not in answer.body
    assert [each["run_id"] for each in gateway.call("GET", "/runs", ours).json["runs"]] == [mine]
    health = gateway.call("GET", "/deliveries", ours).json
    assert [health[each] for each in ("waiting_count", "pending_count", "active_count")] == [0] * 3
    paged = gateway.call("GET", f"/runs?before={their_run}", ours)
    assert paged.status == 400
    same(paged, gateway.call("GET", f"/runs?before={UNKNOWN}", ours))


def test_a_subscription_of_others_looks_like_one_that_there_is_not(
    gateway: Gateway, ours: str, theirs: str
) -> None:
    made = gateway.call("POST", "/subscriptions", theirs, {"url": "http://127.0.0.1:9/x"})
    theirs_id = made.json["subscription_id"]
    for method, path in (
        ("GET", "/subscriptions/{}"),
        ("DELETE", "/subscriptions/{}"),
        ("POST", "/subscriptions/{}/rotate"),
        ("POST", "/subscriptions/{}/enable"),
    ):
        found = gateway.call(method, path.format(theirs_id), ours)
        assert found.status == 404
        same(found, gateway.call(method, path.format(UNKNOWN), ours))
    assert gateway.call("GET", f"/subscriptions/{theirs_id}", theirs).status == 200


def test_who_asks_for_a_project_of_others_is_told_as_for_one_that_there_is_not(
    gateway: Gateway, ours: str
) -> None:
    hook = "http://127.0.0.1:9/x"
    asked = [
        gateway.call("POST", "/subscriptions", ours, {"url": hook, "project_id": each})
        for each in ("proj_theirs", "proj_nobodys")
    ]
    assert asked[0].status == 403
    same(*asked)
    heard = [
        gateway.call("GET", f"/events?project={each}", ours)
        for each in ("proj_theirs", "proj_nobodys")
    ]
    assert heard[0].status == 403
    same(*heard)


def test_a_stream_tells_of_ones_own_runs_alone(
    gateway: Gateway, ours: str, theirs: str, their_run: str
) -> None:
    with gateway.stream(ours) as all_, gateway.stream(ours, f"?run={their_run}") as named:
        for _ in range(20):
            gateway.run(theirs, THEIRS)
        gateway.emit(theirs, their_run, "milestone_completed", milestone_id="marker-b")
        mine = gateway.run(ours, OURS)
        event = all_.next()
        while event is not None and event["subject"] != mine:
            event = all_.next()
        for stream in (all_, named):
            assert b"theirs" not in stream.heard
            assert b"marker" not in stream.heard
            # Ids of events tell nothing of how many others have.
            assert all(len(each) == 40 for each in stream.heard.split(b"\n") if each[:3] == b"id:")
        assert named.heard == b""


def test_resuming_at_an_event_of_others_tells_as_much_as_at_none(
    gateway: Gateway, ours: str, theirs: str, their_run: str
) -> None:
    gateway.run(ours, OURS)
    their_event = gateway.call("GET", f"/runs/{their_run}/events", theirs).json["events"][0]["id"]
    heard = []
    for last in (their_event, UNKNOWN):
        with gateway.stream(ours, last=last) as stream:
            first = stream.next()
            assert first is not None
            heard.append(first["id"])
    assert heard[0] == heard[1]


def test_a_webhook_hears_of_ones_own_runs_alone(gateway: Gateway, ours: str, theirs: str) -> None:
    with Hooks() as hooks:
        hook = hooks.hooks["ours"] = Hook()
        made = gateway.call("POST", "/subscriptions", ours, {"url": hooks.url("ours")})
        assert made.status == 201, made.body
        path = f"/subscriptions/{made.json['subscription_id']}"
        until(lambda: gateway.call("GET", path, ours).json["state"] == "active")
        for _ in range(10):
            gateway.run(theirs, THEIRS)
        mine = gateway.run(ours, OURS)
        until(lambda: mine in hook.runs)
        assert hook.runs == {mine}


@pytest.mark.parametrize("path", ["/runs/{}", "/runs/{}/events"])
def test_how_long_an_answer_takes_does_not_tell_whether_there_is_a_run(
    gateway: Gateway, ours: str, their_run: str, path: str
) -> None:
    times: dict[str, list[float]] = {their_run: [], UNKNOWN: []}
    for _ in range(150):
        for run, taken in times.items():
            began = time.perf_counter()
            gateway.call("GET", path.format(run), ours)
            taken.append(time.perf_counter() - began)
    foreign, unknown = (statistics.median(each) for each in times.values())
    spread = statistics.median(abs(each - unknown) for each in times[UNKNOWN])
    assert abs(foreign - unknown) < max(3 * spread, 0.0005)
