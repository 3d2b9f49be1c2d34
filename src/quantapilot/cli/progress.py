"""Progress: how far a long check is, on a terminal's last line, out of the report's way.

It needs rich, from the extra `progress`; without it a check goes on without a bar.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from quantapilot.findings import Finding
from quantapilot.inputs.opening import size_of
from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quantapilot.findings import Summary
    from quantapilot.inputs.sources import Source

# Seconds: a short check shows no bar, and one that has much to report shows it between.
_SHOWN_AFTER: Final = 1.0
_REFRESH: Final = 0.2


class Bar:
    """The bar of one check; a thread moves it along with what was looked at."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self._total: int | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._quiet = True
        self._shown: Any = None
        self._thread = threading.Thread(target=self._move, daemon=True)

    def measured(self, inputs: Iterable[Source | Finding]) -> Sequence[Source | Finding]:
        """Return inputs, once it is known how much is in them."""
        found = list(inputs)
        sizes = [_size(item) for item in found]
        self._total = None if None in sizes else sum(size or 0 for size in sizes)
        return found

    @contextmanager
    def out_of_the_way(self) -> Iterator[None]:
        """Have nothing of the bar on the terminal while the block writes to it."""
        with self._lock:
            self._quiet = True
            if self._shown is not None:
                self._shown.stop()
            yield

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Show the bar while the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Take the bar away."""
        self._ended.set()
        self._thread.join()
        with self.out_of_the_way():
            pass

    def _move(self) -> None:
        if self._ended.wait(_SHOWN_AFTER) or (bar := _bar()) is None:
            return
        task = bar.add_task("", total=self._total)
        with self._lock:
            self._shown = bar
        while not self._ended.wait(_REFRESH):
            with self._lock:
                bar.update(task, completed=self._summary.consumed)
                if not self._quiet:
                    bar.start()
                    bar.refresh()
                self._quiet = False


def bar_of(summary: Summary, *, wanted: bool) -> Bar | None:
    """Return the bar of a check where somebody looks at a terminal, and wants one."""
    return Bar(summary) if wanted and sys.stderr.isatty() else None


def _bar() -> Any:
    """Return a bar of rich that is drawn when it is told to; None where there is no rich."""
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TaskProgressColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
    except ModuleNotFoundError:
        return None
    return Progress(
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _size(item: Source | Finding) -> int | None:
    """Return how many bytes an input has, None where nobody knows."""
    if isinstance(item, Finding):
        return 0
    try:
        return size_of(item) or (0 if item.path is not None else None)
    except (OSError, InputFaultError):
        # Whoever looks at it finds the same, and reports it.
        return 0
