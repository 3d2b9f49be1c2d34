"""A small real gateway for tests of its clients: the documented calls, and what a test scripts.

It knows one token, keeps runs in memory, and can answer anything else instead, once or always.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

TOKEN = "qpt_" + "a1" * 6 + "_" + "Zz09" * 10
REPO = "https://git.example/team/app"
BRANCH = "main"
PROJECT = "proj_123"
SCHEMA = "https://quantapilot.example/_schemas/api.schema.json"
DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class GatewayStub:
    """A gateway in a thread of this process.

    Attributes:
        asked: The requests that came.
        script: Path -> what is answered instead, one after the other.
        heartbeat: After how many seconds of silence a stream sends a sign of life.
        page: How many events a list has at most.
        certificate: A file with its certificate and key; https is spoken with one.
        runs: The events of each run.
        streams: How many are open.
        beats: How many signs of life were sent.
    """

    asked: list[Asked] = field(default_factory=list)
    script: dict[str, list[Response | Callable[[], Response]]] = field(default_factory=dict)
    heartbeat: float = 0.1
    page: int = 100
    certificate: str | None = None
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    port: int = 0
    streams: int = 0
    beats: int = 0

    def __post_init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._generation = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before."""
        routes = [
            Route("/run", self._answering(self._trigger), methods=["POST"]),
            Route("/runs/{run_id}", self._answering(self._run)),
            Route("/runs/{run_id}/events", self._answering(self._events)),
            Route("/events", self._answering(self._stream)),
        ]
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_config=None,
            lifespan="off",
            log_level="critical",
            ssl_certfile=self.certificate,
        )
        server = self._server = uvicorn.Server(config)

        def serve() -> None:
            asyncio.run(server.serve([listening]))

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        until(lambda: server.started)

    def stop(self) -> None:
        """End, and break off every stream."""
        self.break_streams()
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()

    def break_streams(self) -> None:
        """Break off every stream in the middle of an event."""
        self._generation += 1

    def hanging(self) -> Response:
        """Answer with a head, and then with nothing."""
        generation = self._generation

        async def body() -> AsyncIterator[bytes]:
            yield b" "
            while generation == self._generation:
                await asyncio.sleep(0.005)

        return StreamingResponse(body(), 202)

    def new_run(self) -> str:
        """Return the id of a new run, which has its first event."""
        run_id = str(uuid4())
        self.runs[run_id] = []
        self.emit(run_id, "run_started", repo_url=REPO, branch=BRANCH)
        return run_id

    def emit(self, run_id: str, name: str, **data: Any) -> dict[str, Any]:
        """Add an event to a run, and return it."""
        event = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "/quantapilot/worker",
            "type": f"quantapilot.{name}",
            "time": "2026-01-02T03:04:05.678Z",
            "subject": run_id,
            "dataschema": SCHEMA,
            "data": {"run_id": run_id, **data},
        }
        self.runs[run_id].append(event)
        return event

    def calls(self, path: str) -> list[Asked]:
        """Return the requests for a path."""
        return [each for each in self.asked if each.path == path]

    def _answering(self, answer: Callable[[Asked, Request], Response]) -> Any:
        async def endpoint(request: Request) -> Response:
            asked = Asked(
                request.method,
                request.url.path,
                dict(request.query_params),
                dict(request.headers),
                await request.body(),
            )
            self.asked.append(asked)
            if self.script.get(asked.path):
                scripted = self.script[asked.path].pop(0)
                return scripted if isinstance(scripted, Response) else scripted()
            if asked.headers.get("authorization") != f"Bearer {TOKEN}":
                return problem(401, "UNAUTHENTICATED", "no token that holds")
            return answer(asked, request)

        return endpoint

    def _trigger(self, asked: Asked, request: Request) -> Response:  # noqa: ARG002
        key = asked.headers["idempotency-key"]
        if key not in self._keys:
            self._keys[key] = self.new_run()
        body = json.loads(asked.body)
        correlation_id = body.get("correlation_id", str(uuid4()))
        accepted = {"run_id": self._keys[key], "correlation_id": correlation_id}
        return JSONResponse(accepted, 202)

    def _run(self, asked: Asked, request: Request) -> Response:  # noqa: ARG002
        run_id = request.path_params["run_id"]
        events = self.runs.get(run_id)
        if events is None:
            return problem(404, "NOT_FOUND", "nothing here")
        kinds = [event["type"].rpartition(".")[2] for event in events]
        state = "running"
        for kind, leads in (("run_completed", "completed"), ("run_failed", "failed")):
            state = leads if kind in kinds else state
        return JSONResponse(
            {
                "run_id": run_id,
                "project_id": PROJECT,
                "repo_url": REPO,
                "branch": BRANCH,
                "correlation_id": run_id,
                "state": state,
                "gates": [],
                "milestones_count": kinds.count("milestone_completed"),
                "started_at": "2026-01-02T03:04:05Z",
                "updated_at": "2026-01-02T03:04:06Z",
                "events_count": len(events),
            }
        )

    def _events(self, asked: Asked, request: Request) -> Response:
        events = self.runs[request.path_params["run_id"]]
        begin = _behind(events, asked.query.get("after"))
        most = min(self.page, int(asked.query["limit"]))
        page = events[begin : begin + most]
        answer: dict[str, Any] = {"events": page}
        if begin + most < len(events):
            answer["next"] = page[-1]["id"]
        return JSONResponse(answer)

    def _stream(self, asked: Asked, request: Request) -> Response:  # noqa: ARG002
        events = self.runs[asked.query["run"]]
        last = asked.headers.get("last-event-id")
        begin = _behind(events, last) if last else len(events)
        return StreamingResponse(self._live(events, begin), media_type="text/event-stream")

    async def _live(self, events: list[dict[str, Any]], at: int) -> AsyncIterator[bytes]:
        generation, beat = self._generation, time.monotonic()
        self.streams += 1
        try:
            yield b"retry: 1000\n\n"
            while generation == self._generation:
                for event in events[at:]:
                    at += 1
                    yield written(event)
                if time.monotonic() - beat > self.heartbeat:
                    beat = time.monotonic()
                    yield b": heartbeat\n\n"
                    self.beats += 1
                await asyncio.sleep(0.005)
            yield b"id: broken\ndata: {"
            raise ConnectionResetError
        finally:
            self.streams -= 1


@contextmanager
def gateway_stub(**settings: Any) -> Iterator[GatewayStub]:
    """Give a gateway that listens."""
    stub = GatewayStub(**settings)
    stub.start()
    try:
        yield stub
    finally:
        stub.stop()


def problem(status: int, code: str, message: str, **headers: str) -> Response:
    """Return an error answer as the contract has it."""
    return JSONResponse(
        {"error_code": code, "message": message},
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        "application/problem+json",
    )


def written(event: dict[str, Any]) -> bytes:
    """Return an event as it stands in a stream."""
    return f"id: {event['id']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def dropping() -> Response:
    """Break off in the middle of an answer."""

    async def body() -> AsyncIterator[bytes]:
        yield b'{"run_id'
        raise ConnectionResetError

    return StreamingResponse(body(), 202)


def is_id(text: str) -> bool:
    """Return whether a text is a UUID and nothing else."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _behind(events: list[dict[str, Any]], event_id: str | None) -> int:
    ids = [event["id"] for event in events]
    return ids.index(event_id) + 1 if event_id in ids else 0
