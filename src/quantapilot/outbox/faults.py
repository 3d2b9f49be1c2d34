"""What SQLite and the system say of a file, as the errors that an outbox raises."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quantapilot.errors import OutboxDamagedError, OutboxError, OutboxUnwritableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What reading a damaged file may raise: names in it, and SQLite's words on them, may be no text.
READ_FAULTS = (sqlite3.Error, UnicodeDecodeError)

# Result codes of SQLite that tell of the machine, not of the file.
WHY = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it, or its folder, is read-only",
    sqlite3.SQLITE_IOERR: "the system reports an input/output error",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked",
    sqlite3.SQLITE_PERM: "permission is denied",
    sqlite3.SQLITE_NOMEM: "memory is short",
}
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
UNCHANGED = "nothing was changed; 'qp outbox verify' tells more, '--accept' goes on with the rest"


def fault(error: Exception, path: Path) -> OutboxError:
    """Return the typed error for what SQLite or the system said; it shows no value."""
    if isinstance(error, OutboxError):
        return error
    if isinstance(error, OSError):
        why = os.strerror(error.errno) if error.errno else "the system refuses it"
        return OutboxUnwritableError(f"{path} can't be used: {why}")
    if isinstance(error, sqlite3.ProgrammingError) or not isinstance(
        error, sqlite3.DatabaseError | UnicodeDecodeError
    ):
        return OutboxError(f"{path}: internal fault {type(error).__name__}; please report it")
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in WHY:
        return OutboxUnwritableError(f"{path} can't be used: {WHY[code & 0xFF]}")
    return OutboxDamagedError(f"{path} is damaged: SQLite can't read all of it; {UNCHANGED}")


def damage(error: Exception) -> bool:
    """Return whether what reading raised tells of a damaged file, not of a full disk or a lock."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _BROKEN


@contextmanager
def typed(path: Path) -> Iterator[None]:
    """Have what SQLite and the system raise come out as typed errors.

    Raises:
        OutboxError: Something of that kind was raised.
    """
    try:
        yield
    except (OSError, *READ_FAULTS) as error:
        raise fault(error, path) from None
