"""Stopping: a check that is asked to end by a terminal or a system ends with what it found."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_T = TypeVar("_T")


class _Asked(KeyboardInterrupt):
    """Ends what takes long, wherever it is."""


class Stopping:
    """Whether the process was asked to end, and by which signal."""

    def __init__(self) -> None:
        self.by: str | None = None
        self._waiting = False

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


@contextmanager
def stopping(asked: Stopping) -> Iterator[None]:
    """Take the signals that ask to end while the block runs, on the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, asked.asked) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
