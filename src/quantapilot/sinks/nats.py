"""Events to a stream of NATS JetStream: delivered is what the stream has acknowledged.

`nats://HOST:PORT/STREAM?subject=events.{type}`. The message id is the event id, so the stream
itself drops what is sent again within its duplicate window; `docs/brokers.md` tells the rest.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import nats.errors
import nats.js.errors
import orjson
from nats.js.api import Header, StorageType, StreamConfig

from quantapilot.errors import SinkError
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
from quantapilot.sinks.sink import Dead, Delivered, Retry

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from quantapilot.sinks.broker_url import BrokerUrl
    from quantapilot.sinks.sink import Message, Outcome, SinkOptions

_BATCH = 256
_IN_FLIGHT = 4
_SUBJECT = "events.{type}"
# Seconds for which a stream that is made here knows an event again.
_WINDOW = 3600
# Seconds after which it is looked whether the connection still stands.
_LOOK = 0.2

# Words of printable ASCII with dots between, none of them a wildcard; `$` begins the server's own.
_PLAIN = re.compile(r"(?!\$)[!-)+-\-/-=?-~]+(?:\.[!-)+-\-/-=?-~]+)*")

_REFUSALS: dict[object, Outcome] = {
    10054: Dead("bigger than the stream takes"),
    10059: Retry("no such stream"),
    10060: Retry("another stream answers to the subject"),
}
_NO_STREAM = Retry("no stream answers to the subject")
_LOST = Retry("the connection was lost")
_SILENT = Retry("no acknowledgement in time")


@dataclass(frozen=True, slots=True)
class Stream:
    """Where events go: a stream, and the subject under which each is published."""

    name: str
    subject: str
    make: bool = False
    window: int = _WINDOW

    def subject_of(self, message: Message) -> str | None:
        """Return the subject of an event; None where it makes none that can be published to."""
        subject = self.subject.replace("{type}", message.type).replace("{run}", message.subject)
        return subject if _PLAIN.fullmatch(subject) else None

    @property
    def all_subjects(self) -> str:
        """Return what matches the subject of every event; empty where it would match too much."""
        words = self.subject.split(".")
        fixed = [word for word in words if "{" not in word]
        if len(fixed) == len(words):
            return self.subject
        first = next(place for place, word in enumerate(words) if "{" in word)
        return ".".join([*words[:first], ">"]) if first else ""


def from_url(url: str, options: SinkOptions) -> NatsSink:
    """Return the sink of an address `nats://…` or `nats+tls://…`; it connects when it sends.

    Raises:
        SinkError: The address can't be used.
    """
    address = parse_broker_url(url, PORT, ("subject", "create", "window"))
    stream = Stream(
        address.path,
        address.options.get("subject", _SUBJECT),
        address.choice("create"),
        address.number("window", _WINDOW),
    )
    if not STREAM_NAME.fullmatch(stream.name):
        raise SinkError(
            "a sink nats: names its stream, as in nats://HOST:PORT/STREAM: letters, digits, - and _"
        )
    sample = stream.subject.replace("{type}", "x").replace("{run}", "x")
    if not _PLAIN.fullmatch(sample) or "{" in sample or "}" in sample:
        raise SinkError(
            "subject= of a sink nats: is made of words with dots between, without wildcards; "
            "{type} and {run} stand for the event's"
        )
    if stream.make and not stream.all_subjects:
        raise SinkError("create=1 needs a subject= that begins with a fixed word")
    return NatsSink(address, stream, options)


class NatsSink:
    """A stream of JetStream as a sink; for one event loop."""

    batch = _BATCH

    def __init__(self, address: BrokerUrl, stream: Stream, options: SinkOptions) -> None:
        """Take where the stream is; nothing is connected to."""
        self._stream = stream
        self._deadline = options.deadline
        self.in_flight = options.in_flight or _IN_FLIGHT
        servers = ",".join(address.servers)
        where = f"{address.scheme}://{servers}/{stream.name}"
        self.name = f"{where}?subject={stream.subject}"
        self._link = Link(
            partial(_connect, address, stream, options.tls),
            _Connection.close,
            lambda connection: connection.usable,
        )

    async def open(self) -> None:
        """Do nothing: the first call of `send` connects."""

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Publish messages at once, and return for each what the stream answered.

        The order of the batch is the order in which they are published. It takes the options'
        deadline at most, connecting included, and about a second more to let go of a server that
        has stopped to read.
        """
        end = asyncio.get_running_loop().time() + self._deadline
        try:
            connection = await self._link.get(end)
        except UnreachableError as error:
            unreachable = Retry(str(error))
            return [unreachable] * len(batch)
        answers = await connection.publish(batch, self._stream, end)
        if connection.lost or connection.silent(answers):
            await self._link.drop(connection)
        return answers

    async def close(self) -> None:
        """Close the connection; events that wait for an answer are to be sent again."""
        await self._link.close()


@dataclass(slots=True, eq=False)
class _Waiting:
    """A batch that was published: what was answered so far, and whether all of it was."""

    stream: str
    answers: list[Outcome | None]
    left: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, place: int, answer: Outcome) -> None:
        self.answers[place] = answer
        self.left -= 1
        if not self.left:
            self.done.set()


class _Connection(NatsConnection):
    """One connection with the batches that wait for answers on it."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = ""
        self._tokens = count()
        self._waiting: dict[str, tuple[_Waiting, int]] = {}

    async def listen(self) -> None:
        """Ask for the answers to what is published; they come under one subject for all."""
        self._inbox = self.client.new_inbox()
        await self.client.subscribe(f"{self._inbox}.*", cb=self._answered)

    async def on_closed(self) -> None:
        """Wake who waits: no answer comes any more."""
        await super().on_closed()
        for waiting, _ in list(self._waiting.values()):
            waiting.done.set()

    def silent(self, answers: Sequence[Outcome]) -> bool:
        """Return whether the server seems to hear nothing, though the connection stands."""
        return _SILENT in answers and Delivered() not in answers

    async def publish(
        self, batch: Sequence[Message], stream: Stream, end: float
    ) -> Sequence[Outcome]:
        """Publish messages, and wait for their answers until the loop's time `end`."""
        waiting = _Waiting(stream.name, [None] * len(batch))
        tokens: list[str] = []
        try:
            await self._publish(batch, stream, end, waiting, tokens)
            await self._wait(waiting, end)
        finally:
            for token in tokens:
                self._waiting.pop(token, None)
        missing = _LOST if self.lost else _SILENT
        if self.forbidden and not self.lost:
            missing = Retry("no acknowledgement in time; the server forbids something to this user")
        return [answer or missing for answer in waiting.answers]

    async def _publish(
        self,
        batch: Sequence[Message],
        stream: Stream,
        end: float,
        waiting: _Waiting,
        tokens: list[str],
    ) -> None:
        loop = asyncio.get_running_loop()
        for place, message in enumerate(batch):
            subject, headers = stream.subject_of(message), _headers(message, stream)
            if subject is None:
                waiting.answers[place] = Dead("its type or run makes no subject")
            elif headers is None:
                waiting.answers[place] = Dead("its id makes no header")
            elif _size(headers) + len(message.body) > self.client.max_payload:
                # The server would end the connection, and with it the rest of the batch.
                waiting.answers[place] = Dead("bigger than the server takes")
            else:
                token = str(next(self._tokens))
                tokens.append(token)
                self._waiting[token] = (waiting, place)
                waiting.left += 1
                try:
                    await self.client.publish(
                        subject, message.body, reply=f"{self._inbox}.{token}", headers=headers
                    )
                except nats.errors.Error:
                    self.lost = True
            # A full socket holds up each call for a moment.
            if self.lost or loop.time() >= end:
                return

    async def _wait(self, waiting: _Waiting, end: float) -> None:
        loop = asyncio.get_running_loop()
        while waiting.left and not self.lost and loop.time() < end:
            # What was answered while the rest was still being published has set it too early.
            waiting.done.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(end, loop.time() + _LOOK)):
                    await waiting.done.wait()
            # The client does not always say so: not when it fails to send what it held.
            if self.client.is_closed:
                self.lost = True

    async def _answered(self, answer: Msg) -> None:
        waiting, place = self._waiting.pop(answer.subject.rpartition(".")[2], (None, 0))
        if waiting is not None:
            waiting.settle(place, _outcome(answer, waiting.stream))


async def _connect(address: BrokerUrl, stream: Stream, tls: ssl.SSLContext | None) -> _Connection:
    """Return a connection over which can be published.

    Raises:
        UnreachableError: There is none.
    """
    connection = _Connection()
    try:
        await _make_ready(connection, address, stream, tls)
    except asyncio.CancelledError:
        await connection.close()
        raise
    # A server may send what the client is not ready for.
    except Exception as error:  # noqa: BLE001
        reason = _reason(error, connection.error)
    else:
        return connection
    await connection.close()
    raise UnreachableError(reason)


async def _make_ready(
    connection: _Connection, address: BrokerUrl, stream: Stream, tls: ssl.SSLContext | None
) -> None:
    await connection.connect(address, tls)
    if stream.make:
        await _make(connection.client, stream)
    await connection.listen()


async def _make(client: Client, stream: Stream) -> None:
    jetstream = client.jetstream(timeout=CONNECT)
    try:
        await jetstream.stream_info(stream.name)
    except nats.js.errors.NotFoundError:
        await jetstream.add_stream(
            StreamConfig(
                name=stream.name,
                subjects=[stream.all_subjects],
                storage=StorageType.FILE,
                duplicate_window=stream.window,
            )
        )


def _reason(error: Exception, noted: Exception | None) -> str:
    if isinstance(error, nats.js.errors.APIError):
        return f"the stream can't be made: error {number_of(error.err_code)}"
    if isinstance(error, nats.js.errors.Error | nats.errors.NoRespondersError):
        return "the stream can't be made: the server has no JetStream"
    return no_connection(error, noted)


def _headers(message: Message, stream: Stream) -> dict[str, str] | None:
    if not message.id or not message.id.isprintable() or message.id != message.id.strip():
        return None
    return {Header.MSG_ID.value: message.id, Header.EXPECTED_STREAM.value: stream.name}


def _size(headers: dict[str, str]) -> int:
    # `NATS/1.0`, a line each, and an empty one.
    return 12 + sum(len(name) + len(value.encode()) + 4 for name, value in headers.items())


def _outcome(answer: Msg, stream: str) -> Outcome:
    if answer.headers and answer.headers.get(Header.STATUS.value) == "503":
        return _NO_STREAM
    try:
        told = orjson.loads(answer.data)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return Retry("an acknowledgement that is none")
    error = told.get("error")
    if isinstance(error, dict):
        shown = number_of(error.get("err_code"))
        return _REFUSALS.get(shown) or Retry(f"the stream refused: error {shown}")
    # Who else listens to the subject may answer too; only the stream gives a place in itself.
    if told.get("stream") != stream or not told.get("seq"):
        return Retry("an acknowledgement that is none")
    return Delivered()
