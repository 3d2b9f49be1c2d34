"""What databases say went wrong, and what is told of it."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy import exc

from quantapilot.errors import StoreConflictError, StoreError, StoreUnavailableError
from quantapilot.gateway.store.faults import fault, typed

SECRET = "hush"


def wrapped(kind: type[exc.DBAPIError], original: BaseException) -> exc.DBAPIError:
    return kind(f"INSERT INTO t VALUES ('{SECRET}')", {"x": SECRET}, original)


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError(SECRET)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("original", "why"),
    [
        (sqlite_error(sqlite3.SQLITE_FULL), "the disk is full"),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), "another program keeps it locked"),
        (psycopg.errors.DiskFull(SECRET), "used up"),
        (psycopg.errors.AdminShutdown(SECRET), "ended what was asked"),
        (psycopg.errors.LockNotAvailable(SECRET), "another program keeps it locked"),
        (psycopg.errors.ReadOnlySqlTransaction(SECRET), "it is read-only"),
        (psycopg.errors.SerializationFailure(SECRET), "at the same rows"),
        (psycopg.OperationalError(SECRET), "it can't be reached"),
        (psycopg.InterfaceError(SECRET), "it can't be reached"),
    ],
)
def test_what_passes_is_unavailable(original: BaseException, why: str) -> None:
    told = fault(wrapped(exc.OperationalError, original), "the store")
    assert type(told) is StoreUnavailableError
    assert str(told).startswith("the store can't be used: ")
    assert why in str(told)
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (wrapped(exc.IntegrityError, psycopg.errors.UniqueViolation(SECRET)), StoreConflictError),
        (wrapped(exc.DataError, psycopg.DataError(SECRET)), StoreError),
        (wrapped(exc.ProgrammingError, psycopg.errors.UndefinedTable(SECRET)), StoreError),
        (wrapped(exc.DatabaseError, sqlite_error(sqlite3.SQLITE_CORRUPT)), StoreError),
        (sqlite_error(sqlite3.SQLITE_NOTADB), StoreError),
        (exc.TimeoutError(SECRET), StoreUnavailableError),
        (OSError(28, SECRET), StoreUnavailableError),
        (OSError(SECRET), StoreUnavailableError),
    ],
)
def test_no_message_shows_what_was_to_be_stored(error: Exception, kind: type[StoreError]) -> None:
    with pytest.raises(StoreError) as caught, typed("the store"):
        raise error
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_errors_of_ours_and_faults_of_programs_pass_through() -> None:
    with pytest.raises(KeyError), typed("the store"):
        raise KeyError("x")
    with pytest.raises(StoreConflictError, match="mine"), typed("the store"):
        raise StoreConflictError("mine")
