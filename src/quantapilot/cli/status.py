"""`qp status`: how far a run is, as its gateway tells it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.remote import FORMAT, URL, WAIT, ascii_json, gateway_at, patience, said
from quantapilot.errors import ExitCode, NotFoundError, UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What is shown under which name, in this order.
_SHOWN = {
    "run_id": "run",
    "project_id": "project",
    "state": "state",
    "error_code": "error",
    "message": "message",
    "repo_url": "repository",
    "branch": "branch",
    "gates": "awaits",
    "milestones_count": "milestones",
    "docs_branch": "documentation",
    "pr_number": "pull request",
    "correlation_id": "correlation",
    "started_at": "started",
    "updated_at": "updated",
    "events_count": "events",
}


@click.command()
@click.argument("run_id", metavar="RUN_ID")
@URL
@FORMAT
@click.option("--watch", is_flag=True, help="Show the run's events, and end by its result.")
@WAIT
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    help="Say nothing besides the state, or with --watch besides a failure.",
)
def status(
    run_id: str, *, url: str, output_format: str, watch: bool, wait: float, quiet: bool
) -> None:
    """Show how far a run is.

    Exit codes: 0 it goes on or is completed, 1 it has failed, 3 there is no such run, 4 could not.
    """
    from quantapilot.client.answers import is_uuid

    run_id = run_id.lower()
    if not is_uuid(run_id):
        raise click.UsageError("RUN_ID is not the id of a run, as 'qp run' prints it")
    try:
        with gateway_at(url, "qp status") as gateway:
            if watch:
                from quantapilot.cli.watch import watched

                code = watched(gateway, run_id, wait=wait, quiet=quiet, output_format=output_format)
            else:
                state = patience(wait, quiet=quiet).until(lambda: gateway.run(run_id))
                code = _told(state, output_format)
    except NotFoundError as error:
        said(str(error))
        code = ExitCode.NOTHING
    sys.exit(code)


def _told(state: Mapping[str, Any], output_format: str) -> ExitCode:
    from quantapilot.client.progress import STATES

    if state.get("state") not in STATES:
        raise UnexpectedAnswerError(
            "the gateway tells a state of the run that no run has: it may be newer than this qp"
        )
    if output_format == "json":
        click.echo(ascii_json(state))
    else:
        for line in lines(state):
            click.echo(line)
    return ExitCode.FINDINGS if state["state"] == "failed" else ExitCode.CLEAN


def lines(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known of a run, one thing a line, all that does not print as escapes."""
    from quantapilot.client.answers import words

    known = {title: state[name] for name, title in _SHOWN.items() if name in state}
    width = max(map(len, known), default=0)
    for title, value in known.items():
        listed = value if isinstance(value, list) else [value]
        if shown := ", ".join(map(words, listed)):
            yield f"{title:<{width}}  {shown}"
