"""Stopping: a check that is asked to end by a terminal or a system ends with what it found."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from sys import UnraisableHookArgs
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
# Seconds until what could not be raised is raised again.
_SOON: Final = 0.01
_T = TypeVar("_T")


class _Asked(KeyboardInterrupt):
    """Ends what takes long, wherever it is."""


class Stopping:
    """Whether the process was asked to end, and by which signal."""

    def __init__(self) -> None:
        self.by: str | None = None
        self._waiting = False
        self._again: threading.Timer | None = None

    def until_asked(self, items: Iterable[_T]) -> Iterator[_T]:
        """Yield items until the process is asked to end; the next one is then not waited for.

        What is done with an item that was yielded is never torn apart.
        """
        iterator = iter(items)
        try:
            while self.by is None:
                self._waiting = True
                try:
                    item = next(iterator)
                except StopIteration:
                    return
                finally:
                    self._waiting = False
                yield item
        except _Asked:
            return
        finally:
            # What looks elsewhere is told to end.
            if close := getattr(iterator, "close", None):
                close()

    def asked(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal; who asks once more does not want to wait."""
        self.by = signal.Signals(number).name
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        if self._waiting:
            self._waiting = False
            raise _Asked

    def lost(self, unraisable: UnraisableHookArgs) -> bool:
        """Ask again where a signal came while nothing could be raised, as in a destructor.

        Returns:
            Whether that is what was lost.
        """
        if self.by is None or not isinstance(unraisable.exc_value, _Asked):
            return False
        self._waiting = True
        number = signal.Signals[self.by]
        signal.signal(number, self.asked)
        self._again = threading.Timer(_SOON, _wake, [number])
        self._again.start()
        return True

    def over(self) -> None:
        """Ask no more: whoever takes signals next must not get one of ours."""
        if self._again is not None:
            self._again.cancel()
            self._again.join()


def _wake(number: signal.Signals) -> None:
    """Send a signal to the main thread, whatever that waits for."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, number)
    else:
        signal.raise_signal(number)


@contextmanager
def stopping(asked: Stopping) -> Iterator[None]:
    """Take the signals that ask to end while the block runs, on the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, asked.asked) for each in _SIGNALS}
    hook = sys.unraisablehook
    sys.unraisablehook = lambda args: None if asked.lost(args) else hook(args)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        asked.over()
        for each, handler in before.items():
            signal.signal(each, handler)
