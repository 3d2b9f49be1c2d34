"""Webhooks against receivers that fail in each of the ways receivers fail."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import orjson
import pytest
import standardwebhooks
import trustme

import quantapilot
from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import MODES, Behaviour
from quantapilot.errors import SinkError
from quantapilot.signing import new_secret
from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import Dead, Delivered, Disabled, Message, Retry, SinkOptions
from quantapilot.sinks.webhook import from_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from quantapilot.chaos.server import Mode
    from quantapilot.sinks.sink import Outcome, Sink

SECRET = new_secret()
_COUNT = count()
OPTIONS = SinkOptions(secrets=(SECRET,), allow_private=True)


def message(number: int, body: bytes = b'{"specversion":"1.0"}') -> Message:
    # The receiver is shared and remembers: no two tests send the same id.
    return Message(number, f"event-{number}-{next(_COUNT)}", "quantapilot.run_started", "run", body)


def with_sink(
    url: str, options: SinkOptions, work: Callable[[Sink], Coroutine[Any, Any, list[Outcome]]]
) -> list[Outcome]:
    async def run() -> list[Outcome]:
        sink = sink_for(url, options)
        await sink.open()
        try:
            return await work(sink)
        finally:
            await sink.close()

    return asyncio.run(run())


def sent(url: str, messages: Sequence[Message], options: SinkOptions = OPTIONS) -> list[Outcome]:
    async def one_by_one(sink: Sink) -> list[Outcome]:
        return [(await sink.send([each]))[0] for each in messages]

    return with_sink(url, options, one_by_one)


@pytest.fixture(params=["asyncio", "uvloop"], autouse=True)
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test on either event loop: they tell of the same failures by other exceptions."""
    if request.param == "uvloop":
        monkeypatch.setattr(asyncio, "run", pytest.importorskip("uvloop").run)


@pytest.fixture(scope="module")
def running() -> Iterator[Receiver]:
    with Receiver(own_process=False) as receiver:
        yield receiver


@pytest.fixture
def receiver(running: Receiver) -> Receiver:
    # A test before may have closed it for a while.
    running.open_port()
    return running


@pytest.mark.parametrize(
    ("mode", "outcome"),
    {
        "ok": Delivered(),
        "500": Retry("status 500"),
        "429": Retry("status 429", 7.0),
        "404": Retry("status 404"),
        "410": Disabled("status 410"),
        "redirect": Retry("status 302"),
        "reset": Retry("reset"),
        "garbage": Retry("bad answer"),
        "slow-headers": Retry("timeout"),
        "slow-body": Delivered(),
        "huge": Delivered(),
        "closed": Retry("reset"),
    }.items(),
)
def test_each_answer_has_its_outcome(receiver: Receiver, mode: Mode, outcome: Outcome) -> None:
    receiver.behave(Behaviour(script=(mode,), secrets=(SECRET,), retry_after=7))
    each = message(MODES.index(mode))
    before = receiver.totals().requests
    # Others may take longer on a busy machine.
    options = replace(OPTIONS, deadline=0.5 if mode == "slow-headers" else 15.0)
    assert sent(receiver.url, [each], options) == [outcome]
    heard = receiver.heard([each.id])[0]
    assert heard is not None
    assert heard.seen == 1
    assert (heard.accepted == 1) == (outcome == Delivered())
    assert heard.digest == hashlib.blake2b(each.body, digest_size=8).digest()
    # Neither a redirect nor a failure led to another request.
    assert receiver.totals().requests == before + 1


def test_after_each_failure_the_next_event_arrives(receiver: Receiver) -> None:
    failures: tuple[Mode, ...] = ("500", "reset", "garbage", "huge", "404", "redirect")
    script: list[Mode] = [mode for failure in failures for mode in (failure, "ok")]
    receiver.behave(Behaviour(script=tuple(script), secrets=(SECRET,)))
    outcomes = sent(receiver.url, [message(100 + each) for each in range(12)])
    assert outcomes[1::2] == [Delivered()] * 6


def test_a_closed_port_is_told_and_used_again_once_it_opens(receiver: Receiver) -> None:
    receiver.behave(Behaviour(secrets=(SECRET,)))

    async def work(sink: Sink) -> list[Outcome]:
        outcomes = [*await sink.send([message(200)])]
        await asyncio.to_thread(receiver.close_port)
        # The connection that was kept open was reset, which the sender may learn first or last.
        refused: list[Outcome] = []
        while Retry("connection refused") not in refused and len(refused) < 50:
            refused += await sink.send([message(201)])
        assert all(isinstance(each, Retry) for each in refused)
        outcomes.append(refused[-1])
        await asyncio.to_thread(receiver.open_port)
        return [*outcomes, *await sink.send([message(202)])]

    assert with_sink(receiver.url, OPTIONS, work) == [
        Delivered(),
        Retry("connection refused"),
        Delivered(),
    ]


def test_many_at_a_time_arrive_once_each_over_few_connections(receiver: Receiver) -> None:
    receiver.behave(Behaviour(secrets=(SECRET,)))
    messages = [message(1000 + each) for each in range(300)]

    async def work(sink: Sink) -> list[Outcome]:
        rest = iter(messages)

        async def worker() -> list[Outcome]:
            return [(await sink.send([each]))[0] for each in rest]

        done = await asyncio.gather(*(worker() for _ in range(sink.in_flight)))
        return [outcome for outcomes in done for outcome in outcomes]

    assert with_sink(receiver.url, OPTIONS, work) == [Delivered()] * 300
    heard = receiver.heard([each.id for each in messages])
    assert {(each.seen, each.accepted, each.differed) for each in heard if each} == {(1, 1, False)}


def test_what_is_said_to_be_delivered_was_accepted_whatever_fails(receiver: Receiver) -> None:
    weights: dict[Mode, float] = dict.fromkeys(MODES, 1.0) | {"ok": 12.0, "closed": 0.3}
    messages = [message(2000 + each, b'{"n":%d}' % each) for each in range(200)]
    options = replace(OPTIONS, deadline=1.0)
    behaviour = Behaviour(weights=weights, seed=5, secrets=(SECRET,), slowness=0.03, pieces=5)
    receiver.behave(behaviour)
    before = receiver.totals().modes

    async def work(sink: Sink) -> list[Outcome]:
        rest = iter(messages)
        done: list[Outcome] = []
        end = time.monotonic() + 30

        async def worker() -> None:
            for each in rest:
                outcome: Outcome = Retry("not tried")
                while outcome != Delivered() and time.monotonic() < end:
                    outcome = (await sink.send([each]))[0]
                    # The port is closed for a while now and then.
                    await asyncio.sleep(0 if outcome == Delivered() else 0.005)
                done.append(outcome)

        await asyncio.gather(*(worker() for _ in range(16)))
        return done

    assert with_sink(receiver.url, options, work) == [Delivered()] * 200
    for each, heard in zip(messages, receiver.heard([each.id for each in messages]), strict=True):
        assert heard is not None
        assert heard.accepted >= 1
        assert not heard.differed
        assert heard.digest == hashlib.blake2b(each.body, digest_size=8).digest()
    met = {mode for mode, much in receiver.totals().modes.items() if much > before.get(mode, 0)}
    assert met >= set(MODES) - {"closed"}


def test_a_receiver_with_another_secret_refuses(receiver: Receiver) -> None:
    receiver.behave(Behaviour(secrets=(new_secret(),)))
    assert sent(receiver.url, [message(300)]) == [Retry("status 401")]


def test_while_keys_rotate_a_receiver_with_either_accepts(receiver: Receiver) -> None:
    old, new = new_secret(), new_secret()
    options = SinkOptions(secrets=(new, old), allow_private=True)
    for number, known in enumerate((old, new)):
        receiver.behave(Behaviour(secrets=(known,)))
        assert sent(receiver.url, [message(310 + number)], options) == [Delivered()]


def test_an_id_that_no_header_can_hold_is_dead_and_not_sent(receiver: Receiver) -> None:
    receiver.behave(Behaviour())
    before = receiver.totals().requests
    bad = [Message(1, each, "t", "s", b"{}") for each in ("a\r\nb: c", "é", "a.b", "")]
    assert sent(receiver.url, bad) == [Dead("bad-id")] * 4
    unsigned = SinkOptions(header=("x-key", "shared"), allow_private=True)
    bad[2] = replace(bad[2], id="a b")
    assert sent(receiver.url, bad, unsigned) == [Dead("bad-id")] * 4
    assert receiver.totals().requests == before


def test_a_large_event_is_sent_whole(receiver: Receiver) -> None:
    receiver.behave(Behaviour(secrets=(SECRET,)))
    large = message(320, b'{"data":"' + b"x" * (3 << 20) + b'"}')
    assert sent(receiver.url, [large]) == [Delivered()]
    heard = receiver.heard([large.id])[0]
    assert heard is not None
    assert heard.digest == hashlib.blake2b(large.body, digest_size=8).digest()


def test_a_sink_that_is_not_open_sends_nothing() -> None:
    async def run() -> None:
        sink = sink_for("https://hooks.example/", OPTIONS)
        with pytest.raises(SinkError, match="not open"):
            await sink.send([message(1)])
        await sink.open()
        await sink.open()
        await sink.close()
        await sink.close()

    asyncio.run(run())


def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.behave(Behaviour())
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        assert sent(receiver.url, [message(330)]) == [Delivered()]
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_name_of_this_machine_is_not_connected_to_by_default() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"https://localhost:{server.getsockname()[1]}/"
        options = SinkOptions(secrets=(SECRET,))
        assert sent(url, [message(340)], options) == [Retry("address not allowed")]
        with pytest.raises(BlockingIOError):
            server.accept()


# Answers that no proper server gives.


class Raw:
    """Gives each connection one answer, byte for byte, and keeps the requests."""

    def __init__(self, answer: bytes, *, again: int = 0, closes: bool = True) -> None:
        self.answer = answer
        self.again = again
        self.closes = closes
        self.requests: list[bytes] = []
        self.written = 0
        self.connections = 0
        self.serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.serving.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answer)
                for _ in range(self.again):
                    writer.write(self.answer[-65536:])
                    await writer.drain()
                    self.written += 65536
                if self.closes:
                    break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def listening(raw: Raw) -> AsyncIterator[str]:
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a%20b?key=1"
        if serving := {each for each in raw.serving if each is not None}:
            await asyncio.wait(serving, timeout=10)


def answered(raw: Raw, count: int = 1, options: SinkOptions = OPTIONS) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with listening(raw) as url:
            sink = sink_for(url, options)
            await sink.open()
            outcomes = [(await sink.send([message(each)]))[0] for each in range(count)]
            await sink.close()
            return outcomes

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Retry("reset")),
        (b"HTTP/1.1 200 OK\r\n", Retry("reset")),
        (b"SSH-2.0-server\r\n", Retry("bad answer")),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n", Retry("bad answer")),
        (b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * 5000 + b"\r\n", Retry("bad answer")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\n", Retry("bad answer")),
        (b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n", Retry("bad answer")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", Delivered()),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n", Retry("bad answer")),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnot!",
         Delivered()),
        (b"HTTP/1.1 503 Busy\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n",
         Retry("status 503", 3.0)),
        (b"HTTP/1.1 413 Large\r\nretry-after: x\r\ncontent-length: 0\r\n\r\n",
         Retry("status 413")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, Retry("reset")),
    ],
)  # fmt: skip
def test_answers_that_are_broken_have_outcomes_too(answer: bytes, outcome: Outcome) -> None:
    assert answered(Raw(answer)) == [outcome]


def test_the_request_is_a_cloud_event_that_others_can_verify() -> None:
    raw = Raw(b"HTTP/1.1 204 No Content\r\n\r\n", closes=False)
    options = SinkOptions(secrets=(SECRET,), header=("X-Static", "shared"), allow_private=True)
    assert answered(raw, 2, options) == [Delivered()] * 2
    assert raw.connections == 1
    head, body = raw.requests[0].split(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in lines)
    assert line == "POST /a%20b?key=1 HTTP/1.1"
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["user-agent"] == f"quantapilot-contract/{quantapilot.__version__}"
    assert headers["webhook-id"].startswith("event-0-")
    assert headers["x-static"] == "shared"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers.keys() == {
        "accept", "accept-encoding", "content-length", "content-type", "host", "user-agent",
        "webhook-id", "webhook-signature", "webhook-timestamp", "x-static",
    }  # fmt: skip
    original = dict(each.split(": ", 1) for each in lines)
    signed = {name.lower(): value for name, value in original.items()}
    assert standardwebhooks.Webhook(SECRET).verify(body.decode(), signed) == orjson.loads(body)


def test_no_cookie_comes_back() -> None:
    raw = Raw(
        b"HTTP/1.1 200 OK\r\nset-cookie: a=b; path=/\r\ncontent-length: 0\r\n\r\n", closes=False
    )
    assert answered(raw, 2) == [Delivered()] * 2
    assert not any(b"cookie" in each.lower() for each in raw.requests)


@pytest.mark.parametrize(
    "header",
    [
        b"set-cookie: alice@example.org=1",
        b"set-cookie: a=1; path=alice",
        b"set-cookie: for alice=1",
    ],
)
def test_nothing_that_a_receiver_answers_is_logged(
    header: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    raw = Raw(b"HTTP/1.1 500 alice\r\nlocation: //alice\r\n" + header + b"\r\n\r\nalice")
    with caplog.at_level("DEBUG"):
        assert answered(raw) == [Retry("status 500")]
    assert "alice" not in caplog.text


def test_an_answer_without_an_end_is_cut_off() -> None:
    endless = Raw(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b"x" * 65536, again=4000)
    assert answered(endless) == [Delivered()]
    # Beside what was read, only what the system's own buffers hold.
    assert endless.written < 4000 * 65536


def test_headers_without_an_end_are_given_up_at_the_deadline() -> None:
    early = Raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3000, again=10**6)
    options = SinkOptions(secrets=(SECRET,), allow_private=True, deadline=0.3)
    start = time.monotonic()
    assert answered(early, options=options)[0] in (Retry("timeout"), Retry("bad answer"))
    assert time.monotonic() - start < 2


def test_a_receiver_that_takes_nothing_is_given_up_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = SinkOptions(secrets=(SECRET,), allow_private=True, deadline=0.2)
        body = b'{"data":"' + b"x" * (12 << 20) + b'"}'
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        start = time.monotonic()
        assert sent(url, [message(1, body), message(2)], options) == [Retry("timeout")] * 2
        assert 0.4 <= time.monotonic() - start < 5


# Questions, of which the answer counts too.


def asked(raw: Raw, options: SinkOptions = OPTIONS) -> tuple[Outcome, bytes]:
    async def run() -> tuple[Outcome, bytes]:
        async with listening(raw) as url:
            sink = from_url(url, options)
            await sink.open()
            try:
                return await sink.ask(message(1, b'{"question":1}'))
            finally:
                await sink.close()

    return asyncio.run(run())


def test_a_question_is_json_signed_as_an_event_is_and_its_answer_comes_back() -> None:
    raw = Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes")
    assert asked(raw) == (Delivered(), b"yes")
    head, _, body = raw.requests[0].partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    headers = {name.lower(): value for name, _, value in lines}
    assert headers["content-type"] == "application/json"
    standardwebhooks.Webhook(SECRET).verify(body, headers)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 4096, (Delivered(), b"x" * 4096)),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 4097, (Delivered(), b"")),
        (b"HTTP/1.1 404 Not Found\r\n\r\nyes", (Retry("status 404"), b"yes")),
        (b"HTTP/1.1 410 Gone\r\n\r\n", (Disabled("status 410"), b"")),
        (b"HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n", (Retry("status 302"), b"")),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
            (Retry("bad answer"), b""),
        ),
        (b"", (Retry("reset"), b"")),
    ],
)
def test_of_an_answer_to_a_question_no_more_counts_than_is_short_and_whole(
    answer: bytes, expected: tuple[Outcome, bytes]
) -> None:
    assert asked(Raw(answer)) == expected


def test_an_answer_to_a_question_that_never_ends_is_given_up() -> None:
    endless = Raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 65536, again=4000)
    assert asked(endless) == (Delivered(), b"")
    assert endless.written < 4000 * 65536
    slow = Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nyes", closes=False)
    options = SinkOptions(secrets=(SECRET,), allow_private=True, deadline=0.3)
    assert asked(slow, options) == (Retry("timeout"), b"")


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(authority: trustme.CA) -> SinkOptions:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return SinkOptions(secrets=(SECRET,), allow_private=True, deadline=5.0, tls=context)


def certificate(authority: trustme.CA, host: str, folder: Path) -> Path:
    path = folder / "server.pem"
    authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(path)
    return path


def test_a_receiver_with_a_good_certificate_is_trusted(
    authority: trustme.CA, tmp_path: Path
) -> None:
    pem = certificate(authority, "127.0.0.1", tmp_path)
    behaviour = Behaviour(secrets=(SECRET,), script=("ok", "reset", "huge", "ok"))
    with Receiver(behaviour, certificate=pem, own_process=False) as running:
        assert running.url.startswith("https:")
        assert sent(running.url, [message(each) for each in range(4)], trusting(authority)) == [
            Delivered(), Retry("reset"), Delivered(), Delivered(),
        ]  # fmt: skip


def test_a_receiver_that_cannot_prove_who_it_is_gets_nothing(
    authority: trustme.CA, tmp_path: Path
) -> None:
    other = certificate(authority, "other.example", tmp_path)
    with Receiver(certificate=other, own_process=False) as running:
        assert sent(running.url, [message(1)], trusting(authority)) == [Retry("tls")]
        assert sent(running.url, [message(1)], OPTIONS) == [Retry("tls")]
        assert sent(running.url, [message(1)], trusting(trustme.CA())) == [Retry("tls")]
        assert running.totals().requests == 0


def test_plain_http_on_the_port_of_tls_is_no_tls(receiver: Receiver) -> None:
    receiver.behave(Behaviour())
    before = receiver.totals().requests
    url = receiver.url.replace("http:", "https:")
    assert sent(url, [message(1)]) == [Retry("tls")]
    assert receiver.totals().requests == before
