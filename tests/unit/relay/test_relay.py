"""Every event reaches every sink at least once, whatever sinks and receivers do."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.delivering import MemoryLedger, ScriptedSink
from tests.waiting import eventually

from quantapilot.errors import OutboxDamagedError, OutboxUnwritableError, SinkError
from quantapilot.outbox.ports import Settlement
from quantapilot.relay.backoff import Backoff
from quantapilot.relay.relay import Relay, RelaySettings
from quantapilot.sinks.sink import Dead, Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.outbox.ports import Pending
    from quantapilot.relay.progress import Progress, SinkProgress
    from quantapilot.sinks.sink import Message, Outcome

SETTINGS = RelaySettings(
    backoff=Backoff(0.001, 0.004, 3600),
    pauses=Backoff(0.001, 0.004),
    grace=5,
    give_up_after=20,
)
REFUSED = Retry("status 500")


def drained(
    ledger: MemoryLedger,
    *sinks: ScriptedSink,
    settings: RelaySettings = SETTINGS,
    dead_letters: ScriptedSink | None = None,
    clock: Callable[[], float] | None = None,
) -> Progress:
    relay = Relay(
        ledger,
        sinks,
        settings,
        dead_letters=dead_letters,
        clock=clock or time.time,
        random=lambda: 0.5,
    )
    return asyncio.run(relay.drain())


def by_name(progress: Progress) -> dict[str, SinkProgress]:
    return {sink.name: sink for sink in progress.sinks}


def only(outcome: Outcome, *seqs: int) -> Callable[[Message, int], Outcome]:
    return lambda message, _: outcome if message.seq in seqs else Delivered()


def times(fails: int, outcome: Outcome = REFUSED) -> Callable[[Message, int], Outcome]:
    return lambda _, before: outcome if before < fails else Delivered()


def test_every_sink_gets_every_event_once_in_order() -> None:
    ledger = MemoryLedger(2000)
    one, two = ScriptedSink("one", in_flight=1), ScriptedSink("two", batch=64)
    progress = drained(ledger, one, two)
    assert [message.seq for message in one.sent] == list(range(1, 2001))
    assert sorted(message.seq for message in two.sent) == list(range(1, 2001))
    assert ledger.told("one", "delivered") == ledger.told("two", "delivered")
    assert progress.settled
    assert [sink.delivered for sink in progress.sinks] == [2000, 2000]
    assert (one.opened, one.closed) == (1, 1)


def test_what_was_delivered_before_is_not_sent_again() -> None:
    ledger = MemoryLedger(10)
    drained(ledger, ScriptedSink())
    ledger.add(5)
    later = ScriptedSink()
    drained(ledger, later)
    assert sorted(message.seq for message in later.sent) == [11, 12, 13, 14, 15]


def test_nothing_to_do_is_done_at_once() -> None:
    assert drained(MemoryLedger(0), ScriptedSink()).settled


def test_a_sink_gets_no_more_calls_and_no_larger_batches_than_it_takes() -> None:
    sizes: list[int] = []

    class Sink(ScriptedSink):
        async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
            sizes.append(len(batch))
            return await super().send(batch)

    sink = Sink(batch=50, in_flight=3)
    drained(MemoryLedger(3000), sink)
    assert sink.most == 3
    assert max(sizes) == 50


def test_outcomes_are_recorded_in_groups() -> None:
    ledger = MemoryLedger(5000)
    drained(ledger, ScriptedSink(in_flight=32))
    assert len(ledger.groups) < 500


def test_events_that_fail_are_sent_again_until_they_arrive() -> None:
    ledger = MemoryLedger(60)
    sink = ScriptedSink(script=times(3))
    progress = drained(ledger, sink)
    assert set(sink.times.values()) == {4}
    assert progress.settled
    assert {each.attempts for each in ledger.state["sink"].values()} == {4}
    assert progress.sinks[0].reason == "status 500"


def test_one_event_that_fails_holds_back_no_other() -> None:
    ledger = MemoryLedger(500)
    sink = ScriptedSink(script=only(REFUSED, 3))
    progress = drained(ledger, sink, settings=replace(SETTINGS, give_up_after=0.3))
    assert progress.sinks[0].delivered == 499
    assert progress.sinks[0].waiting == 1
    assert not progress.settled
    assert ledger.told("sink", "waiting") == [3]


def test_a_dead_and_a_slow_sink_hold_back_no_other() -> None:
    ledger = MemoryLedger(300)
    down = ScriptedSink("down", script=lambda *_: Retry("connection refused"))
    hangs = ScriptedSink("hangs", takes=lambda _: 60.0)
    good = ScriptedSink("good")
    settings = replace(SETTINGS, give_up_after=0.4, grace=0.01)
    progress = by_name(drained(ledger, down, hangs, good, settings=settings))
    assert progress["good"].settled
    assert progress["down"].waiting == progress["hangs"].waiting == 300
    assert progress["down"].paused
    assert hangs.closed == 1


def test_a_receiver_that_is_down_is_not_hammered_and_its_events_age_little() -> None:
    ledger = MemoryLedger(1000)
    down = ScriptedSink(in_flight=32, script=lambda *_: Retry("connection refused"))
    pauses = Backoff(0.05, 0.05)
    drained(ledger, down, settings=replace(SETTINGS, pauses=pauses, give_up_after=0.5))
    assert len(down.sent) < 100


def test_a_receiver_that_comes_back_gets_all() -> None:
    ledger = MemoryLedger(300)
    state = {"down": True}
    sink = ScriptedSink(script=lambda *_: REFUSED if state["down"] else Delivered())

    async def run() -> Progress:
        relay = Relay(ledger, [sink], SETTINGS)
        draining = asyncio.create_task(relay.drain())
        await eventually(lambda: relay.progress.sinks[0].paused)
        state["down"] = False
        return await draining

    assert asyncio.run(run()).settled


def test_a_receiver_that_asks_for_time_is_left_alone_as_a_whole() -> None:
    ledger = MemoryLedger(100)
    sink = ScriptedSink(in_flight=4, script=lambda *_: Retry("status 429", after=60.0))
    settings = replace(SETTINGS, give_up_after=0.2)
    progress = drained(ledger, sink, settings=settings, clock=lambda: 1000.0)
    assert len(sink.sent) == 1
    (settled,) = ledger.state["sink"].values()
    assert settled.state == "waiting"
    assert settled.attempts == 1
    assert 1060 <= settled.due <= 1060.001
    assert progress.sinks[0].paused


def test_it_waits_no_longer_than_an_hour_for_a_receiver() -> None:
    ledger = MemoryLedger(1)
    sink = ScriptedSink(script=lambda *_: Retry("status 503", after=1e9))
    drained(ledger, sink, settings=replace(SETTINGS, give_up_after=0.05), clock=lambda: 0.0)
    assert 3600 <= ledger.state["sink"][1].due < 3601


def test_deliveries_go_on_when_the_time_that_was_asked_for_is_over() -> None:
    ledger = MemoryLedger(50)
    sink = ScriptedSink(script=times(1, Retry("status 429", after=0.005)))
    assert drained(ledger, sink).settled


def test_due_times_hold_beyond_a_restart() -> None:
    ledger = MemoryLedger(2)
    sink = ScriptedSink(script=lambda *_: Retry("status 503", after=100))
    settings = replace(SETTINGS, give_up_after=0.05)
    drained(ledger, sink, settings=settings, clock=lambda: 1000.0)
    again = ScriptedSink(script=times(0))
    drained(ledger, again, settings=settings, clock=lambda: 1050.0)
    assert {message.seq for message in again.sent} == {2}
    drained(ledger, again, settings=settings, clock=lambda: 1101.0)
    assert ledger.told("sink", "delivered") == [1, 2]
    assert ledger.state["sink"][1].attempts == 2


def test_an_event_is_dead_after_so_many_attempts() -> None:
    ledger = MemoryLedger(3)
    sink = ScriptedSink(script=only(REFUSED, 2))
    progress = drained(ledger, sink, settings=replace(SETTINGS, max_attempts=4))
    assert sink.times == {1: 1, 2: 4, 3: 1}
    assert ledger.state["sink"][2].state == "dead"
    assert ledger.state["sink"][2].attempts == 4
    assert ledger.state["sink"][2].reason == "given up at attempt 4: status 500"
    assert (progress.sinks[0].dead, progress.settled) == (1, True)


def test_dead_events_go_to_the_dead_letters_before_they_are_recorded() -> None:
    ledger = MemoryLedger(20)
    sink = ScriptedSink(script=only(Dead("gone"), 5, 10, 15, 20))
    recorded: list[list[int]] = []

    def script(_: Message, before: int) -> Outcome:
        recorded.append(ledger.told("sink", "dead"))
        return REFUSED if before < 2 else Delivered()

    letters = ScriptedSink("letters", batch=10, script=script)
    progress = drained(ledger, sink, dead_letters=letters)
    assert set(letters.times) == {5, 10, 15, 20}
    assert recorded[0] == []
    assert ledger.told("sink", "dead") == [5, 10, 15, 20]
    assert progress.sinks[0].dead == 4
    assert (letters.opened, letters.closed) == (1, 1)


def test_dead_events_wait_while_the_dead_letters_are_down() -> None:
    ledger = MemoryLedger(3)
    sink = ScriptedSink(script=lambda *_: Dead("too large"))
    letters = ScriptedSink("letters", script=lambda *_: REFUSED)
    settings = replace(SETTINGS, give_up_after=0.1)
    progress = drained(ledger, sink, settings=settings, dead_letters=letters)
    assert ledger.told("sink", "dead") == []
    assert progress.sinks[0].waiting == 3
    assert progress.sinks[0].reason == "dead letters: status 500"
    progress = drained(ledger, sink, dead_letters=ScriptedSink("letters"))
    assert ledger.told("sink", "dead") == [1, 2, 3]


def test_a_sink_that_wants_no_more_stops_alone_and_keeps_its_events() -> None:
    ledger = MemoryLedger(100)
    gone = ScriptedSink("gone", in_flight=1, script=only(Disabled("status 410"), 5))
    good = ScriptedSink("good")
    progress = by_name(drained(ledger, gone, good))
    assert ledger.disabled == {"gone": "status 410"}
    assert len(gone.sent) == 5
    assert ledger.told("gone", "delivered") == [1, 2, 3, 4]
    assert progress["gone"].disabled == "status 410"
    assert progress["gone"].waiting == 96
    assert progress["good"].settled
    again = ScriptedSink("gone")
    assert not drained(ledger, again).settled
    assert (again.sent, again.opened) == ([], 0)


def test_a_sink_with_a_fault_of_its_own_is_asked_again_and_shows_no_value() -> None:
    class Faulty(ScriptedSink):
        calls = 0

        async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
            self.calls += 1
            if self.calls == 1:
                raise LookupError("secret-value")
            if self.calls == 2:
                return [Delivered()] * 7
            return await super().send(batch)

    ledger = MemoryLedger(1)
    assert drained(ledger, Faulty()).settled
    assert [each.reason for _, each in ledger.history] == [
        "fault of the sink: LookupError",
        "fault of the sink: 7 answers for 1 events",
        "",
    ]


def test_a_sink_that_never_answers_does_not_hold_a_worker_for_ever() -> None:
    ledger = MemoryLedger(3)
    stuck = ScriptedSink()

    def waits(message: Message) -> float:
        return 60.0 if message.seq == 1 and stuck.sent.count(message) == 1 else 0.0

    stuck.takes = waits
    assert drained(ledger, stuck, settings=replace(SETTINGS, deadline=0.05)).settled
    assert ledger.state["sink"][1].attempts == 2


def test_a_sink_that_cannot_be_opened_now_is_opened_later_unless_it_is_wrong() -> None:
    class Late(ScriptedSink):
        async def open(self) -> None:
            await super().open()
            if self.opened < 3:
                raise ConnectionError

    assert drained(MemoryLedger(5), Late()).settled

    class Wrong(ScriptedSink):
        async def open(self) -> None:
            raise SinkError("the file is a folder")

    good = ScriptedSink("good")
    relay = Relay(MemoryLedger(5), [Wrong(), good], SETTINGS)
    with pytest.raises(SinkError, match="a folder"):
        asyncio.run(relay.drain())
    assert relay.progress.failure == "the file is a folder"
    assert good.closed == good.opened


def test_sinks_must_differ_and_there_must_be_one() -> None:
    ledger = MemoryLedger(0)
    with pytest.raises(SinkError, match="at least one"):
        Relay(ledger, [])
    with pytest.raises(SinkError, match="named sink"):
        Relay(ledger, [ScriptedSink(), ScriptedSink()])
    with pytest.raises(SinkError, match="named sink"):
        Relay(ledger, [ScriptedSink()], dead_letters=ScriptedSink())


def runs(sent: Sequence[Message]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in sent:
        line = found.setdefault(message.subject, [])
        if message.seq not in line:
            line.append(message.seq)
    return found


@pytest.mark.parametrize("batch", [1, 7])
def test_on_request_the_events_of_a_run_arrive_in_order(batch: int) -> None:
    ledger = MemoryLedger(600, subjects=20)
    arrived: list[Message] = []

    def script(message: Message, before: int) -> Outcome:
        if (message.seq * 7 + before) % 4 == 0:
            return REFUSED
        arrived.append(message)
        return Delivered()

    sink = ScriptedSink(batch=batch, in_flight=16, script=script)
    assert drained(ledger, sink, settings=replace(SETTINGS, ordered=True)).settled
    assert len(arrived) == 600
    assert sink.most > 1
    for line in runs(arrived).values():
        assert line == sorted(line)


def test_on_request_a_run_that_is_stuck_holds_back_itself_only() -> None:
    ledger = MemoryLedger(3000, subjects=3)
    sink = ScriptedSink(script=only(REFUSED, 3))
    settings = replace(SETTINGS, ordered=True, give_up_after=1.0)
    progress = drained(ledger, sink, settings=settings)
    assert runs(sink.sent)["run-0"] == [3]
    assert ledger.told("sink", "delivered") == [n for n in range(1, 3001) if n % 3]
    assert progress.sinks[0].waiting == 1000


def test_on_request_a_run_goes_on_behind_an_event_that_is_dead() -> None:
    ledger = MemoryLedger(3)
    sink = ScriptedSink(script=only(Dead("too large"), 1))
    drained(ledger, sink, settings=replace(SETTINGS, ordered=True))
    assert [message.seq for message in sink.sent] == [1, 2, 3]


def test_a_run_of_thousands_that_was_stuck_arrives_in_order() -> None:
    ledger = MemoryLedger(1500, lazy=True)

    def script(message: Message, before: int) -> Outcome:
        return REFUSED if message.seq == 1 and before < 20 else Delivered()

    sink = ScriptedSink(script=script)
    assert drained(ledger, sink, settings=replace(SETTINGS, ordered=True)).settled
    assert runs(sink.sent)["run-0"] == list(range(1, 1501))
    assert set(sink.times) == set(range(1, 1501))
    assert all(count == 1 for seq, count in sink.times.items() if seq != 1)


def test_thousands_that_wait_for_another_try_hold_back_none_that_come_later() -> None:
    ledger = MemoryLedger(4000, lazy=True)
    sink = ScriptedSink(
        batch=100,
        in_flight=4,
        script=lambda m, _: REFUSED if m.seq <= 3000 and m.seq % 100 else Delivered(),
    )
    slow = Backoff(3600, 3600)
    progress = drained(ledger, sink, settings=replace(SETTINGS, backoff=slow, give_up_after=1.0))
    assert ledger.told("sink", "delivered")[-1000:] == list(range(3001, 4001))
    assert progress.sinks[0].waiting == 2970
    assert all(count == 1 for count in sink.times.values())


def test_new_events_are_delivered_while_it_runs_and_nothing_is_read_while_idle() -> None:
    ledger = MemoryLedger(10)
    sink = ScriptedSink()

    async def run() -> None:
        relay = Relay(ledger, [sink], SETTINGS)
        running = asyncio.create_task(relay.run())
        await eventually(lambda: len(sink.sent) == 10)
        reads = len(ledger.reads)
        await asyncio.sleep(0.05)
        assert len(ledger.reads) == reads
        for _ in range(20):
            thread = threading.Thread(target=ledger.add, args=(5,))
            thread.start()
            thread.join()
        await eventually(lambda: len(sink.sent) == 110)
        assert relay.progress.running
        relay.stop()
        await running
        assert not relay.progress.running

    asyncio.run(run())
    assert ledger.told("sink", "delivered") == list(range(1, 111))


def test_an_event_that_comes_while_the_outbox_is_read_is_not_missed() -> None:
    class Busy(MemoryLedger):
        late = 5

        def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
            found = super().pending(sink, after, limit)
            if self.late:
                self.late -= 1
                self.add(1)
            return found

    ledger = Busy(1)
    sink = ScriptedSink()

    async def run() -> None:
        relay = Relay(ledger, [sink], SETTINGS)
        running = asyncio.create_task(relay.run())
        await eventually(lambda: len(sink.sent) == 6)
        relay.stop()
        await running

    asyncio.run(run())


def test_an_event_that_was_added_just_before_the_end_is_delivered_while_it_lingers() -> None:
    ledger = MemoryLedger(3)
    sink = ScriptedSink()

    async def run() -> None:
        relay = Relay(ledger, [sink], SETTINGS)
        running = asyncio.create_task(relay.run())
        await eventually(lambda: len(sink.sent) == 3 and not relay.progress.sinks[0].more)
        # Nobody was told of it yet.
        ledger.events[4] = replace(ledger.events[3], seq=4, id="id-4")
        relay.stop(linger=5)
        await running

    asyncio.run(run())
    assert ledger.told("sink", "delivered") == [1, 2, 3, 4]


def test_a_stop_lets_calls_under_way_end_and_records_them() -> None:
    ledger = MemoryLedger(1000)
    sink = ScriptedSink(takes=lambda _: 0.05)

    async def run() -> int:
        relay = Relay(ledger, [sink], SETTINGS)
        running = asyncio.create_task(relay.run())
        await eventually(lambda: sink.now == 8)
        sent = len(sink.sent)
        stopping = threading.Thread(target=relay.stop)
        stopping.start()
        stopping.join()
        await running
        return sent

    sent = asyncio.run(run())
    assert len(ledger.told("sink", "delivered")) == len(sink.sent)
    assert len(sink.sent) <= sent + 8
    assert sink.closed == 1


def test_calls_that_outlast_the_grace_are_sent_again_later() -> None:
    ledger = MemoryLedger(10)
    hangs = ScriptedSink(takes=lambda message: 60.0 if message.seq == 4 else 0.0)

    async def run() -> None:
        relay = Relay(ledger, [hangs], replace(SETTINGS, grace=0.02))
        running = asyncio.create_task(relay.run())
        await eventually(lambda: len(ledger.told("sink", "delivered")) == 9)
        relay.stop()
        await running

    asyncio.run(run())
    assert hangs.closed == 1
    again = ScriptedSink()
    assert drained(ledger, again).settled
    assert [message.id for message in again.sent] == ["id-4"]


def test_a_relay_that_is_cancelled_records_what_it_knows() -> None:
    ledger = MemoryLedger(300)
    sink = ScriptedSink(takes=lambda _: 0.001)

    async def run() -> None:
        relay = Relay(ledger, [sink], SETTINGS)
        running = asyncio.create_task(relay.run())
        await eventually(lambda: len(sink.sent) > 50)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(run())
    assert len(ledger.told("sink", "delivered")) >= len(sink.sent) - 8
    assert sink.closed == 1


def test_a_stop_before_the_start_counts() -> None:
    relay = Relay(MemoryLedger(5), [ScriptedSink()], SETTINGS)
    relay.stop()
    asyncio.run(relay.run())


def test_outcomes_wait_while_the_outbox_can_not_be_written() -> None:
    sink = ScriptedSink()

    class Full(MemoryLedger):
        vain = 0

        def settle(self, sink: str, settlements: Sequence[Settlement]) -> None:
            self.vain += 1
            if self.vain < 4:
                raise OutboxUnwritableError("the disk is full")
            super().settle(sink, settlements)

    full = Full(20)
    assert drained(full, sink).settled
    assert set(sink.times.values()) == {1}
    assert len(full.told("sink", "delivered")) == 20


def test_an_outbox_that_is_away_for_a_while_is_read_on_and_nothing_is_sent_again() -> None:
    sink = ScriptedSink()

    class Away(MemoryLedger):
        vain = 0

        def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
            if after == 10 and self.vain < 3:
                self.vain += 1
                raise OutboxUnwritableError("the store is away")
            return super().pending(sink, after, limit)

    away = Away(20)
    progress = drained(away, sink, settings=replace(SETTINGS, window=10))
    assert progress.settled
    assert progress.sinks[0].reason == "the store is away"
    assert set(sink.times.values()) == {1}
    assert away.vain == 3


def test_a_stop_does_not_wait_for_an_outbox_that_is_away() -> None:
    async def run() -> None:
        ledger = MemoryLedger(5)
        ledger.fault = OutboxUnwritableError("the store is away")
        relay = Relay(ledger, [ScriptedSink()], SETTINGS)
        running = asyncio.create_task(relay.run())
        await eventually(lambda: relay.progress.sinks[0].reason == "the store is away")
        relay.stop()
        async with asyncio.timeout(10):
            with pytest.raises(OutboxUnwritableError):
                await running

    asyncio.run(run())


def test_a_damaged_outbox_ends_the_relay_visibly() -> None:
    ledger = MemoryLedger(20)
    ledger.fault = OutboxDamagedError("events 3 to 5 are missing")
    relay = Relay(ledger, [ScriptedSink()], SETTINGS)
    with pytest.raises(OutboxDamagedError, match="3 to 5"):
        asyncio.run(relay.run())
    assert relay.progress.failure == "events 3 to 5 are missing"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [None],
        [LookupError()],
        7,
        [Dead("half of a pair: \ud800")],
        [Dead(None)],  # type: ignore[arg-type]
        [Retry(5)],  # type: ignore[arg-type]
        [Retry("busy", after="5")],  # type: ignore[arg-type]
        [Disabled(None)],  # type: ignore[arg-type]
    ],
)
def test_answers_of_no_known_kind_count_as_no_answer(answer: object) -> None:
    class Faulty(ScriptedSink):
        calls = 0

        async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
            self.calls += 1
            if self.calls == 1:
                return answer  # type: ignore[return-value]
            return await super().send(batch)

    ledger = MemoryLedger(1)
    assert drained(ledger, Faulty()).settled
    assert ledger.history[0][1].reason.startswith("fault of the sink: ")


def test_a_due_time_from_a_wrong_clock_does_not_keep_an_event_for_years() -> None:
    ledger = MemoryLedger(1)
    ledger.state["sink"] = {1: Settlement(1, "waiting", 1, due=4e9)}
    settings = replace(SETTINGS, backoff=Backoff(0.001, 0.004, 0.01))
    assert drained(ledger, ScriptedSink(), settings=settings).settled


def test_dead_letters_that_can_not_be_opened_now_are_opened_later_unless_they_are_wrong() -> None:
    class Late(ScriptedSink):
        async def open(self) -> None:
            await super().open()
            if self.opened < 3:
                raise ConnectionError

    ledger = MemoryLedger(5)
    sink = ScriptedSink(script=only(Dead("too large"), 2))
    letters = Late("letters")
    assert drained(ledger, sink, dead_letters=letters).settled
    assert [message.seq for message in letters.sent] == [2]

    class Wrong(ScriptedSink):
        async def open(self) -> None:
            raise SinkError("the file is a folder")

    with pytest.raises(SinkError, match="a folder"):
        drained(MemoryLedger(5), ScriptedSink(takes=lambda _: 0.01), dead_letters=Wrong("letters"))


def test_what_comes_while_one_run_ends_does_not_deafen_the_next() -> None:
    ledger = MemoryLedger(1)
    sink = ScriptedSink()
    relay = Relay(ledger, [sink], SETTINGS)

    async def once(more: int) -> None:
        running = asyncio.create_task(relay.run())
        await eventually(lambda: relay.progress.running and relay.progress.sinks[0].settled)
        ledger.add(more)
        await eventually(lambda: len(sink.sent) == 1 + more)
        relay.stop()
        await running

    asyncio.run(once(0))
    # As it stands where a loop ends before it heard of news.
    relay._news = True
    asyncio.run(once(1))


@pytest.mark.parametrize("batch", [1, 16])
def test_what_a_receiver_always_refuses_keeps_nothing_from_it_that_it_would_take(
    batch: int,
) -> None:
    ledger = MemoryLedger(1200)
    ledger.state["sink"] = {seq: Settlement(seq, "waiting", 3) for seq in range(1, 1001)}
    sink = ScriptedSink(batch=batch, script=only(REFUSED, *range(1, 1001)))
    settings = replace(SETTINGS, pauses=Backoff(0.02, 30), give_up_after=1.0)
    drained(ledger, sink, settings=settings)
    assert ledger.told("sink", "delivered") == list(range(1001, 1201))
