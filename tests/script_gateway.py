"""A gateway that keeps all in memory and trusts one token: what clients are tried against.

It answers as the contract says, sends signed deliveries and the challenge before them, and can be
told to refuse triggers for a while.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from quantapilot.signing import Signer, new_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

_TYPE = {"content-type": "application/cloudevents+json; charset=utf-8"}
_STATUS = {"UNAUTHENTICATED": 401, "NOT_FOUND": 404, "CONTRACT_VIOLATION": 422, "RATE_LIMITED": 429}


@dataclass
class Gateway:
    """A gateway that runs.

    Attributes:
        url: Where it listens.
        token: A token that may do everything.
        refuse: How many triggers are refused with 429 before one is taken again.
        retry_after: For how many seconds they are to wait, as the refusal says.
        breaks: How many streams end after their first event.
    """

    url: str = ""
    token: str = f"qpt_{'0' * 12}_{'x' * 40}"
    refuse: int = 0
    retry_after: int = 1
    breaks: int = 0
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _replays: dict[str, dict[str, Any]] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _senders: list[threading.Thread] = field(default_factory=list)
    _ends: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """End streams and deliveries."""
        self._ends.set()
        with self._changed:
            self._changed.notify_all()
        for each in self._senders:
            each.join(20)

    async def run(self, request: Request) -> Response:
        """POST /run."""
        if self.refuse:
            self.refuse -= 1
            return _problem("RATE_LIMITED", {"Retry-After": str(self.retry_after)})
        key = request.headers.get("idempotency-key", str(uuid4()))
        body = await request.json()
        if not {"repo_url", "branch"} <= body.keys():
            return _problem("CONTRACT_VIOLATION")
        if key not in self._replays:
            run_id = str(uuid4())
            accepted = {"run_id": run_id, "correlation_id": body.get("correlation_id", run_id)}
            self._replays[key] = accepted
            self.runs[run_id] = accepted | body | {"state": "running", "gates": []}
            self._add(
                "quantapilot.run_started",
                {"run_id": run_id, "repo_url": body["repo_url"], "branch": body["branch"]},
            )
        return JSONResponse(self._replays[key], 202)

    async def list_runs(self, _: Request) -> Response:
        """GET /runs."""
        return JSONResponse({"runs": [*self.runs.values()][::-1]})

    async def state(self, request: Request) -> Response:
        """GET /runs/{run_id}."""
        found = self.runs.get(request.path_params["run_id"])
        return _problem("NOT_FOUND") if found is None else JSONResponse(found)

    async def events_of(self, request: Request) -> Response:
        """GET /runs/{run_id}/events."""
        run_id = request.path_params["run_id"]
        return JSONResponse(
            {"events": [event for event in self.events if event["data"]["run_id"] == run_id]}
        )

    async def emit(self, request: Request) -> Response:
        """POST /runs/{run_id}/events."""
        body = await request.json()
        event = self._add(body["type"], body["data"])
        return JSONResponse({"event_id": event["id"], "run_id": request.path_params["run_id"]}, 202)

    async def subscribe(self, request: Request) -> Response:
        """POST /subscriptions."""
        body = await request.json()
        made = {"subscription_id": str(uuid4()), "types": []} | body | {"state": "pending"}
        self.subscriptions[made["subscription_id"]] = made
        key = new_secret()
        sender = threading.Thread(target=self._send, args=(made, key), daemon=True)
        self._senders.append(sender)
        sender.start()
        return JSONResponse(made | {"key": key}, 201)

    async def subscription(self, request: Request) -> Response:
        """GET /subscriptions/{subscription_id}."""
        found = self.subscriptions.get(request.path_params["subscription_id"])
        return _problem("NOT_FOUND") if found is None else JSONResponse(found)

    async def stream(self, request: Request) -> Response:
        """GET /events."""
        wanted = set(filter(None, request.query_params.get("types", "").split(",")))
        ids = [event["id"] for event in self.events]
        last = request.headers.get("last-event-id")
        begin = ids.index(last) + 1 if last in ids else 0
        one = self.breaks > 0
        self.breaks -= one
        return StreamingResponse(
            self._lines(begin, wanted, one=one), media_type="text/event-stream"
        )

    def _lines(self, place: int, wanted: set[str], *, one: bool) -> Iterator[str]:
        yield ": hello\n\n"
        while (event := self._wait(place)) is not None:
            place += 1
            if wanted and event["type"] not in wanted:
                continue
            yield f"id: {event['id']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
            if one:
                return

    def _add(self, type_: str, data: dict[str, Any]) -> dict[str, Any]:
        event = {"specversion": "1.0", "id": str(uuid4()), "type": type_, "data": data}
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        return event

    def _wait(self, place: int) -> dict[str, Any] | None:
        """Return the event at a place, once there is one; None where all ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._ends.is_set() or len(self.events) > place)
            return None if self._ends.is_set() else self.events[place]

    def _send(self, subscription: dict[str, Any], key: str) -> None:
        """Send the challenge until it is answered, and then what comes after the subscription."""
        signer, place = Signer([key]), len(self.events)
        with httpx.Client(timeout=15, trust_env=False) as client:

            def arrived(message_id: str, document: dict[str, Any]) -> httpx.Response | None:
                body = json.dumps(document).encode()
                while not self._ends.is_set():
                    headers = _TYPE | signer.headers(message_id, int(time.time()), body)
                    with suppress(httpx.HTTPError):
                        answer = client.post(subscription["url"], content=body, headers=headers)
                        if answer.is_success:
                            return answer
                    self._ends.wait(0.2)
                return None

            asked = {"challenge": f"challenge-{uuid4()}"}
            answer = arrived(str(uuid4()), {"type": "quantapilot.subscription_challenge"} | asked)
            if answer is None or answer.json() != asked:
                subscription["state"] = "disabled"
                return
            subscription["state"] = "active"
            while (event := self._wait(place)) is not None:
                place += 1
                if not subscription["types"] or event["type"] in subscription["types"]:
                    arrived(event["id"], event)


def _problem(code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(
        {"error_code": code},
        _STATUS[code],
        headers,
        media_type="application/problem+json",
    )


class _OneToken:
    """Lets in who has the token."""

    def __init__(self, app: Any, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent = dict(scope.get("headers", ())).get(b"authorization")
        if scope["type"] == "http" and sent != self._expected:
            await _problem("UNAUTHENTICATED")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@contextmanager
def running() -> Iterator[Gateway]:
    """Run a gateway on a free port, in a thread of this process."""
    gateway = Gateway()
    routes = [
        Route("/run", gateway.run, methods=["POST"]),
        Route("/runs", gateway.list_runs),
        Route("/runs/{run_id}", gateway.state),
        Route("/runs/{run_id}/events", gateway.events_of),
        Route("/runs/{run_id}/events", gateway.emit, methods=["POST"]),
        Route("/subscriptions", gateway.subscribe, methods=["POST"]),
        Route("/subscriptions/{subscription_id}", gateway.subscription),
        Route("/events", gateway.stream),
    ]
    config = uvicorn.Config(
        _OneToken(Starlette(routes=routes), gateway.token),
        port=0,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    gateway.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        gateway.close()
        server.should_exit = True
        thread.join(20)
        socket.close()
