"""The address of a broker, taken apart: servers, credentials, path and options.

No error here shows any of it: an address may hold a password at any place when it is mistyped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from quantapilot.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """What an address tells.

    Attributes:
        scheme: In small letters.
        servers: `host:port` of each server, with brackets around IPv6 addresses.
        path: Without its first slash, percent signs decoded.
        options: The query.
        user: None where there is none.
        password: None where there is none.
    """

    scheme: str
    servers: tuple[str, ...]
    path: str
    options: Mapping[str, str]
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def number(self, option: str, default: int) -> int:
        """Return a whole number of 1 or more.

        Raises:
            SinkError: The option holds something else.
        """
        text = self.options.get(option, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text)):
            raise SinkError(f"{option}= of a sink {self.scheme}: is a whole number from 1 up")
        return int(text)

    def choice(self, option: str) -> bool:
        """Return whether an option is switched on: it is 1, or 0 as where it is missing.

        Raises:
            SinkError: The option holds something else.
        """
        text = self.options.get(option, "0")
        if text not in {"0", "1"}:
            raise SinkError(f"{option}= of a sink {self.scheme}: is 0 or 1")
        return text == "1"


def parse_broker_url(url: str, port: int, known: Sequence[str]) -> BrokerUrl:
    """Return an address taken apart: `scheme://USER:PASSWORD@HOST:PORT,HOST:PORT/PATH?OPTIONS`.

    Args:
        url: The address.
        port: The port of a server that names none.
        known: The options there are.

    Raises:
        SinkError: It is no such address, or has an option that there is not, or one twice.
    """
    scheme = url.partition(":")[0].lower()
    parts, servers = _servers(url, port)
    if not servers:
        raise SinkError(
            f"a sink {scheme}: has an address like {scheme}://HOST:PORT/…; this one has not"
        )
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    if parts.fragment or len(options) < len(pairs) or not options.keys() <= set(known):
        names = ", ".join(known)
        raise SinkError(f"the options of a sink {scheme}: are {names}, each once after a `?`")
    userinfo, at, _ = parts.netloc.rpartition("@")
    user, colon, password = userinfo.partition(":")
    return BrokerUrl(
        scheme,
        servers,
        unquote(parts.path.removeprefix("/")),
        options,
        unquote(user) if at else None,
        unquote(password) if colon else None,
    )


def _servers(url: str, port: int) -> tuple[SplitResult, tuple[str, ...]]:
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2]
        return parts, tuple(_server(host, port) for host in hosts.split(","))
    except ValueError:
        return urlsplit(""), ()


def _server(text: str, port: int) -> str:
    parts = urlsplit(f"//{text}")
    host = parts.hostname
    if not host or parts.path or parts.query or parts.username is not None:
        raise ValueError
    given = parts.port
    return f"[{host}]:{given or port}" if ":" in host else f"{host}:{given or port}"
