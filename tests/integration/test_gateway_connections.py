"""Hostile connections to a real server: each ends in time, and is told why in our own words."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from tests.live_server import connected, exchanged, problem, rest, serving
from tests.waiting import until

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.payload import PayloadCheck
from quantapilot.gateway.bodies import (
    BodyTooLargeError,
    ClientGoneError,
    read_body,
)
from quantapilot.gateway.protocol import ConnectionLimits
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

ROOT = Path(__file__).parents[2]
CHECK = PayloadCheck(
    Inspector(Detector(load_rules()), Validator(load_contract(ROOT / "_schemas"))), "errors"
)
MOST = 64 << 10
HOST = b"Host: gateway.example\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
LAST = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
POST = b"POST /body HTTP/1.1\r\n" + HOST

Address = tuple[str, int]


class Server:
    """An application that remembers what its handlers met."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.sent = 0
        self.headers: list[bytes] = []
        self.released = threading.Event()
        self.app = Starlette(
            routes=[
                Route("/", self.hello),
                Route("/body", self.body, methods=["POST"]),
                Route("/endless", self.endless),
            ]
        )

    async def hello(self, _: Request) -> Response:
        return PlainTextResponse("hello")

    async def body(self, request: Request) -> Response:
        try:
            body = await read_body(request.scope, request.receive, most=MOST)
        except BodyTooLargeError as error:
            return JSONResponse({"told": str(error)}, 413)
        except ClientGoneError:
            self.gone.set()
            return PlainTextResponse("nobody hears it")
        self.headers = [name for name, _ in request.scope["headers"]]
        return JSONResponse({"size": len(body)})

    async def endless(self, _: Request) -> Response:
        return StreamingResponse(self._endless())

    async def _endless(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 16384
                self.sent += 16384
                # Where nobody is there any more, sending does not wait, and all else would.
                await asyncio.sleep(0)
        finally:
            self.released.set()


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Address]]:
    made = Server()
    limits = ConnectionLimits(head_seconds=0.5, body_seconds=0.5, unread_seconds=0.5, linger=1.0)
    with serving(made.app, limits, loop=request.param, timeout_keep_alive=5) as address:
        yield made, address


@pytest.fixture
def address(server: tuple[Server, Address]) -> Address:
    return server[1]


@pytest.fixture(scope="module")
def patient() -> Iterator[Address]:
    with serving(Server().app, ConnectionLimits(linger=30.0)) as address:
        yield address


def refused(answer: bytes, code: str = "BAD_REQUEST") -> dict[str, object]:
    told = problem(answer)
    assert CHECK.check(told)[1] == []
    assert told["error_code"] == code
    return told


def test_whoever_says_nothing_is_hung_up_on(address: Address) -> None:
    assert exchanged(address, b"") == b""


def test_whoever_sends_blank_lines_only_is_hung_up_on(address: Address) -> None:
    assert exchanged(address, b"\r\n") == b""
    with connected(address) as connection:
        connection.sendall(GET + b"\r\n")
        assert hello(connection)
        connection.sendall(b"\r\n\r\n")
        assert rest(connection) == b""


def asked(address: Address) -> socket.socket:
    """Return a connection on which a request was sent."""
    connection = connected(address)
    connection.sendall(LAST)
    return connection


def hello(connection: socket.socket) -> bool:
    """Tell whether the answer to one request comes."""
    heard = b""
    while not heard.endswith(b"hello"):
        part = connection.recv(4096)
        if not part:
            return False
        heard += part
    return heard.startswith(b"HTTP/1.1 200 ")


def test_a_head_without_an_end_is_answered_in_time(address: Address) -> None:
    assert "0.5 seconds" in str(refused(exchanged(address, GET), "REQUEST_TIMEOUT")["message"])


def dripped(address: Address, beginning: bytes) -> bytes:
    """Send more and more, a byte at a time, and return all that is answered."""
    heard: list[bytes] = []
    with connected(address) as connection:
        connection.sendall(beginning)
        listening = threading.Thread(target=lambda: heard.append(rest(connection)))
        listening.start()
        with suppress(OSError):
            while listening.is_alive():
                connection.sendall(b"x")
                listening.join(0.02)
        listening.join()
    return heard[0]


def test_a_head_that_drips_is_answered_in_time(address: Address) -> None:
    refused(dripped(address, GET), "REQUEST_TIMEOUT")


def test_the_second_head_of_a_connection_has_to_be_in_time_too(address: Address) -> None:
    with connected(address) as connection:
        connection.sendall(GET + b"\r\n")
        assert hello(connection)
        connection.sendall(GET)
        refused(rest(connection), "REQUEST_TIMEOUT")


def test_a_head_in_pieces_is_taken(patient: Address) -> None:
    with connected(patient) as connection:
        for byte in LAST:
            connection.sendall(bytes([byte]))
        assert hello(connection)


def test_requests_sent_at_once_are_answered_one_by_one(address: Address) -> None:
    answer = exchanged(address, (GET + b"\r\n") * 3 + LAST)
    assert answer.count(b"HTTP/1.1 200 ") == 4
    body = POST + b"Content-Length: 5\r\n\r\nhello"
    assert exchanged(address, body + body + LAST).count(b"HTTP/1.1 200 ") == 3


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"x" * (1 << 20),
        b"X: " + b"x" * (40 << 10) + b"\r\n\r\n",
        b"X: x\r\n" * 101 + b"\r\n",
        b"".join(b"X-%d: %s\r\n" % (each, b"x" * 1000) for each in range(1000)) + b"\r\n",
        b"X" * (1 << 20),
    ],
    ids=["endless value", "long value", "many headers", "a megabyte of headers", "endless name"],
)
def test_a_head_that_is_too_large_is_refused(address: Address, head: bytes) -> None:
    told = refused(exchanged(address, GET + head))
    assert told["message"] == "a request's head may have 32768 bytes and 100 headers"


def test_an_address_that_is_too_long_is_refused(address: Address) -> None:
    refused(exchanged(address, b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\n" + HOST + b"\r\n"))


@pytest.mark.parametrize(
    "sent",
    [
        b"no HTTP at all\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        GET + HOST + b"\r\n",
        GET + b"X: a\rb\r\n\r\n",
        GET + b"X: a\x00b\r\n\r\n",
        GET + b"X: a\nY b\r\n\r\n",
        GET + b"X : a\r\n\r\n",
        GET + b"X\x00: a\r\n\r\n",
        GET + b" folded: a\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n",
        b"CONNECT gateway.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        POST + b"Content-Length: -5\r\n\r\n",
        POST + b"Content-Length: 5x\r\n\r\nhello",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_no_good_http_is_answered_as_all_else(address: Address, sent: bytes) -> None:
    answer = exchanged(address, sent)
    refused(answer)
    assert b"folded" not in answer


def test_a_bad_chunk_ends_the_request(address: Address) -> None:
    refused(exchanged(address, POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"))


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\n\r\n",
        b"Content-Length: 5\r\n\r\nhe",
        b"Transfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["none", "some", "in chunks"],
)
def test_a_body_that_does_not_come_is_given_up(server: tuple[Server, Address], head: bytes) -> None:
    made, address = server
    made.gone.clear()
    told = refused(exchanged(address, POST + head), "REQUEST_TIMEOUT")
    assert told["message"] == "a request's body may take 0.5 seconds"
    until(made.gone.is_set)


def test_a_body_that_drips_is_given_up(address: Address) -> None:
    assert b"REQUEST_TIMEOUT" in dripped(address, POST + b"Content-Length: 9999\r\n\r\n")


def test_a_body_in_pieces_is_taken(patient: Address) -> None:
    with connected(patient) as connection:
        for byte in POST + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello":
            connection.sendall(bytes([byte]))
        assert b'{"size":5}' in rest(connection)


def test_a_length_that_is_too_much_is_refused_before_the_body(address: Address) -> None:
    sent = POST + b"Expect: 100-continue\r\nContent-Length: 10485760\r\n\r\n"
    answer = exchanged(address, sent)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 65536 bytes" in answer


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_ten_megabytes_are_refused_and_the_sender_hears_of_it(
    patient: Address, announced: bool
) -> None:
    chunk = b"x" * (1 << 20)
    with connected(patient) as connection:
        if announced:
            connection.sendall(POST + b"Content-Length: 10485760\r\n\r\n" + chunk * 10)
        else:
            connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(10):
                connection.sendall(b"100000\r\n" + chunk + b"\r\n")
        assert too_large(connection)


def too_large(connection: socket.socket) -> bool:
    """Tell whether the answer is that a body is too large."""
    heard = b""
    while b"larger than 65536 bytes" not in heard:
        part = connection.recv(4096)
        if not part:
            return False
        heard += part
    return heard.startswith(b"HTTP/1.1 413 ")


def test_a_connection_whose_body_was_refused_goes_on_where_it_ends_soon(patient: Address) -> None:
    with connected(patient) as connection:
        connection.sendall(POST + b"Content-Length: 70000\r\n\r\n")
        assert too_large(connection)
        connection.sendall(b"x" * 70000 + LAST)
        assert hello(connection)


def test_the_rest_of_a_body_that_was_refused_is_not_waited_for(address: Address) -> None:
    with connected(address) as connection:
        connection.sendall(POST + b"Content-Length: 70000\r\n\r\n")
        assert too_large(connection)
        assert rest(connection) == b""


TRAILER = b"x-trailer: " + b"y" * 1000 + b"\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"


@pytest.mark.parametrize(
    "aside", [b"0\r\n" + TRAILER * 500, b"0\r\nx:" + b"y" * 500_000, b"2;x=" + b"y" * 500_000]
)
def test_what_stands_beside_a_body_is_bounded(patient: Address, aside: bytes) -> None:
    with connected(patient) as connection:
        connection.sendall(CHUNKED + aside)
        refused(rest(connection))


def test_whoever_was_answered_does_not_fill_the_memory_behind_it(address: Address) -> None:
    """The answer comes before the body: all that follows is thrown away, and nothing answers it."""
    with connected(address) as connection:
        connection.sendall(CHUNKED.replace(b"/body", b"/nowhere") + b"0\r\n" + TRAILER)
        heard = connection.recv(1 << 16)
        assert heard.startswith(b"HTTP/1.1 404 ")
        with suppress(ConnectionError):
            for _ in range(500):
                connection.sendall(TRAILER)
        assert b"HTTP/1.1" not in rest(connection)


def test_a_header_behind_a_body_is_none(server: tuple[Server, Address]) -> None:
    made, address = server
    head = CHUNKED.replace(b"Transfer", b"Connection: close\r\nTransfer")
    answer = exchanged(address, head + b"0\r\nX-Late: 1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"x-late" not in made.headers


def test_a_length_that_is_a_lie_does_not_hold_its_handler(server: tuple[Server, Address]) -> None:
    made, address = server
    made.gone.clear()
    with connected(address) as connection:
        connection.sendall(POST + b"Content-Length: 100\r\n\r\nhello")
    until(made.gone.is_set)
    answer = exchanged(address, POST + b"Content-Length: 2\r\n\r\nhello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'{"size":2}' in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_whoever_does_not_read_an_answer_is_hung_up_on(server: tuple[Server, Address]) -> None:
    made, address = server
    made.released.clear()
    made.sent = 0
    with connected(address) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\n" + HOST + b"\r\n")
        until(made.released.is_set)
    # What the kernel takes, and little more: nothing piles up in the process.
    assert made.sent < 16 << 20


def test_nonsense_in_the_middle_of_an_answer_does_not_get_into_it(
    server: tuple[Server, Address],
) -> None:
    made, address = server
    made.released.clear()
    with connected(address) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\n" + HOST + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"no HTTP at all\r\n\r\n")
        heard = b""
        while len(heard) < 16 << 20:
            heard += connection.recv(1 << 20)
        assert b"problem" not in heard
    until(made.released.is_set)


def test_a_server_is_not_slowed_by_those_who_say_nothing(address: Address) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(address)) for _ in range(200)]
        assert hello(stack.enter_context(asked(address)))
        assert [rest(each) for each in idle] == [b""] * 200
