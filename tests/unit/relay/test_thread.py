"""A relay beside any application: it starts, delivers, stops, and never fails in silence."""

from __future__ import annotations

import logging

import pytest
from tests.delivering import MemoryLedger, ScriptedSink
from tests.waiting import until

from quantapilot.errors import OutboxDamagedError, SinkError
from quantapilot.relay.relay import Relay, RelaySettings
from quantapilot.relay.thread import RelayThread
from quantapilot.sinks.sink import Retry


def test_it_delivers_what_comes_from_any_thread_and_stops_with_all_recorded() -> None:
    ledger, sink = MemoryLedger(100), ScriptedSink()
    thread = RelayThread(Relay(ledger, [sink]))
    thread.start()
    until(lambda: len(ledger.told("sink", "delivered")) == 100)
    assert thread.alive
    assert thread.progress.running
    ledger.add(50)
    until(lambda: len(sink.sent) == 150)
    assert thread.stop()
    assert not thread.alive
    assert ledger.told("sink", "delivered") == list(range(1, 151))
    assert thread.stop()


def test_one_that_never_started_stops() -> None:
    assert RelayThread(Relay(MemoryLedger(0), [ScriptedSink()])).stop()


def test_a_stop_ends_in_time_although_a_receiver_hangs() -> None:
    sink = ScriptedSink(takes=lambda _: 60.0)
    thread = RelayThread(Relay(MemoryLedger(5), [sink], RelaySettings(grace=0.05)))
    thread.start()
    until(lambda: sink.now > 0)
    assert thread.stop(5)


def test_what_waits_may_be_delivered_before_it_stops() -> None:
    ledger, sink = MemoryLedger(0), ScriptedSink(takes=lambda _: 0.001)
    thread = RelayThread(Relay(ledger, [sink]))
    thread.start()
    ledger.add(300)
    assert thread.stop(linger=10)
    assert ledger.told("sink", "delivered") == list(range(1, 301))
    assert thread.progress.settled


def test_what_could_not_be_delivered_in_that_time_is_counted() -> None:
    ledger, sink = MemoryLedger(700), ScriptedSink(script=lambda *_: Retry("status 503"))
    thread = RelayThread(Relay(ledger, [sink]))
    thread.start()
    assert thread.stop(linger=0.05)
    assert thread.progress.sinks[0].waiting == 700
    assert thread.progress.sinks[0].reason == "status 503"


def run_until_it_ends(thread: RelayThread) -> None:
    """Raise what ended it: from `start`, where that was at once, else from `stop`."""
    thread.start()
    until(lambda: not thread.alive)
    thread.stop()


def test_what_ends_it_is_logged_shown_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    ledger = MemoryLedger(5)
    ledger.fault = OutboxDamagedError("events 3 to 5 are missing")
    thread = RelayThread(Relay(ledger, [ScriptedSink()]))
    with caplog.at_level(logging.ERROR), pytest.raises(OutboxDamagedError, match="3 to 5"):
        run_until_it_ends(thread)
    assert caplog.messages == ["the relay ended: events 3 to 5 are missing"]
    assert not thread.progress.running
    assert thread.progress.failure == "events 3 to 5 are missing"
    assert thread.stop()


def test_the_text_of_a_fault_nobody_foresaw_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    ledger = MemoryLedger(5)
    ledger.fault = LookupError("secret-value")
    thread = RelayThread(Relay(ledger, [ScriptedSink()]))
    with caplog.at_level(logging.ERROR), pytest.raises(LookupError):
        run_until_it_ends(thread)
    assert caplog.messages == ["the relay ended: LookupError"]
    assert thread.progress.failure == "LookupError"


def test_a_sink_that_can_not_be_used_is_told() -> None:
    class Wrong(ScriptedSink):
        async def open(self) -> None:
            raise SinkError("the file is a folder")

    thread = RelayThread(Relay(MemoryLedger(5), [ScriptedSink("good"), Wrong()]))
    with pytest.raises(SinkError, match="a folder"):
        thread.start()
    assert not thread.alive
    assert thread.stop()


def test_no_time_is_too_long_to_linger() -> None:
    for linger in (1e300, float("inf")):
        ledger = MemoryLedger(3)
        thread = RelayThread(Relay(ledger, [ScriptedSink()]))
        thread.start()
        assert thread.stop(linger=linger)
        assert ledger.told("sink", "delivered") == [1, 2, 3]
