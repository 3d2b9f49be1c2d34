"""What the commands that ask a gateway share: where it is, and how its answers are shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click
import orjson

from quantapilot.cli.options import Seconds
from quantapilot.errors import needing

if TYPE_CHECKING:
    from quantapilot.client.gateway import Gateway
    from quantapilot.client.patience import Patience

# How often a gateway that does not answer is asked again: some eight seconds in all.
_TRIES = 4
_NOT_PLAIN = re.compile(r"[^ -~]")

URL = click.option(
    "--url",
    envvar="QP_URL",
    show_envvar=True,
    default="http://127.0.0.1:8700",
    show_default=True,
    metavar="URL",
    help="Where the gateway is.",
)
FORMAT = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Shape of the output.",
)
WAIT = click.option(
    "--wait",
    type=Seconds(min=0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait, in all, for a gateway that takes no more just now, or is lost.",
)


def gateway_at(url: str, feature: str) -> Gateway:
    """Return the gateway at an address, asked with the token that is kept for it.

    Args:
        url: Its address.
        feature: What is asked for, as the error says it where packages are missing.

    Raises:
        MissingExtraError: The packages are not installed.
        GatewayError: The address can't be used, or there is no token.
    """
    from quantapilot.client.address import gateway_url
    from quantapilot.client.credentials import token

    with needing("client", feature):
        from quantapilot.client.gateway import Gateway
    address = gateway_url(url)
    return Gateway(address, token(address))


def said(text: str) -> None:
    """Say something beside the output."""
    click.echo(f"qp: {text}", err=True)


def patience(wait: float, *, quiet: bool) -> Patience:
    """Return how long one call is tried for.

    Args:
        wait: For how many seconds a gateway that takes no more is waited for in all.
        quiet: Whether nothing is said of it.
    """
    from quantapilot.client.patience import Patience

    return Patience(wait, (lambda _: None) if quiet else said, tries=_TRIES)


def ascii_json(value: Any) -> str:
    """Return a value as JSON on one line, all that a terminal might obey as escapes."""
    text = orjson.dumps(value).decode()
    return _NOT_PLAIN.sub(lambda found: json.dumps(found[0])[1:-1], text)
