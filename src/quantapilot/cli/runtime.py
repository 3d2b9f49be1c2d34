"""What the commands of the runtime share: the outbox, its sinks, and secrets from outside."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from quantapilot.cli import candidates
from quantapilot.errors import ExitCode
from quantapilot.reports.plain import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.sinks.sink import SinkOptions

_F = TypeVar("_F", bound="Callable[..., Any]")

SECRETS = "QP_WEBHOOK_SECRETS"
HEADER = "QP_WEBHOOK_HEADER"


class _File(click.Path):
    """The name of a file; a variable of a script that is not set makes none."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Return the path."""
        if not os.fspath(value):
            self.fail("it is empty: name a file.", param, ctx)
        return super().convert(value, param, ctx)


def _outbox(*, required: bool) -> Callable[[_F], _F]:
    return click.option(
        "--outbox",
        type=_File(dir_okay=False, path_type=Path),
        envvar="QP_OUTBOX",
        show_envvar=True,
        required=required,
        metavar="FILE",
        help="The file that events are kept in until they are delivered.",
        shell_complete=candidates.files,
    )


OUTBOX = _outbox(required=False)
THE_OUTBOX = _outbox(required=True)
TO = click.option(
    "--to",
    multiple=True,
    envvar="QP_SINKS",
    show_envvar=True,
    metavar="URL",
    help="Deliver to this sink, such as https://…, nats://… or file:…; repeatable.",
)


def must_be(outbox: Path) -> None:
    """End with exit code 3 where there is no outbox; one whose mark is left is damaged.

    Raises:
        OutboxError: Nobody may look.
    """
    from quantapilot.outbox.faults import typed
    from quantapilot.outbox.mark import mark_path

    with typed(outbox):
        there = outbox.is_file() or mark_path(outbox).exists()
    if not there:
        click.echo(f"qp: {printable(str(outbox))}: there is no such outbox", err=True)
        sys.exit(ExitCode.NOTHING)


def sink_options(*, allow_private: bool, deadline: float | None = None) -> SinkOptions:
    """Return what the environment and the command line say of sinks besides their addresses.

    Secrets come from the environment alone: arguments show in lists of processes.

    Raises:
        click.UsageError: The header is not written as one.
    """
    from quantapilot.sinks.sink import SinkOptions

    header = None
    if written := os.environ.get(HEADER, ""):
        name, colon, value = written.partition(":")
        if not (colon and name.strip() and value.strip()):
            raise click.UsageError(f"{HEADER} must be 'Name: value'")
        header = name.strip(), value.strip()
    secrets = tuple(os.environ.get(SECRETS, "").split())
    made = SinkOptions(secrets, header, allow_private)
    return made if deadline is None else SinkOptions(secrets, header, allow_private, deadline)
