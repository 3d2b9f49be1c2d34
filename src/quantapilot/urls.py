"""URLs: which arguments are addresses rather than files, and what of one may be shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

# A scheme has two letters or more (RFC 3986 allows one): `c://` is a drive of Windows.
_SCHEME: Final = "[A-Za-z][A-Za-z0-9+.-]+"
_URL: Final = re.compile(rf"(?:{_SCHEME}::)*{_SCHEME}://", re.ASCII)
# What stands between the addresses of a chain, as fsspec has them: `zip://a.txt::s3://bucket/a.zip`.
_CHAINED: Final = re.compile(rf"::(?={_SCHEME}://)", re.ASCII)
# What no object is called: a query such as a signature.
_QUERY: Final = re.compile(r"\?[^/?#=]+=.*", re.DOTALL)
_WEB: Final = frozenset({"http", "https"})


def is_url(argument: str) -> bool:
    """Tell whether an argument is an address, not a path."""
    return _URL.match(argument) is not None


def local_path(argument: str) -> str | None:
    """Return the path that an argument is or, as `file:///…` (RFC 8089), stands for.

    None is an address elsewhere.
    """
    if not is_url(argument):
        return argument
    host, slash, path = argument.partition("://")[2].partition("/")
    if scheme_of(argument) != "file" or host.lower() not in {"", "localhost"}:
        return None
    path = unquote(path)
    return path if re.match(r"[A-Za-z]:", path) else slash + path


def scheme_of(url: str) -> str:
    """Return what an address begins with, in small letters."""
    return url.partition(":")[0].lower()


def on_the_web(url: str) -> bool:
    """Tell whether an address is one of HTTP, where `?` begins a query and nothing is listed."""
    return scheme_of(url) in _WEB


def _names(authority: str) -> bool:
    """Tell whether a container of Azure stands before the host, and no user with a password."""
    return ":" not in authority.rpartition("@")[0]


def is_chain(url: str) -> bool:
    """Tell whether an address is several, of which one is to be read through another."""
    return _CHAINED.search(url) is not None


def shown_url(url: str) -> str:
    """Return an address as reports show it: without what may be a credential.

    User and password are left out, and the query, which may be a signature; of a chain all but its
    last address.
    """
    url = _CHAINED.split(url)[-1]
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest and re.search(r":(?!\d*$)", authority.rpartition("@")[2].rpartition("]")[2]):
        # What follows the colon is no port: a password in which `/`, `?` or `#` is not escaped.
        rest = rest.rpartition("@")[2]
    elif "@" in authority and not (scheme.lower().startswith("abfs") and _names(authority)):
        rest = rest[authority.rindex("@") + 1 :]
    rest = re.split(r"[?#]", rest, maxsplit=1)[0] if on_the_web(url) else _QUERY.sub("", rest)
    return f"{scheme}://{rest}"
