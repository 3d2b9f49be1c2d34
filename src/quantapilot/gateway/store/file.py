"""The file of a store in SQLite: made so that only its owner reads it, and known by a mark."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from filelock import FileLock

from quantapilot.errors import StoreError, StoreUnavailableError, StoreVersionError

if TYPE_CHECKING:
    from pathlib import Path

# "QPgw": what SQLite's header and `file` tell a store by.
APPLICATION_ID = 0x51506777
BUSY_SECONDS = 10.0


def prepare(path: Path) -> None:
    """Make a store's file ready to be opened: marked, in WAL mode, and there.

    Raises:
        StoreError: It is no file, or its folder is not there.
        StoreUnavailableError: Another process keeps it from being made.
        StoreVersionError: It is a database of another program.
        OSError: The system refuses it.
        sqlite3.Error: It can't be read or written.
    """
    if not path.parent.is_dir():
        raise StoreError(f"{path.parent} is no folder: make it, or name another place")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is no regular file: name another place for the store")
    # Of two processes that change the mode at a time, SQLite refuses one without a wait.
    lock = FileLock(beside(path, "lock"), timeout=BUSY_SECONDS)
    try:
        with lock:
            _prepare(path)
    except TimeoutError:
        raise StoreUnavailableError(f"{path} is being opened by another process") from None


def beside(path: Path, what: str) -> Path:
    """Return the place of a file that stands beside a store's."""
    return path.with_name(f"{path.name}.{what}")


def _prepare(path: Path) -> None:
    # SQLite gives the files that it puts beside it the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    new = not path.stat().st_size
    with closing(sqlite3.connect(path, BUSY_SECONDS, isolation_level=None)) as connection:
        found = connection.execute("PRAGMA application_id").fetchone()[0]
        if not new and found != APPLICATION_ID:
            raise StoreVersionError(f"{path} is a database of another program; name another file")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode=WAL")
        if new:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
