"""What makes an address outside the internal ranges of some digits."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from quantapilot.pii.candidate import Candidate, Check

# What no one on the public net has. The documentation ranges (RFC 5737, 3849) are not among them:
# an example address stands where a real one will stand tomorrow.
_INTERNAL_V4 = tuple(
    (int(network[0]), int(network[-1]))
    for network in map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/3",
        ),
    )
)
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

    Those are private, shared, loopback, link-local, unique-local, unspecified, benchmark and
    multicast ones, and the configured networks.
    """
    return _public(candidate.value, candidate)


def _public(value: str, candidate: Candidate) -> bool:
    address = _parse_address(value)
    if address is None:
        return False
    if isinstance(address, IPv6Address):
        if address not in _GLOBAL_V6:
            return False
    elif any(first <= int(address) <= last for first, last in _INTERNAL_V4):
        return False
    return not any(
        address in network
        for network in candidate.settings.internal_networks
        if network.version == address.version
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERSION = _words(
    "v ver version versions release releases rel rev revision build builds firmware driver drivers"
    " sdk patch hotfix tag tags tagged oid section clause chapter runtime assembly plugin library"
    " lib module package pkg wheel chart schema compiler toolchain jdk jre"
)
_PRODUCT = _words(
    "openssl openssh chrome chromium chromedriver edg edge firefox safari opera webkit java jvm"
    " python node npm nginx apache tomcat postgres postgresql mysql redis kernel linux ubuntu"
    " debian windows android ios macos electron engine agent protocol spec standard format figure"
    " table step exit"
)
_RAISED = frozenset(
    f"{verb}{ending}"
    for verb in ("install", "upgrad", "downgrad", "bump", "pin", "pinn")
    for ending in ("", "e", "s", "es", "ed", "ing")
)
_ASKED = _words("required requires expected wanted need needs support supports minimum")
_TELLING = _VERSION | _PRODUCT | _RAISED | _ASKED
_NUMBERS = r"v?\d+(?:\.\d+){1,4}|->|=>|→"
_APART = r"[\s:=(\"',.#-]"


def _any_of(words: frozenset[str]) -> str:
    return "|".join(sorted(words, reverse=True))


def _version_before(links: str) -> re.Pattern[str]:
    """Return the ways to lead up to a version, with these words between."""
    return re.compile(
        rf"(?:(?<![A-Za-z])(?:{_any_of(_VERSION)})(?:{_APART}{{1,3}}(?:{links}|{_NUMBERS})"
        rf"(?=[\s:=(\"',-])){{0,4}}{_APART}{{0,3}}"
        # What is installed or raised to a version.
        rf"|\b(?:{_any_of(_RAISED)})\s+"
        r"(?:(?!(?:on|for|at|by|with|via|in)\b)[@\w/.-]+\s+){0,5}v?"
        # What another version was asked for, or found in place of.
        rf"|\b(?:{_any_of(_ASKED)})\W.{{0,24}}"
        r"\b(?:found|got|have|is)\s)\Z",
        re.IGNORECASE,
    )


_WORD = lazy(r"[a-z]{1,16}")
# A specifier, a name with its version.
_SPECIFIER = lazy(r"(?:[=~!<>]=\s?|[~^]|[A-Za-z0-9][-_+])\Z")
_BEFORE_VERSION = _version_before("is|now|of|number|no")
# Four small numbers may stand further off: "version 1.2.3.4 for windows, and 1.2.3.5".
_BEFORE_SMALL_VERSION = _version_before("is|now|of|number|no|at|from|to|for|and|or")
_BEHIND_PRODUCT = lazy(rf"(?<![A-Za-z])(?:{_any_of(_PRODUCT)})[\s-]{{1,2}}v?\Z", re.IGNORECASE)
_PRODUCT_BEFORE = lazy(rf"(?<![A-Za-z])(?:{_any_of(_VERSION | _PRODUCT)})/\Z", re.IGNORECASE)
_VERSION_AFTER = lazy(
    r"\s(?:\(build|\(\w+ build|required|is required|(?:is |was )?(?:released|deprecated|outdated)"
    r"|or (?:later|newer|higher|above)|and (?:later|newer|above)|build\b)",
    re.IGNORECASE,
)
_VERSION_NAME = lazy(r"(?i:version|release|build|revision|(?<![a-z])ver|tag)\W*\Z")
_FOLDER_BEFORE = lazy(r"[\w)]/\Z")
_HOST_BEFORE = lazy(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+/\Z")
_GLUED_CUE = lazy(
    r"(?<![A-Za-z])(?:from|to|ip|ipv4|addr|address|client|src|dst|source|dest|host|peer|remote"
    r"|server|user|origin)[-_]\Z",
    re.IGNORECASE,
)
_AT_SIGN = lazy(r"[\w.-]@\Z")
_REMOTE_SHELL = lazy(
    r"(?:\b(?:ssh|scp|sftp|rsync|login|mosh)\b.*|\b(?:root|admin|ubuntu|ec2-user|deploy|debian))@\Z",
    re.IGNORECASE,
)
_CUE = lazy(
    r"(?<![A-Za-z])(?:ips?|ipv4|addr(?:ess(?:es)?)?|clients?|callers?|peers?|hosts?|hostname|rhost"
    r"|from|remote|source|src|dst|dest(?:ination)?|servers?|ping(?:ed|ing)?|dns|resolvers?"
    r"|nameservers?|upstream|downstream|proxy|gateway|router|connect(?:ed|ing|ion|ions)?|requests?"
    r"|requested|origin|lease|logins?|users?|visitors?|ban(?:ned)?|block(?:ed|ing)?"
    r"|(?:rate[ -])?limit(?:ed|ing)?|throttled|forwarded|xff|listen(?:ing)?|bind|bound|routed?|via"
    r"|whois|ssh|scp|telnet|curl|wget|nmap|scann?(?:ed|ing)|traffic|session|hop|machine|endpoint"
    r"|nat|vpn|denied|allow(?:ed)?|deny|accept(?:ed)?|refused|reject(?:ed)?|dial(?:ed|led|ing)?"
    r"|geoip|spf|mx|dkim|relay|mta|mail(?:er|server)?|mirror|ptr|a record|subnet|network|cidr"
    r"|firewall|attack(?:er)?"
    r"|(?:sent|send(?:ing)?|talk(?:s|ed|ing)?|spoke|repl(?:y|ied)|respond(?:ed|ing)?|answer(?:ed)?"
    r"|timeout|timed out|deliver(?:ed|ing|y)?|post(?:ed|ing)?|push(?:ed|ing)?|prox(?:y|ied)"
    r"|tunnel(?:led)?|redirect(?:ed|ing)?|resolve[sd]?|points?|failover|failed over|switched|sync"
    r"|upload(?:ed|ing)?|download(?:ed|ing)?|call(?:ed)?|write|wrote|read)\s(?:[\w.-]{1,40}\s){0,2}to)"
    r"(?:[\s:=,(\[\"'/@-]{1,3}(?:by|for|from|to|on|at|is|was|of|the|client|host|ip|address|peer|in"
    r"|user|rule|check|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?)(?=[\s:=,(\[\"'/@-])){0,3}"
    r"[\s:=,(\[\"'/@-]{1,3}\Z",
    re.IGNORECASE,
)
_AFTER_ADDRESS = lazy(
    r":\d{2,5}\b|/(?:[89]|[12]\d|3[0-2])(?![\w.])|(?:\.[a-z0-9-]+)*\.(?:nip|sslip|xip)\.io\b"
    r"|\s(?:port\b|closed|disconnected|unreachable|refused|blocked|banned|timed out|\(client\))"
    r"|\s->|->",
    re.IGNORECASE,
)
_CONTINUES = lazy(
    r"\.\d|\.(?:jar|whl|tar|t?gz|zip|deb|rpm|exe|msi|dll|so|dmg|apk|gem|nupkg)\b"
    r"|@|[-+_](?:\d(?![\d.]*\.)|rc|alpha|beta|pre|dev|snapshot|final|release|build|post|patch|hotfix"
    r"|jre|jdk|ga|git|g[0-9a-f]{6}|deb|ubuntu|el\d|amd64|arm64|x86|linux|win|darwin)",
    re.IGNORECASE,
)
_REVERSED = lazy(r"\.in-addr\.arpa\b", re.IGNORECASE)
_PORT = lazy(r":\d{1,5}\b")
_RESOLVERS = frozenset({"1.0.0.1", "1.1.1.1", "4.4.4.4", "8.8.4.4", "8.8.8.8", "9.9.9.9"})


def public_ip_v4(candidate: Candidate) -> bool:
    """Accept a public IPv4 address; no version as in `v1.2.3.4`, `pkg==1.2.3.4`, `ua/1.2.3.4`.

    Four small numbers count versions and sections more often than they name a machine: they need
    a word, a port or a prefix length that speaks of an address.
    """
    if _CONTINUES.match(candidate.after(12)):
        return False
    if candidate.whole and _VERSION_NAME.search(candidate.name):
        return False
    before = candidate.before(64)
    if _REVERSED.match(candidate.after(14)):
        return _public(".".join(reversed(candidate.value.split("."))), candidate)
    return _spoken_of_as_address(candidate, before) and _public(candidate.value, candidate)


def _spoken_of_as_address(candidate: Candidate, before: str) -> bool:
    small = _is_small(candidate.value)
    if before[-1:] in {"-", "_"} and _GLUED_CUE.search(before):
        return not small
    if before.endswith("@"):
        return bool(_REMOTE_SHELL.search(before)) or not (small and _AT_SIGN.search(before))
    after = candidate.after(24)
    if before.endswith("/"):
        return _PORT.match(after) is not None or _in_path(candidate.value, before, after)
    return _in_sentence(candidate.value, before, after)


def _in_sentence(value: str, before: str, after: str) -> bool:
    """Tell whether the words around speak of an address, and none of a version."""
    if _SPECIFIER.search(before[-3:]) or _VERSION_AFTER.match(after):
        return False
    # Most addresses have no word before them that tells of a version.
    words = _WORD.findall(before.lower())
    if not _TELLING.isdisjoint(words) and _leads_to_version(value, before):
        return False
    if not _is_small(value):
        return True
    if _between_versions(before, after):
        return False
    return bool(_AFTER_ADDRESS.match(after) or (words and _CUE.search(before)))


_MOVED_TO = lazy(r"\bfrom\sv?\d+(?:\.\d+){2,3}\s(?:to|->|=>|→)\sv?\Z", re.IGNORECASE)
_MOVES_ON = lazy(r"\s(?:to|->|=>|→)\sv?\d+(?:\.\d+){2,3}\b", re.IGNORECASE)


def _between_versions(before: str, after: str) -> bool:
    """Tell whether small numbers stand in `from 1.2.3.4 to 1.2.3.5`."""
    return bool(_MOVED_TO.search(before) or (before.endswith("from ") and _MOVES_ON.match(after)))


def _leads_to_version(value: str, before: str) -> bool:
    if _BEFORE_VERSION.search(before):
        return True
    if not _is_small(value) and value not in _RESOLVERS:
        return False
    return bool(_BEFORE_SMALL_VERSION.search(before) or _BEHIND_PRODUCT.search(before))


def _in_path(value: str, before: str, after: str) -> bool:
    """Tell whether a part of a path is an address: none behind a product or a plain folder."""
    if _is_small(value) or _PRODUCT_BEFORE.search(before):
        return not _FOLDER_BEFORE.search(before)
    if _HOST_BEFORE.search(before):
        return after[:1] != "/"
    return value not in _RESOLVERS or not _FOLDER_BEFORE.search(before)


def _is_small(value: str) -> bool:
    octets = list(map(int, value.split(".")))
    if not any(octets[1:]):
        return True
    return value not in _RESOLVERS and octets[0] <= 30 and octets[1] <= 60 and octets[2] <= 99


def public_ip_v6(candidate: Candidate) -> bool:
    """Accept a public IPv6 address; no slice of two numbers such as `2001::2`."""
    groups = [group for group in candidate.value.split(":") if group]
    return (len(groups) > 2 or not candidate.value.replace(":", "").isdigit()) and public_ip(
        candidate
    )


_WILDCARD_NAME = lazy(r"\.(?:nip|sslip|xip)\.io\b", re.IGNORECASE)


def public_ip_name(candidate: Candidate) -> bool:
    """Accept four numbers of a host name that spell a public address.

    Amazon's names do so by themselves, names of applications by the domain only.
    """
    before, after = candidate.before(5).lower(), candidate.after(12)
    if before.endswith(("app-", "web-", "api-")):
        known = _WILDCARD_NAME.match(after) is not None
    else:
        known = before.endswith(("ip-", "ec2-")) or re.match(r"\.[A-Za-z]", after) is not None
    return known and _public(candidate.value.replace("-", "."), candidate)


def public_ip_defanged(candidate: Candidate) -> bool:
    """Accept a public address written as `8[.]8[.]8[.]8`."""
    return _public(".".join(re.findall(r"\d+", candidate.value)), candidate)


def _as_dotted(value: str, base: int = 10) -> str:
    """Return how `inet_aton` reads a host; the base is that of octets with a leading zero."""
    if re.fullmatch(r"\d{1,4}(?:\.\d{1,4}){3}", value):
        octets = value.split(".")
        if any(octet[0] == "0" and set(octet) - set("01234567") for octet in octets):
            base = 10
        return ".".join(str(int(octet, base if octet[0] == "0" else 10)) for octet in octets)
    if re.fullmatch(r"0[xX][0-9A-Fa-f]{7,8}|\d{8,10}", value):
        number = int(value, 0 if value[:2] in {"0x", "0X"} else 10)
        return str(IPv4Address(number)) if number < 1 << 32 else ""
    return value


def public_ip_host(candidate: Candidate) -> bool:
    """Accept a URL's host that is a public address, in any form that a browser takes."""
    return not re.match(r"\.[\w-]", candidate.after(2)) and _public(
        _as_dotted(candidate.value, 8), candidate
    )


def public_ip_value(candidate: Candidate) -> bool:
    """Accept a public address as a field's value, however it is written.

    With or without a port or prefix length, zero-padded, or as one number as `inet_aton` reads it.
    """
    value = re.sub(r"/\d{1,3}\Z", "", candidate.value.strip())
    if found := re.fullmatch(r"\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5}", value):
        value = found[1] or found[2]
    return _public(_as_dotted(value.split("%", 1)[0]), candidate)


CHECKS: dict[str, Check] = {
    "public_ip_defanged": public_ip_defanged,
    "public_ip_host": public_ip_host,
    "public_ip_name": public_ip_name,
    "public_ip_v4": public_ip_v4,
    "public_ip_v6": public_ip_v6,
    "public_ip_value": public_ip_value,
}
