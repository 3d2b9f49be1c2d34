"""A stream of NATS JetStream as a feed: a durable pull consumer, each message acknowledged.

`nats://HOST:PORT/STREAM?consumer=NAME&filter=raw.>&ack_wait=SECONDS`.
Source: https://docs.nats.io/nats-concepts/jetstream/consumers
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from quantapilot.errors import SinkError
from quantapilot.relay.nats_consumer import BATCH, Consuming, consuming
from quantapilot.sinks.broker_url import parse_broker_url
from quantapilot.sinks.link import Link, UnreachableError
from quantapilot.sinks.nats_connection import CONNECT, PORT, STREAM_NAME

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from quantapilot.relay.feed import Taken
    from quantapilot.sinks.broker_url import BrokerUrl

_MOST_UNDONE = 4 * BATCH
_CONSUMER = "qp-check"
# Seconds after which what was taken and not acknowledged comes again.
_ACK_WAIT = 30
# Seconds that a request for messages stands.
_STANDS = 5.0
# Seconds that a server may be late with what comes again, and the most that is slept at once.
_NAP = 0.25

# Words with dots between; a `*` stands for one, a `>` at the end for all that follow.
_FILTER = re.compile(r"(?:[!-)+-\-/-=?-~]+|\*)(?:\.(?:[!-)+-\-/-=?-~]+|\*))*(?:\.>)?|>")


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

        async def connect() -> Consuming:
            return await consuming(address, wanted, tls)

        self._link = Link(connect, Consuming.close, lambda connection: connection.usable)

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

    async def _connection(self) -> Consuming:
        return await self._link.get(asyncio.get_running_loop().time() + 2 * CONNECT)

    async def _naps(self, connection: Consuming) -> bool:
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
