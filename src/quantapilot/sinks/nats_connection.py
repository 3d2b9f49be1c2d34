"""One connection to NATS: how it is made, what is noted of it, and how it is let go of.

It is never mended: when it is lost, nothing waits in it unseen. What a server says in its own words
is shown nowhere.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import nats.errors
from nats.aio.client import Client

if TYPE_CHECKING:
    from quantapilot.sinks.broker_url import BrokerUrl

PORT = 4222
# Seconds in which a server must have greeted, and in which it must answer about a stream.
CONNECT = 5.0
STREAM_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

# Seconds that a full socket may hold up a call, and a connection that is let go of.
_MOMENT = 1.0
_CLOSING = 0.2
# Error numbers of the JetStream API: `server/errors.json` of nats-server. Anything
# else is a server's own words, and those are not shown.
_NUMBERS = range(10_000, 11_000)


class NatsConnection:
    """A client's connection, and what is known of how it fares."""

    def __init__(self) -> None:
        self.client = Client()
        self.lost = False
        self.error: Exception | None = None
        self.forbidden = False

    @property
    def usable(self) -> bool:
        """Tell whether it still stands, as far as is known."""
        return not (self.lost or self.client.is_closed)

    async def connect(
        self, address: BrokerUrl, tls: ssl.SSLContext | None = None, **more: Any
    ) -> None:
        """Connect to one of an address' servers; what the client raises then is many things.

        Args:
            address: The servers, and as whom.
            tls: How they prove who they are; the system's certificates where it is None.
            more: What else the client is to be told.
        """
        secure = address.scheme == "nats+tls"
        settings: dict[str, Any] = more if tls is None else {**more, "tls": tls}
        if address.password is None:
            settings["token"] = address.user
        else:
            settings |= {"user": address.user, "password": address.password}
        await self.client.connect(
            [f"{'tls' if secure else 'nats'}://{server}" for server in address.servers],
            error_cb=self.on_error,
            closed_cb=self.on_closed,
            name="quantapilot",
            # Were it to connect again by itself, it would send what nobody waits for any more.
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=int(CONNECT),
            flush_timeout=_MOMENT,
            # A server that demands TLS only in its greeting could be played by one that does not.
            tls_handshake_first=secure,
            **settings,
        )

    async def on_error(self, error: Exception) -> None:
        """Note an error that no call raises: the client's own way would log a server's text."""
        self.error = error
        if isinstance(error, nats.errors.StaleConnectionError):
            await self.on_closed()
        if "permissions violation" in str(error).lower():
            self.forbidden = True

    async def on_closed(self) -> None:
        """Note that no answer comes any more."""
        self.lost = True

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        await self.on_closed()
        _abort(self.client)
        with suppress(Exception):
            async with asyncio.timeout(_CLOSING):
                await self.client.close()


def no_connection(error: Exception, noted: Exception | None) -> str:
    """Return why there is no connection, in fixed words; `noted` is what the client told aside."""
    if isinstance(error, nats.errors.NoServersError) and noted is not None:
        error = noted
    if isinstance(error, ssl.SSLError):
        return "no connection: TLS failed"
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if "authorization" in str(error).lower():
        return "the server refuses the credentials"
    return "no connection"


def number_of(told: object) -> int | str:
    """Return the number of an error of JetStream; `unknown` where a server says another thing."""
    return told if isinstance(told, int) and told in _NUMBERS else "unknown"


def _abort(client: Client) -> None:
    """End a client's socket and its tasks, for which it has no call.

    Closing would wait for a peer that does not read, and for one whose TLS failed; and a client
    that fails to send what it held leaves its tasks behind. What is unsent is sent again anyway.
    """
    writer = getattr(client._transport, "_io_writer", None)  # noqa: SLF001
    if writer is not None:
        writer.transport.abort()
    for subscription in list(client._subs.values()):  # noqa: SLF001
        subscription._stop_processing()  # noqa: SLF001
