"""The emitter: accepted is stored, refused leaves nothing, from any kind of code."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.delivering import ScriptedSink
from tests.emitting import CONFIG, MAIL, PAYLOAD, RUN

import quantapilot.emitter
from quantapilot.emitter import Emitter, EventRefusedError
from quantapilot.errors import (
    DuplicateEventError,
    OutboxError,
    OutboxLockedError,
    SinkError,
    UnknownNameError,
)
from quantapilot_models import RunCompleted, RunStarted

if TYPE_CHECKING:
    from pathlib import Path


def emitter(folder: Path, **settings: Any) -> Emitter:
    return Emitter(folder / "events.db", source="/worker", config=CONFIG, **settings)


def stored(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        rows = connection.execute("SELECT id, body FROM events ORDER BY seq").fetchall()
    events = [orjson.loads(body) for _, body in rows]
    assert [name for name, _ in rows] == [event["id"] for event in events]
    return events


def test_an_event_is_stored_when_the_call_returns(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        name = out.emit(RunStarted(run_id=RUN, repo_url=PAYLOAD["repo_url"], branch="main"))
        (event,) = stored(tmp_path)
    assert event["id"] == name
    assert event["data"] == PAYLOAD
    assert event["source"] == "/worker"


def test_a_refused_event_leaves_nothing_behind(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        with pytest.raises(EventRefusedError) as caught:
            out.emit(PAYLOAD | {"branch": MAIL}, "run_started")
        out.emit(RunCompleted(run_id=RUN))
    assert [each.rule for each in caught.value.findings] == ["pii/email"]
    assert [event["type"] for event in stored(tmp_path)] == ["quantapilot.run_completed"]
    for file in tmp_path.iterdir():
        assert MAIL.encode() not in file.read_bytes()


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    good: list[Any] = [
        RunCompleted(run_id=RUN),
        {"type": "quantapilot.run_started", "data": PAYLOAD},
    ]
    bad = {"type": "quantapilot.run_started", "data": PAYLOAD | {"branch": MAIL}}
    with emitter(tmp_path) as out:
        with pytest.raises(EventRefusedError, match="event 3 may not leave"):
            out.emit_batch([*good, bad])
        assert stored(tmp_path) == []
        names = out.emit_batch(good)
        assert [event["id"] for event in stored(tmp_path)] == names
        assert out.emit_batch([]) == []


def test_asynchronous_code_stores_many_at_a_time(tmp_path: Path) -> None:
    async def emit_all() -> list[str]:
        async with emitter(tmp_path) as out:
            names = await asyncio.gather(*(out.aemit(PAYLOAD, "run_started") for _ in range(500)))
            names += await out.aemit_batch([RunCompleted(run_id=RUN)] * 2)
            with pytest.raises(EventRefusedError):
                await out.aemit(PAYLOAD | {"branch": MAIL}, "run_started")
            return names

    names = asyncio.run(emit_all())
    assert sorted(names) == sorted(event["id"] for event in stored(tmp_path))
    assert len(set(names)) == 502


def test_threads_share_an_emitter(tmp_path: Path) -> None:
    with emitter(tmp_path) as out, ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: out.emit(PAYLOAD, "run_started"), range(200)))
    assert sorted(names) == sorted(event["id"] for event in stored(tmp_path))


def test_an_event_that_is_emitted_again_is_stored_once(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        event = out.check.envelopes.filled(PAYLOAD, "run_started")
        assert out.emit(event) == out.emit(event)
        with pytest.raises(DuplicateEventError):
            out.emit(event | {"data": PAYLOAD | {"branch": "other"}})
    assert len(stored(tmp_path)) == 1


def test_a_second_emitter_is_told_who_owns_the_outbox(tmp_path: Path) -> None:
    with emitter(tmp_path), pytest.raises(OutboxLockedError), emitter(tmp_path):
        pass


def test_a_patient_emitter_waits_for_the_one_before(tmp_path: Path) -> None:
    first = emitter(tmp_path)
    first.open()
    ending = threading.Timer(0.2, first.close)
    ending.start()
    with emitter(tmp_path, patience=20.0) as out:
        out.emit(RunCompleted(run_id=RUN))
    ending.join()
    assert len(stored(tmp_path)) == 1


def test_an_emitter_can_be_opened_again(tmp_path: Path) -> None:
    out = emitter(tmp_path)
    for _ in range(2):
        with out:
            out.emit(RunCompleted(run_id=RUN))
    assert len(stored(tmp_path)) == 2


def test_a_closed_emitter_says_how_to_open_it(tmp_path: Path) -> None:
    out = emitter(tmp_path)
    with pytest.raises(OutboxError, match="with"):
        out.emit(PAYLOAD, "run_started")
    with out:
        pass
    with pytest.raises(OutboxError, match="with"):
        out.emit(RunCompleted(run_id=RUN))


def test_an_unknown_event_is_told(tmp_path: Path) -> None:
    with emitter(tmp_path) as out, pytest.raises(UnknownNameError, match="run_started"):
        out.emit(PAYLOAD, "run_stated")


def test_a_wrong_address_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(SinkError):
        emitter(tmp_path, sinks=["gopher://example.com"])
    assert list(tmp_path.iterdir()) == []


def test_what_is_stored_is_delivered_unchanged(tmp_path: Path) -> None:
    out_file = tmp_path / "sent.jsonl"
    with emitter(tmp_path, sinks=[f"file:{out_file}"]) as out:
        for _ in range(50):
            out.emit(PAYLOAD, "run_started")
    (progress,) = out.progress
    assert progress.delivered == 50
    sent = [orjson.loads(line) for line in out_file.read_bytes().splitlines()]
    assert sent == stored(tmp_path)


def test_what_was_left_is_delivered_by_the_next_one(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        name = out.emit(PAYLOAD, "run_started")
    out_file = tmp_path / "sent.jsonl"
    with emitter(tmp_path, sinks=[f"file:{out_file}"]):
        pass
    assert orjson.loads(out_file.read_bytes())["id"] == name


def test_unknown_names_of_the_package_are_attribute_errors() -> None:
    with pytest.raises(AttributeError):
        _ = quantapilot.emitter.Nothing


def test_who_interrupts_a_program_does_not_wait_for_deliveries(tmp_path: Path) -> None:
    def program() -> None:
        with emitter(tmp_path, sinks=["nats://127.0.0.1:1/EVENTS"], linger=60.0) as out:
            out.emit(RunCompleted(run_id=RUN))
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        program()
    assert time.monotonic() - began < 30
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize("linger", [-1.0, float("nan")])
def test_a_time_that_is_none_is_told(tmp_path: Path, linger: float) -> None:
    with pytest.raises(ValueError, match="linger"):
        emitter(tmp_path, linger=linger)


def test_an_emitter_that_can_not_be_opened_keeps_nothing_locked(tmp_path: Path) -> None:
    twice = emitter(tmp_path, sinks=[ScriptedSink(), ScriptedSink()])
    # The error is kept, as a debugger or a log would, and with it all that stands in its frames.
    with pytest.raises(SinkError, match="two sinks") as kept:
        twice.open()
    with emitter(tmp_path) as out:
        assert out.emit(PAYLOAD, "run_started")
    assert kept.traceback


def test_an_emitter_whose_opening_was_cancelled_keeps_nothing_locked(tmp_path: Path) -> None:
    kept = emitter(tmp_path)

    async def cancelled() -> None:
        opening = asyncio.create_task(kept.__aenter__())
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

    asyncio.run(cancelled())
    with emitter(tmp_path) as out:
        assert out.emit(PAYLOAD, "run_started")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer")
def test_the_handler_of_a_signal_may_emit_while_the_program_waits_for_an_emit(
    tmp_path: Path,
) -> None:
    late: list[str] = []
    with emitter(tmp_path) as out:

        def interrupted(*_: object) -> None:
            late.append(out.emit(PAYLOAD, "run_started"))

        before = signal.signal(signal.SIGALRM, interrupted)
        try:
            for wait in range(1, 40):
                signal.setitimer(signal.ITIMER_REAL, wait / 20_000)
                out.emit(PAYLOAD, "run_started")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert len(stored(tmp_path)) == 39 + len(late)
