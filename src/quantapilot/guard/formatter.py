"""A formatter of JSON lines that conform to the contract's log record, whatever they are given.

Only the contract's fields are written, each judged by its data class. Which of them hold the time,
the level and the message, the contract says (`contract.roles`). It is safe by itself; with the
guard installed, records are judged before they get here.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson

from quantapilot.contract.roles import LEVELS, document, levels_called, roles
from quantapilot.contract.shape import members, required
from quantapilot.errors import ConfigError, ContractError
from quantapilot.guard.fields import SCALARS, told
from quantapilot.guard.lines import MAX_BYTES, LineCheck
from quantapilot.guard.records import OWN
from quantapilot.guard.tracebacks import frames, full, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.config import Config
    from quantapilot.findings import Finding
    from quantapilot.guard.fields import Problems

# The limit of a message where the contract has none, and what is said where a longer one ends.
_LONGEST = 16_384
_CUT = " [cut]"
# What other formatters leave in a record.
_LEFT = OWN | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """Formats records as the contract's log record, one JSON object a line.

    Fields come from `extra`. Those that the contract does not know, or whose value it does not
    allow, are left out and counted where it has a field for that, such as `fields_dropped_count`.
    Tracebacks stand in the message.

    Args:
        policy: What becomes of a message that holds personal data: `block` replaces it by one that
            names rules and fields, `redact` the values in it by placeholders.
        config: Whose contract and rules hold; the settings nearest to the folder we are in where
            it is None.

    Raises:
        ConfigError: The settings or the policy can't be used.
        ContractError: The contract can't be used, or has no log records.
        RuleError: A rule file can't be used.
    """

    def __init__(
        self, policy: Literal["block", "redact"] = "block", *, config: Config | None = None
    ) -> None:
        super().__init__()
        if policy not in {"block", "redact"}:
            raise ConfigError("a JsonFormatter's policy is block or redact: it can't raise")
        from quantapilot.config import load_config
        from quantapilot.contract.validator import Validator
        from quantapilot.gate.check import Selection
        from quantapilot.gate.payload import PayloadCheck
        from quantapilot.gate.project import Project

        config = load_config() if config is None else config
        project = Project(config)
        detector = project.detector()
        contract = project.extended(project.contract(), detector)
        definition = document(contract, "logs")
        if definition is None:
            raise ContractError("the contract describes no log records")
        self._redacts = policy == "redact"
        self._fields = contract.fields(definition)
        names = roles(definition)
        self._time, self._message = names["time"], names["message"]
        self._level, self._logger = names["level"], names["logger"]
        self._dropped = names["dropped"]
        keywords = members(contract, definition)
        self._longest = keywords.get(self._message, {}).get("maxLength", _LONGEST)
        self._levels = levels_called(keywords.get(self._level, {}).get("enum", ()))
        always = required(contract, definition)
        self._always = {
            name: body["const"]
            for name, body in keywords.items()
            if name in always and "const" in body
        }
        self._ignored = Selection((), config.ignore)
        self._check = LineCheck(project.inspector(detector), self._ignored, MAX_BYTES)
        self._payloads = PayloadCheck(project.inspector(detector, Validator(contract)), "logs")

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line of JSON; it never raises and never holds what was found."""
        try:
            return self._line(record)
        except Exception as error:  # noqa: BLE001 whatever fails here, a safe line is written
            return self._unchecked(record, error)

    def _line(self, record: logging.LogRecord) -> str:
        payload = self._base(record, self._text(record))
        if self._fields.below(self._logger) is not None:
            payload[self._logger] = record.name
        dropped = 0
        for name in vars(record).keys() - _LEFT:
            if self._fields.below(name) is None or name in payload:
                dropped += 1
            else:
                payload[name] = _json_value(vars(record)[name])
        self._count(payload, dropped)
        raw, findings = self._judged(payload)
        if findings:
            raw = self._without(record, payload, findings, dropped)
        return raw.decode()

    def _without(
        self,
        record: logging.LogRecord,
        payload: dict[str, Any],
        findings: Sequence[Finding],
        dropped: int,
    ) -> bytes:
        """Return a payload without the fields in which something was found."""
        problems: Problems = {}
        fields = {finding: (finding.pointer or "/").split("/")[1] for finding in findings}
        for finding, name in fields.items():
            if name not in payload:
                raise ContractError("the record as a whole can't be written")
            if finding.category == "pii" and finding.rule not in problems.get(name, ()):
                problems.setdefault(name, []).append(finding.rule)
        message = self._message
        for name in set(fields.values()).difference((self._time, self._level, message)):
            del payload[name]
            dropped += 1
        if message in problems and self._redacts:
            payload[message] = self._check.redacted(payload[message])
        elif problems and not (self._redacts and message not in problems):
            payload[message] = self._blocked(record, problems)
        self._count(payload, dropped)
        raw, findings = self._judged(payload)
        if findings:
            raise ContractError("the record can't be written without what was found in it")
        return raw

    def _judged(self, payload: dict[str, Any]) -> tuple[bytes, list[Finding]]:
        raw, findings = self._payloads.check(payload)
        if len(raw) > self._check.max_bytes:
            raise ContractError("the record is too long")
        return raw, [each for each in findings if each.rule in self._ignored or each.unchecked]

    def _count(self, payload: dict[str, Any], dropped: int) -> None:
        """Tell how many fields were left out, where the contract has a field for it."""
        if dropped and self._fields.below(self._dropped) is not None:
            payload[self._dropped] = dropped

    def _text(self, record: logging.LogRecord) -> str:
        """Return the message with the traceback, as long as the contract lets it be."""
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            message = f"{message}\n{located(full(*record.exc_info), self._check)}"
        elif record.exc_text:
            message = f"{message}\n{record.exc_text}"
        if record.stack_info:
            message = f"{message}\n{located(record.stack_info, self._check)}"
        if len(message) <= self._longest:
            return message
        # What is cut first could end in half of a value, which nobody would find any more.
        if rules := self._check.rules(message):
            message = self._check.redacted(message) if self._redacts else ""
            message = message or self._blocked(record, {self._message: rules})
        if len(message) > self._longest:
            message = message[: self._longest - len(_CUT)] + _CUT
        return message

    def _blocked(self, record: logging.LogRecord, problems: Problems) -> str:
        message = f"log record blocked: {told(problems)}"
        if record.exc_info and record.exc_info[1] is not None:
            message = f"{message}\n{frames(record.exc_info[1], self._check)}"
        return message[: self._longest]

    def _base(self, record: logging.LogRecord, message: str) -> dict[str, Any]:
        time = datetime.fromtimestamp(record.created, UTC)
        return {
            self._time: f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z",
            self._level: self._levels[_level(record)],
            self._message: message,
            **self._always,
        }

    def _unchecked(self, record: logging.LogRecord, error: Exception) -> str:
        message = f"log record could not be checked: {type(error).__name__}"
        try:
            return self._made(record, message)
        except Exception:  # noqa: BLE001 its time or its level is none: now, and an error, are
            instead = logging.makeLogRecord({"levelname": "ERROR", "levelno": logging.ERROR})
            return self._made(instead, message)

    def _made(self, record: logging.LogRecord, message: str) -> str:
        return orjson.dumps(self._base(record, message)).decode()


def _level(record: logging.LogRecord) -> str:
    """Return the name of a record's level, or of the nearest one below it."""
    if (name := record.levelname.lower()) in LEVELS:
        return name
    known = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
    return logging.getLevelName(known).lower() if known else "debug"


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it: numbers and texts as they are, the rest as text."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
