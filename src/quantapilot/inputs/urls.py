"""URLs: which arguments are addresses rather than files, and what of one may be shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

# A scheme has two letters or more (RFC 3986 allows one): `c://` is a drive of Windows.
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)
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


def shown_url(url: str) -> str:
    """Return an address as reports show it: without what may be a credential.

    User and password are left out, and of HTTP the query, which may be a signature.
    """
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest and re.search(r":(?!\d*$)", authority.rpartition("@")[2].rpartition("]")[2]):
        # What follows the colon is no port: a password in which `/`, `?` or `#` is not escaped.
        rest = rest.rpartition("@")[2]
    elif "@" in authority and not scheme.lower().startswith("abfs"):
        # In Azure's addresses a container stands there.
        rest = rest[authority.rindex("@") + 1 :]
    if on_the_web(url):
        rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{rest}"
