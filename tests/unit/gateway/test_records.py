"""The gateway's log: lines that conform, hold nothing that was sent, and never stop the server."""

from __future__ import annotations

import io
import logging
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.waiting import until

from quantapilot.config import Config
from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.payload import PayloadCheck
from quantapilot.gateway import records
from quantapilot.gateway.observed import Answered
from quantapilot.gateway.records import Level, Records
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

ROOT = Path(__file__).parents[3]
CHECK = PayloadCheck(
    Inspector(Detector(load_rules()), Validator(load_contract(ROOT / "_schemas"))), "logs"
)
RUN = "550e8400-e29b-41d4-a716-446655440000"
MAIL = "alice@example.org"


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was written; every line of it conforms and is clean."""
    written = [orjson.loads(each) for each in stream.getvalue().splitlines()]
    for each in written:
        assert CHECK.check(each)[1] == []
    return written


def told(*requests: Answered, level: Level = "info") -> list[dict[str, Any]]:
    stream = io.StringIO()
    with Records(level, stream, config=Config()) as log:
        for each in requests:
            log.answered(each)
    return lines(stream)


def test_a_request_is_told_of_by_route_outcome_and_time() -> None:
    accepted, refused = told(
        Answered("POST", "/run", 202, 0.0012345, run_id=RUN),
        Answered("GET", "/runs/{run_id}", 404, 0.5, error_code="NOT_FOUND"),
    )
    assert accepted.pop("timestamp") <= refused.pop("timestamp")
    assert accepted == {
        "level": "info",
        "message": "POST /run: 202",
        "logger": "quantapilot.gateway.access",
        "event": "http.request",
        "status": "ok",
        "duration_ms": 1.234,
        "run_id": RUN,
    }
    assert refused == {
        "level": "info",
        "message": "GET /runs/{run_id}: 404",
        "logger": "quantapilot.gateway.access",
        "event": "http.request",
        "status": "error",
        "error_code": "NOT_FOUND",
        "duration_ms": 500.0,
    }


def test_a_method_or_an_id_of_the_senders_own_is_not_written() -> None:
    (line,) = told(Answered(MAIL, "other", 404, 0.1, run_id=MAIL, error_code="NOT_FOUND"))
    assert line["message"] == "other other: 404"
    assert "run_id" not in line


def test_a_route_that_holds_something_after_all_is_blocked() -> None:
    (line,) = told(Answered("GET", f"/{MAIL}", 404, 0.1))
    assert "alice" not in str(line)


@pytest.mark.parametrize("level", ["warning", "error"])
def test_requests_are_told_of_at_info_only(level: Level) -> None:
    assert told(Answered("POST", "/run", 202, 0.1), level=level) == []


def test_loggers_are_written_to_the_same_log_and_guarded() -> None:
    stream = io.StringIO()
    with Records("info", stream, config=Config()):
        logging.getLogger("quantapilot.gateway.live").info("it begins")
        logging.getLogger("quantapilot.gateway.live").debug("not this")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        logging.getLogger("some.library").info("chatter")
        logging.getLogger("some.library").error("mail of %s", MAIL)
        try:
            int(MAIL)
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    written = lines(stream)
    assert [each["logger"] for each in written] == [
        "quantapilot.gateway.live",
        "uvicorn.error",
        "some.library",
        "uvicorn.error",
    ]
    assert "alice" not in stream.getvalue()


def test_uvicorns_log_of_requests_is_silent_and_all_is_as_before_afterwards() -> None:
    silent, root = logging.getLogger("uvicorn.access"), logging.getLogger()
    before = (root.level, list(root.handlers), silent.propagate)
    stream = io.StringIO()
    with Records("info", stream, config=Config()):
        silent.error('10.1.2.3:5 - "GET /?mail=%s HTTP/1.1" 200', MAIL)
    assert stream.getvalue() == ""
    assert (root.level, list(root.handlers), silent.propagate) == before


class Slow(io.StringIO):
    """A stream that does not take anything until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.asked = threading.Event()

    def write(self, text: str) -> int:
        self.asked.set()
        self.let.wait(30)
        return super().write(text)


def test_a_log_that_is_not_taken_costs_lines_and_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "_MOST", 10)
    stream = Slow()
    with Records("info", stream, config=Config()) as log:
        log.answered(Answered("POST", "/run", 202, 0.1))
        until(stream.asked.is_set)
        for _ in range(25):
            log.answered(Answered("POST", "/run", 202, 0.1))
        stream.let.set()
    written = lines(stream)
    assert len(written) == 12
    assert [each["lines_dropped_count"] for each in written if each["level"] == "warning"] == [15]


class Full(io.StringIO):
    """A stream that takes nothing the first time."""

    failed = False

    def write(self, text: str) -> int:
        if not self.failed:
            self.failed = True
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_full_disk_does_not_end_the_log() -> None:
    stream = Full()
    with Records("info", stream, config=Config()) as log:
        log.answered(Answered("POST", "/run", 202, 0.1))
        until(lambda: stream.failed)
        log.answered(Answered("GET", "/runs", 200, 0.1))
    assert [each["message"] for each in lines(stream)] == ["GET /runs: 200"]
