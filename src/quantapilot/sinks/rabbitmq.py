"""Events to RabbitMQ: delivered is what the server has confirmed and put into a queue.

`amqp://HOST:PORT/VHOST?queue=NAME`, or `?exchange=NAME&key=events.{type}`, by FastStream's broker
on aio-pika: publisher confirms, mandatory routing and persistent messages.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    DeliveryError,
    ProbableAuthenticationError,
)
from faststream.rabbit import Channel, RabbitBroker, RabbitExchange
from faststream.security import BaseSecurity, SASLPlaintext
from pamqp.commands import Basic

from quantapilot.errors import SinkError
from quantapilot.sinks.broker_url import parse_broker_url
from quantapilot.sinks.link import Link, UnreachableError
from quantapilot.sinks.sink import Dead, Delivered, Retry

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from quantapilot.sinks.broker_url import BrokerUrl
    from quantapilot.sinks.sink import Message, Outcome, SinkOptions

_BATCH = 256
_IN_FLIGHT = 2
_PORTS = {"amqp": 5672, "amqps": 5671}
# Seconds for a connection, and a share of the deadline: the client gives up before the sink does.
_CONNECT = 5.0
_CLIENT_SHARE = 0.9
_CLOSING = 0.5
# AMQP 0-9-1, §4.2.5.3: a short string has at most 255 bytes.
_SHORT = 255

_SILENT = Retry("no acknowledgement in time")
_LOST = Retry("the connection was lost")
_REFUSED = Retry("the server refused it")
_UNROUTED = Retry("no queue takes it")
_NO_EXCHANGE = Retry("no such exchange")


def from_url(url: str, options: SinkOptions) -> RabbitSink:
    """Return the sink of an address `amqp://…` or `amqps://…`; it connects when it sends.

    Raises:
        SinkError: The address can't be used.
    """
    scheme = url.partition(":")[0].lower()
    address = parse_broker_url(url, _PORTS[scheme], ("queue", "exchange", "key"))
    chosen = address.options
    if len(address.servers) != 1 or ("queue" in chosen) == ("exchange" in chosen):
        raise SinkError(
            "a sink amqp: names one server, and either queue= or exchange=, "
            "as in amqp://HOST:PORT/VHOST?queue=NAME"
        )
    key = chosen.get("queue") or chosen.get("key", "events.{type}")
    sample = key.replace("{type}", "").replace("{run}", "")
    if (
        not key
        or ("queue" in chosen and ("key" in chosen or "{" in key))
        or "{" in sample
        or len(key.encode()) > _SHORT
        or chosen.get("exchange") == ""
    ):
        raise SinkError(
            "queue= or exchange= of a sink amqp: is a name, and key= goes with exchange=: "
            "{type} and {run} stand there for the event's"
        )
    return RabbitSink(address, chosen.get("exchange", ""), key, options)


class RabbitSink:
    """A queue or an exchange as a sink; for one event loop."""

    batch = _BATCH

    def __init__(self, address: BrokerUrl, exchange: str, key: str, options: SinkOptions) -> None:
        """Take where events go; nothing is connected to."""
        self._exchange = RabbitExchange(exchange) if exchange else None
        to = f"exchange={exchange}&key={key}" if exchange else f"queue={key}"
        self._key = key
        self._deadline = options.deadline
        self.in_flight = options.in_flight or _IN_FLIGHT
        where = f"{address.scheme}://{address.servers[0]}/{address.path}"
        self.name = f"{where}?{to}"
        self._link = Link(partial(_connect, address, options.tls, options.deadline), _close)

    async def open(self) -> None:
        """Do nothing: the first call of `send` connects."""

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Publish messages at once, and return for each what the server confirmed."""
        end = asyncio.get_running_loop().time() + self._deadline
        try:
            broker = await self._link.get(end)
        except UnreachableError as error:
            return [Retry(str(error))] * len(batch)
        answers = await asyncio.gather(*(self._publish(broker, message, end) for message in batch))
        if any(answer in {_LOST, _SILENT, _NO_EXCHANGE} for answer in answers):
            await self._link.drop(broker)
        return answers

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _publish(self, broker: RabbitBroker, message: Message, end: float) -> Outcome:
        key = self._key.replace("{type}", message.type).replace("{run}", message.subject)
        if len(key.encode()) > _SHORT or not 0 < len(message.id.encode()) <= _SHORT:
            return Dead("its id, type or run is longer than AMQP takes")
        try:
            async with asyncio.timeout_at(end):
                confirmed = await broker.publish(
                    message.body,
                    exchange=self._exchange,
                    routing_key=key,
                    mandatory=True,
                    persist=True,
                    message_id=message.id,
                    correlation_id=message.id,
                    message_type=message.type,
                    content_type=message.media_type,
                )
        except asyncio.CancelledError:
            # The client cancels what waits when its connection ends; others cancel this task.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            return _LOST
        # A client that is being closed raises RuntimeError.
        except (AMQPError, OSError, RuntimeError) as error:
            return _fault(error)
        # What no queue takes comes back as the message itself.
        return Delivered() if isinstance(confirmed, Basic.Ack) else _UNROUTED


def _fault(error: Exception) -> Outcome:
    if isinstance(error, TimeoutError):
        return _SILENT
    if isinstance(error, DeliveryError):
        return _REFUSED
    return _NO_EXCHANGE if isinstance(error, ChannelNotFoundEntity) else _LOST


async def _connect(address: BrokerUrl, tls: ssl.SSLContext | None, deadline: float) -> RabbitBroker:
    # They tell of messages by their text, and of failures by what a server sent.
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    host, _, port = address.servers[0].rpartition(":")
    secure = address.scheme == "amqps"
    security = BaseSecurity(ssl_context=tls, use_ssl=secure)
    if address.user is not None:
        security = SASLPlaintext(
            address.user, address.password or "", ssl_context=tls, use_ssl=secure
        )
    broker = RabbitBroker(
        f"{address.scheme}://{address.servers[0]}",
        host=host.strip("[]"),
        port=int(port),
        virtualhost=address.path or "/",
        security=security,
        timeout=min(deadline * _CLIENT_SHARE, _CONNECT),
        default_channel=Channel(publisher_confirms=True, on_return_raises=False),
        logger=None,
        apply_types=False,
    )
    connecting = asyncio.ensure_future(broker.connect())
    try:
        # Cancelled, the client would go on to connect for ever. It ends by itself in time.
        await asyncio.shield(connecting)
    except asyncio.CancelledError:
        await asyncio.wait({connecting})
        if connecting.exception() is None:
            await _close(broker)
        raise
    except (AuthenticationError, ProbableAuthenticationError):
        reason = "the server refuses the credentials"
    except TimeoutError:
        reason = "no connection in time"
    except (AMQPError, OSError, RuntimeError):
        reason = "no connection"
    else:
        return broker
    raise UnreachableError(reason)


async def _close(broker: RabbitBroker) -> None:
    # Each step waits for the server, which may be the one that hangs. The connection goes first:
    # otherwise it would be made anew meanwhile.
    connection = await broker.connect()
    for step in (connection.close, broker.stop):
        with suppress(Exception):
            async with asyncio.timeout(_CLOSING):
                await step()
