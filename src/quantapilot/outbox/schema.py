"""The outbox's tables, and how a file of an older version becomes one of this version."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from quantapilot.errors import OutboxVersionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# "QPob": what SQLite's header and `file` tell an outbox by.
APPLICATION_ID = 0x51506F62
VERSION = 1

# A gap is a range of places whose events are gone: delivered and past keeping, or lost; `chain`
# is what the event behind it is chained to. A place is a row's key, so that order costs no index.
# A sink has got all events up to its cursor, but for those that have a row in deliveries.
_TABLES = (
    "CREATE TABLE meta(origin BLOB NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    (
        "CREATE TABLE events(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
        " subject TEXT NOT NULL, time INTEGER NOT NULL, chain BLOB NOT NULL, body BLOB NOT NULL)"
    ),
    (
        "CREATE TABLE gaps(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, chain BLOB NOT NULL,"
        " lost INTEGER NOT NULL)"
    ),
    (
        "CREATE TABLE sinks(name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, disabled TEXT,"
        " sum INTEGER NOT NULL) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE deliveries(sink TEXT NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL,"
        " attempts INTEGER NOT NULL, due REAL NOT NULL, reason TEXT NOT NULL, sum INTEGER NOT NULL,"
        " PRIMARY KEY(sink, seq)) WITHOUT ROWID"
    ),
    "CREATE INDEX delivery_states ON deliveries(sink, state, seq)",
    "CREATE INDEX delivery_places ON deliveries(seq, state)",
)

# Version that a file has -> the statements that make it one of the next.
MIGRATIONS: dict[int, Sequence[str]] = {}


def create(path: Path) -> None:
    """Write a new outbox; whoever looks sees none of it or all.

    Raises:
        OSError: The folder can't be written.
        sqlite3.Error: The file can't be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.new")
    part.unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(part, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            # Of two processes that change the mode at a time, SQLite refuses one without a wait.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN")
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES(?, 0, 0)", (os.urandom(16),))
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")
        finally:
            connection.close()
        _put(part, path)
    finally:
        part.unlink(missing_ok=True)


def _put(part: Path, path: Path) -> None:
    """Give the new file its name, unless another process was first."""
    if path.exists() and not path.stat().st_size:
        part.replace(path)
    else:
        try:
            os.link(part, path)
        except FileExistsError:
            return
        except OSError:
            # Not every file system has links.
            part.replace(path)
    synced_folder(path.parent)


def synced_folder(folder: Path) -> None:
    """Have a folder's names survive a power cut.

    Raises:
        OSError: The folder can't be opened or synced.
    """
    if os.name == "nt":
        # It has no such call, and needs none.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of an outbox.

    Raises:
        OutboxVersionError: It is another program's database, or of a newer version.
        sqlite3.Error: It is no database, or can't be read.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise OutboxVersionError(f"{path} is a database of another program; name another file")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise OutboxVersionError(
            f"{path} is an outbox of version {version}, and this program knows {VERSION} at most; "
            "upgrade quantapilot-contract"
        )
    return version


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    steps: Mapping[int, Sequence[str]] = MIGRATIONS,
    target: int = VERSION,
) -> bool:
    """Make an outbox one of this version, in one transaction; return whether it was older.

    Raises:
        OutboxVersionError: There is no way from its version to this one.
        sqlite3.Error: It can't be written.
    """
    if check_version(connection, path) >= target:
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        _step_up(connection, path, steps, target)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def _step_up(
    connection: sqlite3.Connection, path: Path, steps: Mapping[int, Sequence[str]], target: int
) -> None:
    # Another process may have been first.
    for version in range(check_version(connection, path), target):
        if version not in steps:
            raise OutboxVersionError(
                f"{path} is an outbox of version {version}, which can't be brought to {target}"
            )
        for statement in steps[version]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version={target}")
