"""Many rows at a time, as the driver takes them.

SQLAlchemy builds a dict for each row that it inserts, and takes it apart again: at a trigger's two
or three rows that is a fourth of all that storing it costs. And SQLite's driver lets go of the
interpreter for each row of its `executemany`, for which the event loop then has to wait: there,
one statement takes many rows.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

_MARKS = {"sqlite": "?", "postgresql": "%s"}
# Rows of one statement: few different numbers, so that the driver knows all of them by heart.
_AT_ONCE = (64, 16, 4, 1)


def add_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows.

    Args:
        connection: One in a transaction that writes.
        table: The table.
        rows: Values of all of its columns, in their order.
    """
    dialect = connection.dialect.name
    if dialect != "sqlite":
        if rows:
            connection.exec_driver_sql(_statement(table, dialect, 1), list(rows))
        return
    at = 0
    for many in _AT_ONCE:
        while len(rows) - at >= many:
            values = tuple(chain.from_iterable(rows[at : at + many]))
            connection.exec_driver_sql(_statement(table, dialect, many), values)
            at += many


@lru_cache
def _statement(table: Table, dialect: str, many: int) -> str:
    names = [column.name for column in table.columns]
    marks = ", ".join([f"({', '.join([_MARKS[dialect]] * len(names))})"] * many)
    # Names are those of our tables, values go by marks.
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {marks}"  # noqa: S608
