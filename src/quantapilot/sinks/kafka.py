"""Events to a topic of Kafka: delivered is what every in-sync replica has acknowledged.

`kafka://HOST:PORT,HOST:PORT/TOPIC`, by FastStream's broker on confluent-kafka. FastStream's
`publish` gives a future of librdkafka's delivery report; that report is the acknowledgement.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException
from faststream.confluent import KafkaBroker

from quantapilot.errors import SinkError
from quantapilot.sinks.broker_url import parse_broker_url
from quantapilot.sinks.link import Link, UnreachableError
from quantapilot.sinks.sink import Dead, Delivered, Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluent_kafka import Message as Report

    from quantapilot.sinks.broker_url import BrokerUrl
    from quantapilot.sinks.sink import Message, Outcome, SinkOptions

_BATCH = 500
_IN_FLIGHT = 2
_PORT = 9092
_TOPIC = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# CloudEvents' binding for Kafka, §3.3: the whole event is the value of the record.
_CHARSET = "; charset=UTF-8"
# The client gives up before the sink does, so that nothing is on its way without a report.
_CLIENT_SHARE = 0.9

_SILENT = Retry("no acknowledgement in time")


def from_url(url: str, options: SinkOptions) -> KafkaSink:
    """Return the sink of an address `kafka://…` or `kafka+tls://…`; it connects when it sends.

    Raises:
        SinkError: The address or an option can't be used.
    """
    address = parse_broker_url(url, _PORT, ("mechanism", "ca"))
    if not _TOPIC.fullmatch(address.path):
        raise SinkError(
            "a sink kafka: names its topic, as in kafka://HOST:PORT/TOPIC: letters, digits, . _ -"
        )
    if address.options.get("mechanism", "PLAIN") not in _MECHANISMS:
        raise SinkError(f"mechanism= of a sink kafka: is one of {', '.join(_MECHANISMS)}")
    if options.tls is not None:
        raise SinkError("a sink kafka: takes no TLS context: name a file of certificates by ca=")
    return KafkaSink(address, options)


class KafkaSink:
    """A topic as a sink; for one event loop. The run is the key: it keeps to one partition."""

    batch = _BATCH

    def __init__(self, address: BrokerUrl, options: SinkOptions) -> None:
        """Take where the topic is; nothing is connected to."""
        self._topic = address.path
        self._deadline = options.deadline
        self.in_flight = options.in_flight or _IN_FLIGHT
        servers = ",".join(address.servers)
        self.name = f"{address.scheme}://{servers}/{address.path}"
        self._link = Link(partial(_connect, address, options.deadline), KafkaBroker.stop)

    async def open(self) -> None:
        """Do nothing: the first call of `send` connects."""

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Publish messages, and return for each what its delivery report tells."""
        end = asyncio.get_running_loop().time() + self._deadline
        try:
            broker = await self._link.get(end)
        except UnreachableError as error:
            return [Retry(str(error))] * len(batch)
        published = [await self._publish(broker, message) for message in batch]
        reports = [future for future in published if isinstance(future, asyncio.Future)]
        if reports:
            # Never cancelled: a report that comes later would find its future done.
            await asyncio.wait(reports, timeout=self._deadline)
        faults = [_fault(future) for future in reports if future.done()]
        if any(fault is not None and fault.fatal() for fault in faults):
            await self._link.drop(broker)
        return [
            _outcome(future) if isinstance(future, asyncio.Future) else future
            for future in published
        ]

    async def close(self) -> None:
        """Close the connections; what is on its way is reported first, or given up in time."""
        await self._link.close()

    async def _publish(
        self, broker: KafkaBroker, message: Message
    ) -> asyncio.Future[Report | None] | Outcome:
        try:
            report = await broker.publish(
                message.body,
                self._topic,
                key=message.subject or None,
                headers={"content-type": message.media_type + _CHARSET, "ce_id": message.id},
                correlation_id=message.id,
                no_confirm=True,
            )
        except KafkaException as error:
            # The client refuses what is bigger than it sends before anything is sent.
            if _code(error) == KafkaError.MSG_SIZE_TOO_LARGE:
                return Dead("bigger than the client sends")
            return Retry(_named(error))
        except BufferError:
            return Retry("too many events are on their way")
        # Whoever is not waited for any more shall not be reported as forgotten.
        report.add_done_callback(_fault)
        return report


async def _connect(address: BrokerUrl, deadline: float) -> KafkaBroker:
    settings: Any = _security(address)
    settings["message.timeout.ms"] = max(100, int(deadline * 1000 * _CLIENT_SHARE))
    broker = KafkaBroker(
        address.servers,
        acks="all",
        enable_idempotence=True,
        # As Java's clients do, so that a run's events share a partition whoever sends them.
        partitioner="murmur2_random",
        allow_auto_create_topics=False,
        logger=None,
        apply_types=False,
        config=settings,
    )
    with suppress(KafkaException):
        await broker.connect()
        return broker
    # Such as a file of certificates that is not there.
    raise UnreachableError("the client can't be set up with this address")


def _security(address: BrokerUrl) -> dict[str, Any]:
    secure = address.scheme == "kafka+tls"
    settings: dict[str, Any] = {"security.protocol": "ssl" if secure else "plaintext"}
    if address.user is not None:
        settings = {
            "security.protocol": "sasl_ssl" if secure else "sasl_plaintext",
            "sasl.mechanism": address.options.get("mechanism", "PLAIN"),
            "sasl.username": address.user,
            "sasl.password": address.password or "",
        }
    if "ca" in address.options:
        settings["ssl.ca.location"] = address.options["ca"]
    return settings


def _outcome(report: asyncio.Future[Report | None]) -> Outcome:
    if not report.done():
        return _SILENT
    fault = _fault(report)
    if fault is None:
        return Delivered()
    if fault.name() == "_MSG_TIMED_OUT":
        return _SILENT
    return Retry(f"refused: {fault.name()}")


def _fault(report: asyncio.Future[Report | None]) -> KafkaError | None:
    error = report.exception()
    return error.args[0] if isinstance(error, KafkaException) else None


def _code(error: KafkaException) -> int:
    code: int = error.args[0].code()
    return code


def _named(error: KafkaException) -> str:
    return f"refused: {error.args[0].name()}"
