"""`qp outbox`: what waits, what is dead, what to do about it, and whether all is there."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli import candidates
from quantapilot.cli.runtime import THE_OUTBOX, must_be
from quantapilot.errors import ExitCode
from quantapilot.reports.plain import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantapilot.outbox.outbox import Outbox
    from quantapilot.outbox.survey import Item, SinkStatus, Status


def _text(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    ids: tuple[str, ...],
) -> tuple[str, ...]:
    if not all(each.isprintable() for each in ids):
        raise click.BadParameter("an id has no such characters")
    return ids


# Times end with the year 9999.
_ENDS = 253_402_300_800.0
# More than SQLite can count to is no limit.
_MOST = (1 << 63) - 1
_SINK = click.option(
    "--sink",
    metavar="NAME",
    help="Only this sink, as 'qp outbox status' has it.",
    shell_complete=candidates.sinks,
)
_IDS = click.argument("ids", nargs=-1, metavar="[ID]...", callback=_text)
_FORMAT = click.option(
    "--format",
    "report_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Shape of what is printed.",
)


@click.group()
def outbox() -> None:
    """Look after events that wait to be delivered.

    Exit codes: 0 fine, 1 damaged, 2 usage, 3 nothing there, 4 could not be done.
    """


@outbox.command()
@THE_OUTBOX
@_FORMAT
def status(outbox: Path, report_format: str) -> None:
    """Show how many events are kept, and how many each sink has not got."""
    from quantapilot.outbox.survey import status as survey

    must_be(outbox)
    found = survey(outbox)
    if report_format == "json":
        _print_json(_as_json(found))
        return
    for line in _status_lines(found):
        click.echo(line)


@outbox.command("list")
@THE_OUTBOX
@_SINK
@click.option(
    "--state",
    type=click.Choice(["waiting", "dead", "dropped"]),
    help="Only events that are in this state.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="The most events that are shown.",
)
@_FORMAT
def list_(
    outbox: Path, sink: str | None, state: str | None, limit: int, report_format: str
) -> None:
    """List events that a sink has not got, oldest first; never what is in them."""
    from quantapilot.outbox.survey import items

    must_be(outbox)
    try:
        found = items(outbox, sink, state, min(limit, _MOST))
    except LookupError:
        raise _unknown_sink(sink) from None
    if report_format == "json":
        _print_json([{**asdict(item), "due": _time(item.due or None)} for item in found])
    else:
        for item in found:
            click.echo(_item_line(item))
    if not found:
        click.echo("nothing is listed: no event is like that", err=True)
        sys.exit(ExitCode.NOTHING)


@outbox.command()
@_IDS
@THE_OUTBOX
@_SINK
@click.option("--all", "every", is_flag=True, help="All dead and waiting events.")
def retry(ids: tuple[str, ...], *, outbox: Path, sink: str | None, every: bool) -> None:
    """Have dead and waiting events sent again as soon as a relay runs.

    Name events by their ids, or a sink, or --all. A sink that was disabled is enabled again when
    it is named, and by --all.
    """
    if bool(ids) == (every or (not ids and sink is not None)):
        raise click.UsageError("name events by their ids, or a sink by --sink, or say --all")
    _do(outbox, sink, lambda at: at.retry(ids or None, sink), "to be sent again")


@outbox.command()
@_IDS
@THE_OUTBOX
@_SINK
@click.option("--all-dead", is_flag=True, help="All dead events.")
@click.option("--forget", is_flag=True, help="With --sink: let go of the sink itself, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(
    ids: tuple[str, ...],
    *,
    outbox: Path,
    sink: str | None,
    all_dead: bool,
    forget: bool,
    yes: bool,
) -> None:
    """Give up events: those with these ids, or all that a sink has not got, or all dead ones.

    They are not sent any more. A sink that is never used again keeps events from being deleted,
    until it is let go by '--sink NAME --forget'.
    """
    if bool(ids) == (all_dead or (not ids and sink is not None)):
        raise click.UsageError("name events by their ids, or a sink by --sink, or say --all-dead")
    if forget and (sink is None or ids or all_dead):
        raise click.UsageError("--forget goes with --sink, and with nothing else")
    must_be(outbox)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("what is dropped is never delivered: say --yes if that is meant")
        if not click.confirm("What is dropped is never delivered. Go on?"):
            click.echo("qp: nothing was given up", err=True)
            sys.exit(ExitCode.NOTHING)
    if forget and sink is not None:
        _do(outbox, sink, lambda at: at.forget(sink), "given up", may_be_none=True)
    else:
        _do(outbox, sink, lambda at: at.drop(ids or None, sink, dead=all_dead), "given up")


@outbox.command()
@THE_OUTBOX
@click.option(
    "--accept",
    is_flag=True,
    help="Copy what is damaged, and go on with all that is intact.",
)
def verify(outbox: Path, *, accept: bool) -> None:
    """Check that every event is there, and as it was stored.

    It changes nothing but with --accept; the damaged files are kept beside it then.
    """
    from quantapilot.outbox.faults import typed
    from quantapilot.outbox.intact import examine

    must_be(outbox)
    with typed(outbox):
        found = examine(outbox, full=True)
    if found.clean:
        click.echo(f"intact: {counted(found.checked, 'event')}")
        return
    click.echo(f"damaged: {found.told()}")
    if not accept:
        click.echo("nothing was changed; --accept copies the files and goes on with what is intact")
        sys.exit(ExitCode.FINDINGS)
    from quantapilot.outbox.repair import accept as repair

    done = repair(outbox)
    for copy in done.copies:
        click.echo(f"copied to {printable(copy.name)}")
    for name in done.reset:
        click.echo(f"progress lost: {name} gets all events again")
    gone = f"{counted(done.gone, 'acknowledged event')} gone"
    click.echo(
        f"goes on with {counted(done.kept, 'event')}; {gone}, {done.changed:,} of them changed"
    )


def _unknown_sink(sink: str | None) -> click.UsageError:
    return click.UsageError(f"the outbox knows no sink {sink}; 'qp outbox status' lists them")


def _do(
    outbox: Path,
    sink: str | None,
    work: Callable[[Outbox], int],
    what: str,
    *,
    may_be_none: bool = False,
) -> None:
    from quantapilot.errors import UnknownNameError
    from quantapilot.outbox.outbox import Outbox

    must_be(outbox)
    with Outbox(outbox, append=False) as opened:
        try:
            concerned = work(opened)
        except UnknownNameError:
            raise _unknown_sink(sink) from None
    click.echo(f"{what}: {concerned:,}")
    if not concerned and not may_be_none:
        sys.exit(ExitCode.NOTHING)


def _print_json(body: Any) -> None:
    import orjson

    click.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())


def _as_json(found: Status) -> dict[str, Any]:
    body = asdict(found)
    body["oldest"] = _time(found.oldest)
    for told, sink in zip(body["sinks"], found.sinks, strict=True):
        told["oldest"] = _time(sink.oldest)
    return body


def _status_lines(found: Status) -> list[str]:
    kept = (
        f"{counted(found.events, 'event')} kept, {found.bytes:,} bytes; files {found.size:,} bytes"
    )
    lines = [kept]
    if found.lost:
        lines.append(f"{counted(found.lost, 'event')} lost by damage that was accepted")
    lines += [_sink_line(sink) for sink in found.sinks] or ["no sink yet: start 'qp relay'"]
    for role, owner in found.owners.items():
        lines.append(f"role {role}: process {owner.pid}, since {owner.since}")
    return lines


def _sink_line(sink: SinkStatus) -> str:
    parts = [f"waiting {sink.waiting:,}", f"dead {sink.dead:,}", f"dropped {sink.dropped:,}"]
    if sink.oldest is not None:
        parts.append(f"oldest of {_time(sink.oldest)}")
    if sink.disabled is not None:
        parts.append(f"disabled: {printable(sink.disabled)}")
    return f"{printable(sink.name)}: {', '.join(parts)}"


def _item_line(item: Item) -> str:
    parts = [str(item.seq), item.id, item.type, item.subject, item.sink, item.state]
    parts.append(counted(item.attempts, "attempt"))
    if item.due:
        parts.append(f"due {_time(item.due)}")
    if item.reason:
        parts.append(item.reason)
    return "  ".join(printable(part) for part in parts)


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    if not 0 <= seconds < _ENDS:
        # A damaged file may hold any number.
        return "an unknown time"
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
