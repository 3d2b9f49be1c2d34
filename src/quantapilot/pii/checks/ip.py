"""What makes an address outside the internal ranges of some digits."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from quantapilot.pii.candidate import Candidate, Check

_GLOBAL_V6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


def _parse_address(value: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(value.strip("[]").split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def public_ip(candidate: Candidate) -> bool:
    """Accept addresses outside the internal ranges.

    Those are RFC 1918, 4193, 3927, 5735, 6598 and the configured networks. Documentation ranges
    (RFC 5737, 3849) are no one's address and pass too.
    """
    address = _parse_address(candidate.value)
    if address is None or not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return False
    return not any(
        address in network
        for network in candidate.settings.internal_networks
        if network.version == address.version
    )


_VERSION_BEFORE = re.compile(
    r"(?:\b(?:v|ver|versions?|release|rel|rev|revision|build|firmware|driver|sdk|patch|upgraded?"
    r"|upgrading|downgraded?|tag|bump(?:ed)?|oid|openss[lh]|chrom(?:e|ium|edriver)|firefox|safari"
    r"|edge|java|jdk|jre|windows|android|macos|electron|runtime|assembly|plugin|library)"
    r"(?:[\s:=(\"',-]{1,3}(?:is|at|from|to|now|of|number|no|->|v?\d+(?:\.\d+){1,4})"
    r"(?=[\s:=(\"',-])){0,4}"
    r"[\s:=(\"',.-]{0,3}|[=~!<>]=\s?|[~^@]|[A-Za-z0-9)]/|[A-Za-z][-_+]|/[\w.-]{1,24}:)\Z",
    re.IGNORECASE,
)
_HOST_BEFORE = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+/\Z")
_CONTINUES = re.compile(r"\.\d|[-+_](?![\d.]+\.)\w|[-+]\Z")
_PORT = re.compile(r":\d{1,5}\b")


def public_ip_v4(candidate: Candidate) -> bool:
    """Accept a public IPv4 address; no version as in `v1.2.3.4`, `pkg==1.2.3.4`, `ua/1.2.3.4`."""
    if _CONTINUES.match(candidate.after(4)):
        return False
    before = candidate.before(48)
    if _VERSION_BEFORE.search(before) and not (
        before.endswith("/") and (_HOST_BEFORE.search(before) or _PORT.match(candidate.after(6)))
    ):
        return False
    return public_ip(candidate)


def public_ip_value(candidate: Candidate) -> bool:
    """Accept a public address as a field's value, however it is written.

    With or without a port or prefix length, zero-padded, or as one number as `inet_aton` reads it.
    """
    value = re.sub(r"/\d{1,3}\Z", "", candidate.value.strip())
    if found := re.fullmatch(r"\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5}", value):
        value = found[1] or found[2]
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", value):
        value = ".".join(octet.lstrip("0") or "0" for octet in value.split("."))
    elif re.fullmatch(r"0x[0-9A-Fa-f]{7,8}|\d{8,10}", value):
        number = int(value, 0 if value[:2] == "0x" else 10)
        value = str(IPv4Address(number)) if number < 1 << 32 else ""
    return public_ip(Candidate(value, 0, len(value), candidate.settings))


CHECKS: dict[str, Check] = {
    "public_ip": public_ip,
    "public_ip_v4": public_ip_v4,
    "public_ip_value": public_ip_value,
}
