"""Attacks on a real gateway: what one caller does holds up, hides and tells nothing of another."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from tests.emitting import MAIL
from tests.gateways import REPOSITORY, Gateway
from tests.waiting import until

from quantapilot.gateway.gateway import Gateway as Running
from quantapilot.gateway.settings import GatewaySettings
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.tokens import new_token
from quantapilot.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = "https://github.com/org/others"
BODY = json.dumps({"repo_url": REPOSITORY, "branch": "main"}).encode()
UNKNOWN = "0197a6f0-7c1e-7b3a-9d2e-3f4a5b6c7d8e"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("security")
    options = tuple(f"--limit={each}=100000/second" for each in ("trigger", "refused", "read"))
    with Gateway(str(folder / "store.db"), folder, options) as running:
        running.register()
        running.register("proj_others", OTHERS)
        yield running


@pytest.fixture(scope="module")
def token(gateway: Gateway) -> str:
    return gateway.token()


@pytest.fixture(scope="module")
def others(gateway: Gateway) -> str:
    return gateway.token("proj_others")


def heavy(repository: str = REPOSITORY) -> bytes:
    """Return a body that takes as long to judge as one can: each key is one that is not known."""
    keys = {f"k{each}": 1 for each in range(5000)}
    return json.dumps({"repo_url": repository, "branch": "main", **keys}).encode()


def test_bodies_that_take_long_hold_up_nobody_but_their_sender(
    gateway: Gateway, token: str, others: str
) -> None:
    body, begun, answered = heavy(), threading.Barrier(9), []

    def send() -> None:
        begun.wait()
        answered.append(gateway.call("POST", "/run", token, body).status)

    spans = []
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(send)
        begun.wait()
        while len(answered) < 5:
            before = len(answered)
            assert gateway.call("GET", "/runs", others).status == 200
            spans.append(len(answered) - before)
    assert answered == [422] * 8
    # Nobody waits for more of them than the one that is judged just then.
    assert max(spans) <= 2


def test_a_body_that_is_wrong_at_thousands_of_places_hides_no_other_refusal(
    gateway: Gateway, token: str, others: str
) -> None:
    def kept(of: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = gateway.call("GET", "/refusals?limit=500", of).json[
            "refusals"
        ]
        return found

    gateway.call("POST", "/run", token, heavy())
    bad = {"repo_url": OTHERS, "branch": "main", "note": MAIL}
    assert gateway.call("POST", "/run", others, bad).status == 422
    until(lambda: bool(kept(others)) and bool(kept(token)))
    before = len(kept(token))
    gateway.call("POST", "/run", token, heavy())
    until(lambda: len(kept(token)) > before)
    assert len(kept(token)) - before < 10


def test_an_id_that_others_have_given_to_an_event_is_free(
    gateway: Gateway, token: str, others: str
) -> None:
    """Else a refusal would tell that there is such an event, and they could take one's ids."""
    answers = []
    for holder, run in ((others, gateway.run(others, OTHERS)), (token, gateway.run(token))):
        event = {
            "specversion": "1.0",
            "id": "7d9f8a35-6d0f-4f0c-9d53-0a4a3a0c5b11",
            "source": "/pipeline",
            "type": "quantapilot.milestone_completed",
            "time": "2026-01-01T00:00:00Z",
            "subject": run,
            "data": {"run_id": run, "milestone_id": "m-1"},
        }
        answers.append(gateway.call("POST", f"/runs/{run}/events", holder, event).status)
    assert answers == [202, 202]


def test_a_signature_decides_whatever_token_stands_beside_it(gateway: Gateway, token: str) -> None:
    key, secret = gateway.signing_key()
    now = int(time.time())
    good = Signer([secret]).headers("msg-a", now, BODY)
    assert gateway.call("POST", f"/run?key={key}", token, BODY, good).status == 202
    for path, headers in (
        (f"/run?key={key}", Signer([secret]).headers("msg-b", now - 400, BODY)),
        (f"/run?key={key}", Signer([secret]).headers("msg-c", now + 400, BODY)),
        (f"/run?key={key}", {**good, "webhook-id": "msg-d"}),
        (f"/run?key={key}x", good),
        ("/run", good),
        (f"/run?key={token.split('_')[1]}", good),
    ):
        assert gateway.call("POST", path, token, BODY, headers).status == 401
    # What signs triggers opens nothing else.
    assert gateway.call("GET", f"/runs?key={key}", None, None, good).status == 401


def test_every_answer_is_for_its_caller_alone(gateway: Gateway, token: str) -> None:
    told = [
        gateway.call("GET", path, token, headers={"origin": "https://evil.example"})
        for path in ("/runs", "/healthz", "/readyz", "/metrics", "/openapi.json", "/nothing")
    ]
    told.append(gateway.call("OPTIONS", "/runs", headers={"origin": "https://evil.example"}))
    told.append(gateway.call("GET", "/runs"))
    for answer in told:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
        assert not [each for each in answer.headers if each.startswith("access-control")]
    with gateway.stream(token) as stream:
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-content-type-options"] == "nosniff"


def test_a_line_break_in_an_address_gets_into_no_header(gateway: Gateway, token: str) -> None:
    for path in (
        "/runs/%0d%0aset-cookie:%20a=1",
        "/%0d%0aset-cookie:%20a=1",
        "/runs?before=%0d%0a",
    ):
        answer = gateway.call("GET", path, token)
        assert answer.status in {400, 404}
        assert "set-cookie" not in answer.headers
        assert b"cookie" not in answer.body


def test_only_tls_that_keeps_what_was_said_a_secret_is_spoken(tmp_path: Path) -> None:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "own.pem")
    options = ("--certificate", str(tmp_path / "own.pem"), "--key", str(tmp_path / "key.pem"))

    def spoken(port: int, ciphers: str) -> str | None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        try:
            with (
                socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
            ):
                return secured.version()
        except ssl.SSLError:
            return None

    with Gateway(str(tmp_path / "store.db"), tmp_path, options) as running:
        assert spoken(running.port, "ECDHE+AESGCM") == "TLSv1.2"
        assert spoken(running.port, "ECDHE+AES:!AESGCM:!AESCCM") is None


def test_a_run_of_others_is_looked_for_as_one_that_there_is_not(tmp_path: Path) -> None:
    """Even one that this process knows: an answer without a look would be a faster one."""

    async def go() -> None:
        running = Running(GatewaySettings(store=str(tmp_path / "store.db")))
        await running.open()
        try:
            asked = []
            known = "9a0c6f0e-0f3e-4c62-9d5c-6a6f6f0f3e4c"
            running._projects[known] = "proj_theirs"
            running.store.run = lambda *given: asked.append(given[0])  # type: ignore[method-assign]
            ours = frozenset({"proj_ours"})
            for run_id in (known, UNKNOWN):
                assert await running.project_of(run_id, ours) is None
            assert asked == [known, UNKNOWN]
            assert await running.project_of(known, frozenset({"proj_theirs"})) == "proj_theirs"
        finally:
            await running.close()

    asyncio.run(go())


def test_a_flood_of_wrong_tokens_asks_the_store_seldom_and_hides_no_new_token(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        place = str(tmp_path / "store.db")
        running = Running(GatewaySettings(store=place))
        await running.open()
        try:
            asked = 0
            look = running.store.directory_version

            def counted() -> int:
                nonlocal asked
                asked += 1
                # Slower than the pause between two looks.
                time.sleep(0.1)
                return look()

            running.store.directory_version = counted  # type: ignore[method-assign]
            with Store(place) as store:
                made = new_token(["run:read"], ["proj_demo"], time.time())[1]
                store.add_token(made)
            assert all(await asyncio.gather(*[running.refresh() for _ in range(200)]))
            assert made.token_id in running.directory.tokens
            assert asked <= 4
        finally:
            await running.close()

    asyncio.run(go())


def test_an_answer_of_many_large_events_is_cut_into_pages_and_none_is_missing(
    gateway: Gateway, token: str
) -> None:
    run = gateway.run(token)
    for _ in range(140):
        assert gateway.emit(token, run, "run_paused", reason="\U0001f642" * 2000).status == 202
        assert gateway.emit(token, run, "run_resumed").status == 202
    ids, sizes, after = [], [], ""
    while True:
        answer = gateway.call("GET", f"/runs/{run}/events?limit=500{after}", token)
        sizes.append(len(answer.body))
        ids += [each["id"] for each in answer.json["events"]]
        if "next" not in answer.json:
            break
        after = f"&after={answer.json['next']}"
    assert len(ids) == len(set(ids)) == 281
    assert len(sizes) == 2
    assert max(sizes) < 1.1 * (1 << 20)
