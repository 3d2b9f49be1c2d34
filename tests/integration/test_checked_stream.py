"""`qp relay --check` between streams of a real server: killed, dirty, away; nothing is lost."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import nats
import orjson
import pytest
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from tests.emitting import CONFIG, MAIL, PAYLOAD, ROOT
from tests.nats_server import nats_server
from tests.program import call

from quantapilot.emitter.checking import EventCheck
from quantapilot.relay.nats_consumer import Consuming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from nats.js import JetStreamContext
    from tests.nats_server import NatsServer

    from quantapilot.relay.feed import Taken

QP = [sys.executable, "-c", "from quantapilot.cli import main; main()"]
EVENTS = 1_500
KILLED = 300
AWAY = 700


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats"), "max_payload: 1048576") as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("QP_OUTBOX", "QP_SINKS"):
        monkeypatch.delenv(name, raising=False)


@cache
def sample() -> bytes:
    event = {"type": "quantapilot.run_started", "data": PAYLOAD}
    return EventCheck(CONFIG, "/worker").entry(event).body


def event(run: str, *, dirty: bool = False) -> bytes:
    fresh = orjson.loads(sample())
    made = sample().replace(PAYLOAD["run_id"].encode(), run.encode())
    made = made.replace(fresh["id"].encode(), str(uuid4()).encode())
    return made.replace(b'"main"', f'"{MAIL}"'.encode()) if dirty else made


@asynccontextmanager
async def jetstream(server: NatsServer) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(server.url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


def made(server: NatsServer, name: str, *bodies: bytes | tuple[str, bytes]) -> None:
    """Make a stream with some messages in it."""

    async def make() -> None:
        async with jetstream(server) as stream:
            await stream.add_stream(StreamConfig(name=name, subjects=[f"{name.lower()}.>"]))
            told = [each if isinstance(each, tuple) else ("x", each) for each in bodies]
            for start in range(0, len(told), 1000):
                part = told[start : start + 1000]
                sent = [
                    await stream.publish_async(f"{name.lower()}.{subject}", body)
                    for subject, body in part
                ]
                await asyncio.gather(*sent)

    asyncio.run(make())


def held(server: NatsServer, name: str) -> list[tuple[dict[str, Any], Any]]:
    """Return headers and JSON of all that a stream holds."""

    async def read() -> list[tuple[dict[str, Any], Any]]:
        async with jetstream(server) as stream:
            left = (await stream.stream_info(name)).state.messages
            if not left:
                return []
            consumer = await stream.subscribe(f"{name.lower()}.>", ordered_consumer=True)
            got = [await consumer.next_msg(5) for _ in range(left)]
            return [(each.headers or {}, orjson.loads(each.data)) for each in got]

    return asyncio.run(read())


def count(server: NatsServer, name: str) -> int:
    async def ask() -> int:
        async with jetstream(server) as stream:
            return (await stream.stream_info(name)).state.messages

    return asyncio.run(ask())


def reached(server: NatsServer, most: int, *names: str) -> None:
    """Wait until some streams hold so many messages."""

    async def wait() -> None:
        async with jetstream(server) as stream, asyncio.timeout(30):
            while True:
                infos = [await stream.stream_info(name) for name in names]
                if sum(each.state.messages for each in infos) >= most:
                    return
                await asyncio.sleep(0.01)

    asyncio.run(wait())


def consumer(server: NatsServer, name: str, **more: int) -> None:
    """Make the consumer that a relay would make, of which unfinished messages come again soon."""

    async def make() -> None:
        async with jetstream(server) as stream:
            config = ConsumerConfig(durable_name="qp-check", ack_wait=0.3)
            await stream.add_consumer(name, config, ack_policy=AckPolicy.EXPLICIT, **more)

    asyncio.run(make())


def options(server: NatsServer, name: str, query: str = "") -> list[str]:
    return [
        "relay",
        "--check",
        f"{server.url}/{name}{query}",
        "--to",
        f"{server.url}/{name}-CLEAN?subject={name.lower()}-clean.{{type}}",
        "--quarantine",
        f"{server.url}/{name}-HELD?subject={name.lower()}-held.{{type}}",
    ]


def three(server: NatsServer, name: str, *bodies: bytes | tuple[str, bytes]) -> None:
    for each in (f"{name}-CLEAN", f"{name}-HELD"):
        made(server, each)
    made(server, name, *bodies)


def ids(events: Sequence[Any]) -> list[str]:
    return [each["id"] for each in events]


def test_every_event_arrives_once_in_order_although_relay_and_server_are_killed(
    server: NatsServer,
) -> None:
    runs = [str(uuid4()) for _ in range(7)]
    sent = [event(runs[n % 7], dirty=n % 50 == 0) for n in range(EVENTS)]
    three(server, "RAW", *sent)
    consumer(server, "RAW")
    given = [*QP, *options(server, "RAW")]
    with subprocess.Popen(given, stderr=subprocess.DEVNULL) as process:
        reached(server, KILLED, "RAW-CLEAN")
        process.kill()
    assert count(server, "RAW-CLEAN") < EVENTS
    with subprocess.Popen(given, stderr=subprocess.PIPE) as process:
        reached(server, AWAY, "RAW-CLEAN")
        server.kill()
        server.start()
        reached(server, EVENTS, "RAW-CLEAN", "RAW-HELD")
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 1, told
    assert b" quarantined" in told
    parsed = [orjson.loads(each) for each in sent]
    clean = [each for each in parsed if each["data"]["branch"] == "main"]
    dirty = [each for each in parsed if each["data"]["branch"] != "main"]
    arrived = held(server, "RAW-CLEAN")
    assert len({headers["Nats-Msg-Id"] for headers, _ in arrived}) == len(arrived)
    assert ids([each for _, each in arrived]) == ids(clean)
    assert [each["event_id"] for _, each in held(server, "RAW-HELD")] == ids(dirty)
    # Nothing is left that would come again.
    code, _, last = call(*given[len(QP) :], "--once")
    assert (code, last) == (0, f"{server.url}/RAW: 0 clean\n")


def test_what_is_no_clean_event_is_recorded_without_a_value_of_it(server: NatsServer) -> None:
    run = str(uuid4())
    broken = {
        "pii/email": event(run, dirty=True),
        "input/invalid-json": b'{"branch":"%s"' % MAIL.encode(),
        "input/not-an-object": b'["%s"]' % MAIL.encode(),
        "input/two-documents": event(run) + event(run),
        "input/duplicate-key": event(run).replace(b'{"specversion"', b'{"id":"a","specversion"'),
        "contract/unknown-event": b'{"type":"%s"}' % MAIL.encode(),
    }
    blank = (f"by.{MAIL.replace('.', '-')}.com", b"")
    whole = b"\n".join(event(run).split(b",", 1)).replace(b"\n", b",\n")
    three(server, "ODD", whole, *broken.values(), blank, (MAIL, b"\xff\xfe"))
    code, out, told = call(*options(server, "ODD"), "--once")
    assert (code, out) == (1, "")
    assert told == f"{server.url}/ODD: 1 clean, 8 quarantined\n"
    (passed,) = held(server, "ODD-CLEAN")
    assert passed[1] == orjson.loads(whole)
    records = [record for _, record in held(server, "ODD-HELD")]
    for rule, record in zip(broken, records, strict=False):
        assert rule in [each["rule"] for each in record["findings"]]
        assert record["subject"] == "odd.x"
    assert MAIL.partition("@")[0].encode() not in orjson.dumps(records)
    assert [each["sequence"] for each in records] == list(range(2, 10))
    assert records[-1]["subject"] is None
    assert records[-1]["findings"]


def test_large_messages_come_a_few_at_a_time(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 1_500_000
    monkeypatch.setattr("quantapilot.relay.nats_consumer._MOST_BYTES", most)
    taken: list[int] = []
    done = Consuming.acknowledge

    async def noted(self: Consuming, batch: Sequence[Taken]) -> None:
        taken.append(sum(len(each.body) for each in batch))
        await done(self, batch)

    monkeypatch.setattr(Consuming, "acknowledge", noted)
    three(server, "LARGE", *[b" " * 700_000] * 5)
    _, _, told = call(*options(server, "LARGE"), "--once")
    assert told.startswith(f"{server.url}/LARGE: 0 clean, 5 quarantined")
    assert max(taken) < most


def gives_up(given: Sequence[str], wanted: str) -> None:
    """Relay until it is told why that is given up, which a busy machine may not come to at once."""
    told = ""
    for _ in range(5):
        code, _, told = call(*given)
        assert code == 4
        if wanted in told:
            break
    assert wanted in told


def test_streams_that_are_missing_are_told_and_what_waits_for_them_is_not_lost(
    server: NatsServer,
) -> None:
    run = str(uuid4())
    once = [*options(server, "LATE"), "--once", "--give-up-after", "0.3"]
    gives_up(once, f"{server.url}/LATE: no such stream; trying again\n")
    made(server, "LATE", event(run), event(run, dirty=True))
    consumer(server, "LATE")
    # Long enough for what an earlier relay took to come again.
    once[-1] = "2.5"
    gives_up(once, "LATE-HELD?subject=late-held.{type}: no stream answers to the subject)\n")
    made(server, "LATE-CLEAN")
    assert call(*once)[0] == 4
    made(server, "LATE-HELD")
    assert call(*once[:-2])[0] == 1
    assert (count(server, "LATE-CLEAN"), count(server, "LATE-HELD")) == (1, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--check", "nats://x/RAW", "--to", "nats://x/A"], "--quarantine nats://"),
        (["--check", "nats://x/A", "--to", "nats://x/A", "--quarantine", "nats://x/B"], "reads"),
        (["--check", "nats://x/R", "--to", "nats://x/A", "--quarantine", "nats://x/A"], "the same"),
        (["--check", "nats://x/R", "--to", "file:x", "--quarantine", "nats://x/A"], "of NATS"),
        (["--check", "nats://x/R", "--outbox", "o.db", "--to", "nats://x/A"], "exclude"),
        (["--quarantine", "nats://x/A", "--to", "nats://x/A"], "needs --check"),
        (["--to", "nats://x/A"], "name the outbox"),
    ],
)
def test_wrong_use_is_told(given: list[str], told: str) -> None:
    code, _, err = call("relay", *given)
    assert code == 2
    assert told in err


@pytest.mark.parametrize("address", ["kafka://x/RAW", "nats://x/", "nats://x/R?filter=a..b"])
def test_an_address_that_no_stream_has_is_told(address: str) -> None:
    to = ["--to", "nats://x/A", "--quarantine", "nats://x/B"]
    assert call("relay", "--check", address, *to)[0] == 4


def test_a_consumer_of_another_kind_is_not_taken_over(server: NatsServer) -> None:
    three(server, "OTHER", event(str(uuid4())))
    assert call(*options(server, "OTHER", "?filter=other.x"), "--once")[0] == 0
    code, _, told = call(*options(server, "OTHER"), "--once")
    assert code == 4
    assert "name yours with consumer=" in told


def test_a_consumer_that_gives_up_on_a_message_is_not_used(server: NatsServer) -> None:
    three(server, "FORGETS", event(str(uuid4())))
    consumer(server, "FORGETS", max_deliver=1)
    code, _, told = call(*options(server, "FORGETS"), "--once")
    assert code == 4
    assert "name yours with consumer=" in told
