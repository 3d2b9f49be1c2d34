"""Reading an outbox beside its owners, or where none is: nothing of it changes."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from quantapilot.outbox.faults import READ_FAULTS

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_SECONDS = 10.0


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection that can't write, not even when it is closed.

    Raises:
        sqlite3.Error: The file is not there, or can't be opened.
    """
    connection = _open(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except READ_FAULTS as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF != sqlite3.SQLITE_CANTOPEN or holds_data(path.with_name(f"{path.name}-wal")):
            # What is wrong shows with the first statement of whoever asked.
            return connection
        connection.close()
    else:
        return connection
    # In a folder that can't be written, SQLite can't share memory with others: there are none.
    return _open(path, "mode=ro&immutable=1")


def holds_data(path: Path) -> bool:
    """Return whether there is a file that is not empty.

    Raises:
        OSError: Nobody may look.
    """
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _open(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?{how}",
        _BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
