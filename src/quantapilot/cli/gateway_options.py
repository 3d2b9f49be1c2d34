"""What the commands of the gateway share: its store, and how what stands there is told."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli import candidates
from quantapilot.contract.ids import PROJECT
from quantapilot.errors import ExitCode, needing
from quantapilot.reports.plain import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.gateway.store.store import Store

STORE = click.option(
    "--store",
    envvar="QP_STORE",
    show_envvar=True,
    default="quantapilot.db",
    show_default=True,
    metavar="FILE|URL",
    help="What the gateway keeps its state in: a file, or a PostgreSQL at postgresql://….",
    shell_complete=candidates.files,
)
FORMAT = click.option(
    "--format",
    "report_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Shape of what is printed.",
)


def checked_project(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    project_id: str,
) -> str:
    """Return the id of a project, if it is one as the contract has it."""
    if not PROJECT.fullmatch(project_id):
        raise click.BadParameter("a project's id is a UUID, or 'proj_' and letters and digits")
    return project_id


@contextmanager
def opened(store: str, *, made: bool = False) -> Iterator[Store]:
    """Open a gateway's store.

    Args:
        store: A file or an address, as the option has it.
        made: A file that is not there is made; else its absence ends the program with exit code 3.

    Raises:
        MissingExtraError: The packages of the gateway are not installed.
        StoreError: The store can't be used.
    """
    with needing("gateway", "the gateway's store"):
        from quantapilot.gateway.store.address import address
        from quantapilot.gateway.store.store import Store

    file = address(store).path
    if not made and file is not None and not file.exists():
        click.echo(f"qp: {printable(store)}: there is no such store", err=True)
        sys.exit(ExitCode.NOTHING)
    with Store(store) as gateway:
        yield gateway


def moment(seconds: float | None) -> str | None:
    """Return a time as RFC 3339 writes it; None for none."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def print_json(body: Any) -> None:
    """Print a body that programs read."""
    import orjson

    click.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
