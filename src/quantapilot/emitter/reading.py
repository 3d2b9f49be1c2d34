"""Reading an outbox beside its owners, or where none is: nothing of it changes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_SECONDS = 10.0


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection that can't write, not even when it is closed.

    Raises:
        sqlite3.Error: The file is not there, or can't be opened.
    """
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        _BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
