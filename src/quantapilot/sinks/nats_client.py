"""One connection to a NATS server, as all here make it: never mended, and nothing of it is shown.

A client that connects again by itself would send later what nobody waits for any more, and log
while it tries.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import nats.errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nats.aio.client import Client

    from quantapilot.sinks.broker_url import BrokerUrl

PORT = 4222
# Seconds that a full socket may hold up a call.
_MOMENT = 1.0


async def connect(
    client: Client,
    address: BrokerUrl,
    *,
    error: Callable[[Exception], Awaitable[None]],
    closed: Callable[[], Awaitable[None]],
    seconds: int,
    tls: ssl.SSLContext | None = None,
    **settings: Any,
) -> None:
    """Connect a client that is new.

    Args:
        client: The client.
        address: Where, and as whom.
        error: Told of what no call raises: the client's own way would log a server's text.
        closed: Called when the connection has ended.
        seconds: How long connecting may take.
        tls: How servers prove who they are; the system's certificates where it is None.
        settings: More that the client takes.

    Raises:
        Exception: It can't be; `unreachable` says why.
    """
    secure = address.scheme == "nats+tls"
    if tls is not None:
        settings["tls"] = tls
    if address.password is None:
        settings["token"] = address.user
    else:
        settings |= {"user": address.user, "password": address.password}
    await client.connect(
        [f"{'tls' if secure else 'nats'}://{server}" for server in address.servers],
        error_cb=error,
        closed_cb=closed,
        name="quantapilot",
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=seconds,
        flush_timeout=_MOMENT,
        # A server that demands TLS only in its greeting could be played by one that does not.
        tls_handshake_first=secure,
        **settings,
    )


def abort(client: Client) -> None:
    """End a client's socket and its tasks, for which it has no call.

    Closing would wait for a peer that does not read, and for one whose TLS failed; and a client
    that fails to send what it held leaves its tasks behind.
    """
    writer = getattr(client._transport, "_io_writer", None)  # noqa: SLF001
    if writer is not None:
        writer.transport.abort()
    for subscription in list(client._subs.values()):  # noqa: SLF001
        subscription._stop_processing()  # noqa: SLF001


def unreachable(error: Exception, noted: Exception | None) -> str:
    """Return why there is no connection, in fixed words.

    Args:
        error: What connecting raised.
        noted: What was told of beside that.
    """
    if isinstance(error, nats.errors.NoServersError) and noted is not None:
        error = noted
    if isinstance(error, ssl.SSLError):
        return "no connection: TLS failed"
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if "authorization" in str(error).lower():
        return "the server refuses the credentials"
    return "no connection"
