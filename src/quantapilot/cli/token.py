"""`qp token`: who may do what with a gateway, and until when.

A token is printed once, alone on standard output; what is kept of it proves it and can't be turned
back.
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.gateway_options import (
    FORMAT,
    STORE,
    checked_project,
    moment,
    opened,
    print_json,
)
from quantapilot.errors import ExitCode
from quantapilot.gateway.model import EVERY_PROJECT, SCOPES
from quantapilot.reports.plain import printable

if TYPE_CHECKING:
    from quantapilot.gateway.model import Token

_SIGNS = "run:trigger"
_MEASURES = "metrics:read"
_MOST_LABEL_CHARACTERS = 60
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_MOST_SECONDS = 10 * 366 * 86400


def _seconds(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    text: str | None,
) -> int | None:
    """Return for how many seconds a token holds."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,7})([mhdw])", text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= _MOST_SECONDS:
        raise click.BadParameter("write a number and m, h, d or w, such as 30d; ten years at most")
    return seconds


def _granted(
    ctx: click.Context, param: click.Parameter, projects: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(
        each if each == EVERY_PROJECT else checked_project(ctx, param, each) for each in projects
    )


def _label(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    label: str,
) -> str:
    """Return a label that every operator may read: short, on one line, naming nobody."""
    if len(label) > _MOST_LABEL_CHARACTERS or not label.isprintable():
        raise click.BadParameter(
            f"a label is one line of {_MOST_LABEL_CHARACTERS} characters at most"
        )
    if label:
        from quantapilot.config import load_config
        from quantapilot.gate.project import Project

        if found := Project(load_config()).detector().find(label):
            rules = ", ".join(sorted({match.rule.id for match in found}))
            raise click.BadParameter(f"{rules} holds for it: name a purpose, not a person")
    return label


@click.group()
def token() -> None:
    """Say who may do what with a gateway.

    Exit codes: 0 done, 1 nothing to revoke, 2 usage, 3 nothing there, 4 could not be done.
    """


@token.command()
@STORE
@click.option(
    "--project",
    "projects",
    multiple=True,
    required=True,
    callback=_granted,
    metavar="PROJECT",
    help="May do it with this project; repeatable; '*' is every project.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="May do this; repeatable.",
)
@click.option(
    "--expires",
    callback=_seconds,
    metavar="TIME",
    help="Ends after TIME, such as 12h or 30d; else it holds until it is revoked.",
)
@click.option(
    "--label",
    default="",
    callback=_label,
    metavar="TEXT",
    help="A few words on what it is for; they must name no person.",
)
@click.option(
    "--signed",
    is_flag=True,
    help="A key to sign triggers with, as senders of webhooks do, in place of a token to send.",
)
def create(
    store: str,
    *,
    projects: tuple[str, ...],
    scopes: tuple[str, ...],
    expires: int | None,
    label: str,
    signed: bool,
) -> None:
    """Make a token and print it, this once.

    With --signed, the key's id and its secret are printed on one line.
    """
    from quantapilot.gateway.tokens import new_signing_token, new_token

    granted = scopes or ((_SIGNS,) if signed else ())
    if not granted:
        raise click.UsageError(f"say what it may do: --scope, one of {', '.join(SCOPES)}")
    if signed and set(granted) != {_SIGNS}:
        raise click.UsageError(f"a key signs triggers and nothing else: --scope {_SIGNS}")
    if _MEASURES in granted and EVERY_PROJECT not in projects:
        raise click.UsageError(
            f"measurements are of all projects: {_MEASURES} goes with --project '{EVERY_PROJECT}'"
        )
    now = time.time()
    expires_at = None if expires is None else now + expires
    with opened(store, made=True) as gateway:
        if signed:
            from quantapilot.gateway.keys import load_keys

            keys = load_keys(store)
            gateway.use_key(keys.check)
            made = new_signing_token(granted, projects, now, label=label, expires_at=expires_at)
            shown = f"{made.token_id} {keys.trigger_secret(made.token_id)}"
        else:
            shown, made = new_token(granted, projects, now, label=label, expires_at=expires_at)
        gateway.add_token(made)
        known = set(gateway.directory().repositories.values())
    click.echo(shown)
    click.echo(f"made {_line(made, now)}; keep it: it is not shown again", err=True)
    for project in sorted(made.projects - known - {EVERY_PROJECT}):
        click.echo(
            f"{project} has no repository yet: 'qp project add {project} --repo URL'", err=True
        )


@token.command("list")
@STORE
@FORMAT
def list_(store: str, report_format: str) -> None:
    """List all tokens, those that ended too; never what proves them."""
    now = time.time()
    with opened(store) as gateway:
        tokens = gateway.tokens()
    if report_format == "json":
        print_json([_as_json(each, now) for each in tokens])
    else:
        for each in tokens:
            click.echo(_line(each, now))
    if not tokens:
        click.echo("nothing is listed: there is no token", err=True)
        sys.exit(ExitCode.NOTHING)


@token.command()
@click.argument("token_id", metavar="ID")
@STORE
def revoke(token_id: str, store: str) -> None:
    """End the token with this id, now and for good; its subscriptions hear nothing more."""
    from quantapilot.gateway.tokens import TOKEN_ID

    if not TOKEN_ID.fullmatch(token_id):
        # Whoever mistakes the argument may have put the token there: it is not repeated.
        raise click.UsageError(
            "ID is the token's id, as 'qp token list' has it, and never the token: "
            "the 12 characters behind 'qpt_'"
        )
    with opened(store) as gateway:
        ended = gateway.revoke_token(token_id, time.time())
    if not ended:
        click.echo(f"qp: no token {token_id} holds; 'qp token list' has all", err=True)
        sys.exit(ExitCode.FINDINGS)
    click.echo(f"revoked {token_id}")


def _state(token: Token, now: float) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "live" if token.live(now) else "expired"


def _as_json(token: Token, now: float) -> dict[str, Any]:
    return {
        "token_id": token.token_id,
        "kind": token.kind,
        "state": _state(token, now),
        "scopes": sorted(token.scopes),
        "projects": sorted(token.projects),
        "label": token.label,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "revoked_at": moment(token.revoked_at),
    }


def _line(token: Token, now: float) -> str:
    parts = [token.token_id, token.kind, _state(token, now)]
    parts += [",".join(sorted(token.scopes)), ",".join(sorted(token.projects))]
    if token.expires_at is not None:
        parts.append(f"expires {moment(token.expires_at)}")
    if token.label:
        parts.append(token.label)
    return "  ".join(printable(part) for part in parts)
