"""A receiver at which nothing arrives for days gets nothing more; else it is tried for ever."""

from __future__ import annotations

import asyncio

from tests.delivering import ScriptedSink

from quantapilot.gateway.addressee import Addressee, Patience
from quantapilot.sinks.sink import Delivered, Disabled, Message, Retry

DAY = 86_400.0
FAILS = Retry("status 503")


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_for_three_days_ends_it_with_the_reason() -> None:
    clock = Clock()
    patience = Patience(3 * DAY, 3600, clock)
    while clock.now < 1000 + 3 * DAY:
        assert patience.judged(FAILS) == FAILS
        clock.now += 300
    assert patience.judged(FAILS) == Disabled("no delivery for 3 days: status 503")


def test_one_arrival_begins_the_days_anew() -> None:
    clock = Clock()
    patience = Patience(DAY, 3600, clock)
    for _ in range(5):
        for _ in range(23):
            assert patience.judged(FAILS) == FAILS
            clock.now += 3600
        assert patience.judged(Delivered()) == Delivered()


def test_days_in_which_nothing_was_tried_do_not_count() -> None:
    clock = Clock()
    patience = Patience(DAY, 3600, clock)
    assert patience.judged(FAILS) == FAILS
    clock.now += 30 * DAY
    assert patience.judged(FAILS) == FAILS


def test_days_that_failed_on_another_node_count() -> None:
    clock = Clock()
    patience = Patience(3 * DAY, 3600, clock, failing=2 * DAY)
    clock.now += 3000
    assert patience.judged(FAILS) == FAILS
    clock.now += 3000
    patience = Patience(3 * DAY, 3600, clock, failing=3 * DAY)
    assert patience.judged(FAILS) == Disabled("no delivery for 3 days: status 503")


def test_the_trouble_is_told_until_something_arrives() -> None:
    patience = Patience(DAY, 3600, Clock())
    assert patience.trouble == ""
    patience.judged(FAILS)
    assert patience.trouble == "status 503"
    patience.judged(Delivered())
    assert patience.trouble == ""


def test_a_receiver_that_wants_no_more_is_taken_at_its_word() -> None:
    patience = Patience(DAY, 3600, Clock())
    assert patience.judged(Disabled("status 410")) == Disabled("status 410")
    assert patience.trouble == "status 410"


def test_times_are_told_in_the_largest_unit_that_fits() -> None:
    for seconds, words in [(DAY, "1 day"), (7200, "2 hours"), (60, "1 minute"), (0.1, "1 second")]:
        clock = Clock()
        patience = Patience(seconds, 10 * DAY, clock)
        patience.judged(FAILS)
        clock.now += seconds
        assert patience.judged(FAILS) == Disabled(f"no delivery for {words}: status 503")


def test_it_is_a_sink_by_the_name_of_the_subscription() -> None:
    webhook = ScriptedSink("https://hooks.example/", in_flight=3, script=lambda *_: FAILS)

    async def run() -> None:
        sink = Addressee("the-id", webhook, Patience(DAY, 3600))
        assert (sink.name, sink.batch, sink.in_flight) == ("the-id", 1, 3)
        await sink.open()
        assert await sink.send([Message(1, "a", "t", "s", b"{}")]) == [FAILS]
        await sink.close()

    asyncio.run(run())
    assert (webhook.opened, webhook.closed, len(webhook.sent)) == (1, 1, 1)
