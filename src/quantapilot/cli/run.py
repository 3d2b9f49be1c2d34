"""`qp run`: a run is started at a gateway, and watched until it ends if that is wanted."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click

from quantapilot.cli import candidates
from quantapilot.cli.output import tell_refused
from quantapilot.cli.remote import FORMAT, URL, WAIT, ascii_json, gateway_at, patience, said
from quantapilot.config import load_config
from quantapilot.errors import ExitCode, RefusedByGatewayError
from quantapilot.findings import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.client.gateway import Gateway
    from quantapilot.client.patience import Patience

_NO = frozenset({"", "0", "false", "no"})


@click.command()
@click.option(
    "--repo",
    metavar="URL",
    help="The repository; else it is asked for, and the remote 'origin' is offered.",
    shell_complete=candidates.repositories,
)
@click.option(
    "--branch",
    metavar="NAME",
    help="The branch to start from; else it is asked for, and the current one is offered.",
    shell_complete=candidates.branches,
)
@click.option(
    "--config",
    metavar="PATH",
    help="The pipeline's configuration within the repository; else quantapilot.yml.",
    shell_complete=candidates.files,
)
@click.option("--correlation-id", metavar="UUID", help="Follows the run; else the gateway's own.")
@click.option("--watch", is_flag=True, help="Show the run's events, and end by its result.")
@URL
@FORMAT
@WAIT
@click.option("--quiet", "-q", is_flag=True, help="Print the run's id, and say nothing more.")
def run(
    *,
    repo: str | None,
    branch: str | None,
    config: str | None,
    correlation_id: str | None,
    watch: bool,
    url: str,
    output_format: str,
    wait: float,
    quiet: bool,
) -> None:
    """Start a run, and print its id.

    What is missing is asked for, though never in CI or without a terminal. What breaks the contract
    or holds personal data is refused here and does not leave. The token comes from QP_TOKEN or from
    the keyring.

    Exit codes: 0 accepted, 1 refused, 4 could not. With --watch: 0 completed, 1 failed, 4 unknown.
    """
    repo, branch = _completed(repo, branch)
    fields = {
        "repo_url": repo,
        "branch": branch,
        "quantapilot_yaml_path": config,
        "correlation_id": correlation_id,
    }
    request = {name: value for name, value in fields.items() if value is not None}
    _must_be_text(request)
    from quantapilot.client.request import must_be_sendable

    try:
        must_be_sendable(request, load_config(None))
    except RefusedError as refused:
        tell_refused(refused)
        sys.exit(ExitCode.FINDINGS)
    with gateway_at(url, "qp run") as gateway:
        accepted = _accepted(gateway, request, patience(wait, quiet=quiet))
        run_id = accepted["run_id"]
        click.echo(ascii_json(accepted) if output_format == "json" else run_id)
        if not watch:
            if not quiet:
                said(f"accepted; 'qp status {run_id} --watch' shows how it goes")
            return
        from quantapilot.cli.watch import watched

        code = watched(gateway, run_id, wait=wait, quiet=quiet, output_format=output_format)
    sys.exit(code)


def _completed(repo: str | None, branch: str | None) -> tuple[str, str]:
    """Return repository and branch; what is missing is asked for, where somebody can answer."""
    if repo is not None and branch is not None:
        return repo, branch
    if not _may_ask():
        missing = " and ".join(
            option for option, value in (("--repo", repo), ("--branch", branch)) if value is None
        )
        raise click.UsageError(f"nobody can be asked here: give {missing}")
    from quantapilot.client.repository import surroundings

    here = surroundings()
    # Only what is asked for goes to standard output, which a script may read.
    with redirect_stdout(sys.stderr):
        if repo is None:
            repo = _asked("Repository", here.repo_url)
        if branch is None:
            branch = _asked("Branch", here.branch)
    return repo, branch


def _asked(what: str, offered: str | None) -> str:
    return str(click.prompt(what, default=offered, err=True)).strip()


def _may_ask() -> bool:
    in_ci = os.environ.get("CI", "").lower() not in _NO
    return not in_ci and sys.stdin.isatty() and sys.stderr.isatty()


def _must_be_text(request: Mapping[str, str]) -> None:
    try:
        "".join(request.values()).encode()
    except UnicodeEncodeError:
        raise click.UsageError("what is to be run is not written as UTF-8") from None


def _accepted(gateway: Gateway, request: Mapping[str, str], patiently: Patience) -> dict[str, str]:
    """Return the gateway's answer to a trigger; it is sent until there is one.

    All tries have one key, so that one run comes of them, whichever answer was lost.
    """
    from uuid import uuid4

    key = str(uuid4())
    try:
        return patiently.until(lambda: gateway.trigger(request, key))
    except RefusedByGatewayError as refused:
        said(str(refused))
        sys.exit(ExitCode.FINDINGS)
