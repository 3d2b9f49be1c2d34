"""Many rows at a time, as the driver takes them.

SQLAlchemy builds a dict for each row that it inserts, and takes it apart again: at a trigger's two
or three rows that is a fourth of all that storing it costs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

_MARKS = {"sqlite": "?", "postgresql": "%s"}


def add_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows.

    Args:
        connection: One in a transaction that writes.
        table: The table.
        rows: Values of all of its columns, in their order.
    """
    if rows:
        connection.exec_driver_sql(_statement(table, connection.dialect.name), list(rows))


@lru_cache
def _statement(table: Table, dialect: str) -> str:
    names = [column.name for column in table.columns]
    marks = ", ".join([_MARKS[dialect]] * len(names))
    # Names are those of our tables, values go by marks.
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
