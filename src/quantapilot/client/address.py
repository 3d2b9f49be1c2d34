"""The gateway's address, judged before a token is sent there.

A token over plain http can be read on its way, so that is for this machine and private networks.
"""

from __future__ import annotations

import re
import socket

from quantapilot.errors import GatewayError, GatewayUnavailableError
from quantapilot.sinks.addresses import is_public

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)


def gateway_url(given: str) -> str:
    """Return the address of a gateway in the one form that its token is kept by.

    Raises:
        GatewayError: It can't be used; the text shows nothing of it.
    """
    if "@" in given:
        raise GatewayError(
            "the gateway's address holds credentials: take them out, the token comes from QP_TOKEN"
        )
    parsed = _ADDRESS.fullmatch(given)
    if parsed is None or int(parsed["port"] or 1) not in range(1, 65536):
        raise GatewayError(
            "the gateway's address is not of the form https://host:port/path (--url, or QP_URL)"
        )
    port = f":{int(parsed['port'])}" if parsed["port"] else ""
    return f"{parsed['scheme'].lower()}://{parsed['host'].lower()}{port}{parsed['path']}"


def is_plain(url: str) -> bool:
    """Return whether what is sent to an address of `gateway_url` can be read on its way."""
    return url.startswith("http:")


def must_stay_inside(url: str) -> None:
    """Refuse plain http to a host outside of this machine and of private networks.

    It keeps from mistakes; who answers questions for names can still answer differently later.

    Raises:
        GatewayError: The address leads outside.
        GatewayUnavailableError: Nobody knows the host.
    """
    if not is_plain(url):
        return
    parsed = _ADDRESS.fullmatch(url)
    host = parsed["host"].strip("[]") if parsed else ""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise GatewayUnavailableError(f"{url} can't be reached: no such host")
    if any(is_public(str(address[0])) for *_, address in found):
        raise GatewayError(
            f"{url} is not in a private network, and over http: the token could be read on its"
            " way: use https:"
        )
