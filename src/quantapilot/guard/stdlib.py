"""The guard of the `logging` module: every record of every logger, every line of every handler.

It stands in the module's own classes, so that handlers, loggers and configurations that come later
pass through it too. A record is judged before the handlers of its logger see it, again behind the
filters of each handler, and as the line that a formatter made of it.
"""

from __future__ import annotations

import logging
import sys
import threading
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from quantapilot.errors import ConfigError
from quantapilot.findings import LogRefusedError
from quantapilot.guard.hooks import Hooks
from quantapilot.guard.lines import MAX_BYTES, line_check
from quantapilot.guard.records import POLICIES, RecordCheck, SafeText
from quantapilot.guard.tracebacks import frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from quantapilot.config import Config
    from quantapilot.guard.lines import LineCheck
    from quantapilot.guard.records import Policy

# What is in one may change, and it still be the same.
_CONTAINERS = frozenset({dict, list, tuple})

_installing = threading.Lock()
_installed: list[Guard] = []


class _Writing:
    """A record on its way through the handlers of its logger, and the last clean line of it.

    `known` is what was in it when it was judged; `touched` tells that a handler had it since.
    """

    __slots__ = ("known", "line", "record", "touched")

    def __init__(self, record: logging.LogRecord) -> None:
        self.record = record
        self.known = vars(record).copy()
        self.touched = False
        self.line = ""


class _State(threading.local):
    """What one thread is writing."""

    writing: _Writing | None = None


class Guard:
    """Stands between the program and its logs until it is uninstalled; a context manager.

    Attributes:
        policy: What becomes of a record that holds personal data.
    """

    def __init__(self, check: LineCheck, policy: Policy, *, hooks: bool = True) -> None:
        """Take what judges texts; `install` makes it from a project's settings."""
        self.policy = policy
        self._check = check
        self._records = RecordCheck(check, policy)
        self._state = _State()
        self._hooks = Hooks(check, policy) if hooks else None
        self._active = False
        self._replaced: list[tuple[type, str, Any, Any]] = []

    def install(self) -> Guard:
        """Begin to guard.

        Raises:
            ConfigError: Another guard is installed.
        """
        with _installing:
            if _installed:
                raise ConfigError("a guard is installed already: uninstall it first")
            _installed.append(self)
        self._active = True
        self._replace(logging.Logger, "callHandlers", self._call_handlers)
        self._replace(logging.Handler, "handle", self._handle)
        self._replace(logging.Handler, "format", self._format)
        self._replace(logging.Formatter, "format", self._format)
        self._replace(logging.Handler, "handleError", self._handle_error)
        if self._hooks is not None:
            self._hooks.install()
        return self

    def uninstall(self) -> None:
        """Stop guarding, and leave everything as it was; once more does nothing.

        What another library put over the guard stays, and the guard below it lets all pass.
        """
        with _installing:
            if not self._active:
                return
            self._active = False
            _installed.remove(self)
        if self._hooks is not None:
            self._hooks.uninstall()
        for owner, name, original, ours in self._replaced:
            if vars(owner).get(name) is ours:
                setattr(owner, name, original)
        self._replaced.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.uninstall()

    def _replace(
        self, owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        original = getattr(owner, name)
        ours = make(original)
        self._replaced.append((owner, name, original, ours))
        setattr(owner, name, ours)

    def _call_handlers(self, original: Callable[..., Any]) -> Callable[..., Any]:
        state, settle = self._state, self._records.settle

        def callHandlers(logger: logging.Logger, record: logging.LogRecord) -> None:  # noqa: N802
            if not self._active:
                original(logger, record)
                return
            # A record may be written while another is: from the `__str__` of an argument.
            before = state.writing
            settle(record, may_raise=True)
            state.writing = _Writing(record)
            try:
                original(logger, record)
            finally:
                state.writing = before

        return callHandlers

    def _handle(self, original: Callable[..., Any]) -> Callable[..., Any]:
        state, settle = self._state, self._records.settle

        def handle(handler: logging.Handler, record: logging.LogRecord) -> Any:
            if not self._active:
                return original(handler, record)
            # As in the module, but that its filters may add to a record what must be judged.
            passed: Any = handler.filter(record)
            if isinstance(passed, logging.LogRecord):
                record = passed
            if passed:
                writing = state.writing
                if writing is None or writing.record is not record:
                    settle(record)
                elif (_filters(handler) or writing.touched) and not _alike(record, writing.known):
                    settle(record, may_raise=True)
                    writing.known = vars(record).copy()
                if writing is not None:
                    writing.touched = True
                handler.acquire()
                try:
                    handler.emit(record)
                finally:
                    handler.release()
            return passed

        return handle

    def _format(self, original: Callable[..., Any]) -> Callable[..., Any]:
        state = self._state

        def format(  # noqa: A001 the name of what it stands for
            writer: logging.Handler | logging.Formatter, record: logging.LogRecord
        ) -> Any:
            try:
                text = original(writer, record)
            except Exception:
                # It may count on arguments that a safe record does not have.
                if self._active and isinstance(record.msg, SafeText):
                    return f"{record.levelname}: {record.msg}"
                raise
            if not self._active:
                return text
            writing = state.writing
            # A handler asks its formatter, and both are asked here.
            if writing is not None and text == writing.line:
                return text
            if type(text) is str and self._proven(text):
                if writing is not None:
                    writing.line = text
                return text
            return self._lined(original, writer, record, text)

        return format

    def _proven(self, text: str) -> bool:
        try:
            return self._check.proves(text.encode("utf-8", "surrogatepass"))
        except Exception:  # noqa: BLE001 it is judged once more, and there the fault is told
            return False

    def _lined(
        self,
        original: Callable[..., Any],
        writer: logging.Handler | logging.Formatter,
        record: logging.LogRecord,
        text: Any,
    ) -> Any:
        writing = self._state.writing
        given = text.decode("utf-8", "replace") if isinstance(text, bytes) else _characters(text)
        line = self._records.line(record, given, may_raise=writing is not None)
        if record.exc_text and line is not given:
            # A formatter keeps there what it made of an exception, and handlers may pickle it.
            self._records.settle(record)
        if isinstance(line, logging.LogRecord):
            line = self._safe_line(original, writer, line)
        elif line is given:
            if writing is not None:
                writing.line = given
            return text
        return line.encode() if isinstance(text, bytes) else line

    def _safe_line(
        self,
        original: Callable[..., Any],
        writer: logging.Handler | logging.Formatter,
        record: logging.LogRecord,
    ) -> str:
        """Return a safe record as its formatter writes it, or without it where that is not safe."""
        message = str(record.msg)
        try:
            # A formatter keeps what it made in the record.
            text = str(original(writer, copy(record)))
            if self._check.clean(text):
                return text
        except Exception:  # noqa: BLE001 whatever fails here, a line must be written
            return f"{record.levelname}: {message}"
        return f"{record.levelname}: {message}"

    def _handle_error(self, original: Callable[..., Any]) -> Callable[..., Any]:
        state = self._state

        def handleError(handler: logging.Handler, record: logging.LogRecord) -> None:  # noqa: N802
            if not self._active:
                original(handler, record)
                return
            error = sys.exception()
            if isinstance(error, LogRefusedError) and state.writing is not None:
                raise error
            if logging.raiseExceptions and sys.stderr is not None and error is not None:
                self._tell(error)

        return handleError

    def _tell(self, error: BaseException) -> None:
        """Say that a handler failed, without what it failed on."""
        try:
            sys.stderr.write(f"--- Logging error ---\n{frames(error, self._check)}\n")
        except Exception:  # noqa: BLE001 as in the module: there is nobody left to tell
            return


def install(
    policy: Policy = "block",
    *,
    config: Config | None = None,
    hooks: bool = True,
    max_bytes: int = MAX_BYTES,
) -> Guard:
    """Guard the logs of this process: no record that holds personal data is written as it is.

    Args:
        policy: `block` replaces such a record by one that names rule and place, `redact` the
            values in it by placeholders, and `raise` has the call that logs it raise.
        config: Whose rules and exceptions hold; the settings nearest to the folder we are in
            where it is None.
        hooks: Whether warnings and uncaught exceptions are guarded too.
        max_bytes: Length in UTF-8 from which on a line is replaced unchecked.

    Returns:
        What ends it: a context manager with `uninstall()`.

    Raises:
        ConfigError: The settings or the policy can't be used, or a guard is installed already.
        RuleError: A rule file can't be used.
    """
    if policy not in POLICIES:
        raise ConfigError(f"a guard has no such policy; it is one of {', '.join(POLICIES)}")
    guard = Guard(line_check(config, max_bytes), policy, hooks=hooks)
    return guard.install()


def _filters(handler: logging.Handler) -> bool:
    own = getattr(handler.filter, "__func__", None) is not logging.Filterer.filter
    return own or bool(handler.filters)


def _characters(text: Any) -> str:
    """Return what a stream writes of a text, whatever its class shows it as."""
    return str.__str__(text) if isinstance(text, str) else str(text)


def _alike(record: logging.LogRecord, known: dict[str, Any]) -> bool:
    """Tell whether nothing was put into a record since it was judged."""
    try:
        return vars(record) == known and not any(
            type(value) in _CONTAINERS for name, value in known.items() if name != "args"
        )
    except Exception:  # noqa: BLE001 what can't be compared, such as an array, is judged again
        return False
