"""A watched run on a terminal: its events scroll by, and the last line tells how far it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from quantapilot.reports.plain import counted

if TYPE_CHECKING:
    from types import TracebackType

    from quantapilot.client.progress import Progress


class Live:
    """Shows events and a line of progress on standard error; to be used within `with`."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[told]}", markup=False),
            console=self._console,
            transient=True,
            # What the command puts out is for whoever reads it, and is not drawn over.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("waiting", total=None, told="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def event(self, line: str, progress: Progress) -> None:
        """Show an event, and how far the run is behind it."""
        self._console.print(Text(line), soft_wrap=True)
        self._bar.update(self._task, description=progress.state, told=summary(progress))
        if progress.began is not None and progress.events == 1:
            # The run's time counts, not that of watching it; clocks may differ.
            age = (datetime.now(UTC) - progress.began).total_seconds()
            self._bar.tasks[0].start_time = self._bar.get_time() - max(age, 0.0)

    def say(self, text: str) -> None:
        """Show what is no event."""
        self._console.print(Text(f"qp: {text}", style="dim"), soft_wrap=True)


def summary(progress: Progress) -> str:
    """Return what the line of progress tells besides state and time."""
    parts = [counted(progress.events, "event")]
    if progress.milestones:
        parts.append(counted(progress.milestones, "milestone"))
    if progress.gates:
        parts.append(f"awaits {', '.join(progress.gates)}")
    return "  ".join(parts)
