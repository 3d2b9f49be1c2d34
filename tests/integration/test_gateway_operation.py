"""A gateway as its operator meets it: its end, what keeps it from starting, a store that goes."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateways import ROOT, Gateway
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.subscriptions import Hook, Hooks
from tests.waiting import until

from quantapilot.gateway.store.migrations import VERSION, migrate
from quantapilot.gateway.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.gateways import Answer

REQUEST = {"repo_url": "https://github.com/org/project", "branch": "main"}
KEY = {"QP_GATEWAY_KEY": "0123456789abcdef0123456789abcdef"}
OPTIONS = ("--allow-private", "--limit=trigger=100000/second", "--limit=read=100000/second")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with postgresql_server() as running:
        yield running


def refused(
    *options: str, environment: Mapping[str, str] | None = None, port: int = 0
) -> tuple[int, str]:
    """Start a gateway that can't; return its exit code and what it says."""
    command = "from quantapilot.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", command, "serve", f"--listen=127.0.0.1:{port}", *options],
        check=False,
        cwd=ROOT,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


def cannot(*options: str, **given: Any) -> str:
    """Hold a gateway not to start; return the one line that it says."""
    code, told = refused(*options, **given)
    assert code == 4, told
    assert told.count("\n") == 1, told
    return told


class TestEnd:
    """Asked to end, it ends in order."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_streams_requests_and_deliveries_are_ended_in_time(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        with Hooks() as hooks, Gateway(str(tmp_path / "s.db"), tmp_path, OPTIONS) as gateway:
            gateway.register()
            token = gateway.token()
            hook = hooks.hooks["slow"] = Hook(takes=0.5)
            gateway.call("POST", "/subscriptions", token, {"url": hooks.url("slow")})
            until(lambda: hook.challenged)
            runs = {gateway.run(token) for _ in range(40)}
            gateway.emit(token, min(runs), "run_paused", reason="alice@example.com")
            until(lambda: hook.tried)
            with gateway.stream(token) as stream, slow_request(gateway, token) as client:
                began = time.monotonic()
                os.kill(gateway.pid, number)
                while stream.next() is not None:
                    pass
                assert gateway.ended() == 0
                assert time.monotonic() - began < 15
                assert client.recv(65536).startswith(b"HTTP/1.1 503 ")
            assert "Traceback" not in gateway.log
            # What was under way is recorded: nothing of it is sent once more.
            before = len(hook.arrived)
            hook.takes = 0.0
            gateway.start()
            until(lambda: hook.runs == runs)
            assert before > 0
            assert len(hook.arrived) == len(hook.ids)
            # So is what was refused just before.
            refusals = gateway.call("GET", "/refusals", token).json["refusals"]
            assert [each["rule"] for each in refusals] == ["pii/email"]

    def test_who_asks_twice_does_not_wait(self, tmp_path: Path) -> None:
        with Gateway(str(tmp_path / "s.db"), tmp_path, OPTIONS) as gateway:
            gateway.register()
            token = gateway.token()
            with slow_request(gateway, token):
                os.kill(gateway.pid, signal.SIGTERM)
                until(lambda: "the gateway ends" in gateway.log)
                os.kill(gateway.pid, signal.SIGTERM)
                assert gateway.ended() == -signal.SIGTERM


@contextmanager
def slow_request(gateway: Gateway, token: str) -> Iterator[socket.socket]:
    """Have a request under way that does not get on; give its connection."""
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        head = "POST /run HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: 9\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        yield client


class TestStart:
    """What keeps it from starting is said in one line."""

    def test_an_address_that_is_taken(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            told = cannot(f"--store={tmp_path / 's.db'}", port=port)
        assert told == f"qp: can't listen at 127.0.0.1:{port}: Address already in use\n"

    def test_a_file_that_is_no_store(self, tmp_path: Path) -> None:
        file = tmp_path / "s.db"
        file.write_bytes(b"no database" * 1000)
        assert "is damaged, or no store" in cannot(f"--store={file}")

    def test_a_store_that_is_damaged(self, tmp_path: Path) -> None:
        file = tmp_path / "s.db"
        Store(file).close()
        file.write_bytes(file.read_bytes()[:6000])
        assert "is damaged, or no store" in cannot(f"--store={file}")

    def test_a_store_of_a_newer_program(self, tmp_path: Path) -> None:
        file = tmp_path / "s.db"
        with Store(file) as store:
            migrate(store.database, {VERSION: []}, VERSION + 1)
        assert "upgrade quantapilot-contract" in cannot(f"--store={file}")

    def test_a_server_that_is_away(self) -> None:
        told = cannot("--store=postgresql://u:hunter2@127.0.0.1:1/db", environment=KEY)
        assert told.startswith("qp: postgresql://127.0.0.1:1/db can't be used: it can't be reached")

    def test_a_key_that_is_damaged(self, tmp_path: Path) -> None:
        key = tmp_path / "s.db.key"
        key.touch(0o600)
        assert "the gateway's key is damaged" in cannot(f"--store={tmp_path / 's.db'}")

    def test_a_limit_that_is_none(self, tmp_path: Path) -> None:
        store = f"--store={tmp_path / 's.db'}"
        assert "the limit 'trigger' is not one" in cannot(store, "--limit=trigger=often")

    @pytest.mark.parametrize(
        "path", ["run", "/", "/a//b", "/a b", "/a\n", "/subscriptions", "/runs/x/events"]
    )
    def test_a_path_that_can_not_be_taken(self, tmp_path: Path, path: str) -> None:
        code, told = refused(f"--store={tmp_path / 's.db'}", "--path", path)
        assert code == 2
        assert "Invalid value for --path" in told

    @pytest.mark.parametrize(
        "address", ["here", ":80", "a:b", "a:65536", "a:٨٠", f"a:{'9' * 5000}"]
    )
    def test_an_address_that_is_none(self, tmp_path: Path, address: str) -> None:
        code, told = refused(f"--store={tmp_path / 's.db'}", "--listen", address)
        assert code == 2
        assert "it is not HOST:PORT" in told


class TestKey:
    """The gateway's key belongs to its store."""

    def test_a_key_that_is_lost_is_not_made_anew_without_a_word(self, tmp_path: Path) -> None:
        store = tmp_path / "s.db"
        key = tmp_path / "s.db.key"
        with Gateway(str(store), tmp_path, OPTIONS) as gateway:
            gateway.register()
            token = gateway.token()
            assert gateway.stop() == 0
            key.unlink()
            # The first that does not start makes a key, which the second one finds.
            for _ in range(2):
                assert "goes with another gateway's key" in cannot(f"--store={store}")
            gateway.options = (*OPTIONS, "--new-key")
            gateway.start()
            gateway.run(token)
            assert gateway.stop() == 0
            gateway.options = OPTIONS
            gateway.start()

    def test_all_processes_of_one_gateway_have_the_same_key(self, server: PostgresqlServer) -> None:
        place = server.new_place()
        with Store(place) as store:
            store.use_key(b"another one's")
        told = cannot(f"--store={place}", environment=KEY)
        assert "goes with another gateway's key" in told
        assert "kept-to-itself" not in told


class TestStoreLost:
    """A store that goes away and comes back."""

    def test_postgresql_is_killed_and_comes_back(
        self, tmp_path: Path, server: PostgresqlServer
    ) -> None:
        place = server.new_place()
        with Hooks() as hooks, Gateway(place, tmp_path, OPTIONS, KEY) as gateway:
            goes_and_comes_back(gateway, hooks, server.stop, server.start)

    def test_a_disk_that_is_full_gets_room(self, tmp_path: Path) -> None:
        def limited(size: int) -> None:
            resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        with Hooks() as hooks, Gateway(str(tmp_path / "s.db"), tmp_path, OPTIONS) as gateway:
            goes_and_comes_back(
                gateway, hooks, lambda: limited(0), lambda: limited(resource.RLIM_INFINITY)
            )


def goes_and_comes_back(
    gateway: Gateway, hooks: Hooks, go: Callable[[], None], come: Callable[[], None]
) -> None:
    """Hold a gateway to say that it can't, to lose nothing, and to go on by itself."""
    gateway.register()
    token = gateway.token()
    hook = hooks.hooks["all"] = Hook()
    gateway.call("POST", "/subscriptions", token, {"url": hooks.url("all")})
    accepted: set[str] = set()
    refusals: list[Answer] = []
    ends = threading.Event()

    def trigger() -> None:
        while not ends.is_set():
            answer = gateway.call("POST", "/run", token, REQUEST)
            if answer.status == 202:
                accepted.add(answer.json["run_id"])
            else:
                refusals.append(answer)

    clients = [threading.Thread(target=trigger) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        until(lambda: len(accepted) >= 20, 60)
        go()
        until(lambda: len(refusals) >= 4, 60)
        run = min(accepted)
        gateway.emit(token, run, "run_paused", reason="alice@example.com")
        come()
        again = len(accepted) + 20
        until(lambda: len(accepted) >= again, 60)
    finally:
        ends.set()
        for client in clients:
            client.join(60)
    for answer in refusals:
        assert (answer.status, answer.json["error_code"]) == (503, "UNAVAILABLE")
        assert int(answer.headers["retry-after"]) >= 1
    for each in accepted:
        assert gateway.call("GET", f"/runs/{each}", token).status == 200
    until(lambda: accepted <= hook.runs, 60)
    assert gateway.call("GET", "/readyz").status == 200
    # Who may what is followed again, and what was refused meanwhile is kept.
    assert gateway.call("GET", "/runs", gateway.token()).status == 200
    assert gateway.stop() == 0
    assert "Traceback" not in gateway.log
