"""Event streams over real connections: resumed, never read, cut off, and ended with the server."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from httpx_sse import connect_sse
from starlette.applications import Starlette
from starlette.routing import Route
from tests.events_source import MemorySource
from tests.live_server import PATIENCE, connected, rest, serving
from tests.waiting import until

from quantapilot.gateway.live import Tail, TailSettings
from quantapilot.gateway.model import Token
from quantapilot.gateway.protocol import ConnectionLimits
from quantapilot.gateway.stream import Streams, StreamSettings, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from quantapilot.gateway.model import StoredEvent

ASKED = b"GET /events HTTP/1.1\r\nHost: gateway.example\r\n\r\n"
Address = tuple[str, int]


class Gateway:
    """An application with an event stream only; its token may be ended."""

    def __init__(self) -> None:
        self.source = MemorySource()
        self.tail = Tail(self.source, TailSettings(poll=0.05, rest=0.0))
        self.streams = Streams(self.tail, StreamSettings(heartbeat=0.1))
        self.token: Token | None = Token(
            "000000000001", "bearer", frozenset(), frozenset({"proj_a"}), 0.0
        )
        self.app = Starlette(routes=[Route("/events", self.events)], lifespan=self._lifespan)

    async def events(self, request: Request) -> Response:
        last = request.headers.get("last-event-id")
        return await self.streams.open(lambda: self.token, Wanted(), last)

    def add(self, count: int, **more: Any) -> list[StoredEvent]:
        made = self.source.add(count, **more)
        self.tail.told(made)
        return made

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self.tail:
            yield


@pytest.fixture(params=["asyncio", "uvloop"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Gateway, Address]]:
    gateway = Gateway()
    limits = ConnectionLimits(unread_seconds=0.5)
    with serving(gateway.app, limits, gateway.tail.end, loop=request.param) as address:
        yield gateway, address


def heard(address: Address, count: int, last: str | None = None) -> list[tuple[str, str]]:
    """Return id and body of so many events, as a client of the format hears them."""
    headers = {} if last is None else {"last-event-id": last}
    url = f"http://{address[0]}:{address[1]}/events"
    got: list[tuple[str, str]] = []
    with (
        httpx.Client(timeout=PATIENCE) as client,
        connect_sse(client, "GET", url, headers=headers) as stream,
    ):
        for each in stream.iter_sse():
            if each.data:
                got.append((each.id, each.data))
            if len(got) == count:
                break
    return got


def test_a_client_that_was_cut_off_misses_nothing_and_hears_nothing_twice(
    served: tuple[Gateway, Address],
) -> None:
    gateway, address = served
    made = [(each.id, each.body.decode()) for each in gateway.add(1000)]
    until(lambda: gateway.tail.shown == 1000)
    got = heard(address, 1, "unknown")
    while len(got) < 1000:
        got += heard(address, min(137, 1000 - len(got)), got[-1][0])
    assert got == made
    until(lambda: gateway.streams.count == 0)


def test_events_of_others_are_not_even_sent(served: tuple[Gateway, Address]) -> None:
    gateway, address = served
    with connected(address) as connection:
        connection.sendall(ASKED)
        until(lambda: gateway.streams.count)
        gateway.add(50, project="proj_b", body=b'{"secret":1}')
        mine = gateway.add(1)
        told = b""
        while mine[0].id.encode() not in told:
            told += connection.recv(1 << 16)
    assert b"secret" not in told
    assert told.count(b"data: ") == 1


def test_whoever_does_not_read_is_hung_up_on_and_costs_no_memory(
    served: tuple[Gateway, Address],
) -> None:
    gateway, address = served
    body = b'"' + b"x" * 60_000 + b'"'
    sent = threading.Event()

    def flood() -> None:
        while not sent.is_set():
            last = gateway.add(20, body=body)[-1].seq
            while gateway.tail.shown < last and not sent.wait(0.002):
                pass

    with connected(address) as connection:
        connection.sendall(ASKED)
        until(lambda: gateway.streams.count)
        flooding = threading.Thread(target=flood)
        flooding.start()
        until(lambda: gateway.streams.count == 0)
        sent.set()
        flooding.join()
        # All that was ever sent is what the two kernels' buffers took.
        assert len(rest(connection)) < 32 << 20


def test_streams_of_a_token_that_ended_end_without_an_event(
    served: tuple[Gateway, Address],
) -> None:
    gateway, address = served
    with connected(address) as connection:
        connection.sendall(ASKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        until(lambda: gateway.streams.count)
        gateway.token = None
        assert b"data: " not in rest(connection)
    until(lambda: gateway.streams.count == 0)


def test_a_client_that_goes_is_forgotten(served: tuple[Gateway, Address]) -> None:
    gateway, address = served
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connected(address)).sendall(ASKED)
        until(lambda: gateway.streams.count == 50)
    until(lambda: gateway.streams.count == 0)


def test_a_server_that_stops_ends_its_streams_at_once(caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway()
    with ExitStack() as stack, caplog.at_level(logging.ERROR):
        with serving(gateway.app, ending=gateway.tail.end) as address:
            streams = [stack.enter_context(connected(address)) for _ in range(20)]
            for each in streams:
                each.sendall(ASKED)
            until(lambda: gateway.streams.count == 20)
        for each in streams:
            # The end of a body in chunks: not cut off, but over.
            assert rest(each).endswith(b"0\r\n\r\n")
    # Nothing had to be cancelled.
    assert caplog.records == []
