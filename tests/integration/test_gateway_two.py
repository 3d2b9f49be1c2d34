"""Two gateways on one store: one limit, one lead, one answer, whichever is asked."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.gateways import REPOSITORY, Gateway
from tests.postgresql_server import postgresql_server
from tests.subscriptions import Hook, Hooks
from tests.valkey_server import valkey_server
from tests.waiting import until

from quantapilot.gateway.webhooks import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = {"repo_url": REPOSITORY, "branch": "main"}
KEY = {"QP_GATEWAY_KEY": "0123456789abcdef0123456789abcdef"}
SECONDS = 4


@pytest.fixture(scope="module", params=["file", "server"])
def two(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, Gateway]]:
    folder = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        valkey = stack.enter_context(valkey_server(folder))
        options = (
            "--allow-private",
            *("--limits-at", f"redis://127.0.0.1:{valkey.port}/0"),
            f"--limit=trigger=10 per {SECONDS} second",
        )
        place = str(folder / "store.db")
        if request.param == "server":
            place = stack.enter_context(postgresql_server()).new_place()
        # One after the other: each makes the tables that there are not.
        one, other = (stack.enter_context(Gateway(place, folder, options, KEY)) for _ in range(2))
        one.register()
        yield one, other


def test_a_limit_holds_over_both_and_says_when_to_come_again(two: tuple[Gateway, Gateway]) -> None:
    # A machine that takes longer than the window for it tells nothing.
    for _ in range(10):
        token, began = two[0].token(), time.monotonic()
        answers = [two[each % 2].call("POST", "/run", token, REQUEST) for each in range(14)]
        if time.monotonic() - began < SECONDS - 1:
            break
    else:
        pytest.fail("the machine is too slow for this window")
    assert [each.status for each in answers] == [202] * 10 + [429] * 4
    for refused in answers[10:]:
        wait = int(refused.headers["retry-after"])
        assert refused.json["retry_after"] == wait
        assert 1 <= wait <= SECONDS
    # Who comes a good deal earlier than it was told is refused; who waits as long is served.
    if time.monotonic() - began < SECONDS - 1:
        assert two[1].call("POST", "/run", token, REQUEST).status == 429
    time.sleep(int(answers[-1].headers["retry-after"]))
    assert two[0].call("POST", "/run", token, REQUEST).status == 202


def test_what_one_accepts_the_other_knows(two: tuple[Gateway, Gateway]) -> None:
    one, other = two
    token = one.token()
    run = one.run(token)
    assert other.call("GET", f"/runs/{run}", token).json["state"] == "running"
    with other.stream(token, f"?run={run}&types=quantapilot.run_completed") as stream:
        assert one.emit(token, run, "run_completed").status == 202
        event = stream.next()
        assert event is not None
        assert event["type"] == "quantapilot.run_completed"
    late = other.emit(token, run, "run_paused", reason="Budget")
    assert late.status == 409


def test_what_either_accepts_is_delivered_soon(two: tuple[Gateway, Gateway]) -> None:
    with Hooks() as hooks:
        hook = hooks.hooks["soon"] = Hook()
        token = two[0].token()
        began = time.monotonic()
        made = two[0].call("POST", "/subscriptions", token, {"url": hooks.url("soon")})
        assert made.status == 201, made.body
        for gateway in two * 2:
            until(partial(hook.runs.__contains__, gateway.run(token)))
        # One of both does not deliver; that no one told of what it accepts is found out in time.
        assert time.monotonic() - began < DeliverySettings().sweep / 2


def test_a_trigger_that_is_sent_again_to_the_other_starts_nothing_more(
    two: tuple[Gateway, Gateway],
) -> None:
    token = two[0].token()
    key = {"idempotency-key": "4d8c1a52-once"}
    answers = [each.call("POST", "/run", token, REQUEST, key) for each in two]
    assert answers[0].status == 202
    assert answers[0].body == answers[1].body


def test_deliveries_go_on_where_the_one_that_delivered_is_killed(
    two: tuple[Gateway, Gateway],
) -> None:
    with Hooks() as hooks:
        hook = hooks.hooks["all"] = Hook()
        token = two[0].token()
        made = two[0].call("POST", "/subscriptions", token, {"url": hooks.url("all")})
        assert made.status == 201, made.body
        first = two[0].run(token)
        until(lambda: first in hook.runs)
        # Whichever had the lead: both are ended once, and the other one delivers meanwhile.
        for ended, other in (two, two[::-1]):
            ended.kill()
            run = other.run(token)
            until(partial(hook.runs.__contains__, run), 60)
            ended.start()
