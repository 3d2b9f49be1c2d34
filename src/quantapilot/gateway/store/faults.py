"""What a database and its driver say went wrong, as the errors that the store raises.

A driver's own words may show a statement's values, or an address with its password: none of them
are passed on.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import exc

from quantapilot.errors import StoreConflictError, StoreError, StoreUnavailableError
from quantapilot.outbox.faults import WHY

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAULTS = (exc.SQLAlchemyError, sqlite3.Error, OSError, UnicodeError)

# The classes of PostgreSQL's error codes, and codes, that tell of a passing state of the server:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = {
    "08": "the connection to it was lost",
    "25006": "it is read-only",
    "40": "another program was at the same rows",
    "53": "its disk, its memory or its connections are used up",
    "55P03": "another program keeps it locked",
    "57": "it ended what was asked of it",
    "58": "it reports an input/output error",
}


@contextmanager
def typed(name: str) -> Iterator[None]:
    """Have what a database raises come out as typed errors.

    Args:
        name: What to call the store, without a credential.

    Raises:
        StoreError: Something of that kind was raised.
    """
    try:
        yield
    except _FAULTS as error:
        raise fault(error, name) from None


def fault(error: Exception, name: str) -> StoreError:
    """Return the typed error for what a database, its driver or the system raised."""
    if isinstance(error, exc.IntegrityError):
        return StoreConflictError(f"{name} has something else under the same id")
    if isinstance(error, exc.DataError | UnicodeError):
        return StoreError(f"{name} can't hold a text with a NUL or half of a surrogate pair")
    if isinstance(error, exc.TimeoutError):
        return StoreUnavailableError(f"{name} can't be used: all connections to it are busy")
    if isinstance(error, OSError):
        why: str | None = os.strerror(error.errno) if error.errno else "the system refuses it"
    else:
        why = _why(error.orig if isinstance(error, exc.DBAPIError) else error)
    if why is not None:
        return StoreUnavailableError(f"{name} can't be used: {why}")
    kind = type(error).__name__
    return StoreError(f"{name} is damaged, or no store; it can't be read or written ({kind})")


def _why(error: BaseException | None) -> str | None:
    """Return why a database can't be used now; None where that is no passing thing."""
    if isinstance(error, sqlite3.Error):
        return WHY.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    code = getattr(error, "sqlstate", None)
    if code:
        return _PASSING.get(code) or _PASSING.get(code[:2])
    if type(error).__name__ in {"OperationalError", "InterfaceError"}:
        # Before there is a connection there is no code: also for a wrong password.
        return "it can't be reached, or refuses the user, the password or the database"
    return None
