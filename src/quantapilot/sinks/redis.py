"""Events to a stream of Redis: delivered is what XADD has given a place in the stream.

`redis://HOST:PORT/0?stream=NAME`, over the client of FastStream's broker: what FastStream itself
publishes is wrapped in a format that only FastStream reads. Channels and lists are no sinks:
nothing there says that an event is kept.
"""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from faststream.redis import RedisBroker
from faststream.security import BaseSecurity, SASLPlaintext
from redis.asyncio.retry import Retry as Tries
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from quantapilot.errors import SinkError
from quantapilot.sinks.broker_url import parse_broker_url
from quantapilot.sinks.link import Link, UnreachableError
from quantapilot.sinks.sink import Delivered, Retry

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from quantapilot.sinks.broker_url import BrokerUrl
    from quantapilot.sinks.sink import Message, Outcome, SinkOptions

_BATCH = 256
_IN_FLIGHT = 2
_PORT = 6379
_STREAM = "events"
# The field that FastStream's subscribers take a message from.
_BODY = "__data__"

# What XADD answers: the place in the stream.
_PLACE = re.compile(rb"[0-9]{1,20}-[0-9]{1,20}")

_SILENT = Retry("no acknowledgement in time")
_LOST = Retry("the connection was lost")


def from_url(url: str, options: SinkOptions) -> RedisSink:
    """Return the sink of an address `redis://…` or `rediss://…`; it connects when it sends.

    Raises:
        SinkError: The address can't be used.
    """
    address = parse_broker_url(url, _PORT, ("stream",))
    database = address.path or "0"
    if len(address.servers) != 1 or not (database.isascii() and database.isdigit()):
        raise SinkError(
            "a sink redis: names one server and the number of a database, "
            "as in redis://HOST:PORT/0?stream=NAME"
        )
    stream = address.options.get("stream", _STREAM)
    if not stream or not stream.isprintable():
        raise SinkError("stream= of a sink redis: is a name of printable characters")
    return RedisSink(address, int(database), stream, options)


class RedisSink:
    """A stream as a sink; for one event loop."""

    batch = _BATCH

    def __init__(
        self, address: BrokerUrl, database: int, stream: str, options: SinkOptions
    ) -> None:
        """Take where the stream is; nothing is connected to."""
        self._stream = stream
        self._deadline = options.deadline
        self.in_flight = options.in_flight or _IN_FLIGHT
        where = f"{address.scheme}://{address.servers[0]}/{database}"
        self.name = f"{where}?stream={stream}"
        self._link = Link(
            partial(_connect, address, database, options.tls, options.deadline), RedisBroker.stop
        )

    async def open(self) -> None:
        """Do nothing: the first call of `send` connects."""

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Add messages to the stream in one go, and return for each what the server answered."""
        end = asyncio.get_running_loop().time() + self._deadline
        try:
            broker = await self._link.get(end)
        except UnreachableError as error:
            return [Retry(str(error))] * len(batch)
        fault = _SILENT
        try:
            async with asyncio.timeout_at(end):
                return [_outcome(answer) for answer in await self._add(broker, batch)]
        except (TimeoutError, RedisTimeoutError):
            pass
        # A server may answer what the client is not ready for.
        except Exception:  # noqa: BLE001
            fault = _LOST
        await self._link.drop(broker)
        return [fault] * len(batch)

    async def close(self) -> None:
        """Close the connections."""
        await self._link.close()

    async def _add(self, broker: RedisBroker, batch: Sequence[Message]) -> Sequence[object]:
        client = await broker.connect()
        async with client.pipeline(transaction=False) as pipeline:
            for message in batch:
                pipeline.xadd(
                    self._stream, {"id": message.id, "type": message.type, _BODY: message.body}
                )
            answers: Sequence[object] = await pipeline.execute(raise_on_error=False)
        return answers


async def _connect(
    address: BrokerUrl, database: int, tls: ssl.SSLContext | None, deadline: float
) -> RedisBroker:
    # It tells of what a server says unasked by its text.
    logging.getLogger("push_response").setLevel(logging.CRITICAL + 1)
    host, _, port = address.servers[0].rpartition(":")
    secure = address.scheme == "rediss"
    security: BaseSecurity | None = None
    if address.user is not None:
        security = SASLPlaintext(
            address.user or "default", address.password or "", ssl_context=tls, use_ssl=secure
        )
    elif secure:
        security = BaseSecurity(ssl_context=tls, use_ssl=True)
    settings: dict[str, Any] = {
        # Tried again by the client, a batch whose answer got lost would be added twice unseen.
        "retry": Tries(NoBackoff(), 0),
        "socket_connect_timeout": deadline,
        "socket_timeout": deadline,
        "logger": None,
    }
    broker = RedisBroker(
        f"{address.scheme}://{address.servers[0]}",
        host=host.strip("[]"),
        port=int(port),
        db=database,
        security=security,
        apply_types=False,
        **settings,
    )
    reason = "no connection"
    try:
        # Nothing has been connected to before the first command.
        await (await broker.connect()).ping()
    except asyncio.CancelledError:
        await broker.stop()
        raise
    except AuthenticationError:
        reason = "the server refuses the credentials"
    except (TimeoutError, RedisTimeoutError):
        reason = "no connection in time"
    # A server may answer what the client is not ready for.
    except Exception:  # noqa: BLE001, S110
        pass
    else:
        return broker
    await broker.stop()
    raise UnreachableError(reason)


def _outcome(answer: object) -> Outcome:
    if isinstance(answer, bytes) and _PLACE.fullmatch(answer):
        return Delivered()
    if isinstance(answer, RedisError):
        # The kind alone: a server's text may quote what it was sent.
        return Retry(f"refused: {type(answer).__name__}")
    return Retry("an acknowledgement that is none")
