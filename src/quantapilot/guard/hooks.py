"""What the interpreter itself writes to standard error: warnings and exceptions nobody caught.

Each hook is asked what would be printed. A clean text goes the way it would have gone; any other
is printed here, and the hook that stood there before is not shown the exception.
"""

from __future__ import annotations

import linecache
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from quantapilot.guard.tracebacks import frames, full, located, suggested

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType

    from quantapilot.guard.lines import LineCheck
    from quantapilot.guard.records import Policy


class Hooks:
    """Guards the hooks of `sys`, `threading` and `warnings` while it is installed.

    Args:
        check: Judges texts.
        policy: `redact` keeps what is clean of a text; anything else leaves the text out.
    """

    def __init__(self, check: LineCheck, policy: Policy) -> None:
        self._check = check
        self._redacts = policy == "redact"
        self._active = False
        self._replaced: list[tuple[ModuleType, str, Any, Any]] = []

    def install(self) -> None:
        """Put a guard before each hook."""
        self._active = True
        self._replace(sys, "excepthook", self._uncaught)
        self._replace(threading, "excepthook", self._thread)
        self._replace(sys, "unraisablehook", self._unraisable)
        self._replace(warnings, "formatwarning", self._warning)

    def uninstall(self) -> None:
        """Put back what stood there, but where something else was put since."""
        self._active = False
        for module, name, original, ours in self._replaced:
            if getattr(module, name) is ours:
                setattr(module, name, original)
        self._replaced.clear()

    def _replace(
        self, module: ModuleType, name: str, make: Callable[[Callable[..., Any]], Any]
    ) -> None:
        original = getattr(module, name)
        ours = make(original)
        self._replaced.append((module, name, original, ours))
        setattr(module, name, ours)

    def _uncaught(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def excepthook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            safe = self._safe("", kind, error, trace)
            if safe is None:
                original(kind, error, trace)
            else:
                _print(safe)

        return excepthook

    def _thread(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def excepthook(args: threading.ExceptHookArgs) -> None:
            name = args.thread.name if args.thread else str(threading.get_ident())
            safe = None
            if args.exc_type is not SystemExit:
                begin = f"Exception in thread {name}:\n"
                safe = self._safe(begin, args.exc_type, args.exc_value, args.exc_traceback)
            if safe is None:
                original(args)
            else:
                _print(safe)

        return excepthook

    def _unraisable(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def unraisablehook(args: sys.UnraisableHookArgs) -> None:
            safe = None
            if self._active:
                what = args.err_msg or "Exception ignored in"
                begin = f"{what}: {_shown(args.object)}\n"
                safe = self._safe(begin, args.exc_type, args.exc_value, args.exc_traceback)
            if safe is None:
                original(args)
            else:
                _print(safe)

        return unraisablehook

    def _warning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def formatwarning(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            line: str | None = None,
        ) -> str:
            if not self._active:
                return str(original(message, category, filename, lineno, line))
            try:
                text = str(original(message, category, filename, lineno, line))
                if self._check.clean(text):
                    return text
                shown = self._check.redacted(filename)
                if shown != filename:
                    line = linecache.getline(filename, lineno) if line is None else line
                    text = str(original(message, category, shown, lineno, line))
                    if self._check.clean(text):
                        return text
                if self._redacts:
                    return self._check.redacted(text)
                found = ", ".join(self._check.rules(str(message))) or "found"
                rest = f"warning text left out: {found}"
                safe = f"{filename}:{lineno}: {category.__name__}: {rest}\n"
                return self._check.redacted(safe)
            except Exception as error:  # noqa: BLE001 whatever fails here, the text must not leave
                return f"warning could not be checked: {type(error).__name__}\n"

        return formatwarning

    def _safe(
        self,
        begin: str,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> str | None:
        """Return what may be printed in the place of an exception; None where it is clean."""
        if not self._active:
            return None
        try:
            text = begin + full(kind, error, trace)
            shown = located(text, self._check)
            if self._check.clean(shown):
                return None if shown == text and self._suggests_nothing(error) else shown
            if self._redacts:
                return self._check.redacted(shown)
            rules = ", ".join(self._check.rules(shown))
            places = "" if error is None else frames(error, self._check)
            return f"{self._check.redacted(begin)}{places}\nTexts were left out: {rules}"
        except Exception as fault:  # noqa: BLE001 whatever fails here, the text must not leave
            return f"Exception could not be checked: {type(fault).__name__}"

    def _suggests_nothing(self, error: BaseException | None) -> bool:
        """Tell whether the interpreter prints nothing that the text checked does not show."""
        return sys.version_info >= (3, 12) or error is None or self._check.clean(suggested(error))


def _shown(value: object) -> str:
    """Return what the interpreter shows of an object that an exception was ignored in."""
    try:
        return "" if value is None else repr(value)
    except Exception:  # noqa: BLE001 as the interpreter does
        return "<object repr() failed>"


def _print(text: str) -> None:
    try:
        if sys.stderr is not None:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
    except Exception:  # noqa: BLE001 the interpreter would print both errors with all they hold
        return
