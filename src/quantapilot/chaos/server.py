"""An HTTP server that fails on demand: refuses, delays, resets, answers too much or nonsense."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from aiohttp import web

from quantapilot.chaos.record import Record, Totals
from quantapilot.errors import SignatureError, UnknownNameError
from quantapilot.signing import Signer, verify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from aiohttp.web_protocol import RequestHandler

    from quantapilot.chaos.record import Heard

    _Answer = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]

Mode = Literal[
    "ok",
    "500",
    "429",
    "404",
    "410",
    "redirect",
    "reset",
    "garbage",
    "slow-headers",
    "slow-body",
    "huge",
    "closed",
]
MODES: tuple[Mode, ...] = get_args(Mode)

_HUGE = 10 << 20
_CHUNK = b"x" * (64 << 10)
# With no time to linger, closing a socket resets its connection.
_NO_LINGER = struct.pack("ii", 1, 0)
_GARBAGE = b"\x16\x03\x01 this is no HTTP \x00\xff\r\n\r\n" * 8


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a receiver answers.

    Attributes:
        script: What happens to the first requests, in their order.
        weights: How often each mode comes up behind that, by chance; always `ok` where empty.
        seed: What the chance begins with: equal seeds, equal modes.
        secrets: Keys to verify signatures with; what does not verify is answered 401. None are
            verified where it is empty.
        retry_after: Seconds that a 429 asks for.
        slowness: Seconds between the pieces of a slow answer, and between the closing and the
            opening of the port.
        pieces: How many pieces a slow answer comes in.

    Raises:
        UnknownNameError: There is no such mode.
        SecretError: A secret can't be used.
    """

    script: tuple[Mode, ...] = ()
    weights: Mapping[Mode, float] = field(default_factory=dict)
    seed: int = 0
    secrets: tuple[str, ...] = field(default=(), repr=False)
    retry_after: int = 1
    slowness: float = 0.2
    pieces: int = 50

    def __post_init__(self) -> None:
        for mode in (*self.script, *self.weights):
            if mode not in MODES:
                raise UnknownNameError(f"no receiver fails so; the modes are {', '.join(MODES)}")
        if self.secrets:
            # It refuses what verifying would refuse for every request.
            Signer(self.secrets)


class MisbehavingServer:
    """Takes events over HTTP on a port of 127.0.0.1, and answers as it was told to."""

    def __init__(self, behaviour: Behaviour, certificate: Path | None, port: int) -> None:
        self._record = Record()
        self._modes: Counter[str] = Counter()
        self._unverified = 0
        self._unnamed = 0
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate)
        self._http = web.Server(self._handle, access_log=None)
        self._listening: asyncio.Server | None = None
        self._opening = asyncio.Lock()
        self._reopening: set[asyncio.Task[None]] = set()
        self._answers: Mapping[str, _Answer] = {
            "500": partial(self._status, status=500),
            "429": partial(self._status, status=429),
            "404": partial(self._status, status=404),
            "410": partial(self._status, status=410),
            "redirect": partial(self._status, status=302),
            "reset": self._reset,
            "garbage": self._garbage,
            "slow-headers": self._slow_headers,
            "slow-body": self._slow_body,
            "huge": self._huge,
            "closed": self._closed,
        }
        self.port = port
        self.behave(behaviour)

    def behave(self, behaviour: Behaviour) -> None:
        """Answer so from now on."""
        self._behaviour = behaviour
        self._script = iter(behaviour.script)
        self._chance = random.Random(behaviour.seed)  # noqa: S311 - it decides nothing secret
        self._choices = tuple(behaviour.weights)
        self._weights = tuple(behaviour.weights.values())

    def heard(self, ids: Sequence[str]) -> list[Heard | None]:
        """Return what came under each id; None where nothing did."""
        return [self._record.heard(each) for each in ids]

    def totals(self, _: None = None) -> Totals:
        """Return what came in all."""
        return Totals(
            requests=self._modes.total(),
            modes=dict(self._modes),
            unverified=self._unverified,
            unnamed=self._unnamed,
            **self._record.counts(),
        )

    async def open_port(self, _: None = None) -> None:
        """Take connections, on the same port as before."""
        loop = asyncio.get_running_loop()
        # One that is opened again by itself may be opened on request meanwhile.
        async with self._opening:
            if self._listening is None:
                self._listening = await loop.create_server(
                    self._http, "127.0.0.1", self.port, ssl=self._tls, backlog=512
                )
                self.port = self._listening.sockets[0].getsockname()[1]

    async def close_port(self, _: None = None) -> None:
        """Take no connections, and reset those there are."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()
            for each in self._http.connections:
                _reset(each)

    async def close(self) -> None:
        """Stop for good."""
        for task in self._reopening:
            task.cancel()
        await asyncio.gather(*self._reopening, return_exceptions=True)
        await self.close_port()
        await self._http.shutdown(0.1)

    def _next(self) -> Mode:
        mode = next(self._script, None)
        if mode is None:
            if not self._choices:
                return "ok"
            mode = self._chance.choices(self._choices, self._weights)[0]
        return mode

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        # Without aiohttp's limit on how much: an event is as large as it is.
        body = await request.content.read()
        mode = self._next()
        self._modes[mode] += 1
        message_id = request.headers.get("webhook-id")
        if message_id is None:
            self._unnamed += 1
            return web.Response(status=400)
        if self._behaviour.secrets:
            try:
                verify(request.headers, body, self._behaviour.secrets)
            except SignatureError:
                self._unverified += 1
                return web.Response(status=401)
        key = self._record.see(message_id, body)
        if mode == "ok":
            self._record.accept(key)
            return web.Response(status=204)
        return await self._answers[mode](request, key)

    async def _status(self, request: web.BaseRequest, _: bytes, status: int) -> web.Response:
        headers = {}
        if status == 429:
            headers["retry-after"] = str(self._behaviour.retry_after)
        elif status == 302:
            headers["location"] = f"{request.path}/elsewhere"
        return web.Response(status=status, headers=headers, text="not now")

    async def _reset(self, request: web.BaseRequest, _: bytes) -> web.Response:
        _reset(request.protocol)
        return web.Response(status=500)

    async def _garbage(self, request: web.BaseRequest, _: bytes) -> web.Response:
        if request.transport is not None:
            request.transport.write(_GARBAGE)
            request.transport.close()
        return web.Response(status=500)

    async def _slow_headers(self, request: web.BaseRequest, key: bytes) -> web.Response:
        # Written by hand: aiohttp sends headers as one piece.
        transport = request.transport
        if transport is not None:
            transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n")
            for _ in range(self._behaviour.pieces):
                await asyncio.sleep(self._behaviour.slowness)
                if transport.is_closing():
                    break
                transport.write(b"x-slow: yes\r\n")
            else:
                transport.write(b"\r\n")
                self._record.accept(key)
            transport.close()
        return web.Response(status=500)

    async def _slow_body(self, request: web.BaseRequest, key: bytes) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-length": str(self._behaviour.pieces)})
        self._record.accept(key)
        with suppress(OSError):
            await answer.prepare(request)
            for _ in range(self._behaviour.pieces):
                await asyncio.sleep(self._behaviour.slowness)
                await answer.write(b"x")
        return answer

    async def _huge(self, request: web.BaseRequest, key: bytes) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-length": str(_HUGE)})
        self._record.accept(key)
        with suppress(OSError):
            await answer.prepare(request)
            for _ in range(_HUGE // len(_CHUNK)):
                await answer.write(_CHUNK)
        return answer

    async def _closed(self, _: web.BaseRequest, __: bytes) -> web.Response:
        if self._listening is not None:
            await self.close_port()
            task = asyncio.ensure_future(self._reopen())
            self._reopening.add(task)
            task.add_done_callback(self._reopening.discard)
        return web.Response(status=500)

    async def _reopen(self) -> None:
        await asyncio.sleep(self._behaviour.slowness)
        await self.open_port()


def _reset(protocol: RequestHandler) -> None:
    transport = protocol.transport
    if transport is not None:
        # A connection that is just ending has none.
        connected = transport.get_extra_info("socket")
        if connected is not None:
            with suppress(OSError):
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
