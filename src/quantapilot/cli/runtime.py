"""What the commands of the runtime share: the outbox, its sinks, and secrets from outside."""

from __future__ import annotations

import os
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli import candidates

if TYPE_CHECKING:
    from quantapilot.sinks.sink import SinkOptions

SECRETS = "QP_WEBHOOK_SECRETS"
HEADER = "QP_WEBHOOK_HEADER"

OUTBOX = click.option(
    "--outbox",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="QP_OUTBOX",
    show_envvar=True,
    metavar="FILE",
    help="The file that events are kept in until they are delivered.",
    shell_complete=candidates.files,
)
TO = click.option(
    "--to",
    multiple=True,
    envvar="QP_SINKS",
    show_envvar=True,
    metavar="URL",
    help="Deliver to this sink, such as https://…, nats://… or file:…; repeatable.",
)


class Seconds(click.FloatRange):
    """A number of seconds; 'nan', which lies in every range, is none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return it as a number."""
        number: float = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return number


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
