"""What idle event streams cost: memory of a real server that has 1,000 of them, and one wake.

`python -m benchmarks.streams [COUNT]` prints it. The server is a process of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import socket
import sys
import time
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from quantapilot.gateway.live import Tail
from quantapilot.gateway.model import StoredEvent, Token
from quantapilot.gateway.protocol import limited
from quantapilot.gateway.server import Server
from quantapilot.gateway.stream import Streams, StreamSettings, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

COUNT = 1000
# At a time: more than that would wait in line for the server to take them.
_CONNECTING = 50
# No limit of ours is measured here.
_MANY = 1 << 20
_BODY = b'{"specversion":"1.0","data":"' + b"x" * 600 + b'"}'
_TOKEN = Token("000000000001", "bearer", frozenset(), frozenset({"*"}), 0.0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What streams cost: resident memory in MiB without and with them, seconds of one wake."""

    streams: int
    before: float
    after: float
    wake: float


class NoEvents:
    """A store without events: those that are new are told."""

    def events_after(
        self,
        seq: int,  # noqa: ARG002
        limit: int,  # noqa: ARG002
        projects: Collection[str] | None = None,  # noqa: ARG002
    ) -> Sequence[StoredEvent]:
        """Return none."""
        return ()

    def last_seq(self) -> int:
        """Return that there is none."""
        return 0

    def seq_of(
        self,
        event_id: str,  # noqa: ARG002
        projects: Collection[str] | None = None,  # noqa: ARG002
    ) -> int | None:
        """Return that there is none."""
        return None


def application() -> tuple[Starlette, Tail]:
    """Return an application with an event stream and a route that tells an event to all."""
    tail = Tail(NoEvents())
    streams = Streams(tail, StreamSettings(most=_MANY, most_of_token=_MANY))

    async def events(_: Request) -> Response:
        return await streams.open(lambda: _TOKEN, Wanted())

    async def tell(_: Request) -> Response:
        event = StoredEvent(
            tail.shown + 1, str(uuid.uuid4()), "quantapilot.run_started", "run", "proj_a", _BODY
        )
        tail.told([event])
        return PlainTextResponse(str(streams.count))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with tail:
            yield

    routes = [Route("/events", events), Route("/tell", tell)]
    return Starlette(routes=routes, lifespan=lifespan), tail


def serve(listening: socket.socket) -> None:
    """Serve until the process is ended."""
    app, tail = application()
    config = uvicorn.Config(
        app, http=limited(), ws="none", log_level="error", access_log=False, backlog=4096
    )
    Server(config, tail.end).run([listening])


def measure(count: int = COUNT) -> Cost:
    """Open streams against a server, and return what they cost."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if count + 100 > hard:
        raise SystemExit(f"{count} streams need {count + 100} open files; {hard} are allowed")
    listening = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(listening,))
    server.start()
    try:
        return asyncio.run(_measured(count, server.pid or 0, listening.getsockname()[1]))
    finally:
        server.terminate()
        server.join()
        listening.close()


async def _measured(count: int, pid: int, port: int) -> Cost:
    await _asked(port, "/tell")
    before = _resident(pid)
    gate = asyncio.Semaphore(_CONNECTING)

    async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with gate:
            reader, writer = await _asked(port, "/events")
            await reader.readuntil(b"retry: 3000\n\n")
            # A writer that nobody holds closes its connection.
            return reader, writer

    streams = await asyncio.gather(*[opened() for _ in range(count)])
    after = _resident(pid)
    began = time.perf_counter()
    await _asked(port, "/tell")
    await asyncio.gather(*[reader.readuntil(_BODY) for reader, _ in streams])
    wake = time.perf_counter() - began
    return Cost(count, before, max(after, _resident(pid)), wake)


async def _asked(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print what streams cost."""
    cost = measure(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
    each = (cost.after - cost.before) * 1024 / max(cost.streams, 1)
    print(f"{cost.streams} idle streams: {cost.before:.0f} MiB before, {cost.after:.0f} MiB with")
    print(f"them ({each:.1f} KiB each); an event reached all of them in {cost.wake * 1000:.0f} ms")


if __name__ == "__main__":
    main()
