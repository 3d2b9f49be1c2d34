"""The guard of structlog: no event and no rendered line holds a value."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from quantapilot.config import Config
from quantapilot.errors import ConfigError
from quantapilot.findings import LogRefusedError
from quantapilot.guard import guard_processor, guard_renderer, install

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.guard.records import Policy

MAIL = "alice@example.org"
CONFIG = Config()
RUN = "550e8400-e29b-41d4-a716-446655440000"
POLICIES: list[Policy] = ["block", "redact", "raise"]


class Customer:
    """An object that tells a value in one of its two texts."""

    def __repr__(self) -> str:
        return f"<Customer {MAIL}>"

    def __str__(self) -> str:
        return "a customer"


class Masked(str):
    """A text that shows itself as another; JSON is written of what it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__


class Structured:
    """An object that shows a value to structlog's JSON renderer alone."""

    def __repr__(self) -> str:
        return "<Structured>"

    def __structlog__(self) -> dict[str, str]:
        return {"mail": MAIL}


def failed(log: Any) -> None:
    try:
        raise ValueError(MAIL)  # noqa: TRY301
    except ValueError as error:
        log.error("failed", exc_info=error)  # noqa: TRY400


def failed_twice(log: Any) -> None:
    try:
        raise KeyError("k") from ValueError(MAIL)  # noqa: TRY301
    except KeyError:
        log.exception("failed")


PATHS: dict[str, Callable[[Any], None]] = {
    "event": lambda log: log.info(f"for {MAIL}"),
    "positional": lambda log: log.info("for %s", MAIL),
    "split": lambda log: log.info("for %s@%s", "alice", "example.org"),
    "value": lambda log: log.info("hi", account=MAIL),
    "name": lambda log: log.info("hi", **{MAIL: 1}),
    "object": lambda log: log.info("hi", account=Customer()),
    "masked text": lambda log: log.info("hi", account=Masked(MAIL)),
    "object for structlog": lambda log: log.info("hi", account=Structured()),
    "objects for structlog": lambda log: log.info("hi", accounts=[Structured()]),
    "structlog's own names": lambda log: log.info("hi", _record=MAIL, _from_structlog=MAIL),
    "nested": lambda log: log.info("hi", data={"a": [{"b": MAIL}]}),
    "bound": lambda log: log.bind(account=MAIL).info("hi"),
    "exception": failed,
    "cause": failed_twice,
}
RENDERERS: dict[str, list[Any]] = {
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    "json of dicts": [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
    "bytes": [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(
            serializer=lambda value, **options: json.dumps(value, **options).encode()
        ),
    ],
    "key and value": [
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ],
    "logfmt": [
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(bool_as_flag=False),
    ],
    "console": [structlog.dev.ConsoleRenderer(colors=True)],
    "console, plain traceback": [
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    ],
}


def logger(processors: list[Any], out: Any) -> Any:
    return structlog.wrap_logger(
        structlog.BytesLogger(out) if isinstance(out, io.BytesIO) else structlog.PrintLogger(out),
        processors=[
            structlog.processors.add_log_level,
            *processors,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=False,
    )


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_no_value_gets_out(renderer: str, policy: Policy) -> None:
    *before, last = RENDERERS[renderer]
    for guarded in (
        [*before, guard_renderer(last, policy, config=CONFIG)],
        [guard_processor(policy, config=CONFIG), *before, last],
    ):
        out: Any = io.BytesIO() if renderer == "bytes" else io.StringIO()
        log = logger(guarded, out)
        for name, path in PATHS.items():
            try:
                path(log)
            except LogRefusedError as error:
                assert "alice" not in f"{error}{error.findings}"  # noqa: PT017
            else:
                # structlog's dictionaries leave causes out.
                assert policy != "raise" or (renderer, name) == ("json of dicts", "cause")
        text = out.getvalue().decode() if renderer == "bytes" else out.getvalue()
        assert "alice" not in text
        assert text or policy == "raise"


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("policy", POLICIES)
def test_clean_events_pass_byte_for_byte(renderer: str, policy: Policy) -> None:
    def write(processors: list[Any]) -> Any:
        out: Any = io.BytesIO() if renderer == "bytes" else io.StringIO()
        log = logger(processors, out)
        log.info("run queued", run_id=RUN, position=4, data={"a": [1, None]})
        log.info("\u00e9\u4e16", kind=int, part=3.5)
        return out.getvalue()

    *before, last = RENDERERS[renderer]
    guarded = write([*before, guard_renderer(last, policy, config=CONFIG)])
    assert guarded == write([*before, last])
    assert guarded


def test_a_blocked_event_keeps_level_ids_and_numbers() -> None:
    process = guard_processor(config=CONFIG)
    event = {"event": f"for {MAIL}", "level": "info", "run_id": RUN, "n": 3, "note": "free"}
    assert process(None, "info", event) == {
        "event": "log record blocked: pii/email in event",
        "level": "info",
        "run_id": RUN,
        "n": 3,
        "note": "<redacted>",
    }


def test_a_blocked_exception_keeps_its_places() -> None:
    process = guard_processor(config=CONFIG)
    seen: list[Any] = []

    def keep(_: Any, __: str, event: Any) -> str:
        seen.append(event)
        return "x"

    log = logger([process, keep], io.StringIO())
    failed(log)
    assert re.search(r'File ".*", line \d+, in failed\nValueError', seen[0]["exception"])
    assert "exc_info" not in seen[0]


def test_what_comes_together_only_in_the_line_is_found() -> None:
    def joined(_: Any, __: str, event: Any) -> str:
        return f"{event['a']}@{event['b']}"

    out = io.StringIO()
    for policy in POLICIES:
        log = logger([guard_renderer(joined, policy, config=CONFIG)], out)
        if policy == "redact":
            log.info("hi", a="alice", b="example.org")
        elif policy == "raise":
            with pytest.raises(LogRefusedError, match="line"):
                log.info("hi", a="alice", b="example.org")
        else:
            log.info("hi", a="alice", b="example.org")
    assert out.getvalue() == "<redacted>@<redacted>\n<email>\n"


@pytest.mark.parametrize("policy", POLICIES)
def test_what_can_not_be_checked_is_replaced_and_the_program_goes_on(policy: Policy) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError(MAIL)

    out = io.StringIO()
    renderer = guard_renderer(structlog.processors.JSONRenderer(), policy, config=CONFIG)
    log = logger([renderer], out)
    log.info("hi", account=Broken())
    log.info("x" * (2 << 20))
    log.info("go on")
    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert "could not be checked" in first["event"]
    assert second["event"] == "log record could not be checked: UnsearchableError"
    assert third["event"] == "go on"


@pytest.mark.parametrize("policy", POLICIES)
def test_structlog_on_top_of_logging_is_guarded_too(policy: Policy) -> None:
    out = io.StringIO()
    base = logging.Logger("structured")
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ]
        )
    )
    base.addHandler(handler)
    log = structlog.wrap_logger(
        base,
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    with install(policy, config=CONFIG, hooks=False):
        log.info("go on", n=1)
        for path in (PATHS["event"], PATHS["value"], PATHS["nested"], failed):
            try:
                path(log)
            except LogRefusedError:
                assert policy == "raise"
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[0] == {"event": "go on", "level": "info", "n": 1}
    assert len(lines) == (1 if policy == "raise" else 5)
    assert "alice" not in out.getvalue()


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ConfigError, match="block, redact, raise"):
        guard_processor("hide", config=CONFIG)  # type: ignore[arg-type]
