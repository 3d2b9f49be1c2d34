"""The guard of structlog: a processor for its events, and one around the renderer for its lines.

It needs nothing of structlog but the form of a processor. Behind `structlog.stdlib` the guard of
the `logging` module sees what is written as well.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.errors import ConfigError
from quantapilot.guard.fields import called, judged, kept, redacted_fields, refusal, surely, told
from quantapilot.guard.lines import AS_SHOWN, MAX_BYTES, line_check, shown
from quantapilot.guard.records import POLICIES
from quantapilot.guard.tracebacks import frames, full, located

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from quantapilot.config import Config
    from quantapilot.guard.fields import Problems
    from quantapilot.guard.lines import LineCheck
    from quantapilot.guard.records import Policy

    Event = MutableMapping[str, Any]
    Processor = Callable[[Any, str, Event], Any]

# What structlog puts into an event for its own formatter; under these names, but of other types, it
# is as any field.
_OWN: dict[str, type] = {"_record": logging.LogRecord, "_from_structlog": bool}
# What tells when, where and how severe; kept in a blocked event where it is clean.
_FRAME = ("timestamp", "level", "logger", "logger_name")


def guard_processor(
    policy: Policy = "block", *, config: Config | None = None, max_bytes: int = MAX_BYTES
) -> Processor:
    """Return a processor that lets no event with personal data pass; it stands last but one.

    Args:
        policy: `block` replaces such an event, `redact` the values in it, `raise` has the call
            that logs it raise.
        config: Whose rules hold; the settings nearest to the folder we are in where it is None.
        max_bytes: Length in UTF-8 from which on an event is replaced unchecked.

    Raises:
        ConfigError: The settings or the policy can't be used.
        RuleError: A rule file can't be used.
    """
    return _Events(_checked(policy, config, max_bytes), policy).processor


def guard_renderer(
    renderer: Processor,
    policy: Policy = "block",
    *,
    config: Config | None = None,
    max_bytes: int = MAX_BYTES,
) -> Processor:
    """Return a renderer that checks events as `guard_processor` does, and then each line.

    Args:
        renderer: The last processor, such as `JSONRenderer()` or `ConsoleRenderer()`.
        policy: As for `guard_processor`.
        config: As for `guard_processor`.
        max_bytes: As for `guard_processor`.

    Raises:
        ConfigError: The settings or the policy can't be used.
        RuleError: A rule file can't be used.
    """
    return _Events(_checked(policy, config, max_bytes), policy, renderer).rendered


class _Events:
    """Judges events, and the lines that a renderer makes of them."""

    def __init__(self, check: LineCheck, policy: Policy, renderer: Processor | None = None) -> None:
        self._check = check
        self._policy = policy
        self._renderer = renderer

    def processor(self, logger: Any, method: str, event: Event) -> Event:  # noqa: ARG002
        """Return a clean event as it is, and any other as the policy says."""
        try:
            problems, texts = self._problems(event)
            if not problems:
                return event
            if self._policy == "redact":
                return self._redacted(event)
            if self._policy == "block":
                return self._blocked(event, f"log record blocked: {told(problems)}")
        except Exception as error:  # noqa: BLE001 whatever fails here, the event must not leave
            return self._unchecked(event, error)
        raise refusal(self._check, problems, texts) from None

    def rendered(self, logger: Any, method: str, event: Event) -> Any:
        """Return the line of an event, or a safe one."""
        if self._renderer is None:
            raise ConfigError("there is no renderer to guard")
        event = self.processor(logger, method, event)
        before = dict(event)
        line = self._renderer(logger, method, event)
        text = line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line)
        try:
            if self._check.clean(text):
                return line
            if self._policy == "redact":
                text = self._check.redacted(text)
                return text.encode() if isinstance(line, bytes) else text
            problems = {"line": self._check.rules(text)}
        except Exception as error:  # noqa: BLE001 whatever fails here, the line must not leave
            return self._safe(logger, method, self._unchecked(before, error), line)
        if self._policy == "raise":
            raise refusal(self._check, problems, {"line": text}) from None
        blocked = self._blocked(before, f"log record blocked: {told(problems)}")
        return self._safe(logger, method, blocked, line)

    def _safe(self, logger: Any, method: str, event: Event, instead_of: Any) -> Any:
        """Return the line of a safe event, or without the renderer where that is not safe."""
        message = str(event["event"])
        try:
            line = self._renderer(logger, method, event) if self._renderer else message
            text = line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line)
            if self._check.clean(text):
                return line
        except Exception:  # noqa: BLE001 whatever fails here, a line must be written
            return message.encode() if isinstance(instead_of, bytes) else message
        return message.encode() if isinstance(instead_of, bytes) else message

    def _problems(self, event: Event) -> tuple[Problems, dict[str, str]]:
        """Return what holds in an event, and its texts; home folders of tracebacks are replaced."""
        found: Problems = {}
        given = {name: value for name, value in event.items() if not _own(name, value)}
        error = _raised(given.pop("exc_info", None))
        text = ""
        if error is not None:
            text = full(type(error), error, error.__traceback__)
            if (safe := located(text, self._check)) != text:
                event.pop("exc_info")
                event["exception"] = text = safe
            if rules := self._check.rules(text):
                found["exception"] = rules
        if isinstance(given.get("exception"), str):
            given["exception"] = event["exception"] = located(given["exception"], self._check)
        raw = orjson.dumps(given, default=shown, option=AS_SHOWN)
        if len(raw) > self._check.max_bytes:
            # Raises, as for any text of this length.
            self._check.clean(raw.decode())
        if not self._check.proves(raw):
            for name, value in given.items():
                if rules := self._check.value_rules(name, judged(value)):
                    found[_place(self._check, name)] = rules
        return found, {"event": raw.decode(), "exception": text}

    def _redacted(self, event: Event) -> Event:
        out: Event = {}
        for name, value in event.items():
            if _own(name, value):
                out[name] = value
            elif name == "exc_info":
                if (error := _raised(value)) is not None:
                    text = full(type(error), error, error.__traceback__)
                    out["exception"] = self._check.redacted(text)
            else:
                out.update(redacted_fields(self._check, {name: value}))
        return out

    def _blocked(self, event: Event, message: str) -> Event:
        error = _raised(event.get("exc_info"))
        out = self._emptied(event, message)
        if error is not None:
            out["exception"] = frames(error, self._check)
        return out

    def _unchecked(self, event: Event, error: BaseException) -> Event:
        return self._emptied(event, f"log record could not be checked: {type(error).__name__}")

    def _emptied(self, event: Event, message: str) -> Event:
        """Return of an event when, where and how severe it was, numbers and ids, and a message."""
        out: Event = {name: value for name, value in event.items() if _own(name, value)}
        out["event"] = message
        for name, value in event.items():
            if name in _FRAME and type(value) is str:
                out[name] = surely(self._check, value)
            elif type(value) is not str or name not in {"event", "exception", "stack"}:
                holds = name in out or name == "exc_info" or surely(self._check, name) != name
                if not holds:
                    out[name] = kept(self._check, name, value)
        return out


def _checked(policy: Policy, config: Config | None, max_bytes: int) -> LineCheck:
    if policy not in POLICIES:
        raise ConfigError(f"a guard has no such policy; it is one of {', '.join(POLICIES)}")
    return line_check(config, max_bytes)


def _own(name: str, value: Any) -> bool:
    return name in _OWN and isinstance(value, _OWN[name])


def _place(check: LineCheck, name: str) -> str:
    return name if name in {"event", "exception", "stack"} else called(check, name)


def _raised(value: Any) -> BaseException | None:
    """Return the exception that `exc_info` stands for, in any form that structlog takes."""
    if isinstance(value, BaseException):
        return value
    if isinstance(value, tuple):
        return next((each for each in value if isinstance(each, BaseException)), None)
    return sys.exception() if value else None
