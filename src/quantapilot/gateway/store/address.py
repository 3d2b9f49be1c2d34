"""Where a store is: a path or a URL, and what to call it in a message.

A URL may hold a password, as may its options: a message names host and database only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from quantapilot.errors import StoreError

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
# A file's name that begins so is an address with a slash too few, and may hold a password.
_NO_FILE = tuple(f"{each}:" for each in _POSTGRESQL)


@dataclass(frozen=True, slots=True)
class Address:
    """A store's place.

    Attributes:
        name: What messages call it.
        url: What it is opened by.
        path: Its file; None where it is in a server.
    """

    name: str
    url: URL = field(repr=False)
    path: Path | None = None


def address(text: Path | str) -> Address:
    """Return the place that a path or a URL names.

    Args:
        text: A file, `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`.

    Raises:
        StoreError: It is neither; the text shows nothing of it.
    """
    if isinstance(text, Path) or not ("://" in text or text.startswith(_NO_FILE)):
        return _file(Path(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError("the store's address is no URL that can be read: see --store") from None
    if url.drivername == "sqlite":
        if not url.database or url.database == ":memory:" or url.query or url.host:
            raise StoreError("a store in SQLite is a file: sqlite:///FILE, without options")
        return _file(Path(url.database))
    if url.drivername not in _POSTGRESQL:
        raise StoreError("a store is a file, sqlite:///FILE or postgresql://HOST/DATABASE")
    if "@" in f"{url.host}{url.database}":
        # What was meant as a password would be shown as the name of a host or a database.
        raise StoreError(
            "the store's address is none of postgresql://USER:PASSWORD@HOST/DATABASE; an '@' or a "
            "'/' within user or password is written %40 or %2F"
        )
    port = f":{url.port}" if url.port else ""
    name = f"postgresql://{url.host or ''}{port}/{url.database or ''}"
    return Address(name, url.set(drivername="postgresql+psycopg"))


def _file(path: Path) -> Address:
    path = Path(os.path.realpath(path))
    return Address(str(path), URL.create("sqlite", database=str(path)), path)
