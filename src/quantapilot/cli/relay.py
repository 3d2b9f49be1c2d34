"""`qp relay`: an outbox is drained to its sinks, or a stream is checked, once or until stopped."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from quantapilot.cli.options import CONFIG, Seconds
from quantapilot.cli.runtime import OUTBOX, TO, must_be, sink_options
from quantapilot.errors import ExitCode

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from quantapilot.relay.relay import Progress, Relay, SinkProgress

_REFRESH = 0.25
# The relay has the last word: a sink ends its own calls well before that.
_RELAY_DEADLINE = 120.0


@click.command()
@OUTBOX
@click.option(
    "--check",
    metavar="URL",
    help="Relay this stream, nats://HOST/STREAM, instead of an outbox: each event is checked.",
)
@TO
@click.option(
    "--quarantine",
    metavar="URL",
    help="With --check, send a record of each event that is not clean to this stream.",
)
@click.option("--once", is_flag=True, help="End when all that is there is settled.")
@click.option(
    "--ordered", is_flag=True, help="Send an event of a run when the one before it has arrived."
)
@click.option(
    "--dead-letters",
    metavar="URL",
    help="Send events that never arrive to this sink, before they count as dead.",
)
@click.option(
    "--allow-private", is_flag=True, help="Deliver to private and loopback addresses too."
)
@click.option(
    "--deadline",
    type=Seconds(min=0, min_open=True),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one delivery may take in all.",
)
@click.option(
    "--give-up-after",
    type=Seconds(min=0),
    metavar="SECONDS",
    help="With --once, end by then although something waits.",
)
@CONFIG
@click.option("--quiet", "-q", is_flag=True, help="Say nothing when all is delivered.")
def relay(
    outbox: Path | None,
    to: tuple[str, ...],
    *,
    check: str | None,
    quarantine: str | None,
    once: bool,
    ordered: bool,
    dead_letters: str | None,
    allow_private: bool,
    deadline: float,
    give_up_after: float | None,
    config: Path | None,
    quiet: bool,
) -> None:
    """Deliver what is in an outbox to sinks, each at its own pace.

    It runs until it is stopped, and then waits for the deliveries under way. What fails is tried
    again later. Secrets of webhooks come from QP_WEBHOOK_SECRETS, a header for receivers that only
    compare from QP_WEBHOOK_HEADER.

    With --once, the exit code is 1 when something is left: waiting, dead, or for a sink that wants
    no more events.

    With --check the events come from a stream. Clean ones pass on to --to, of the others a record
    of what is wrong goes to --quarantine, and the exit code is 1; it is 4 when something could not
    be checked or passed on.
    """
    if check is not None:
        if dead_letters is not None or _given("outbox"):
            raise click.UsageError("--check, --outbox and --dead-letters exclude each other")
        _only_once(once=once, give_up_after=give_up_after)
        from quantapilot.cli.relay_check import StreamOptions, relay_checked

        sys.exit(
            relay_checked(
                StreamOptions(
                    check, to, quarantine, config, once, ordered, deadline, give_up_after, quiet
                )
            )
        )
    if quarantine is not None:
        raise click.UsageError("--quarantine needs --check")
    if outbox is None:
        raise click.UsageError("name the outbox: --outbox FILE, or QP_OUTBOX")
    if not to:
        raise click.UsageError("name where events go: --to URL, or QP_SINKS")
    _only_once(once=once, give_up_after=give_up_after)
    if once:
        must_be(outbox)
    from quantapilot.outbox.outbox import Outbox
    from quantapilot.relay.relay import Relay, RelaySettings
    from quantapilot.sinks import sink_for

    options = sink_options(allow_private=allow_private, deadline=deadline)
    sinks = [sink_for(url, options) for url in dict.fromkeys(to)]
    letters = None if dead_letters is None else sink_for(dead_letters, options)
    settings = RelaySettings(
        ordered=ordered,
        deadline=max(_RELAY_DEADLINE, 2 * deadline),
        give_up_after=give_up_after,
    )
    with Outbox(outbox, append=False) as opened:
        delivering = Relay(opened, sinks, settings, dead_letters=letters)
        _run(delivering, once=once, shown=not quiet and sys.stderr.isatty())
        progress = delivering.progress
    incomplete = not progress.settled or any(sink.dead for sink in progress.sinks)
    if incomplete or not quiet:
        for sink in progress.sinks:
            click.echo(told(sink), err=True)
    ended = all(sink.disabled is not None for sink in progress.sinks)
    sys.exit(ExitCode.FINDINGS if ended or (once and incomplete) else ExitCode.CLEAN)


def _given(option: str) -> bool:
    """Tell whether an option stands on the command line, not only in the environment."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _only_once(*, once: bool, give_up_after: float | None) -> None:
    if give_up_after is not None and not once:
        raise click.UsageError("--give-up-after needs --once")


def told(sink: SinkProgress) -> str:
    """Return how far a sink is, in one line; what is nothing is left out."""
    parts = [f"{sink.delivered:,} delivered"]
    if sink.dead:
        parts.append(f"{sink.dead:,} dead")
    if sink.waiting or sink.more:
        parts.append(f"{sink.waiting:,}{'+' if sink.more else ''} waiting")
    line = f"{sink.name}: {', '.join(parts)}"
    if sink.disabled is not None:
        return f"{line}; the receiver wants no more ({sink.disabled})"
    if sink.reason and (sink.dead or not sink.settled):
        return f"{line} ({sink.reason})"
    return line


def running(progress: Progress, width: int) -> str:
    """Return how far a relay is as one line of a terminal of so many columns."""
    parts = []
    for sink in progress.sinks:
        words = [f"{sink.delivered:,} delivered", f"{sink.waiting:,} waiting"]
        if sink.retrying:
            words.append(f"{sink.retrying:,} retrying")
        words.append(f"{sink.rate:,.0f}/s")
        reason = sink.disabled or sink.reason
        parts.append(f"{sink.name}: {', '.join(words)}{f' ({reason})' if reason else ''}")
    line = " | ".join(parts)
    return line if len(line) < width else f"{line[: width - 2]}…"


def _run(relay: Relay, *, once: bool, shown: bool) -> None:
    """Run a relay until it ends, or until the process is asked to."""
    import asyncio

    from quantapilot.relay.stopping import asked_to_stop
    from quantapilot.relay.thread import loop_factory

    async def deliver() -> None:
        with asked_to_stop(relay.stop):
            showing = asyncio.create_task(_show(relay)) if shown else None
            try:
                await (relay.drain() if once else relay.run())
            finally:
                if showing is not None:
                    await _ended(showing)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(deliver())


async def _show(relay: Relay) -> None:
    import asyncio

    try:
        while True:
            line = running(relay.progress, shutil.get_terminal_size().columns)
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)
            await asyncio.sleep(_REFRESH)
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)


async def _ended(task: asyncio.Task[None]) -> None:
    import asyncio

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
