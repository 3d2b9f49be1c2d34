"""Which addresses a webhook may be sent to: judged where a connection begins, not where a name is.

A host's name says nothing about where it leads: it may be a number in disguise, and answer each
question with another address. So what the system is about to connect to is judged, every time.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Reach = Literal["public", "private", "any"]

# IANA's IPv4 Special-Purpose Address Registry, multicast (RFC 5771), and
# what is reserved (RFC 1112).
# Python's own `is_global` differs from one patch release to the next.
_SPECIAL_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# The only part of IPv6 that is given out for hosts (RFC 4291, section 2.4), and what is special in
# it: protocol assignments with Teredo, documentation, and 6to4, whose relays lead into IPv4.
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# Both stand for the IPv4 address in their last 32 bits (RFC 4291, 2.5.5.2; RFC 6052, 2.1).
_CARRIERS_OF_V4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))


class RefusedAddressError(OSError):
    """A connection was not begun, as its address is not one of those allowed."""

    # One text for all, so that who tries several addresses reports the refusal and not a list.
    def __init__(self) -> None:
        super().__init__("address not allowed")


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to a host of the open internet.

    Args:
        address: As the system gives it, an IPv6 scope behind `%` included.

    Raises:
        ValueError: It is no IP address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        if not any(parsed in carrier for carrier in _CARRIERS_OF_V4):
            return parsed in _UNICAST_V6 and not any(parsed in each for each in _SPECIAL_V6)
        parsed = IPv4Address(int(parsed) & 0xFFFFFFFF)
    return not any(parsed in each for each in _SPECIAL_V4)


def socket_factory(reach: Reach) -> Callable[[Any], socket.socket]:
    """Return what makes the socket for an address that `getaddrinfo` gave, if it is in reach.

    It raises `RefusedAddressError` where it is not.
    """

    def made(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if reach != "any" and is_public(address[0]) != (reach == "public"):
            raise RefusedAddressError
        return socket.socket(family=family, type=kind, proto=protocol)

    return made
