"""Checks: the part of a rule that no regular expression can say.

Each takes a candidate and tells whether it really is a value of the rule's class. Rules name them
by their key in `CHECKS`. Heavy engines are imported on first use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What a project may tell the checks.

    `internal_networks` are passed beside the private ranges; `phone_regions` are the ISO 3166
    regions whose national phone formats are tried.
    """

    internal_networks: tuple[Network, ...] = ()
    phone_regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "ES", "IT", "PL", "UA", "IN", "BR")


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """A span `text[start:end]` that a rule's pattern found; never shown, so it has no repr."""

    text: str
    start: int
    end: int
    settings: DetectorSettings = field(default_factory=DetectorSettings)

    @property
    def value(self) -> str:
        """Return the span's text."""
        return self.text[self.start : self.end]


Check = Callable[[Candidate], bool]

_PLACEHOLDER = re.compile(
    r"""\s*(?:
        [*xX.\-_?#•]+ | <[^<>]*> | \[[^\[\]]*\] | \{\{?.*\}?\} | \$\{?\w+\}? | \$\(.*\) | %\w+%? | %\(\w+\)s
      | (?:null|none|nil|undefined|n/?a|unknown|anonymous|redacted|masked|hidden|removed|filtered
          |example|changeme|change[-_]me|your[-_ ].*|todo|tbd|empty|true|false|yes|no|0|-)
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands in for one: empty, masked, a variable, `null`, `<token>`."""
    return not value.strip() or _PLACEHOLDER.fullmatch(value) is not None


def not_placeholder(candidate: Candidate) -> bool:
    """Accept everything that is not a placeholder."""
    return not is_placeholder(candidate.value)


def public_ip(candidate: Candidate) -> bool:
    """Accept addresses outside the internal ranges (RFC 1918, 4193, 3927, 5735, 6598 and configured).

    Documentation ranges (RFC 5737, 3849) are no one's address and pass too.
    """
    text = candidate.value.strip("[]").split("%", 1)[0]
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if not address.is_global or address.is_multicast:
        return False
    return not any(
        address in network
        for network in candidate.settings.internal_networks
        if network.version == address.version
    )


CHECKS: dict[str, Check] = {
    "not_placeholder": not_placeholder,
    "public_ip": public_ip,
}
