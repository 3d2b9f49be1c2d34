"""JSON lines of records: they conform to the contract, and hold only what it allows."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.orders import ORDER, ORDERS_CONFIG, ORDERS_CONTRACT

from quantapilot.config import Config
from quantapilot.contract.catalog import load_contract
from quantapilot.contract.roles import levels_called
from quantapilot.contract.validator import Validator
from quantapilot.errors import ConfigError, ContractError
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.payload import PayloadCheck
from quantapilot.guard import JsonFormatter
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

ROOT = Path(__file__).parents[3]
CHECK = PayloadCheck(
    Inspector(Detector(load_rules()), Validator(load_contract(ROOT / "_schemas"))), "logs"
)
MAIL = "alice@example.org"
RUN = "550e8400-e29b-41d4-a716-446655440000"
BLOCK, REDACT = JsonFormatter(config=Config()), JsonFormatter("redact", config=Config())


def record(message: object = "hi", *args: object, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("app.worker", logging.INFO, __file__, 1, message, args, None)
    vars(made).update(extra)
    return made


def written(made: logging.LogRecord, formatter: JsonFormatter = BLOCK) -> dict[str, Any]:
    line = formatter.format(made)
    assert "\n" not in line
    assert "alice" not in line
    payload: dict[str, Any] = orjson.loads(line)
    assert CHECK.check(payload)[1] == []
    return payload


def test_a_record_becomes_the_contracts_log_record() -> None:
    made = record("at %d", 3, run_id=UUID(RUN), duration_ms=2.5, step="clone", tokens_used=7)
    made.created = 1755583211.9171
    assert written(made) == {
        "timestamp": "2025-08-19T06:00:11.917Z",
        "level": "info",
        "message": "at 3",
        "logger": "app.worker",
        "run_id": RUN,
        "duration_ms": 2.5,
        "step": "clone",
        "tokens_used": 7,
    }


def test_the_time_is_that_of_the_record_in_utc() -> None:
    made = record()
    told = datetime.fromisoformat(written(made)["timestamp"])
    assert told.tzinfo == UTC
    assert 0 <= made.created - told.timestamp() < 0.001


@pytest.mark.parametrize(
    ("number", "level"),
    [
        (10, "debug"),
        (20, "info"),
        (30, "warning"),
        (40, "error"),
        (50, "critical"),
        (5, "debug"),
        (25, "info"),
        (99, "critical"),
    ],
)
def test_every_level_has_a_name_of_the_contract(number: int, level: str) -> None:
    made = record()
    made.levelno, made.levelname = number, logging.getLevelName(number)
    assert written(made)["level"] == level


def test_fields_that_the_contract_does_not_know_are_left_out_and_counted() -> None:
    payload = written(record(user=MAIL, path="src/a.py", **{MAIL: 1, "free text": "x"}))
    assert payload["fields_dropped_count"] == 3
    assert payload["path"] == "src/a.py"
    assert payload["message"] == "hi"


def test_a_field_whose_value_the_contract_does_not_allow_is_left_out_and_the_message_stays() -> (
    None
):
    payload = written(record(status="weird", attempt="many", run_id="run-1"))
    assert payload["fields_dropped_count"] == 3
    assert payload["message"] == "hi"
    assert payload.keys() == {"timestamp", "level", "message", "logger", "fields_dropped_count"}


def test_personal_data_in_a_message_is_blocked_or_redacted() -> None:
    made = record("for %s", MAIL, run_id=RUN)
    assert written(made)["message"] == "log record blocked: pii/email in message"
    assert written(made)["run_id"] == RUN
    assert written(made, REDACT)["message"] == "for <email>"


def test_personal_data_in_a_field_never_leaves() -> None:
    made = record("hi", branch=f"feature/{MAIL}")
    assert written(made)["message"] == "log record blocked: pii/email in branch"
    payload = written(made, REDACT)
    assert "branch" not in payload
    assert payload["message"] == "hi"
    assert payload["fields_dropped_count"] == 1


def test_fields_are_judged_by_their_data_class() -> None:
    sha = "9fceb02d0ae598e95dc970b74767f19372d61af8"
    payload = written(record(commit=sha, trace_id="a2f81a290eb3e7699e79a4e81cc031f2"))
    assert payload["commit"] == sha


def failing(text: str) -> logging.LogRecord:
    try:
        raise ValueError(text)  # noqa: TRY301
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
        return made


def test_an_exception_stands_in_the_message() -> None:
    message = written(failing("odd"))["message"]
    assert re.fullmatch(
        r"failed\nTraceback \(most recent call last\):\n.*\nValueError: odd", message, re.DOTALL
    )


def test_an_exception_with_personal_data_keeps_its_places_only() -> None:
    message = written(failing(MAIL))["message"]
    assert message.startswith("log record blocked: pii/email in message\nTraceback")
    assert message.endswith(", in failing\nValueError")
    assert written(failing(MAIL), REDACT)["message"].endswith("ValueError: <email>")


def test_a_message_that_is_too_long_is_cut_and_no_value_with_it() -> None:
    long = "words and " * 1638
    assert written(record(long + "more words"))["message"].endswith(" [cut]")
    for formatter in (BLOCK, REDACT):
        for shift in (2, 9, 14, 22):
            written(record(long[shift:] + MAIL + " and more words"), formatter)


@pytest.mark.parametrize("formatter", [BLOCK, REDACT])
def test_what_can_not_be_written_is_replaced(formatter: JsonFormatter) -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError(MAIL)

    for made in (
        record("for %d", MAIL),
        record("for %s", Broken()),
        record("hi", path=Broken()),
        record("lone \ud800"),
        record("x" * (2 << 20)),
    ):
        message = written(made, formatter)["message"]
        assert re.fullmatch(r"log record could not be checked: \w+", message)


@pytest.mark.parametrize(
    "odd",
    [{"created": 1e20}, {"created": float("nan")}, {"created": MAIL}, {"levelname": None},
     {"levelno": MAIL, "levelname": MAIL}],
)  # fmt: skip
@pytest.mark.parametrize("formatter", [BLOCK, REDACT])
def test_a_record_whose_time_or_level_is_none_is_replaced(
    odd: dict[str, Any], formatter: JsonFormatter
) -> None:
    payload = written(record(f"for {MAIL}", **odd), formatter)
    assert re.fullmatch(r"log record could not be checked: \w+", payload["message"])
    assert payload["level"] == "error"


def test_a_loggers_name_that_is_none_is_left_out() -> None:
    made = record()
    made.name = MAIL
    payload = written(made)
    assert "logger" not in payload
    assert payload["fields_dropped_count"] == 1


def test_fields_of_the_project_are_written() -> None:
    formatter = JsonFormatter(config=Config(fields={"queue": "technical"}))
    payload = orjson.loads(formatter.format(record(queue="fast")))
    assert payload["queue"] == "fast"


def test_what_was_given_is_not_changed() -> None:
    made = record("for %s", MAIL, user="x")
    before = dict(vars(made))
    BLOCK.format(made)
    assert vars(made) == before


def test_it_can_not_raise() -> None:
    with pytest.raises(ConfigError, match="block or redact"):
        JsonFormatter("raise", config=Config())  # type: ignore[arg-type]


# --- another contract than ours ------------------------------------------------------------------

ORDERS_LOG = JsonFormatter(config=ORDERS_CONFIG)
SERVICE_LOG = ORDERS_CONTRACT.definitions["ServiceLog"]


def of_orders(made: logging.LogRecord) -> dict[str, Any]:
    payload: dict[str, Any] = orjson.loads(ORDERS_LOG.format(made))
    validator = Validator(ORDERS_CONTRACT)
    assert [each.message for each in validator.violations(SERVICE_LOG, payload)] == []
    return payload


def test_fields_of_another_contract_have_the_names_that_it_gives_them() -> None:
    made = record("placed", orderId=ORDER, run_id=RUN)
    made.created = 1755583211.9171
    assert of_orders(made) == {
        "at": "2025-08-19T06:00:11.917Z",
        "severity": "INFO",
        "text": "placed",
        "service": "orders",
        "component": "app.worker",
        "orderId": ORDER,
        "fieldsLeftOut": 1,
    }


@pytest.mark.parametrize(
    ("level", "severity"),
    [("DEBUG", "DEBUG"), ("WARNING", "WARN"), ("ERROR", "ERROR"), ("CRITICAL", "FATAL")],
)
def test_levels_are_called_what_another_contract_calls_them(level: str, severity: str) -> None:
    made = record(levelname=level, levelno=logging.getLevelNamesMapping()[level])
    assert of_orders(made)["severity"] == severity


def test_a_message_is_as_long_as_another_contract_lets_it_be() -> None:
    text = of_orders(record("x" * 5000))["text"]
    assert len(text) == 2000
    assert text.endswith("x [cut]")


def test_rules_of_the_projects_own_hold_for_what_is_logged() -> None:
    text = of_orders(record("customer K-2209417 asked"))["text"]
    assert text == "log record blocked: pii/shop-customer in text"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["info", "warn"], ["info", "info", "warn", "warn", "warn"]),
        (["TRACE", "Error"], ["TRACE", "TRACE", "TRACE", "Error", "Error"]),
        (["low", "high"], ["debug", "info", "warning", "error", "critical"]),
        ([], ["debug", "info", "warning", "error", "critical"]),
    ],
)
def test_a_level_that_a_contract_lacks_is_called_as_the_nearest_one(
    listed: list[str], expected: list[str]
) -> None:
    assert list(levels_called(listed).values()) == expected


def test_a_contract_without_log_records_is_told(tmp_path: Path) -> None:
    schema = {"$id": "https://a.example/a", "$defs": {}}
    (tmp_path / "_schemas").mkdir()
    (tmp_path / "_schemas" / "a.schema.json").write_bytes(orjson.dumps(schema))
    with pytest.raises(ContractError, match="describes no log records"):
        JsonFormatter(config=Config(root=tmp_path))
