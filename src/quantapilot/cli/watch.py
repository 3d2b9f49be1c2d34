"""A run's events on a terminal or in a log, until the run ends: for `qp run` and `qp status`."""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from quantapilot.cli.remote import ascii_json, said
from quantapilot.client.answers import words
from quantapilot.client.following import followed
from quantapilot.client.patience import Patience
from quantapilot.client.progress import ENDS, PREFIX, Progress, moment
from quantapilot.errors import ExitCode, GatewayUnavailableError, RateLimitedError, needing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from quantapilot.client.gateway import Gateway, Heard

# Shown elsewhere, or the same in every event of a run.
_LEFT_OUT = frozenset({"run_id", "correlation_id"})


class Display(Protocol):
    """Where a run is shown while it is watched."""

    def event(self, line: str, progress: Progress) -> None:
        """Show an event, and how far the run is behind it."""

    def say(self, text: str) -> None:
        """Show what is no event."""


class Lines:
    """Plain lines on standard error, as far as they are wanted."""

    def __init__(self, *, events: bool, words: bool) -> None:
        self._events = events
        self._words = words

    def event(self, line: str, progress: Progress) -> None:  # noqa: ARG002
        """Show an event."""
        if self._events:
            click.echo(line, err=True)

    def say(self, text: str) -> None:
        """Show what is no event."""
        if self._words:
            said(text)


def watched(
    gateway: Gateway, run_id: str, *, wait: float, quiet: bool, output_format: str
) -> ExitCode:
    """Show a run's events until it ends, and return how it ended.

    Args:
        gateway: Where the run is.
        run_id: The run.
        wait: For how many seconds a lost connection is tried to be made again.
        quiet: Whether nothing but a failure is told.
        output_format: With `json` the events are put out as such, one a line.

    Raises:
        GatewayError: The run can't be watched any more.
    """
    progress = Progress()
    try:
        with (
            _shown(output_format, quiet=quiet) as display,
            closing(_events(gateway, run_id, Patience(wait, display.say))) as events,
        ):
            for heard in events:
                progress = progress.after(heard)
                if output_format == "json":
                    click.echo(ascii_json(heard.event))
                display.event(line_of(heard), progress)
                if progress.ended:
                    break
    except (KeyboardInterrupt, GatewayUnavailableError, RateLimitedError) as end:
        why = "the run goes on" if isinstance(end, KeyboardInterrupt) else str(end)
        said(f"{why}; 'qp status {run_id} --watch' watches it again")
        return ExitCode.UNCHECKED
    return _result(progress, run_id, quiet=quiet)


def line_of(heard: Heard) -> str:
    """Return an event on one line: when it happened, its type, and what it tells."""
    told = [
        f"{words(name)}={words(value if isinstance(value, str) else ascii_json(value))}"
        for name, value in heard.data.items()
        if name not in _LEFT_OUT
    ]
    when = moment(heard.event.get("time"))
    kind = words(heard.type.removeprefix(PREFIX))
    return "  ".join([*([f"{when:%H:%M:%S}"] if when else []), kind, *told])


def _events(gateway: Gateway, run_id: str, patience: Patience) -> Generator[Heard, None, None]:
    """Yield the events of a run: of one that has ended those that there are."""
    if patience.until(lambda: gateway.run(run_id)).get("state") in ENDS:
        yield from gateway.told(run_id)
    else:
        yield from followed(gateway, run_id, patience)


def _result(progress: Progress, run_id: str, *, quiet: bool) -> ExitCode:
    if progress.state == "completed":
        if not quiet:
            said(f"run {run_id} is completed")
        return ExitCode.CLEAN
    if progress.state == "failed":
        why = f": {progress.why}" if progress.why else ""
        said(f"run {run_id} has failed{why}")
        return ExitCode.FINDINGS
    said(f"run {run_id} has ended, and none of its events tells how")
    return ExitCode.UNCHECKED


@contextmanager
def _shown(output_format: str, *, quiet: bool) -> Iterator[Display]:
    if quiet or output_format == "json":
        yield Lines(events=False, words=not quiet)
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with needing("client", "watching a run on a terminal"):
            from quantapilot.cli.live import Live
        with Live() as live:
            yield live
    else:
        yield Lines(events=True, words=True)
