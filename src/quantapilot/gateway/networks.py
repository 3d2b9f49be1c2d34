"""Which network a request comes from: who has one address there has many, so they count as one.

What stands for a network is a keyed hash: no address is kept or told.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantapilot.gateway.keys import Keys

_V4_PREFIX = 24
_V6_PREFIX = 64


def address_class(keys: Keys, address: str | None) -> bytes:
    """Return what stands for the network of an address.

    Networks are /24 of IPv4 and /64 of IPv6. Nothing tells which one it stands for.

    Args:
        keys: Hash it.
        address: The peer's; None, and what is no IP address, are one class of their own.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return keys.hashed("address")
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    network: IPv4Network | IPv6Network
    if isinstance(parsed, IPv6Address):
        network = IPv6Network((int(parsed), _V6_PREFIX), strict=False)
    else:
        network = IPv4Network((int(parsed), _V4_PREFIX), strict=False)
    return keys.hashed("address", network.network_address.packed)
