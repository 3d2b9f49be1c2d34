"""The store's database: connections set up the same everywhere, and the kinds of transaction.

All that writes takes turns, within the process and among processes. So the places of events are in
the order in which they are committed, and whoever reads behind a place never misses one.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event
from sqlalchemy.pool import QueuePool

from quantapilot.errors import needing
from quantapilot.gateway.store.address import address
from quantapilot.gateway.store.faults import typed
from quantapilot.gateway.store.file import BUSY_SECONDS, prepare
from quantapilot.gateway.store.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from quantapilot.gateway.store.address import Address

# "QPgw": what locks in a PostgreSQL are known by, and the number of that of who writes.
LOCKS = 0x51506777
_WRITING = LOCKS << 16 | 1

# What begins a transaction that writes. In PostgreSQL the lock is held until what was written can
# be seen, and each statement sees all that was when it began.
_WRITE = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": f"SELECT pg_advisory_xact_lock({_WRITING})",
}
# What begins one whose reads all see the same moment.
_SNAPSHOT = {
    "sqlite": "BEGIN",
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
}

# A longer write-ahead log means fewer, longer pauses; about 8 MB.
_SQLITE_SETTINGS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}",
    "PRAGMA wal_autocheckpoint=2000",
)
# A node that hangs, or is cut off, while it holds the lock must not stop the others for long. What
# a server's settings loosen is set right: what is accepted is on its disk.
_POSTGRESQL_SETTINGS = (
    "SET lock_timeout='10s'",
    "SET statement_timeout='30s'",
    "SET idle_in_transaction_session_timeout='30s'",
    (
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    ),
)
_POSTGRESQL_OPTIONS = {"connect_timeout": 5, "tcp_user_timeout": 15_000, "keepalives_idle": 30}


class Database:
    """A store's database; safe to use from several threads.

    Attributes:
        name: What messages call it.
        path: Its file; None where it is in a server.
    """

    def __init__(self, place: Path | str) -> None:
        """Open it, and make its file where there is none.

        Args:
            place: A path or a URL, as `address` takes them.

        Raises:
            StoreError: It can't be opened, or is of another program.
            MissingExtraError: It is in PostgreSQL, whose driver is not installed.
        """
        found = address(place)
        self.name = found.name
        self.path = found.path
        self._turns = Turns()
        with typed(self.name):
            if found.path is not None:
                prepare(found.path)
            self._engine = _engine(found)
        self._kind = self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for one statement that reads.

        Raises:
            StoreError: It can't be read.
        """
        with typed(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection for statements that read, and all see the same moment.

        Raises:
            StoreError: It can't be read.
        """
        with typed(self.name), self._engine.begin() as connection:
            connection.exec_driver_sql(_SNAPSHOT[self._kind])
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that writes; it is committed with the block.

        Raises:
            StoreError: It can't be written; nothing of it is.
        """
        with typed(self.name), self._turns.turn(), self._engine.begin() as connection:
            connection.exec_driver_sql(_WRITE[self._kind])
            yield connection

    @contextmanager
    def own_connection(self) -> Iterator[Connection]:
        """Give a connection that no one else gets, and that commits each statement by itself.

        Raises:
            StoreError: The database can't be reached.
        """
        with typed(self.name), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Let go of its connections."""
        self._engine.dispose()


def _engine(found: Address) -> Engine:
    if found.path is not None:
        return _sqlite_engine(found)
    with needing("postgresql", "a store in PostgreSQL"):
        import psycopg as _  # noqa: F401
    engine = create_engine(
        found.url,
        connect_args=_POSTGRESQL_OPTIONS,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        max_overflow=24,
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
    )
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _sqlite_engine(found: Address) -> Engine:
    engine = create_engine(
        found.url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
        max_overflow=24,
        pool_timeout=BUSY_SECONDS,
        poolclass=QueuePool,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _: object) -> None:
    # Transactions are begun here and not by the driver.
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        for setting in _SQLITE_SETTINGS:
            cursor.execute(setting)


def _set_up_postgresql(connection: DBAPIConnection, _: object) -> None:
    with closing(connection.cursor()) as cursor:
        for setting in _POSTGRESQL_SETTINGS:
            cursor.execute(setting)
    connection.commit()
