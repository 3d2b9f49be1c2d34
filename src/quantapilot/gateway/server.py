"""The gateway as a server: sockets, TLS, and an end that lets event streams go first."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from quantapilot.errors import ConfigError
from quantapilot.gateway.app import application
from quantapilot.gateway.protocol import limited
from quantapilot.relay.stopping import asked_to_stop
from quantapilot.relay.thread import loop_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quantapilot.gateway.gateway import Gateway

_LOG = logging.getLogger(__name__)
_BACKLOG = 1024
_KEPT_ALIVE = 15
# Of TLS 1.2, with forward secrecy and authenticated encryption alone (RFC 9325, section 4.2); TLS
# 1.3 has no others, and what is older is not spoken. Not every version of uvicorn chooses well.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
# What is under way may take so many seconds once the server is to end; deliveries about as many.
_GRACE = 4


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server is heard.

    Attributes:
        host, port: The address; a free port where it is 0.
        certificate, key: PEM files, where it speaks TLS.
        proxies: Addresses of proxies that are believed who a client is.
    """

    host: str = "127.0.0.1"
    port: int = 8700
    certificate: Path | None = None
    key: Path | None = None
    proxies: str = ""


def serve(gateway: Gateway, listening: Listening, began: Callable[[str], None]) -> None:
    """Serve until the process is asked to end.

    Args:
        gateway: What answers; opened and closed here.
        listening: Where.
        began: Called with the server's address once it answers.

    Raises:
        ConfigError: The address can't be listened at, or the certificate can't be used.
        QuantaPilotError: The gateway can't be opened.
    """
    listener = _listener(listening)
    config = uvicorn.Config(
        application(gateway),
        http=limited(gateway.settings.connections),
        loop="none",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEPT_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        proxy_headers=bool(listening.proxies),
        forwarded_allow_ips=listening.proxies or None,
        ssl_ciphers=_CIPHERS,
        ssl_certfile=listening.certificate,
        ssl_keyfile=None if listening.key is None else str(listening.key),
    )
    try:
        config.load()
    except OSError as error:
        listener.close()
        # What OpenSSL says of it tells nobody anything.
        unusable = "they are not PEM, or not of each other"
        why = unusable if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(f"the certificate or its key can't be used: {why}") from None
    server = Server(config, gateway.end_streams)
    host, port = listener.getsockname()[:2]
    scheme = "https" if listening.certificate else "http"
    address = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    async def run() -> None:
        with asked_to_stop(server.stop):
            await gateway.open()
            try:
                serving = asyncio.create_task(server.serve([listener]))
                while not (server.started or serving.done()):
                    await asyncio.sleep(0.01)
                # Rules and words are many and stay: the collector need not look at them again.
                gc.freeze()
                if server.started:
                    began(address)
                await serving
            finally:
                await gateway.close()

    with listener, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run())


class Server(uvicorn.Server):
    """uvicorn's server, for answers that have no end: event streams."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        """Take what is served.

        Args:
            config: How.
            ending: Called once it begins to end, before answers under way are waited for.
        """
        super().__init__(config)
        self._ending = ending

    def stop(self) -> None:
        """Take no more requests, answer those that there are, and end."""
        _LOG.info("the gateway ends: what is under way is answered first")
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would end the process before the gateway is closed."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, once all answers that are under way are given."""
        self._ending()
        await super().shutdown(sockets)


def _listener(listening: Listening) -> socket.socket:
    host, port = listening.host, listening.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Here, as of two that bind at the same time only one may listen.
        listener.listen(_BACKLOG)
    except OSError as error:
        raise ConfigError(f"can't listen at {host}:{port}: {error.strerror or error}") from None
    listener.set_inheritable(False)
    return listener
