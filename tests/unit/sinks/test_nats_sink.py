"""The sink `nats:` apart from its server: what it waits for, and which subjects it makes."""

from __future__ import annotations

import asyncio

import pytest

from quantapilot.sinks.nats import Stream, _Connection, _Waiting
from quantapilot.sinks.sink import Delivered, Message


def test_answers_that_come_before_all_is_published_do_not_end_the_waiting_nor_hold_it_up() -> None:
    async def run() -> float:
        loop = asyncio.get_running_loop()
        waiting = _Waiting("S", [None, None], left=1)
        waiting.settle(0, Delivered())
        waiting.left += 1
        loop.call_later(0.02, waiting.settle, 1, Delivered())
        begun = loop.time()
        await _Connection()._wait(waiting, begun + 2)
        assert waiting.answers == [Delivered()] * 2
        return loop.time() - begun

    assert asyncio.run(run()) < 1


@pytest.mark.parametrize(
    ("subject", "all_of_it"),
    [
        ("events", "events"),
        ("events.{type}", "events.>"),
        ("a.b.{run}.c.{type}", "a.b.>"),
        ("a.x{type}", "a.>"),
        ("{run}.a", ""),
    ],
)
def test_a_stream_that_is_made_takes_the_subjects_of_all_events(
    subject: str, all_of_it: str
) -> None:
    assert Stream("S", subject).all_subjects == all_of_it


@pytest.mark.parametrize(
    ("subject", "made"),
    [
        ("events.{type}", "events.quantapilot.run_started"),
        ("{run}", "run-1"),
        ("fixed", "fixed"),
    ],
)
def test_the_subject_of_an_event_is_made_of_its_type_and_run(subject: str, made: str) -> None:
    message = Message(1, "event-1", "quantapilot.run_started", "run-1", b"{}")
    assert Stream("S", subject).subject_of(message) == made
