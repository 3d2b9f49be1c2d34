"""A real gateway as tests start it: `qp serve` in a process of its own, on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any, Self

from quantapilot.gateway.keys import load_keys
from quantapilot.gateway.model import SCOPES
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.tokens import new_signing_token, new_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ROOT = __file__.rpartition("/tests/")[0]
REPOSITORY = "https://github.com/org/project"
PROJECT = "proj_demo"
ALL = tuple(scope for scope in SCOPES)
# For tests that ask more than anybody may.
GENEROUS = tuple(
    f"--limit={name}=100000/second" for name in ("trigger", "emit", "read", "subscribe", "refused")
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    """`qp serve`, started with the block, killed behind it.

    Attributes:
        store: Its store: a file, or the address of a PostgreSQL.
        folder: Where its log is kept.
        options: More of its command line.
        environment: More of its environment.
    """

    store: str
    folder: Path
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers; where it was heard before it is heard again."""
        command = [
            *(sys.executable, "-c", "from quantapilot.cli import main; main()", "serve"),
            *("--store", self.store, "--listen", f"127.0.0.1:{self.port}", *self.options),
        ]
        with (self.folder / "gateway.log").open("a") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        address = self._process.stdout.readline().strip()
        assert address.startswith(("http://", "https://")), self.log
        self.port = int(address.rpartition(":")[2])

    def kill(self) -> None:
        """Kill it, as a lost machine would."""
        if self._process is not None:
            self._process.kill()
            self.ended()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        process, self._process = self._process, None
        assert process is not None
        code = process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
        return code

    @property
    def log(self) -> str:
        return (self.folder / "gateway.log").read_text()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def register(self, project: str = PROJECT, repository: str = REPOSITORY) -> None:
        """Register a repository, as `qp project add` does."""
        with Store(self.store) as store:
            store.add_repository(project, repository)

    def token(
        self, *projects: str, scopes: Iterable[str] = ALL, expires_at: float | None = None
    ) -> str:
        """Make a token, as `qp token create` does."""
        text, token = new_token(scopes, projects or (PROJECT,), time.time(), expires_at=expires_at)
        with Store(self.store) as store:
            store.add_token(token)
        return text

    def signing_key(self, *projects: str) -> tuple[str, str]:
        """Make a key that triggers are signed with; return its id and its secret."""
        token = new_signing_token(["run:trigger"], projects or (PROJECT,), time.time())
        with Store(self.store) as store:
            store.add_token(token)
        keys = load_keys(self.store, os.environ | self.environment)
        return token.token_id, keys.trigger_secret(token.token_id)

    def call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; a body that is not bytes is sent as JSON."""
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("content-type", "application/json")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            return _read(connection.getresponse())
        finally:
            connection.close()

    def run(self, token: str, repository: str = REPOSITORY) -> str:
        """Start a run; return its id."""
        answer = self.call("POST", "/run", token, {"repo_url": repository, "branch": "main"})
        assert answer.status == 202, answer.body
        run_id: str = answer.json["run_id"]
        return run_id

    def emit(self, token: str, run_id: str, name: str, **data: Any) -> Answer:
        """Send an event of a run."""
        event = {"type": f"quantapilot.{name}", "data": {"run_id": run_id, **data}}
        return self.call("POST", f"/runs/{run_id}/events", token, event)

    def stream(self, token: str, query: str = "", last: str | None = None) -> Stream:
        """Begin to hear events."""
        headers = {"authorization": f"Bearer {token}"}
        if last is not None:
            headers["last-event-id"] = last
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", f"/events{query}", headers=headers)
        return Stream(connection, connection.getresponse())


@dataclass
class Stream:
    """An event stream as it is heard."""

    connection: HTTPConnection
    response: HTTPResponse
    heard: bytes = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self.connection.close()

    def next(self) -> dict[str, Any] | None:
        """Return the next event; None where the stream ends."""
        while line := self.response.readline():
            self.heard += line
            if line.startswith(b"data:"):
                event: dict[str, Any] = json.loads(line[5:])
                return event
        return None


def _read(response: HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())
