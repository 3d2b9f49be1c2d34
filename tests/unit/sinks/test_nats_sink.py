"""The sink `nats:` apart from its server: what it waits for, and which subjects it makes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from nats.js.errors import APIError

from quantapilot.sinks.nats import Stream, _Connection, _outcome, _reason, _Waiting
from quantapilot.sinks.sink import Delivered, Message, Retry


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


@pytest.mark.parametrize("number", [4_915_123_456_789, "alice@example.org", ["x"], True, None])
def test_what_a_server_says_in_the_place_of_an_error_number_is_not_shown(number: Any) -> None:
    answer: Any = SimpleNamespace(headers=None, data=orjson.dumps({"error": {"err_code": number}}))
    assert _outcome(answer, "S") == Retry("the stream refused: error unknown")
    assert _reason(APIError(400, "", number), None) == "the stream can't be made: error unknown"


def test_the_number_of_a_servers_error_is_shown() -> None:
    answer: Any = SimpleNamespace(headers=None, data=b'{"error":{"err_code":10077}}')
    assert _outcome(answer, "S") == Retry("the stream refused: error 10077")
    assert _reason(APIError(400, "", 10052), None) == "the stream can't be made: error 10052"
