"""A gateway for its page: the routes of the page, and an API of made-up runs that a test directs.

It speaks what the page asks for, from values in memory, and does what a real gateway does only on a
bad day: it cuts the stream, refuses, and says that it was asked too often.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.waiting import until

from quantapilot.gateway import pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

TOKEN = "qpt_0123456789ab_" + "A" * 40
PATIENCE = 20.0
RUNS_PAGE = 50
EVENTS_PAGE = 200
STATES = {
    "run_started": "running",
    "run_paused": "paused",
    "run_resumed": "running",
    "run_failed": "failed",
    "run_completed": "completed",
}
HEALTH = {
    "status": "ok",
    "waiting_count": 0,
    "dead_count": 0,
    "oldest_waiting_ms": 0,
    "active_count": 0,
    "pending_count": 0,
    "disabled_count": 0,
}

Json = dict[str, Any]


def made_id(number: int, kind: int = 0) -> str:
    """Return a UUID of version 7; a greater number makes a later one."""
    rest = Random(f"{number} {kind}").getrandbits(60)
    return str(UUID(int=(0x018F3B6E7C4A + number) << 80 | 0x7 << 76 | 0x8 << 60 | rest))


@dataclass
class Gateway:
    """What the API tells, and how it is told to misbehave.

    Attributes:
        runs: The latest first, as `RunState` has them.
        events: By run, in the order in which they were accepted.
        problems: By the first part of a path: status, message and seconds to wait.
        asked: Path and `Last-Event-ID` of every request to the API.
    """

    runs: list[Json] = field(default_factory=list)
    events: dict[str, list[Json]] = field(default_factory=dict)
    refusals: list[Json] = field(default_factory=list)
    subscriptions: list[Json] = field(default_factory=list)
    health: Json = field(default_factory=lambda: dict(HEALTH))
    problems: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    _log: list[Json] = field(default_factory=list)
    _streams: list[asyncio.Queue[bytes | None]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None

    def start_run(self, number: int, minute: int = 0, **facts: Any) -> str:
        """Add a run with its first event, which is sent to who listens; return its id."""
        run_id = made_id(number)
        run = {
            "run_id": run_id,
            "project_id": "proj_atlas",
            "repo_url": "https://github.com/example/atlas-api",
            "branch": "main",
            "correlation_id": made_id(number, 1),
            "state": "running",
            "gates": [],
            "milestones_count": 0,
            "started_at": _time(minute),
            "updated_at": _time(minute),
            "events_count": 0,
            **facts,
        }
        self.runs.insert(0, run)
        data = {name: run[name] for name in ("repo_url", "branch", "correlation_id")}
        self.push(run_id, "run_started", minute, **data)
        run.update(facts)
        return run_id

    def push(self, run_id: str, kind: str, minute: int = 0, **data: Any) -> str:
        """Add an event, send it to who listens, and return its id."""
        event = self.event(run_id, kind, minute, **data)
        self._fold(event)
        self._send(_message(event))
        return str(event["id"])

    def flood(self, run_id: str, many: int) -> None:
        """Send many events of a run at once."""
        events = [
            self.event(run_id, "milestone_completed", at // 60, milestone_id=f"step-{at}")
            for at in range(many)
        ]
        for event in events:
            self._fold(event)
        self._send(b"".join(map(_message, events)))

    def event(self, run_id: str, kind: str, minute: int = 0, **data: Any) -> Json:
        """Make an event; nobody hears of it yet."""
        number = len(self._log)
        made = {
            "specversion": "1.0",
            "id": made_id(number, 2),
            "source": "/quantapilot/pipeline",
            "type": f"quantapilot.{kind}",
            "time": _time(minute, number),
            "subject": run_id,
            "datacontenttype": "application/json",
            "data": {"run_id": run_id, **data},
        }
        self._log.append(made)
        self.events.setdefault(run_id, []).append(made)
        return made

    def cut(self) -> None:
        """End every stream."""
        self._send(None)

    def listening(self) -> int:
        """Return how many streams are open."""
        return len(self._streams)

    def _send(self, message: bytes | None) -> None:
        def put() -> None:
            for stream in self._streams:
                stream.put_nowait(message)

        if self._loop is not None:
            self._loop.call_soon_threadsafe(put)

    def _fold(self, event: Json) -> None:
        run = next(run for run in self.runs if run["run_id"] == event["subject"])
        kind, data = event["type"].partition(".")[2], event["data"]
        run["state"] = STATES.get(kind, run["state"])
        run["updated_at"] = event["time"]
        run["events_count"] += 1
        if kind == "gate_requested":
            run["gates"] = [*run["gates"], data["gate"]]
        elif kind == "gate_decision":
            run["gates"] = [gate for gate in run["gates"] if gate != data["gate"]]
        elif kind == "milestone_completed":
            run["milestones_count"] += 1
        elif kind in {"run_failed", "run_paused"}:
            run["message"] = data.get("message") or data.get("reason")
        told = {
            name: data[name] for name in ("error_code", "docs_branch", "pr_number") if name in data
        }
        run.update(told)

    # ---- what is served ----

    def app(self) -> Starlette:
        """Return the application that is served."""
        api = {
            "/runs": self._runs,
            "/runs/{run_id}": self._run,
            "/runs/{run_id}/events": self._events,
            "/events": self._stream,
            "/refusals": self._answer("refusals"),
            "/subscriptions": self._answer("subscriptions"),
            "/deliveries": self._deliveries,
        }
        routes = [
            *pages.routes(),
            *(Route(path, self._checked(call)) for path, call in api.items()),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _problem})

    def _checked(self, call: Any) -> Any:
        async def checked(request: Request) -> Response:
            self.asked.append((request.url.path, request.headers.get("last-event-id", "")))
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                raise HTTPException(401, "No token that holds was sent.")
            first = request.url.path.split("/")[1]
            if first in self.problems:
                status, message, wait = self.problems[first]
                headers = {"Retry-After": str(wait)} if wait else None
                raise HTTPException(status, message, headers)
            answer: Response = await call(request)
            return answer

        return checked

    async def _runs(self, request: Request) -> Response:
        asked = request.query_params
        found = [run for run in self.runs if asked.get("state") in {None, run["state"]}]
        if before := asked.get("before"):
            found = [run for run in found if run["run_id"] < before]
        limit = int(asked.get("limit", RUNS_PAGE))
        body: Json = {"runs": found[:limit]}
        if len(found) > limit:
            body["next"] = found[limit - 1]["run_id"]
        return JSONResponse(body)

    async def _run(self, request: Request) -> Response:
        return JSONResponse(self._find(request))

    async def _events(self, request: Request) -> Response:
        found = self.events.get(self._find(request)["run_id"], [])
        if after := request.query_params.get("after"):
            at = next(at for at, event in enumerate(found) if event["id"] == after)
            found = found[at + 1 :]
        limit = min(EVENTS_PAGE, int(request.query_params.get("limit", EVENTS_PAGE)))
        body: Json = {"events": found[:limit]}
        if len(found) > limit:
            body["next"] = found[limit - 1]["id"]
        return JSONResponse(body)

    def _find(self, request: Request) -> Json:
        asked = request.path_params["run_id"]
        found = next((run for run in self.runs if run["run_id"] == asked), None)
        if found is None:
            raise HTTPException(404, "There is no such run, or this token is not granted it.")
        return found

    async def _stream(self, request: Request) -> Response:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        queue.put_nowait(b": hello\nretry: 100\n\n")
        if last := request.headers.get("last-event-id"):
            at = next(at for at, event in enumerate(self._log) if event["id"] == last)
            for event in self._log[at + 1 :]:
                queue.put_nowait(_message(event))
        self._streams.append(queue)

        async def stream() -> AsyncIterator[bytes]:
            try:
                while (message := await queue.get()) is not None:
                    yield message
            finally:
                self._streams.remove(queue)

        return StreamingResponse(stream(), media_type="text/event-stream")

    def _answer(self, name: str) -> Any:
        async def answer(_: Request) -> Response:
            return JSONResponse({name: getattr(self, name)})

        return answer

    async def _deliveries(self, _: Request) -> Response:
        return JSONResponse(self.health)

    @contextmanager
    def served(self) -> Iterator[Gateway]:
        """Serve on loopback, on a free port, until the end."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            config = uvicorn.Config(self.app(), log_level="warning", lifespan="off")
            server = uvicorn.Server(config)

            async def serve() -> None:
                self._loop = asyncio.get_running_loop()
                await server.serve([listener])

            thread = threading.Thread(target=lambda: asyncio.run(serve()))
            thread.start()
            try:
                until(lambda: server.started)
                yield self
            finally:
                server.should_exit = True
                self.cut()
                thread.join(PATIENCE)
                self._loop = None


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {"error_code": "REFUSED", "message": error.detail, "status": error.status_code}
    return JSONResponse(body, error.status_code, error.headers, "application/problem+json")


def _message(event: Json) -> bytes:
    return f"id: {event['id']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _time(minute: int, number: int = 0) -> str:
    return f"2026-11-29T{8 + minute // 60:02}:{minute % 60:02}:{number % 60:02}.{number % 1000:03}Z"


def busy() -> Gateway:
    """Return a gateway on an ordinary morning: runs of every state, refusals, deliveries."""
    gateway = Gateway()
    projects = {
        "proj_atlas": "https://github.com/example/atlas-api",
        "proj_beacon": "https://github.com/example/beacon-web",
        "proj_cargo": "https://git.example.com:8443/logistics/cargo-router.git",
    }
    for at, (project, repo) in enumerate([*projects.items()] * 4):
        branch = ("main", "release/2026.11", "feature/tariff-import")[at % 3]
        run = gateway.start_run(at, 7 * at, project_id=project, repo_url=repo, branch=branch)
        minute = 7 * at + 1
        gateway.push(run, "milestone_completed", minute, milestone_id="plan")
        if at in {5, 7}:
            gateway.push(
                run, "run_failed", minute + 2, error_code="CLONE_FAILED",
                message="The repository could not be cloned: its host did not answer in 60 s.",
            )  # fmt: skip
        elif at in {9, 11}:
            gateway.push(run, "milestone_completed", minute + 1, milestone_id="documentation")
            gateway.push(
                run, "documentation_generated", minute + 2, docs_branch="docs/quantapilot",
                pr_number=211 + at,
            )  # fmt: skip
            gateway.push(
                run, "gate_requested", minute + 3, gate=("architecture_review", "merge")[at == 9],
                description="The plan touches 3 services and 41 files. Code follows its approval.",
            )  # fmt: skip
        elif at == 8:
            gateway.push(run, "run_paused", minute + 2, reason="The budget of the day is used up.")
        elif at < 8:
            gateway.push(run, "gate_requested", minute + 1, gate="merge", description="Merge it?")
            gateway.push(run, "gate_decision", minute + 3, gate="merge", approved=True)
            gateway.push(run, "run_completed", minute + 4)
    for at, (rule, name) in enumerate(
        [
            ("pii/email", "/data/message"),
            ("pii/token-github-classic", "/repo_url"),
            ("contract/unknown-field", "/data/•"),
            ("pii/phone", "/data/description"),
        ]
    ):
        refusal = {
            "refused_at": _time(80 - 9 * at),
            "rule": rule,
            "field": name,
            "source": "trigger" if name == "/repo_url" else "event",
            "project_id": [*projects][at % 3],
        }
        if refusal["source"] == "event":
            refusal["run_id"] = made_id(9 - at)
        gateway.refusals.append(refusal)
    gateway.health = {
        **HEALTH, "status": "late", "waiting_count": 14, "oldest_waiting_ms": 754_000,
        "dead_count": 2, "active_count": 1, "pending_count": 1, "disabled_count": 1,
    }  # fmt: skip
    gateway.subscriptions = [
        _subscription(1, "https://n8n.example.com/webhook/4c1", "active", delivered_count=1_204),
        _subscription(
            2, "https://dashboards.example.net/", "disabled", waiting_count=14, dead_count=2,
            types=["quantapilot.run_failed", "quantapilot.gate_requested"],
            reason="The receiver has answered with status 503 for 24 hours.",
        ),
        _subscription(3, "https://hooks.example.org/in/9", "pending", project_id="proj_beacon"),
    ]  # fmt: skip
    return gateway


def _subscription(number: int, url: str, state: str, **facts: Any) -> Json:
    return {
        "subscription_id": made_id(number, 3),
        "url": url,
        "types": [],
        "state": state,
        "created_at": _time(0),
        "delivered_count": 0,
        "waiting_count": 0,
        "dead_count": 0,
        **facts,
    }
