"""One spelling for each repository, whichever of its addresses a trigger names.

Only registered repositories start runs, and they are compared in this spelling. An address with
credentials in it, or of a host inside a network, is refused before anything is compared.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

from quantapilot.errors import RepositoryError
from quantapilot.sinks.addresses import is_public

_MOST_CHARACTERS = 2048
_HTTPS = re.compile(r"(?i:https)://(?P<host>[^/:@]+)(?::(?P<port>[0-9]{1,5}))?/(?P<path>.+)")
_SSH = re.compile(r"(?i:ssh)://git@(?P<host>[^/:@]+)(?::(?P<port>[0-9]{1,5}))?/(?P<path>.+)")
# As scp writes it: no port, and a slash before the path changes nothing at any host of code.
_SCP = re.compile(r"git@(?P<host>[^/:@]+):/?(?P<path>.+)")
_DEFAULT_PORTS = {"https": 443, "ssh": 22}

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MOST_HOST_CHARACTERS = 253
# A host that ends so is a number to whoever resolves it, however it is written.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")

# RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what networks use without asking (RFC 6762,
# appendix G).
_INTERNAL = (
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "localdomain",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
)

_FORMS = "write https://HOST/PATH, ssh://git@HOST/PATH or git@HOST:PATH"
_INSIDE = "the repository's host is inside a network; the operator allows such by --allow-private"


@lru_cache(maxsize=1024)
def normal(url: str, *, allow_private: bool = False) -> str:
    """Return the one spelling of a repository's address; it is an address itself.

    `git@host:org/p.git`, `ssh://git@host/org/p` and `https://HOST/org/p/` are one repository:
    `https://host/org/p`. One that is reached by ssh at a port of its own keeps that.

    Args:
        url: The address.
        allow_private: Hosts inside a network are fine.

    Raises:
        RepositoryError: It is no such address, holds credentials, or leads inside a network.
    """
    if len(url) > _MOST_CHARACTERS or not url.isascii() or not url.isprintable() or " " in url:
        raise RepositoryError(
            f"the repository's address holds other than visible ASCII, or is longer than "
            f"{_MOST_CHARACTERS} characters; {_FORMS}"
        )
    scheme, found = _taken_apart(url)
    host = _host(found["host"].lower(), allow_private=allow_private)
    path = _path(found["path"])
    port = _port(found.groupdict().get("port"), scheme)
    if port is None:
        return f"https://{host}/{path}"
    user = "git@" if scheme == "ssh" else ""
    return f"{scheme}://{user}{host}:{port}/{path}"


def _taken_apart(url: str) -> tuple[str, re.Match[str]]:
    for scheme, form in (("https", _HTTPS), ("ssh", _SSH), ("ssh", _SCP)):
        if found := form.fullmatch(url):
            return scheme, found
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise RepositoryError(f"the repository's address holds credentials; {_FORMS}")
    raise RepositoryError(f"the repository's address has another form; {_FORMS}")


def _host(host: str, *, allow_private: bool) -> str:
    labels = host.split(".")
    if len(host) > _MOST_HOST_CHARACTERS or not all(_LABEL.fullmatch(each) for each in labels):
        raise RepositoryError(f"the repository's host is not written as a name; {_FORMS}")
    if _NUMBER.fullmatch(labels[-1]):
        inside = not _public(host)
    else:
        inside = len(labels) == 1 or f".{host}".endswith(tuple(f".{each}" for each in _INTERNAL))
    if inside and not allow_private:
        raise RepositoryError(_INSIDE)
    return host


def _public(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # As 127.1 and 2130706433 are: allowed to nobody, since nobody writes them in good faith.
        raise RepositoryError(
            "the repository's host is a number that is not written as an address; "
            "write its name, or an address of four numbers"
        ) from None
    return is_public(host)


def _path(path: str) -> str:
    segments = path.removesuffix("/").removesuffix(".git").split("/")
    if not all(_SEGMENT.fullmatch(each) and each not in {".", ".."} for each in segments):
        raise RepositoryError(
            "the repository's path has an empty part, dots alone, or a character besides letters, "
            f"digits and ._~-; {_FORMS}"
        )
    if segments[-1].endswith(".git"):
        raise RepositoryError("the repository's path ends with '.git' twice; write it once")
    return "/".join(segments)


def _port(written: str | None, scheme: str) -> int | None:
    """Return the port where it is not the scheme's own."""
    if written is None:
        return None
    port = int(written)
    if not 0 < port < 1 << 16:
        raise RepositoryError("the repository's port is not 1 to 65535")
    return None if port == _DEFAULT_PORTS[scheme] else port
