"""Records of the `logging` module, judged as they will be written and made safe in place.

A record is changed before any handler sees it, so that nothing is left for those that write it in
a way of their own: pickled, as a form, field by field. What is clean stays the very same objects.
"""

from __future__ import annotations

import logging
from copy import copy
from typing import TYPE_CHECKING, Any, Literal

import orjson

from quantapilot.gate.redaction import DROPPED
from quantapilot.guard.fields import (
    SCALARS,
    called,
    kept,
    plain,
    redacted_fields,
    refusal,
    surely,
    told,
)
from quantapilot.guard.lines import AS_SHOWN, shown
from quantapilot.guard.tracebacks import frames, full, located, locations, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quantapilot.findings import LogRefusedError
    from quantapilot.guard.fields import Problems
    from quantapilot.guard.lines import LineCheck

Policy = Literal["block", "redact", "raise"]
POLICIES: tuple[Policy, ...] = ("block", "redact", "raise")

# What the `logging` module itself puts into a record; all else came with `extra`, with a filter, or
# from a formatter that had it before.
OWN = frozenset(vars(logging.makeLogRecord({}))) | {"taskName"}
# Names of the program's parts, and what findings call them.
_NAMES = {
    "name": "logger",
    "levelname": "level",
    "filename": "file",
    "module": "module",
    "funcName": "function",
    "threadName": "thread",
    "processName": "process",
    "taskName": "task",
}
_FOLDERS_REMEMBERED = 4096
# What structlog keeps in a record for its own formatter; of no other object more than text goes on.
_KEPT = frozenset({"_logger", "_name"})
# Loggers of the interpreter's own machinery: an error raised there would end a loop or a pool.
_NEVER_RAISED_AT = frozenset({"asyncio", "concurrent.futures", "py.warnings"})


class SafeText(str):
    """The message of a record that was made safe, by which a failing formatter is forgiven."""

    __slots__ = ()


_MESSAGES = frozenset({str, dict, SafeText})


class RecordCheck:
    """Judges records, and makes those safe that may not be written as they are.

    Args:
        check: Judges texts.
        policy: What becomes of a record that holds something.
    """

    def __init__(self, check: LineCheck, policy: Policy) -> None:
        self.check = check
        self.policy = policy
        # Files of the program by name, with somebody's home folder taken out.
        self._files: dict[str, str] = {}

    def settle(self, record: logging.LogRecord, *, may_raise: bool = False) -> None:
        """Leave a clean record as it is, and make any other safe, in place.

        Args:
            record: The record.
            may_raise: Whether the policy `raise` may raise here; it blocks otherwise.

        Raises:
            LogRefusedError: The policy is `raise`, and the record holds something.
        """
        try:
            message = self._prepared(record)
            if message is None:
                return
            problems = self._problems(record, message)
            if not problems:
                return
            if self.policy == "redact":
                self._redact(record, message)
            elif not (may_raise := self._raises(record, may_raise=may_raise)):
                self._block(record, problems)
        except Exception as error:  # noqa: BLE001 whatever fails here, the line must not leave
            self.unchecked(record, error)
            return
        if may_raise and self.policy == "raise":
            raise self.refused(problems, _texts(record, message, problems)) from None

    def line(
        self, record: logging.LogRecord, text: str, *, may_raise: bool = False
    ) -> str | logging.LogRecord:
        """Return a formatted record as it may be written, or a safe record to be formatted instead.

        It finds what comes together only in the format, such as two fields side by side.

        Args:
            record: The record, settled already.
            text: What a formatter made of it.
            may_raise: Whether the policy `raise` may raise here; it blocks otherwise.

        Raises:
            LogRefusedError: The policy is `raise`, and the text holds something.
        """
        problems: Problems = {}
        try:
            if self.check.clean(text):
                return text
            if self.policy == "redact":
                return self.check.redacted(text)
            problems = {"line": self.check.rules(text)}
        except Exception as error:  # noqa: BLE001 whatever fails here, the line must not leave
            other = copy(record)
            self.unchecked(other, error)
            return other
        if self._raises(record, may_raise=may_raise):
            raise self.refused(problems, {"line": text}) from None
        other = copy(record)
        self._block(other, problems)
        return other

    def _raises(self, record: logging.LogRecord, *, may_raise: bool) -> bool:
        return may_raise and self.policy == "raise" and record.name not in _NEVER_RAISED_AT

    def unchecked(self, record: logging.LogRecord, error: BaseException) -> None:
        """Put a safe text in the place of a record that could not be checked."""
        name = type(error).__name__
        self._emptied(record, f"log record could not be checked: {name}", None)

    def refused(self, problems: Problems, texts: Mapping[str, str]) -> LogRefusedError:
        """Return the error that tells what holds in which texts of a record."""
        return refusal(self.check, problems, texts)

    def _prepared(self, record: logging.LogRecord) -> str | None:
        """Return the message of a record that is not proven clean by one pass, else None.

        Objects that were given as arguments do not go further: handlers get the text of them.
        """
        fields = vars(record)
        if self._files.get(record.pathname) != record.pathname:
            self._relocate(record)
        message = record.getMessage()
        kind = type(record.msg)
        if (record.args and not _plain_arguments(record.args)) or kind not in _MESSAGES:
            # A dict is the event of a library whose formatter takes it for one.
            record.msg, record.args = message if kind is not dict else record.msg, ()
        text = (
            f"{message}\n{record.name}\n{record.levelname}\n{record.filename}\n{record.module}"
            f"\n{record.funcName}\n{record.threadName}"
        )
        if record.args:
            text = f"{text}\n{_unused(record.args, message)}"
        if record.exc_info or record.exc_text or record.stack_info:
            return message
        if record.processName != "MainProcess" or fields.get("taskName"):
            text = f"{text}\n{record.processName}\n{fields.get('taskName')}"
        raw = text.encode("utf-8", "surrogatepass")
        if not OWN.issuperset(fields):
            given = {name: fields[name] for name in fields.keys() - OWN}
            if not plain(given):
                return message
            raw += b"\n" + orjson.dumps(given, default=str, option=AS_SHOWN)
        return None if self.check.proves(raw) else message

    def _relocate(self, record: logging.LogRecord) -> None:
        """Take somebody's home folder out of the name of the file that a record comes from."""
        pathname = record.pathname
        safe = self._files.get(pathname)
        if safe is None:
            safe = self.check.redacted(pathname)
            if len(self._files) < _FOLDERS_REMEMBERED:
                self._files[pathname] = safe
        if safe != pathname:
            record.pathname = safe
            if (name := self.check.redacted(record.filename)) != record.filename:
                # A module's name is the file's, cut off in the middle of what was found.
                record.filename = record.module = name

    def _problems(self, record: logging.LogRecord, message: str) -> Problems:
        """Return what holds in a record; its tracebacks are told to name no home folder."""
        found: Problems = {}
        rules = self.check.rules
        fields = vars(record)
        _add(found, "message", rules(message))
        if record.args:
            _add(found, "arguments", rules(_unused(record.args, message)))
        for name, place in _NAMES.items():
            if fields.get(name):
                _add(found, place, rules(str(fields[name])))
        for name in fields.keys() - OWN:
            value = fields[name]
            if not plain(value):
                value = fields[name] = _as_text(name, value)
            _add(found, called(self.check, name), self.check.value_rules(name, value))
        if record.exc_info:
            text = _exception(record)
            safe = located(text, self.check)
            _add(found, "exception", rules(f"{safe}\n{_made_of(record)}"))
            if safe != text and not found:
                record.exc_info, record.exc_text = None, safe
        if record.exc_text:
            record.exc_text = located(record.exc_text, self.check)
            _add(found, "exception", rules(record.exc_text))
        if record.stack_info:
            record.stack_info = located(record.stack_info, self.check)
            _add(found, "stack", rules(record.stack_info))
        return found

    def _redact(self, record: logging.LogRecord, message: str) -> None:
        redacted = self.check.redacted
        fields = vars(record)
        self._redact_message(record, message)
        for name in _NAMES:
            if fields.get(name):
                fields[name] = redacted(str(fields[name]))
        extra = {name: fields.pop(name) for name in list(fields) if name not in OWN}
        fields.update(redacted_fields(self.check, extra))
        if record.exc_info:
            text = _exception(record)
            if not self.check.clean(f"{text}\n{_made_of(record)}"):
                record.exc_info, record.exc_text = None, redacted(text)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)

    def _redact_message(self, record: logging.LogRecord, message: str) -> None:
        """Redact the arguments one by one, since some formatters count them; else the whole."""
        check = self.check
        if type(record.msg) is dict:
            record.msg = redacted_fields(check, record.msg)
            if check.clean(record.getMessage()):
                return
        elif isinstance(record.args, tuple) and check.clean(str(record.msg)):
            record.args = tuple(
                check.redacted(each) if isinstance(each, str) else each for each in record.args
            )
            if check.clean(record.getMessage()) and check.clean(_unused(record.args, "")):
                return
        elif check.clean(message) and not record.args:
            return
        record.msg, record.args = check.redacted(message), ()
        if record.getMessage() != record.msg:
            _as_the_module_has_it(record)

    def _block(self, record: logging.LogRecord, problems: Problems) -> None:
        error = record.exc_info[1] if record.exc_info else None
        stack = record.stack_info
        self._emptied(record, f"log record blocked: {told(problems)}", error)
        if stack:
            record.stack_info = locations(stack, self.check)

    def _emptied(
        self, record: logging.LogRecord, message: str, error: BaseException | None
    ) -> None:
        """Leave of a record when, where and how severe it was, numbers and ids, and a message."""
        fields = vars(record)
        place = f"{record.filename}:{record.lineno}"
        told_of = surely(self.check, f"{message} ({place})")
        # A type's name and the ids of rules are the program's own; where a field's name, or a
        # file's, can't be told, they stand alone.
        record.msg, record.args = SafeText(message if told_of == DROPPED else told_of), ()
        record.exc_info = record.exc_text = record.stack_info = None
        _as_the_module_has_it(record)
        for name in ("message", "asctime"):
            fields.pop(name, None)
        for name in _NAMES:
            if fields.get(name):
                fields[name] = surely(self.check, str(fields[name]))
        record.pathname = surely(self.check, record.pathname)
        for name in fields.keys() - OWN:
            if name.startswith("_") or surely(self.check, name) != name:
                del fields[name]
            else:
                fields[name] = kept(self.check, name, fields[name])
        if error is not None:
            try:
                record.exc_text = frames(error, self.check)
            except Exception:  # noqa: BLE001 the record is complete without them
                record.exc_text = None


def _add(found: Problems, place: str, rules: Iterable[str]) -> None:
    if rules:
        found[place] = list(dict.fromkeys([*found.get(place, ()), *rules]))


def _texts(record: logging.LogRecord, message: str, problems: Problems) -> dict[str, str]:
    """Return the texts of a record in which something holds, by what findings call them."""
    fields = vars(record)
    texts = {
        "message": message,
        "arguments": _unused(record.args or (), message),
        "exception": f"{_exception(record) or record.exc_text}\n{_made_of(record)}",
        "stack": record.stack_info or "",
        **{place: str(fields.get(name)) for name, place in _NAMES.items()},
    }
    # As JSON, in which a field's name tells what its value is.
    extra = {name: shown(fields[name]) for name in fields.keys() - OWN}
    texts["extra"] = orjson.dumps(extra).decode()
    return {place: text for place, text in texts.items() if place in {*problems, "extra"}}


def _exception(record: logging.LogRecord) -> str:
    kind, error, trace = record.exc_info or (None, None, None)
    return "" if error is None else full(kind, error, trace)


def _made_of(record: logging.LogRecord) -> str:
    """Return what a record's exceptions were made of, which their texts need not show."""
    error = record.exc_info[1] if record.exc_info else None
    return "" if error is None else parts(error)


def _as_the_module_has_it(record: logging.LogRecord) -> None:
    """Have a record's message be what stands in it, and nothing that its class adds."""
    kind, plain_kind = type(record), logging.LogRecord
    if kind.getMessage is plain_kind.getMessage:
        return
    try:
        record.__class__ = plain_kind
    except TypeError:
        # One with slots can only become one with the same.
        made = {"__slots__": (), "getMessage": plain_kind.getMessage}
        record.__class__ = type(kind.__name__, (kind,), made)


def _plain_arguments(arguments: tuple[object, ...] | Mapping[str, object]) -> bool:
    values = arguments.values() if isinstance(arguments, dict) else arguments
    return SCALARS.issuperset(map(type, values))


def _unused(arguments: tuple[object, ...] | Mapping[str, object], message: str) -> str:
    """Return the texts among plain arguments that a message does not show as they are."""
    if isinstance(arguments, tuple):
        return "\n".join([x for x in arguments if type(x) is str and x not in message])
    return "\n".join(f"{name}: {value}" for name, value in arguments.items())


def _as_text(name: str, value: Any) -> Any:
    """Return an object as the text of it, which is what a formatter shows."""
    return value if name in _KEPT else str(value)
