"""A real server on a free port of this machine, in a thread: what HTTP is tried with."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from tests.waiting import until

from quantapilot.gateway.protocol import limited
from quantapilot.gateway.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from quantapilot.gateway.protocol import ConnectionLimits

PATIENCE = 30.0


@contextmanager
def serving(
    app: ASGIApp,
    limits: ConnectionLimits | None = None,
    ending: Callable[[], None] = lambda: None,
    **settings: Any,
) -> Iterator[tuple[str, int]]:
    """Serve an application, and stop it as a signal would."""
    chosen: dict[str, Any] = {
        "http": limited(limits),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "timeout_graceful_shutdown": 20,
        **settings,
    }
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, **chosen), ending)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        assert server.started
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()
        assert not thread.is_alive()


def connected(address: tuple[str, int]) -> socket.socket:
    """Return a connection, on which nothing is waited for forever."""
    return socket.create_connection(address, timeout=PATIENCE)


def rest(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    parts: list[bytes] = []
    while True:
        try:
            part = connection.recv(1 << 16)
        except ConnectionResetError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def exchanged(address: tuple[str, int], sent: bytes) -> bytes:
    """Send something, and return all that comes until the other side closes."""
    with connected(address) as connection:
        connection.sendall(sent)
        return rest(connection)


def problem(answer: bytes) -> dict[str, Any]:
    """Return the problem that an answer tells of."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: application/problem+json" in head
    told: dict[str, Any] = json.loads(body)
    assert head.startswith(b"HTTP/1.1 %d " % told["status"])
    return told
