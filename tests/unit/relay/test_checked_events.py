"""A checked stream: clean events arrive, of the rest a record; nothing is done with before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
import pytest
from tests.delivering import ScriptedSink

from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.relay.backoff import Backoff
from quantapilot.relay.feed import Taken, UnheardError
from quantapilot.relay.quarantine import Held, shown_id
from quantapilot.relay.stream import CheckedStream, Passes, StreamSettings
from quantapilot.sinks.link import UnreachableError
from quantapilot.sinks.sink import Dead, Delivered, Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.relay.stream import Tally
    from quantapilot.sinks.sink import Message, Outcome

QUICK = Backoff(first=0.001, cap=0.002)
AWAY = Retry("no connection")


def taken(seq: int, body: bytes = b"{}") -> Taken:
    return Taken("RAW", f"raw.run-{seq % 3}", seq, seq * 10**9, body, f"ack-{seq}")


@dataclass
class ScriptedFeed:
    """Gives batches, and fails as often as it is told to."""

    batches: list[list[Taken]]
    take_fails: int = 0
    done_fails: int = 0
    unheard: type[UnreachableError] = UnreachableError
    finished: list[int] = field(default_factory=list)
    closed: int = 0
    name: str = "nats://x/RAW"

    async def take(self, *, wait: bool) -> Sequence[Taken]:
        if self.take_fails:
            self.take_fails -= 1
            raise UnreachableError("no connection")
        if not self.batches and wait:
            await asyncio.sleep(60)
        return self.batches.pop(0) if self.batches else ()

    async def done(self, batch: Sequence[Taken]) -> None:
        if self.done_fails:
            self.done_fails -= 1
            raise self.unheard("no answer in time")
        self.finished += [each.seq for each in batch]

    async def empty(self) -> bool:
        return not self.batches

    async def close(self) -> None:
        self.closed += 1


def judge(message: Taken) -> Passes | Held:
    """Hold back every tenth."""
    if message.seq % 10:
        return Passes("run.started", f"run-{message.seq % 3}")
    finding = INPUT_RULES["input/invalid-json"].at(message.name, "not JSON: expected a value")
    return Held([finding], subject=message.subject)


@dataclass
class Desk:
    """A stream with everything around it."""

    feed: ScriptedFeed
    clean: ScriptedSink = field(default_factory=lambda: ScriptedSink("clean", batch=256))
    quarantine: ScriptedSink = field(default_factory=lambda: ScriptedSink("held", batch=256))
    said: list[str] = field(default_factory=list)

    def run(
        self, *, once: bool = True, ordered: bool = False, give_up_after: float | None = None
    ) -> Tally:
        stream = CheckedStream(
            self.feed,
            judge,
            self.clean,
            self.quarantine,
            StreamSettings(ordered=ordered, pauses=QUICK, give_up_after=give_up_after),
            told=self.said.append,
        )
        return asyncio.run(stream.run(once=once))

    def records(self) -> list[dict[str, object]]:
        return [orjson.loads(each.body) for each in self.quarantine.sent]


def desk(count: int = 30, *, take_fails: int = 0, done_fails: int = 0) -> Desk:
    batch = [taken(seq) for seq in range(1, count + 1)]
    return Desk(ScriptedFeed([batch], take_fails, done_fails))


def test_clean_events_pass_on_in_order_and_of_each_other_one_record_is_left() -> None:
    here = desk()
    tally = here.run()
    assert (tally.clean, tally.quarantined, tally.unchecked, tally.waiting) == (27, 3, 0, False)
    assert [each.seq for each in here.clean.sent] == [n for n in range(1, 31) if n % 10]
    assert here.clean.sent[0].id == "RAW:1:1000000000"
    first = here.records()[0]
    assert {key: first[key] for key in ("stream", "sequence", "subject", "stored")} == {
        "stream": "RAW",
        "sequence": 10,
        "subject": "raw.run-1",
        "stored": "1970-01-01T00:00:10Z",
    }
    assert here.feed.finished == list(range(1, 31))
    assert (here.feed.closed, here.clean.closed, here.quarantine.closed, here.said) == (1, 1, 1, [])


def test_whatever_fails_for_a_while_is_tried_again_and_told_once() -> None:
    here = desk(take_fails=3, done_fails=2)

    def refuses(_: Message, before: int) -> Outcome:
        return AWAY if before < 3 else Delivered()

    here.clean.script = here.quarantine.script = refuses
    tally = here.run()
    assert (tally.clean, tally.quarantined, tally.waiting, tally.reason) == (27, 3, False, "")
    assert here.feed.finished == list(range(1, 31))
    assert [each.seq for each in here.clean.sent[-27:]] == [n for n in range(1, 31) if n % 10]
    assert sorted(set(here.said)) == [
        "clean: goes on",
        "clean: no connection; trying again",
        "held: goes on",
        "held: no connection; trying again",
        "nats://x/RAW: goes on",
        "nats://x/RAW: no answer in time; trying again",
        "nats://x/RAW: no connection; trying again",
    ]
    assert len(here.said) == 8


@pytest.mark.parametrize("away", ["clean", "quarantine"])
def test_what_can_not_be_sent_is_not_done_with_when_the_relay_ends(away: str) -> None:
    here = desk()
    getattr(here, away).script = lambda *_: AWAY
    tally = here.run(give_up_after=0.05)
    assert here.feed.finished == []
    assert tally.waiting
    assert tally.reason.endswith(": no connection")
    assert (tally.clean, tally.quarantined) == (0, 0)


def test_a_stream_that_is_stopped_while_it_waits_ends_at_once_and_owes_nothing() -> None:
    tally = desk().run(once=False, give_up_after=0.05)
    assert (tally.clean, tally.quarantined, tally.waiting) == (27, 3, False)


def test_an_event_that_the_target_never_takes_is_recorded_with_the_reason() -> None:
    here = desk(5)
    here.clean.script = lambda each, _: Dead("too big") if each.seq == 2 else Delivered()
    tally = here.run()
    assert (tally.clean, tally.quarantined) == (4, 1)
    (record,) = here.records()
    assert (record["sequence"], record["reason"]) == (2, "it can't be passed on: too big")
    assert here.feed.finished == [1, 2, 3, 4, 5]


def test_a_record_that_is_too_big_still_tells_where_its_event_stands() -> None:
    here = desk(10)
    here.quarantine.script = lambda each, _: (
        Delivered() if b'"findings":[]' in each.body else Dead("too big")
    )
    here.run()
    assert here.records()[-1]["sequence"] == 10
    assert here.feed.finished == list(range(1, 11))


def test_events_that_a_feed_can_not_be_told_of_hold_up_nothing() -> None:
    here = desk(3, done_fails=9)
    here.feed.unheard = UnheardError
    assert here.run().clean == 3
    assert here.feed.done_fails == 7


def test_a_connection_that_is_away_for_long_is_waited_for() -> None:
    here = desk(3, done_fails=9)
    assert (here.run().clean, here.feed.finished) == (3, [1, 2, 3])


def test_ordered_events_wait_for_the_one_before_of_their_run() -> None:
    here = desk(9)
    held_up = {1: 2}

    def refuses(each: Message, before: int) -> Outcome:
        return AWAY if before < held_up.get(each.seq, 0) else Delivered()

    here.clean.script = refuses
    here.run(ordered=True)
    of_one_run = [each.seq for each in here.clean.sent if each.subject == "run-1"]
    assert of_one_run == [1, 1, 1, 4, 7]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("550e8400-e29b-41d4-a716-446655440000", True),
        ("alice@example.com", False),
        ("550e8400-e29b-41d4-a716-446655440000-alice", False),
        (7, False),
        (None, False),
    ],
)
def test_an_id_is_shown_only_where_it_can_hold_nothing(value: object, shown: bool) -> None:
    assert shown_id(value) == (value if shown else None)
