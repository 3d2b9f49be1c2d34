"""The sink `nats:` against a real server: what arrives, what a crash of it costs, what it tells."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import nats
import pytest
import trustme
from nats.errors import TimeoutError as NoneLeft
from nats.js.api import StreamConfig
from tests.nats_server import NatsServer, free_port, nats_server

from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import Dead, Delivered, Message, Retry, SinkOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantapilot.sinks.sink import Outcome, Sink

QUICK = SinkOptions(deadline=1.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats"), "max_payload: 65536") as running:
        yield running


def message(number: int, body: bytes = b"{}", kind: str = "quantapilot.run_started") -> Message:
    return Message(number, f"event-{number}", kind, f"run-{number % 3}", body)


def sent(url: str, *batches: Sequence[Message], options: SinkOptions = QUICK) -> list[Outcome]:
    async def send() -> list[Outcome]:
        sink = sink_for(url, options)
        await sink.open()
        answers = [answer for batch in batches for answer in await sink.send(batch)]
        await sink.close()
        return answers

    return asyncio.run(send())


async def stored(server: NatsServer, stream: str) -> list[tuple[str, str, bytes]]:
    """Return id, subject and body of everything in a stream, in its order."""
    client = await nats.connect(server.url)
    jetstream = client.jetstream()
    config = (await jetstream.stream_info(stream)).config
    consumer = await jetstream.pull_subscribe((config.subjects or [])[0], stream=stream)
    found = []
    left = (await jetstream.stream_info(stream)).state.messages
    try:
        while left:
            for got in await consumer.fetch(min(left, 1000), timeout=5):
                found.append((str((got.headers or {})["Nats-Msg-Id"]), got.subject, got.data))
                await got.ack()
                left -= 1
    except NoneLeft:
        pytest.fail(f"{left} messages of the stream did not come")
    finally:
        await client.close()
    return found


async def make_stream(server: NatsServer, name: str, **settings: Any) -> None:
    client = await nats.connect(server.url)
    await client.jetstream().add_stream(StreamConfig(name=name, **settings))
    await client.close()


def test_events_stand_in_the_stream_once_in_order_and_unchanged_however_often_they_are_sent(
    server: NatsServer,
) -> None:
    url = f"{server.url}/ONCE?create=1&subject=once.{{run}}.{{type}}"
    events = [message(number, b'{"n": %d}' % number) for number in range(600)]
    answers = sent(url, events[:256], events[256:], events[:100], events)
    assert set(answers) == {Delivered()}
    assert asyncio.run(stored(server, "ONCE")) == [
        (event.id, f"once.{event.subject}.{event.type}", event.body) for event in events
    ]


def test_a_server_killed_while_events_are_sent_loses_none_and_stores_none_twice(
    tmp_path: Path,
) -> None:
    events = [message(number, b"x" * 300) for number in range(12_000)]
    answers: list[Outcome] = []

    async def deliver(sink: Sink, server: NatsServer) -> int:
        left = {event.id: event for event in events}
        delivered_at_kill, kills, rounds = 0, 0, 0

        async def one(batch: list[Message]) -> None:
            outcomes = await sink.send(batch)
            answers.extend(outcomes)
            for event, outcome in zip(batch, outcomes, strict=True):
                if outcome == Delivered():
                    left.pop(event.id, None)

        while left:
            rounds += 1
            assert rounds < 300
            due = list(left.values())[: 4 * sink.batch]
            sending = [
                asyncio.create_task(one(due[start : start + sink.batch]))
                for start in range(0, len(due), sink.batch)
            ]
            if kills < 3 and len(left) <= len(events) - 3000 * kills - 1500:
                # Some of the batch is on its way, some acknowledged.
                await asyncio.sleep(0.002)
                server.kill()
                delivered_at_kill = len(events) - len(left)
                kills += 1
                await asyncio.gather(*sending)
                assert delivered_at_kill > 0
                server.start()
            await asyncio.gather(*sending)
        return kills

    async def run(server: NatsServer) -> int:
        sink = sink_for(f"{server.url}/KILLED?create=1", SinkOptions(deadline=5.0))
        kills = await deliver(sink, server)
        await sink.close()
        return kills

    with nats_server(tmp_path) as server:
        assert asyncio.run(run(server)) == 3
        kept = asyncio.run(stored(server, "KILLED"))
    assert sorted(kept) == sorted(
        (event.id, "events." + event.type, event.body) for event in events
    )
    # The kills were felt.
    assert any(isinstance(answer, Retry) for answer in answers)


def test_a_stream_that_is_made_knows_an_event_again_for_an_hour_or_as_long_as_asked(
    server: NatsServer,
) -> None:
    async def windows() -> Sequence[float | None]:
        client = await nats.connect(server.url)
        found = [
            (await client.jetstream().stream_info(name)).config.duplicate_window
            for name in ("HOUR", "LONGER")
        ]
        await client.close()
        return found

    sent(f"{server.url}/HOUR?create=1&subject=hour.{{type}}", [message(1)])
    sent(f"{server.url}/LONGER?create=1&subject=longer.{{type}}&window=7200", [message(1)])
    assert asyncio.run(windows()) == [3600, 7200]


def test_without_a_stream_events_are_to_be_sent_again(server: NatsServer) -> None:
    answers = sent(f"{server.url}/NOWHERE?subject=nowhere.{{type}}", [message(1), message(2)])
    assert answers == [Retry("no stream answers to the subject")] * 2


def test_events_never_end_in_another_stream(server: NatsServer) -> None:
    asyncio.run(make_stream(server, "THEIRS", subjects=["theirs.>"]))
    answers = sent(f"{server.url}/OURS?subject=theirs.{{type}}", [message(1)])
    assert answers == [Retry("another stream answers to the subject")]
    assert asyncio.run(stored(server, "THEIRS")) == []


def test_who_else_answers_is_not_taken_for_the_stream(server: NatsServer) -> None:
    async def run() -> Sequence[Outcome]:
        client = await nats.connect(server.url)

        async def answer(got: Any) -> None:
            await got.respond([b"+OK", b'{"stream": "OTHER", "seq": 1}', b"[]"][answer_of[0]])
            answer_of[0] += 1

        answer_of = [0]
        await client.subscribe("answered.>", cb=answer)
        await client.flush()
        sink = sink_for(f"{server.url}/ANSWERED?subject=answered.{{type}}", QUICK)
        answers = await sink.send([message(number) for number in range(3)])
        await sink.close()
        await client.close()
        return answers

    assert asyncio.run(run()) == [Retry("an acknowledgement that is none")] * 3


def test_too_big_an_event_is_dead_and_the_rest_of_its_batch_arrives(server: NatsServer) -> None:
    asyncio.run(make_stream(server, "SMALL", subjects=["small.>"], max_msg_size=2000))
    batch = [message(1), message(2, b"x" * 3000), message(3, b"x" * 65_500), message(4)]
    assert sent(f"{server.url}/SMALL?subject=small.{{type}}", batch) == [
        Delivered(),
        Dead("bigger than the stream takes"),
        Dead("bigger than the server takes"),
        Delivered(),
    ]


def test_a_full_stream_has_events_sent_again(server: NatsServer) -> None:
    asyncio.run(make_stream(server, "FULL", subjects=["full.>"], max_msgs=1, discard="new"))
    answers = sent(f"{server.url}/FULL?subject=full.{{type}}", [message(1)], [message(2)])
    assert answers == [Delivered(), Retry("the stream refused: error 10077")]


def test_more_than_a_socket_takes_is_published_and_answered_meanwhile(tmp_path: Path) -> None:
    with nats_server(tmp_path) as server:
        batch = [message(number, b"x" * 900_000) for number in range(60)]
        answers = sent(f"{server.url}/BIG?create=1", batch, options=SinkOptions(deadline=10))
    assert answers == [Delivered()] * 60


@pytest.mark.parametrize("kind", ["a.*", "a.>", "a b", "a..b", "a.", "", "a\r\nPUB x 0", "ä"])
def test_an_event_whose_type_makes_no_subject_is_dead(server: NatsServer, kind: str) -> None:
    answers = sent(
        f"{server.url}/TYPES?create=1&subject=types.{{type}}", [message(1, kind=kind), message(2)]
    )
    assert answers == [Dead("its type or run makes no subject"), Delivered()]


@pytest.mark.parametrize("name", ["", " padded", "two\nlines"])
def test_an_event_whose_id_would_not_be_kept_is_dead(server: NatsServer, name: str) -> None:
    answers = sent(
        f"{server.url}/IDS?create=1&subject=ids.{{type}}", [replace(message(1), id=name)]
    )
    assert answers == [Dead("its id makes no header")]


def test_a_server_that_is_down_has_events_sent_again_and_is_found_when_it_is_back(
    tmp_path: Path,
) -> None:
    async def run(server: NatsServer) -> list[Outcome]:
        sink = sink_for(f"{server.url}/LATER?create=1", QUICK)
        await sink.open()
        answers = [*await sink.send([message(1)])]
        server.start()
        answers += await sink.send([message(1)])
        server.kill()
        answers += await sink.send([message(2)])
        server.start()
        answers += await sink.send([message(2)])
        await sink.close()
        return answers

    server = NatsServer(tmp_path)
    try:
        first, second, third, fourth = asyncio.run(run(server))
    finally:
        server.stop()
    assert (first, second, fourth) == (Retry("no connection"), Delivered(), Delivered())
    assert third in {Retry("no connection"), Retry("the connection was lost")}


def test_a_server_that_hangs_costs_the_deadline_and_is_left(tmp_path: Path) -> None:
    async def run(server: NatsServer) -> tuple[list[Outcome], float]:
        loop = asyncio.get_running_loop()
        sink = sink_for(f"{server.url}/HANGS?create=1", QUICK)
        answers = [*await sink.send([message(1)])]
        server.freeze()
        begun = loop.time()
        # More than a socket takes.
        answers += await sink.send([message(number, b"x" * 500_000) for number in range(2, 34)])
        took = loop.time() - begun
        server.thaw()
        answers += await sink.send([message(2)])
        await sink.close()
        return answers, took

    with nats_server(tmp_path) as server:
        answers, took = asyncio.run(run(server))
    assert answers == [Delivered(), *[Retry("no acknowledgement in time")] * 32, Delivered()]
    assert took < 4


USERS = """
authorization { users: [
  { user: "emitter", password: "p@ss:word/1" }
  { user: "reader", password: "r", permissions: { publish: "_INBOX.>" } }
] }
"""


def test_credentials_of_the_address_are_used_and_never_shown(tmp_path: Path) -> None:
    with nats_server(tmp_path, USERS) as server:
        right = f"nats://emitter:p%40ss%3Aword%2F1@{server.address}/MINE?create=1"
        wrong = f"nats://emitter:wrong@{server.address}/MINE"
        reader = f"nats://reader:r@{server.address}/MINE"
        assert sent(right, [message(1)]) == [Delivered()]
        assert sent(wrong, [message(1)]) == [Retry("the server refuses the credentials")]
        assert sent(reader, [message(1)]) == [
            Retry("no acknowledgement in time; the server forbids something to this user")
        ]
        sink = sink_for(right)
        assert sink.name == f"nats://{server.address}/MINE?subject=events.{{type}}"
        assert "p@ss" not in repr(vars(sink))
        assert "p%40" not in repr(vars(sink))


def test_nothing_of_a_failing_server_is_logged_or_printed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with nats_server(tmp_path, USERS) as server:
        sent(f"nats://emitter:wrong@{server.address}/MINE", [message(1)])
        sent(f"nats://reader:r@{server.address}/MINE", [message(1)])
    sent(f"nats://emitter:wrong@127.0.0.1:{free_port()}/MINE", [message(1)])
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_tls_is_spoken_from_the_first_byte_and_only_with_a_server_that_proves_itself(
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    settings = (
        f'tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem", '
        "handshake_first: true }"
    )
    server = NatsServer(tmp_path / "server", settings)
    server.greeting = b""
    try:
        server.start()
        url = f"nats+tls://{server.address}/SAFE?create=1"
        trusted = SinkOptions(deadline=3, tls=trusting)
        assert sent(url, [message(1)], options=trusted) == [Delivered()]
        assert sent(url, [message(1)]) == [Retry("no connection: TLS failed")]
    finally:
        server.stop()


def test_credentials_for_tls_are_not_told_to_a_server_without_it() -> None:
    heard = bytearray()

    async def run() -> Sequence[Outcome]:
        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b'INFO {"server_id":"x","headers":true,"max_payload":1000}\r\n')
            heard.extend(await reader.read(1000))
            writer.close()

        listener = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        sink = sink_for(f"nats+tls://emitter:secret@127.0.0.1:{port}/SAFE", QUICK)
        answers = await sink.send([message(1)])
        await sink.close()
        listener.close()
        await listener.wait_closed()
        return answers

    (answer,) = asyncio.run(run())
    assert isinstance(answer, Retry)
    assert heard
    assert b"secret" not in heard
