"""`qp emit`: events from the command line, checked and stored as a service emits them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli import candidates
from quantapilot.cli.options import CONFIG, Seconds
from quantapilot.cli.output import tell_refused
from quantapilot.cli.runtime import OUTBOX, TO, sink_options
from quantapilot.config import load_config
from quantapilot.errors import ExitCode, UnsearchableError
from quantapilot.findings import EventRefusedError
from quantapilot.reports.plain import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.emitter.checking import EventCheck
    from quantapilot.outbox.ports import Entry
    from quantapilot.relay.progress import SinkProgress

_STDIN = "-"
# Scripts that emit at the same time take turns; a service keeps its outbox.
_PATIENCE = 5.0


@click.command()
@click.argument("name", metavar="[TYPE]", required=False, shell_complete=candidates.events)
@click.argument("stdin", metavar="[-]", required=False, type=click.Choice([_STDIN]))
@click.option("--data", metavar="JSON", help="The payload, or with its envelope a whole event.")
@click.option(
    "--file",
    metavar="FILE",
    shell_complete=candidates.files,
    help="Read it from FILE, as one JSON document or one a line; '-' is standard input.",
)
@OUTBOX
@click.option(
    "--source",
    envvar="QP_SOURCE",
    show_envvar=True,
    metavar="PATH",
    help="What emits the event, such as /quantapilot/worker; for events that do not say it.",
)
@TO
@click.option(
    "--allow-private", is_flag=True, help="Deliver to private and loopback addresses too."
)
@click.option(
    "--wait",
    type=Seconds(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for deliveries; what is left stays in the outbox.",
)
@click.option(
    "--order",
    is_flag=True,
    help="Refuse an event that may not follow those of its run in the outbox.",
)
@click.option("--dry-run", is_flag=True, help="Check, show the event that would be sent, and end.")
@CONFIG
def emit(
    name: str | None,
    *,
    stdin: str | None,
    data: str | None,
    file: str | None,
    outbox: Path | None,
    source: str | None,
    to: tuple[str, ...],
    allow_private: bool,
    wait: float,
    order: bool,
    dry_run: bool,
    config: Path | None,
) -> None:
    """Emit an event: check its payload, store it, and print its id.

    TYPE is the event's, such as run_started; without it the input holds whole events. What breaks
    the contract or holds personal data is refused and not stored. With --to it is delivered at
    once, else 'qp relay' delivers it.
    """
    if name == _STDIN:
        name, stdin = None, _STDIN
    if sum(each is not None for each in (data, file, stdin)) != 1:
        raise click.UsageError("give the payload by one of --data, --file and '-'")
    settings = load_config(config)
    if data is not None:
        texts = _data(data)
    else:
        texts = _texts(_STDIN if file is None else file, settings.max_document_bytes)
    if dry_run:
        if order:
            raise click.UsageError("--order judges what is stored, and --dry-run stores nothing")
        from quantapilot.emitter.checking import EventCheck

        check = EventCheck(settings, source)
        sys.exit(_each(check, texts, name, lambda entry: entry.body.decode()))
    if outbox is None:
        raise click.UsageError("name the outbox: --outbox FILE, or QP_OUTBOX")
    import logging

    from quantapilot.emitter import Emitter

    # What ends a relay is raised, too, and told once.
    logging.getLogger("quantapilot").addHandler(logging.NullHandler())
    emitter = Emitter(
        outbox,
        source=source,
        sinks=to,
        options=sink_options(allow_private=allow_private),
        config=settings,
        linger=wait,
        patience=min(wait, _PATIENCE),
        order=order,
    )
    with emitter:
        code = _each(emitter.check, texts, name, emitter.store)
    _tell(emitter.progress)
    sys.exit(code)


def _each(
    check: EventCheck,
    texts: Iterable[tuple[str, int, str]],
    name: str | None,
    done: Callable[[Entry], str],
) -> ExitCode:
    """Check each text, print what is done with it, and return how that ends.

    One that is refused is told of and keeps none of the others back.
    """
    from quantapilot.emitter.texts import entry_of, placing

    code = ExitCode.NOTHING
    for label, line, text in texts:
        try:
            entry = entry_of(check, label, text, line, name)
            with placing(check, label, text, line, name):
                shown = done(entry)
            click.echo(shown)
        except EventRefusedError as error:
            tell_refused(error)
            code = ExitCode.FINDINGS
        else:
            code = ExitCode.CLEAN if code is ExitCode.NOTHING else code
    if code is ExitCode.NOTHING:
        click.echo("qp: the input holds no event", err=True)
    return code


def _tell(progress: Iterable[SinkProgress]) -> None:
    """Say what is stored and could not be delivered yet."""
    for sink in progress:
        reason = sink.disabled or sink.reason
        if sink.disabled is not None or not sink.settled:
            told = f"{sink.name}: not all is delivered yet{f' ({reason})' if reason else ''}"
            click.echo(f"qp: {told}; what is left stays in the outbox for 'qp relay'", err=True)


def _data(data: str) -> Iterator[tuple[str, int, str]]:
    yield "--data", 1, data


def _texts(file: str, most: int) -> Iterator[tuple[str, int, str]]:
    """Yield the JSON documents of a file as they come: one a line, or one in all.

    Each with the file's name and the number of its first line.

    Raises:
        UnsearchableError: It can't be read, or a document has more than `most` bytes.
    """
    from quantapilot.emitter.texts import documents

    label = "<stdin>" if file == _STDIN else printable(file)
    if not file:
        raise click.UsageError("--file is empty: name a file, or '-' for standard input")
    try:
        with nullcontext(sys.stdin.buffer) if file == _STDIN else Path(file).open("rb") as stream:
            yield from documents(label, stream, most)
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise UnsearchableError(f"{label}: can't be read: {reason}") from error
