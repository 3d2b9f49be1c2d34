"""A stream of NATS JetStream as a feed: a durable pull consumer, each message acknowledged.

`nats://HOST:PORT/STREAM?consumer=NAME&filter=raw.>&ack_wait=SECONDS`.
Source: https://docs.nats.io/nats-concepts/jetstream/consumers
"""

from __future__ import annotations

import asyncio
import re
from itertools import count
from typing import TYPE_CHECKING

import nats.errors
import nats.js.errors
import orjson
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header

from quantapilot.errors import SinkError
from quantapilot.relay.feed import Taken, UnheardError
from quantapilot.sinks.broker_url import parse_broker_url
from quantapilot.sinks.link import Link, UnreachableError
from quantapilot.sinks.nats_connection import (
    CONNECT,
    PORT,
    STREAM_NAME,
    NatsConnection,
    no_connection,
    number_of,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from nats.aio.msg import Msg
    from nats.js.api import ConsumerInfo

    from quantapilot.sinks.broker_url import BrokerUrl

# As many as a sink nats: sends at once.
_BATCH = 256
_MOST_UNDONE = 4 * _BATCH
_CONSUMER = "qp-check"
# Seconds after which what was taken and not acknowledged comes again.
_ACK_WAIT = 30
# Seconds that a request for messages stands, and that its answer may be late.
_STANDS = 5.0
_LATE = 2.0
# Seconds that a server may be late with what comes again, and the most that is slept at once.
_NAP = 0.25

# Words with dots between; a `*` stands for one, a `>` at the end for all that follow.
_FILTER = re.compile(r"(?:[!-)+-\-/-=?-~]+|\*)(?:\.(?:[!-)+-\-/-=?-~]+|\*))*(?:\.>)?|>")
# What ends a request in peace: an answer, nothing there, or its time is over.
_ENDS = {"", "404", "408"}
_LOST = "the connection was lost"


def from_url(
    url: str, tls: ssl.SSLContext | None = None, told: Callable[[str], None] = lambda _: None
) -> NatsFeed:
    """Return the feed of an address; it connects when something is taken.

    Args:
        url: `nats://…` or `nats+tls://…`.
        tls: How servers prove who they are; the system's certificates where it is None.
        told: Gets a line of text when it has to be waited.

    Raises:
        SinkError: The address can't be used.
    """
    if url.partition(":")[0].lower() not in {"nats", "nats+tls"}:
        raise SinkError("a stream that is checked has an address like nats://HOST:PORT/STREAM")
    address = parse_broker_url(url, PORT, ("consumer", "filter", "ack_wait"))
    consumer = address.options.get("consumer", _CONSUMER)
    subjects = address.options.get("filter", ">")
    for name, what in ((address.path, "its stream"), (consumer, "with consumer= its consumer")):
        if not STREAM_NAME.fullmatch(name):
            raise SinkError(
                f"a stream that is checked names {what}, as in nats://HOST:PORT/STREAM: "
                "letters, digits, - and _"
            )
    if not _FILTER.fullmatch(subjects):
        raise SinkError("filter= is a subject such as raw.runs.>, made of words with dots between")
    wanted = ConsumerConfig(
        durable_name=consumer,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=address.number("ack_wait", _ACK_WAIT),
        max_ack_pending=_MOST_UNDONE,
        filter_subject=subjects,
    )
    return NatsFeed(address, wanted, tls, told)


class NatsFeed:
    """Takes messages of one stream; for one event loop."""

    def __init__(
        self,
        address: BrokerUrl,
        wanted: ConsumerConfig,
        tls: ssl.SSLContext | None,
        told: Callable[[str], None],
    ) -> None:
        """Take where the stream is, and what consumer is made of it; nothing is connected to."""
        self.name = f"{address.scheme}://{','.join(address.servers)}/{address.path}"
        self._told = told

        async def connect() -> _Connection:
            return await _connect(address, wanted, tls)

        self._link = Link(connect, _Connection.close, lambda connection: connection.usable)

    async def take(self, *, wait: bool) -> Sequence[Taken]:
        """Return the next messages; see `Feed`."""
        connection = await self._connection()
        if await self._naps(connection):
            return ()
        try:
            return await connection.take(_STANDS if wait else 0.0)
        except UnreachableError:
            await self._link.drop(connection)
            raise

    async def done(self, batch: Sequence[Taken]) -> None:
        """Acknowledge messages; the last is confirmed, and with it those before."""
        connection = await self._connection()
        try:
            await connection.acknowledge(batch)
        except UnreachableError:
            await self._link.drop(connection)
            raise

    async def empty(self) -> bool:
        """Tell whether all is acknowledged."""
        info = await (await self._connection()).info()
        return not (info.num_pending or info.num_ack_pending)

    async def close(self) -> None:
        """Let go of the connection; what was taken and not acknowledged comes again."""
        await self._link.close()

    async def _connection(self) -> _Connection:
        return await self._link.get(asyncio.get_running_loop().time() + 2 * CONNECT)

    async def _naps(self, connection: _Connection) -> bool:
        """Wait a moment where others come first that were taken before this connection was.

        They come again, and newer ones behind them: in the meantime these would overtake.
        """
        loop = asyncio.get_running_loop()
        if connection.clear_at is None:
            info = await connection.info()
            seconds = 0.0
            if info.num_ack_pending:
                seconds = (info.config.ack_wait or _ACK_WAIT) + _NAP
                self._told(
                    f"{self.name}: {info.num_ack_pending:,} events that a relay took and did not "
                    f"finish come again; waiting {seconds:.0f} s for that"
                )
            connection.clear_at = loop.time() + seconds
        if loop.time() >= connection.clear_at:
            return False
        await asyncio.sleep(min(connection.clear_at - loop.time(), _NAP))
        return True


class _Connection(NatsConnection):
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
        asked: dict[str, int | bool] = {"batch": _BATCH - len(self._arrived), "no_wait": True}
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
            self._arrived.append(_taken(message))
            if len(self._arrived) >= _BATCH:
                self._ended.set()
        elif message.subject == self._request:
            self._status = (message.headers or {}).get(Header.STATUS.value, "")
            # A heartbeat, and that a consumer is paused, end nothing.
            if self._status != "100":
                self._ended.set()


def _taken(message: Msg) -> Taken:
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


async def _connect(
    address: BrokerUrl, wanted: ConsumerConfig, tls: ssl.SSLContext | None
) -> _Connection:
    """Return a connection over which can be taken.

    Raises:
        UnreachableError: There is none.
        SinkError: The consumer is there, and another one than it should be.
    """
    connection = _Connection(address.path, wanted.durable_name or "")
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


async def _find(connection: _Connection, stream: str, wanted: ConsumerConfig) -> None:
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
    if not same or found.ack_policy != AckPolicy.EXPLICIT or found.deliver_subject:
        raise SinkError(
            f"the stream has another consumer '{wanted.durable_name}': of other subjects, or not "
            "one that pulls and acknowledges each message; name yours with consumer="
        )


# `server/errors.json` of nats-server.
_NO_STREAM = 10059


def _reason(error: Exception, noted: Exception | None) -> str:
    if isinstance(error, nats.js.errors.APIError):
        number = number_of(error.err_code)
        return "no such stream" if number == _NO_STREAM else f"no consumer: error {number}"
    if isinstance(error, nats.js.errors.Error | nats.errors.NoRespondersError):
        return "the server has no JetStream"
    return no_connection(error, noted)
