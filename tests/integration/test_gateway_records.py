"""What a running server writes about hostile requests conforms, and tells nothing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.live_server import exchanged, serving
from tests.program import call

from quantapilot.config import Config
from quantapilot.gateway.observed import Answered
from quantapilot.gateway.protocol import ConnectionLimits
from quantapilot.gateway.records import Records

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAIL = "alice@example.org"
HEAD = b"Host: 10.1.2.3\r\nConnection: close\r\nUser-Agent: alice@example.org\r\n\r\n"
HOSTILE = [
    b"GET /hello HTTP/1.1\r\n" + HEAD,
    b"GET /hello?mail=alice@example.org HTTP/1.1\r\n" + HEAD,
    b"GET /alice@example.org HTTP/1.1\r\n" + HEAD,
    b"GET /%0d%0a%7b%22level%22%3a%22info%22%7d HTTP/1.1\r\n" + HEAD,
    b"DELETE /hello HTTP/1.1\r\n" + HEAD,
    b"PROPFIND /hello HTTP/1.1\r\n" + HEAD,
    b"GET /broken?token=qpt_000000000000_alice HTTP/1.1\r\n" + HEAD,
    b"GET /hello HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n" + HEAD,
    b"alice@example.org\r\n\r\n",
    b"GET /hello HTTP/1.1\r\nX: alice@example.org\x00\r\n\r\n",
    b"GET /hello HTTP/1.1\r\nX: alice@example.org",
]


def application(log: Records) -> ASGIApp:
    """Return an application that tells of its requests, as the gateway's does."""

    async def hello(_: Request) -> Response:
        return PlainTextResponse("hello")

    async def broken(request: Request) -> Response:
        raise ValueError(f"{request.url} of {MAIL} on topic-branch")

    inner = Starlette(routes=[Route("/hello", hello), Route("/broken", broken)])

    async def observing(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route")
                template = getattr(route, "path", "other")
                log.answered(Answered(scope["method"], template, message["status"], 0.001))
            await send(message)

        await inner(scope, receive, sending)

    return observing


def test_every_line_about_hostile_requests_passes_our_own_gate(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    with path.open("w") as stream, Records("debug", stream, config=Config()) as log:
        limits = ConnectionLimits(head_seconds=0.2)
        with serving(application(log), limits, log_level="debug", lifespan="off") as address:
            for each in HOSTILE:
                assert b"alice" not in exchanged(address, each)
    written = path.read_text()
    code, out, _ = call("validate:api", "--kind", "logs", str(path))
    assert code == 0, out
    for secret in ("alice", "10.1.2.3", "topic-branch", "user-agent", "PROPFIND", "0d0a"):
        assert secret not in written
    assert written.count('"event":"http.request"') == 8
    assert "Exception in ASGI application" in written
    assert "in broken" in written
    assert '"message":"GET /hello: 200"' in written
    assert '"message":"other /hello: 405"' in written
    assert '"message":"GET other: 404"' in written
