"""A durable pull consumer over one connection: messages are asked for, and acknowledged.

Source: https://docs.nats.io/nats-concepts/jetstream/consumers
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import nats.errors
import nats.js.errors
import orjson
from nats.js.api import AckPolicy, Header

from quantapilot.errors import SinkError
from quantapilot.relay.feed import Taken, UnheardError
from quantapilot.sinks.link import UnreachableError
from quantapilot.sinks.nats_connection import CONNECT, NatsConnection, no_connection, number_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from nats.aio.msg import Msg
    from nats.js.api import ConsumerConfig, ConsumerInfo

    from quantapilot.sinks.broker_url import BrokerUrl

# As many as a sink nats: sends at once.
BATCH = 256
# Bytes that come at once: more than one message may have, which are 64 MiB.
_MOST_BYTES = 80 << 20
# Seconds that an answer may be late.
_LATE = 2.0
# What ends a request in peace: an answer, nothing there, or its time is over.
_ENDS = {"", "404", "408"}
_LOST = "the connection was lost"
# `server/errors.json` of nats-server.
_NO_STREAM = 10059


class Consuming(NatsConnection):
    """One connection, what came over it, and since when nothing older comes any more."""

    def __init__(self, stream: str, consumer: str) -> None:
        super().__init__()
        self.clear_at: float | None = None
        self._stream = stream
        self._consumer = consumer
        self._requests = count()
        self._request = ""
        self._inbox = ""
        self._arrived: list[Taken] = []
        self._ended = asyncio.Event()
        self._status = ""

    async def listen(self) -> None:
        """Have messages come under one subject for all requests."""
        self._inbox = self.client.new_inbox()
        await self.client.subscribe(f"{self._inbox}.*", cb=self._came)

    async def on_closed(self) -> None:
        """Wake who waits: nothing comes any more."""
        await super().on_closed()
        self._ended.set()

    async def take(self, stands: float) -> Sequence[Taken]:
        """Ask for messages, and return those that come until there is nothing more.

        Args:
            stands: For how many seconds to wait for the first.

        Raises:
            UnreachableError: The server does not answer, or refuses.
        """
        # With both, the server waits for one message, and then sends no more than there are.
        asked: dict[str, int | bool] = {
            "batch": BATCH - len(self._arrived),
            "max_bytes": _MOST_BYTES,
            "no_wait": True,
        }
        if stands:
            asked["expires"] = int(stands * 1e9)
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        refused = await self._asked(subject, orjson.dumps(asked), stands + _LATE)
        batch, self._arrived = self._arrived, []
        if refused and not batch:
            raise UnreachableError(refused)
        return sorted(batch, key=lambda each: each.seq)

    async def acknowledge(self, batch: Sequence[Taken]) -> None:
        """Acknowledge messages, and wait until the server has heard of the last, and so of all.

        Raises:
            UnheardError: It does not say so.
            UnreachableError: The connection was lost.
        """
        try:
            for each in batch[:-1]:
                await self.client.publish(each.handle, b"+ACK")
        except nats.errors.Error:
            refused = _LOST
        else:
            refused = await self._asked(batch[-1].handle, b"+ACK", CONNECT)
        told = f"it is not known whether acknowledgements arrived: {refused}"
        if refused == _LOST:
            raise UnreachableError(told)
        if refused:
            raise UnheardError(told)

    async def _asked(self, subject: str, body: bytes, seconds: float) -> str:
        """Ask the server, and return why there is no answer; nothing where there is one."""
        self._ended.clear()
        self._status = ""
        self._request = f"{self._inbox}.{next(self._requests)}"
        try:
            await self.client.publish(subject, body, reply=self._request)
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return "no answer in time"
        except nats.errors.Error:
            return _LOST
        if self.lost:
            return _LOST
        return "" if self._status in _ENDS else "the stream or its consumer is not there any more"

    async def info(self) -> ConsumerInfo:
        """Return how far the consumer is.

        Raises:
            UnreachableError: The server does not tell.
        """
        try:
            info: ConsumerInfo = await self.client.jsm(timeout=CONNECT).consumer_info(
                self._stream, self._consumer
            )
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError):
            await self.on_closed()
        else:
            return info
        raise UnreachableError("the server does not tell how far the consumer is")

    async def _came(self, message: Msg) -> None:
        if message.reply.startswith("$JS.ACK."):
            self._arrived.append(taken_of(message))
            if len(self._arrived) >= BATCH:
                self._ended.set()
        elif message.subject == self._request:
            self._status = (message.headers or {}).get(Header.STATUS.value, "")
            # A heartbeat, and that a consumer is paused, end nothing.
            if self._status != "100":
                self._ended.set()


def taken_of(message: Msg) -> Taken:
    """Return a message with what its reply tells of its place in the stream."""
    # `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQ.CONSUMER_SEQ.TIME.PENDING`; newer servers put a domain
    # and an account before the stream (ADR-15 of nats-architecture-and-design).
    words = message.reply.split(".")
    at = 2 if len(words) == 9 else 4
    return Taken(
        words[at],
        message.subject,
        int(words[at + 3]),
        int(words[at + 5]),
        message.data,
        message.reply,
    )


async def consuming(
    address: BrokerUrl, wanted: ConsumerConfig, tls: ssl.SSLContext | None
) -> Consuming:
    """Return a connection over which can be taken.

    Raises:
        UnreachableError: There is none.
        SinkError: The consumer is there, and another one than it should be.
    """
    connection = Consuming(address.path, wanted.durable_name or "")
    reason = ""
    try:
        await connection.connect(address, tls)
        await _find(connection, address.path, wanted)
        await connection.listen()
    except (asyncio.CancelledError, SinkError):
        await connection.close()
        raise
    # A server may send what the client is not ready for.
    except Exception as error:  # noqa: BLE001
        reason = _reason(error, connection.error)
    if not reason:
        return connection
    await connection.close()
    raise UnreachableError(reason)


async def _find(connection: Consuming, stream: str, wanted: ConsumerConfig) -> None:
    """Make the consumer where there is none, and see that it is the one that is wanted.

    Raises:
        SinkError: It is another one.
    """
    manager = connection.client.jsm(timeout=CONNECT)
    try:
        info = await manager.consumer_info(stream, wanted.durable_name or "")
    except nats.js.errors.NotFoundError as error:
        if error.err_code == _NO_STREAM:
            raise
        info = await manager.add_consumer(stream, wanted)
    found = info.config
    same = (found.filter_subject or ">") == wanted.filter_subject and not found.filter_subjects
    pulls = found.ack_policy == AckPolicy.EXPLICIT and not found.deliver_subject
    # One that gives up on a message would lose it; of one without bodies nothing is an event.
    whole = (found.max_deliver or -1) < 0 and not found.headers_only
    if not (same and pulls and whole):
        raise SinkError(
            f"the stream has another consumer '{wanted.durable_name}': of other subjects, or not "
            "one that pulls whole messages, acknowledges each and gets it until then; name yours "
            "with consumer="
        )


def _reason(error: Exception, noted: Exception | None) -> str:
    if isinstance(error, nats.js.errors.APIError):
        number = number_of(error.err_code)
        return "no such stream" if number == _NO_STREAM else f"no consumer: error {number}"
    if isinstance(error, nats.js.errors.Error | nats.errors.NoRespondersError):
        return "the server has no JetStream"
    return no_connection(error, noted)
