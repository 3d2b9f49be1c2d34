"""The sinks `kafka:`, `redis:` and `amqp:`: what their acknowledgements are worth."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aio_pika
import pytest
import trustme
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from faststream.confluent import KafkaBroker
from redis.asyncio import Redis
from tests.broker_servers import RABBIT, REDIS, rabbit_server, redis_server
from tests.nats_server import free_port

from quantapilot.errors import SinkError
from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import Dead, Delivered, Message, Retry, SinkOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.broker_servers import Server

    from quantapilot.sinks.sink import Outcome, Sink

QUICK = SinkOptions(deadline=1.5)
SILENT = Retry("no acknowledgement in time")

needs_redis = pytest.mark.skipif(REDIS is None, reason="no redis-server or valkey-server here")
needs_rabbit = pytest.mark.skipif(RABBIT is None, reason="no rabbitmq-server here")


def message(number: int, body: bytes = b"{}") -> Message:
    kind = "quantapilot.run_started"
    return Message(number, f"event-{number}", kind, f"run-{number % 3}", body)


def sent(url: str, *batches: Sequence[Message], options: SinkOptions = QUICK) -> list[Outcome]:
    async def send() -> list[Outcome]:
        sink = sink_for(url, options)
        await sink.open()
        answers = [answer for batch in batches for answer in await sink.send(batch)]
        await sink.close()
        return answers

    return asyncio.run(send())


async def delivered(
    sink: Sink, events: Sequence[Message], server: Server, kills: int
) -> list[Outcome]:
    """Send until all of it is delivered, and kill the server while some is on its way."""
    left = {event.id: event for event in events}
    answers: list[Outcome] = []
    killed = 0
    end = time.monotonic() + 90
    while left:
        assert time.monotonic() < end
        batch = list(left.values())[: sink.batch]
        sending = asyncio.create_task(_told(sink, batch))
        if killed < kills and len(left) <= len(events) * (kills - killed) / (kills + 1):
            await asyncio.sleep(0.003)
            server.kill()
            killed += 1
            await asyncio.wait({sending})
            await asyncio.to_thread(server.start)
        outcomes = await sending
        answers += outcomes
        for event, outcome in zip(batch, outcomes, strict=True):
            if outcome == Delivered():
                del left[event.id]
        if Delivered() not in outcomes:
            await asyncio.sleep(0.1)
    return answers


async def _told(sink: Sink, batch: Sequence[Message]) -> Sequence[Outcome]:
    return await sink.send(batch)


@pytest.mark.parametrize("scheme", ["kafka", "redis", "amqp"])
def test_a_server_that_is_down_has_events_sent_again_and_says_nothing(
    scheme: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rest = {"kafka": "topic", "redis": "0?stream=s", "amqp": "?queue=q"}[scheme]
    url = f"{scheme}://someone:hidden@127.0.0.1:{free_port()}/{rest}"
    answers = sent(url, [message(1), message(2)])
    assert all(isinstance(answer, Retry) for answer in answers)
    assert len(answers) == 2
    assert "hidden" not in f"{answers}{sink_for(url).name}{vars(sink_for(url))}"
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("redis://127.0.0.1:{port}/0", b"$-5\r\n"),
        ("redis://127.0.0.1:{port}/0", b"*1\r\n" * 100_000),
        ("redis://127.0.0.1:{port}/0", b"-MOVED 1 alice:1\r\n"),
        ("redis://127.0.0.1:{port}/0", b"+OK\r\n" * 9),
        ("redis://127.0.0.1:{port}/0", b"+OK\r\n" * 3 + b":alice\r\n"),
        ("redis://127.0.0.1:{port}/0", b"-alice\r\n"),
        ("redis://127.0.0.1:{port}/0", b">2\r\n+message\r\n+alice\r\n"),
        ("amqp://127.0.0.1:{port}/?queue=q", b"AMQP\0\0\x09\1"),
        ("amqp://127.0.0.1:{port}/?queue=q", b"\1\0\0\xff\xff\xff\xffalice" * 99),
    ],
)
def test_a_server_that_answers_nonsense_has_events_sent_again_and_none_of_it_is_shown(
    url: str, answer: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(65536):
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def run() -> list[Outcome]:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            sink = sink_for(url.format(port=port), SinkOptions(deadline=0.4))
            answers = [*await sink.send([message(1)]), *await sink.send([message(2)])]
            await sink.close()
            return answers

    with caplog.at_level("DEBUG"):
        answers = asyncio.run(run())
    assert [type(each) for each in answers] == [Retry, Retry]
    assert "alice" not in f"{answers}{caplog.text}{capfd.readouterr()}"


@pytest.mark.parametrize(
    "url",
    [
        "kafka://me:hidden@host",
        "kafka://me:hidden@host/a/hidden",
        "kafka://me:hidden@host/..",
        "kafka://me:hidden@host/t?mechanism=hidden",
        "redis://me:hidden@one,two/0",
        "redis://me:hidden@one/hidden",
        "redis://me:hidden@one/0?list=hidden",
        "redis://me:hidden@one/0?stream=",
        "amqp://me:hidden@host/",
        "amqp://me:hidden@host/?queue=q&exchange=hidden",
        "amqp://me:hidden@host/?queue=",
        "amqp://me:hidden@host/?queue=q&key=hidden",
        "amqp://me:hidden@host/?exchange=e&key=a.{hidden}",
        "amqp://me:hidden@host/?exchange=",
        "amqp://me:hidden@one,two/?queue=q",
    ],
)
def test_a_mistaken_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SinkError) as refused:
        sink_for(url)
    assert "hidden" not in str(refused.value)


class MockCluster:
    """The brokers that librdkafka plays for a producer; they end with it."""

    def __init__(self, **settings: Any) -> None:
        self._producer: Producer | None = Producer(
            {
                "test.mock.num.brokers": 3,
                "bootstrap.servers": "played",
                "log_level": 0,
                **settings,
            }
        )
        # A sink makes no topics; this does.
        self._producer.produce("events", b"first", key=b"first")
        assert self._producer.flush(10) == 0
        brokers = self._producer.list_topics(timeout=10).brokers.values()
        self.servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def end(self) -> None:
        self._producer = None

    def consumed(self, number: int) -> list[Any]:
        settings = {
            "bootstrap.servers": self.servers, "group.id": "g", "auto.offset.reset": "earliest",
            "log_level": 0,
        }  # fmt: skip
        consumer = Consumer(settings)
        # By hand: a group takes seconds to come together.
        parts = consumer.list_topics("events", timeout=10).topics["events"].partitions
        consumer.assign([TopicPartition("events", part, 0) for part in parts])
        found: list[Any] = []
        end = time.monotonic() + 20
        while len(found) < number + 1 and time.monotonic() < end:
            found += [got for got in consumer.consume(1000, timeout=0.2) if got.error() is None]
        consumer.close()
        return [got for got in found if got.value() != b"first"]


@pytest.fixture
def cluster(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., MockCluster]]:
    made: list[MockCluster] = []

    def make(**settings: Any) -> MockCluster:
        made.append(MockCluster(**settings))
        capfd.readouterr()
        return made[-1]

    yield make
    for each in made:
        each.end()


def test_kafka_has_every_event_with_its_id_and_a_runs_events_in_order(
    cluster: Callable[..., MockCluster],
) -> None:
    kafka = cluster()
    events = [message(number, b'{"specversion":"1.0","n":%d}' % number) for number in range(1200)]
    url = f"kafka://{kafka.servers}/events"
    assert set(sent(url, events[:500], events[500:1000], events[1000:])) == {Delivered()}
    found = kafka.consumed(len(events))
    headers = [dict(got.headers()) for got in found]
    arrived = sorted(
        (head["ce_id"].decode(), got.value()) for head, got in zip(headers, found, strict=True)
    )
    assert arrived == sorted((event.id, event.body) for event in events)
    assert headers[0]["content-type"] == b"application/cloudevents+json; charset=UTF-8"
    for run in ("run-0", "run-1", "run-2"):
        of_run = [got for got in found if got.key() == run.encode()]
        assert len({got.partition() for got in of_run}) == 1
        in_order = sorted(of_run, key=lambda got: got.offset())
        assert [got.value() for got in in_order] == [
            event.body for event in events if event.subject == run
        ]


def test_kafka_is_waited_for_until_it_has_acknowledged(
    cluster: Callable[..., MockCluster],
) -> None:
    async def run(url: str) -> tuple[float, Sequence[Outcome]]:
        sink = sink_for(url, SinkOptions(deadline=10))
        # Connecting takes round trips too.
        await sink.send([message(1)])
        begun = time.monotonic()
        answers = await sink.send([message(2)])
        took = time.monotonic() - begun
        await sink.close()
        return took, answers

    slow = cluster(**{"test.mock.broker.rtt": 100})
    took, answers = asyncio.run(run(f"kafka://{slow.servers}/events"))
    assert answers == [Delivered()]
    assert took >= 0.1


def test_a_kafka_that_ends_has_events_sent_again_in_time(
    cluster: Callable[..., MockCluster],
) -> None:
    async def run(kafka: MockCluster) -> tuple[list[Outcome], float]:
        sink = sink_for(f"kafka://{kafka.servers}/events", QUICK)
        answers = [*await sink.send([message(1)])]
        kafka.end()
        begun = time.monotonic()
        answers += await sink.send([message(2), message(3)])
        took = time.monotonic() - begun
        await sink.close()
        return answers, took

    answers, took = asyncio.run(run(cluster()))
    assert answers == [Delivered(), SILENT, SILENT]
    assert took < 2.5


def test_an_event_too_big_for_kafka_is_dead_and_the_rest_of_its_batch_arrives(
    cluster: Callable[..., MockCluster],
) -> None:
    batch = [message(1), message(2, b"x" * 2_000_000), message(3)]
    answers = sent(f"kafka://{cluster().servers}/events", batch)
    assert answers == [Delivered(), Dead("bigger than the client sends"), Delivered()]


def test_kafka_makes_no_topic_by_itself(cluster: Callable[..., MockCluster]) -> None:
    (answer,) = sent(f"kafka://{cluster().servers}/missing", [message(1)])
    assert isinstance(answer, Retry)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("scheme", ["kafka", "kafka+tls"])
def test_kafkas_client_takes_every_way_to_show_credentials(scheme: str, mechanism: str) -> None:
    url = f"{scheme}://someone:hidden@127.0.0.1:{free_port()}/events?mechanism={mechanism}"
    assert sent(url, [message(1)], options=SinkOptions(deadline=0.3)) == [SILENT]


def test_a_kafka_client_that_can_do_no_more_is_replaced(
    cluster: Callable[..., MockCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[KafkaBroker] = []
    publish = KafkaBroker.publish

    async def fail_first(self: KafkaBroker, *arguments: Any, **named: Any) -> Any:
        clients.append(self)
        if self is not clients[0]:
            return await publish(self, *arguments, **named)
        report = asyncio.get_running_loop().create_future()
        report.set_exception(KafkaException(KafkaError(KafkaError._FATAL, "told", fatal=True)))
        return report

    # No call of librdkafka's mock makes a producer fail for good.
    monkeypatch.setattr(KafkaBroker, "publish", fail_first)
    answers = sent(f"kafka://{cluster().servers}/events", [message(1)], [message(1)])
    assert answers == [Retry("refused: _FATAL"), Delivered()]


def test_settings_that_kafkas_client_does_not_take_are_told(tmp_path: Path) -> None:
    answers = sent(f"kafka+tls://127.0.0.1:1/events?ca={tmp_path / 'none.pem'}", [message(1)])
    assert answers == [Retry("the client can't be set up with this address")]


async def in_redis(port: int) -> list[dict[bytes, bytes]]:
    client = Redis(port=port, protocol=2)
    entries: Any = await client.xrange("s")
    await client.aclose()
    return [fields for _, fields in entries]


@needs_redis
def test_a_redis_killed_while_events_are_sent_loses_none(tmp_path: Path) -> None:
    events = [message(number, b'{"n": %d}' % number) for number in range(6000)]

    async def run(server: Server) -> list[Outcome]:
        sink = sink_for(f"redis://127.0.0.1:{server.port}/0?stream=s", QUICK)
        answers = await delivered(sink, events, server, kills=3)
        await sink.close()
        return answers

    with redis_server(tmp_path) as server:
        answers = asyncio.run(run(server))
        found = asyncio.run(in_redis(server.port))
    assert any(isinstance(answer, Retry) for answer in answers)
    assert {(fields[b"id"].decode(), fields[b"__data__"]) for fields in found} == {
        (event.id, event.body) for event in events
    }


@needs_redis
def test_what_redis_refuses_is_sent_again_and_credentials_are_not_shown(tmp_path: Path) -> None:
    async def other(port: int) -> None:
        client = Redis(port=port, password="p@ss", protocol=2)
        await client.set("s", "no stream")
        await client.aclose()

    with redis_server(tmp_path, "--requirepass", "p@ss") as server:
        at = f"127.0.0.1:{server.port}/0?stream="
        assert sent(f"redis://:p%40ss@{at}ok", [message(1)]) == [Delivered()]
        wrong, none = (
            sent(f"redis://:wrong@{at}s", [message(1)]),
            sent(f"redis://{at}s", [message(1)]),
        )
        asyncio.run(other(server.port))
        refused = sent(f"redis://:p%40ss@{at}s", [message(1)])
        server.freeze()
        frozen = sent(f"redis://:p%40ss@{at}ok", [message(1)])
    assert wrong == [Retry("the server refuses the credentials")]
    assert none == [Retry("the server refuses the credentials")]
    assert refused == [Retry("refused: ResponseError")]
    assert frozen == [Retry("no connection in time")]


@needs_redis
def test_redis_is_spoken_to_by_tls_where_the_address_says_so(tmp_path: Path) -> None:
    trusting, cert, key = certificate(tmp_path)
    port = free_port()
    more = ["--tls-port", str(port), "--tls-cert-file", cert, "--tls-key-file", key]
    with redis_server(tmp_path, *more, "--tls-auth-clients", "no"):
        url = f"rediss://127.0.0.1:{port}/0?stream=s"
        trusted = sent(url, [message(1)], options=SinkOptions(deadline=3, tls=trusting))
        strange = sent(url, [message(1)])
        named = sent(url.replace("//", "//default:x@"), [message(1)])
    assert trusted == [Delivered()]
    assert strange == named == [Retry("no connection")]


def certificate(folder: Path) -> tuple[ssl.SSLContext, str, str]:
    """Return what trusts a certificate for 127.0.0.1, and the files of it and of its key."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return trusting, str(folder / "cert.pem"), str(folder / "key.pem")


async def in_rabbit(port: int, queue: str, ids: Sequence[str]) -> list[Any]:
    """Return what comes from a queue until each of the ids has come."""
    missing = set(ids)
    connection = await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/")
    async with connection:
        channel = await connection.channel()
        waiting = await channel.get_queue(queue)
        found: list[Any] = []
        async with asyncio.timeout(30), waiting.iterator(no_ack=True) as arriving:
            async for got in arriving:
                found.append(got)
                missing.discard(got.message_id)
                if not missing:
                    break
    return found


async def make_queue(port: int, name: str, exchange: str = "", **arguments: Any) -> None:
    connection = await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/")
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name, durable=True, arguments=arguments)
        if exchange:
            topics = await channel.declare_exchange(exchange, "topic", durable=True)
            await queue.bind(topics, "events.quantapilot.#")


@needs_rabbit
def test_a_rabbitmq_killed_while_events_are_sent_loses_none(tmp_path: Path) -> None:
    events = [message(number, b'{"n": %d}' % number) for number in range(3000)]

    async def run(server: Server) -> list[Outcome]:
        await make_queue(server.port, "q")
        url = f"amqp://guest:guest@127.0.0.1:{server.port}/?queue=q"
        sink = sink_for(url, SinkOptions(deadline=5))
        answers = await delivered(sink, events, server, kills=1)
        await sink.close()
        return answers

    trusting, cert, key = certificate(tmp_path)
    port = free_port()
    with rabbit_server(tmp_path, port, cert, key) as server:
        answers = asyncio.run(run(server))
        found = asyncio.run(in_rabbit(server.port, "q", [event.id for event in events]))
        unrouted = sent(f"amqp://guest:guest@127.0.0.1:{server.port}/?queue=none", [message(1)])
        missing = sent(f"amqp://guest:guest@127.0.0.1:{server.port}/?exchange=none", [message(1)])
        wrong = sent(f"amqp://guest:wrong@127.0.0.1:{server.port}/?queue=q", [message(1)])
        asyncio.run(make_queue(server.port, "bound", "topics"))
        topic = sent(f"amqp://guest:guest@127.0.0.1:{server.port}/?exchange=topics", [message(7)])
        bound = asyncio.run(in_rabbit(server.port, "bound", ["event-7"]))
        full: dict[str, Any] = {"x-max-length": 1, "x-overflow": "reject-publish"}
        asyncio.run(make_queue(server.port, "full", **full))
        refused = sent(
            f"amqp://guest:guest@127.0.0.1:{server.port}/?queue=full", [message(1)], [message(2)]
        )
        secure = f"amqps://guest:guest@127.0.0.1:{port}/?queue=q"
        trusted = sent(secure, [message(1)], options=SinkOptions(deadline=5, tls=trusting))
        strange = sent(secure, [message(1)])
        server.freeze()
        frozen = sent(f"amqp://guest:guest@127.0.0.1:{server.port}/?queue=q", [message(1)])
    assert any(isinstance(answer, Retry) for answer in answers)
    assert {(got.message_id, got.body) for got in found} == {
        (event.id, event.body) for event in events
    }
    assert {got.delivery_mode for got in found} == {aio_pika.DeliveryMode.PERSISTENT}
    assert unrouted == [Retry("no queue takes it")]
    assert missing == [Retry("no such exchange")]
    assert wrong == [Retry("the server refuses the credentials")]
    assert topic == [Delivered()]
    assert [(got.message_id, got.routing_key) for got in bound] == [
        ("event-7", "events.quantapilot.run_started")
    ]
    assert refused == [Delivered(), Retry("the server refused it")]
    assert frozen == [Retry("no connection in time")]
    assert trusted == [Delivered()]
    assert strange == [Retry("no connection")]
