"""Who delivers: of all processes that work on one store, one at a time.

The system, or the server, lets go of the lead when its process dies. The server does so too where
it hears nothing of a process for some seconds, as its machine is gone, cut off or stands still. For
a moment two may then deliver, and some events arrive twice: receivers know them by their ids.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Protocol

from filelock import FileLock
from sqlalchemy import literal, select, text

from quantapilot.errors import StoreError, StoreUnavailableError
from quantapilot.gateway.store.database import LOCKS
from quantapilot.gateway.store.faults import typed
from quantapilot.gateway.store.file import beside
from quantapilot.gateway.store.tables import meta

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from quantapilot.gateway.store.database import Database
    from quantapilot.gateway.store.store import Store

# Locks are the database's. Each gateway that has a schema of its own there has a table of its own.
_MINE = f"CAST({LOCKS} AS integer), CAST(CAST('{meta.name}' AS regclass) AS integer)"
_TAKE = text(f"SELECT pg_try_advisory_lock({_MINE})")
_GIVE_BACK = text(f"SELECT pg_advisory_unlock({_MINE})")
# Of PostgreSQL 14 and later. What ends connections that are dead waits for hours, and a machine
# that stands still may answer it.
_END_IF_SILENT = text(
    "SELECT set_config(name, :silent, false) FROM pg_settings WHERE name = 'idle_session_timeout'"
)
# Whoever has the lead asks for it twice a second.
_SILENT = 10.0


class _Lock(Protocol):
    def take(self) -> bool: ...

    def held(self) -> bool: ...

    def release(self) -> None: ...


class Lead:
    """The lead of a store, had as long as this object lives; used from one thread at a time."""

    def __init__(self, store: Store, silent: float = _SILENT) -> None:
        """Take the store.

        Args:
            store: The store.
            silent: After how many seconds in which `held` was not asked a server lets go of it.
        """
        database = store.database
        self._lock: _Lock = (
            _FileLead(database.path) if database.path is not None else _ServerLead(database, silent)
        )

    def try_take(self) -> bool:
        """Take the lead, if no other process has it; return whether it is had now.

        Raises:
            StoreUnavailableError: The store can't be asked.
        """
        return self.held or self._lock.take()

    @property
    def held(self) -> bool:
        """Whether the lead is had still; it asks the server, where there is one."""
        return self._lock.held()

    def release(self) -> None:
        """Give the lead back, if it is had."""
        self._lock.release()


class _FileLead:
    """A lock on a file beside the store's."""

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self._lock = FileLock(beside(path, "lead"), thread_local=False)

    def take(self) -> bool:
        with typed(self._name):
            try:
                self._lock.acquire(timeout=0)
            except TimeoutError:
                return False
        return True

    def held(self) -> bool:
        return self._lock.is_locked

    def release(self) -> None:
        self._lock.release()


class _ServerLead:
    """A lock of PostgreSQL's that ends with the connection, which nothing else uses."""

    def __init__(self, database: Database, silent: float) -> None:
        self._database = database
        self._silent = {"silent": f"{round(silent * 1000)}ms"}
        self._connection: Connection | None = None
        self._resources = ExitStack()

    def take(self) -> bool:
        with ExitStack() as stack:
            connection = stack.enter_context(self._database.own_connection())
            # It must not go back to the pool: who gets it next would have the lead.
            connection.detach()
            if not connection.execute(_TAKE).scalar():
                return False
            connection.execute(_END_IF_SILENT, self._silent)
            self._connection = connection
            self._resources = stack.pop_all()
        return True

    def held(self) -> bool:
        if self._connection is None:
            return False
        try:
            with typed(self._database.name):
                self._connection.execute(select(literal(1)))
        except StoreError:
            self._let_go()
            return False
        return True

    def release(self) -> None:
        if self._connection is not None:
            with suppress(StoreUnavailableError), typed(self._database.name):
                self._connection.execute(_GIVE_BACK)
            self._let_go()

    def _let_go(self) -> None:
        self._connection = None
        with suppress(StoreError):
            self._resources.close()
