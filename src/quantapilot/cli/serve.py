"""`qp serve`: the trigger gateway, with its store, its page and its deliveries."""

from __future__ import annotations

import re
import sys
from dataclasses import fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli.gateway_options import STORE
from quantapilot.cli.options import CONFIG, Seconds
from quantapilot.errors import ExitCode, needing

if TYPE_CHECKING:
    from quantapilot.gateway.limits import LimitSettings
    from quantapilot.gateway.records import Level

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = 86_400.0
_PORT = re.compile("[0-9]{1,5}")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_TAKEN = re.compile(r"/runs/|/(?:subscriptions|assets)(?:/|\Z)")


@click.command()
@STORE
@click.option(
    "--listen",
    default="127.0.0.1:8700",
    show_default=True,
    envvar="QP_LISTEN",
    show_envvar=True,
    metavar="HOST:PORT",
    help="Where to listen; port 0 is a free one.",
)
@click.option(
    "--path", default="/run", show_default=True, metavar="PATH", help="Where triggers are sent."
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=RATE",
    help="A rate limit, such as trigger=600/minute; repeatable.",
)
@click.option(
    "--limits-at",
    default="memory://",
    show_default=True,
    envvar="QP_LIMITS",
    metavar="URL",
    help="Where calls are counted; redis://… for several processes together.",
)
@click.option(
    "--nats",
    envvar="QP_NATS",
    show_envvar=True,
    metavar="URL",
    help="Where nodes of one gateway wake each other: nats://…; else they look twice a second.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Webhooks and repositories may stand in private networks.",
)
@click.option("--certificate", type=_FILE, metavar="FILE", help="Speak TLS with this certificate.")
@click.option("--key", type=_FILE, metavar="FILE", help="The certificate's key.")
@click.option(
    "--behind",
    default="",
    metavar="ADDRESSES",
    help="Believe these proxies, addresses or networks with commas between them, who a client is.",
)
@click.option(
    "--disable-after",
    type=Seconds(min=1),
    default=259_200.0,
    show_default=True,
    metavar="SECONDS",
    help="End a subscription to which nothing could be delivered for so long.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Let go of runs so long after their last event, once all is delivered; else keep all.",
)
@click.option(
    "--new-key",
    is_flag=True,
    help="Go on where the gateway's key is lost; webhooks and signed triggers need new secrets.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Which log records are written, to standard error.",
)
@CONFIG
def serve(
    store: str,
    listen: str,
    path: str,
    limits: tuple[str, ...],
    limits_at: str,
    *,
    nats: str | None,
    allow_private: bool,
    certificate: Path | None,
    key: Path | None,
    behind: str,
    disable_after: float,
    keep: int | None,
    new_key: bool,
    log_level: Level,
    config: Path | None,
) -> None:
    """Run the trigger gateway until it is stopped.

    It takes triggers and events, delivers them to subscriptions, and shows runs on its page. Its
    address stands on standard output once it answers, its log on standard error. Make tokens with
    'qp token create' and register repositories with 'qp project add'.
    """
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key go together")
    with needing("gateway", "qp serve"):
        from quantapilot.gateway import server
        from quantapilot.gateway.gateway import Gateway
        from quantapilot.gateway.limits import LimitSettings
        from quantapilot.gateway.records import Records
        from quantapilot.gateway.requirements import must_serve
        from quantapilot.gateway.settings import GatewaySettings
        from quantapilot.gateway.webhooks import DeliverySettings
    from quantapilot.config import load_config
    from quantapilot.gate.project import Project

    settings = GatewaySettings(
        store=store,
        run_path=_path(path),
        limits=_limits(LimitSettings(), limits),
        limits_storage=limits_at,
        nats=nats,
        deliveries=DeliverySettings(allow_private=allow_private, disable_after=disable_after),
        keep=None if keep is None else keep * _DAY,
        new_key=new_key,
        allow_private=allow_private,
    )
    host, port = _address(listen)
    listening = server.Listening(host, port, certificate, key, _proxies(behind))
    loaded = load_config(config)
    must_serve(Project(loaded).contract())
    with Records(log_level, config=loaded) as records:
        server.serve(Gateway(settings, config=loaded, records=records), listening, _began)
    sys.exit(ExitCode.CLEAN)


def _began(address: str) -> None:
    click.echo(address)


def _path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise click.BadParameter("it is no path such as /run", param_hint="--path")
    if _TAKEN.match(path):
        raise click.BadParameter("another call has this path", param_hint="--path")
    return path


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not _PORT.fullmatch(port) or int(port) > 65_535:
        raise click.BadParameter("it is not HOST:PORT", param_hint="--listen")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _proxies(behind: str) -> str:
    for each in filter(None, behind.split(",")):
        try:
            ip_network(each.strip())
        except ValueError:
            raise click.BadParameter(
                "it is not addresses or networks such as 10.0.0.0/8, commas between them",
                param_hint="--behind",
            ) from None
    return behind


def _limits(settings: LimitSettings, given: tuple[str, ...]) -> LimitSettings:
    known = [each.name for each in fields(settings)]
    for each in given:
        name, equals, rate = each.partition("=")
        if not equals or name not in known:
            raise click.BadParameter(
                f"it is not NAME=RATE with one of {', '.join(known)}", param_hint="--limit"
            )
        settings = replace(settings, **{name: rate})
    return settings
