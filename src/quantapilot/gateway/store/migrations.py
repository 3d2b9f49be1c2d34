"""How a store without tables gets them, and how one of an older version becomes one of this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, text, update

from quantapilot.errors import StoreVersionError
from quantapilot.gateway.store.tables import meta, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from quantapilot.gateway.store.database import Database

    # What both databases understand, or what each does, by its name.
    Statement = str | Mapping[str, str]

VERSION = 3

# Version that a store has -> the statements that make it one of the next.
STEPS: dict[int, Sequence[Statement]] = {
    1: [
        {
            "sqlite": "ALTER TABLE qp_meta ADD COLUMN key_check BLOB",
            "postgresql": "ALTER TABLE qp_meta ADD COLUMN key_check BYTEA",
        },
    ],
    2: [
        "ALTER TABLE qp_subscriptions ADD COLUMN failing_since DOUBLE PRECISION",
        "ALTER TABLE qp_subscriptions ADD COLUMN failed_at DOUBLE PRECISION",
        "ALTER TABLE qp_subscriptions ADD COLUMN trouble TEXT",
    ],
}


def migrate(
    database: Database,
    steps: Mapping[int, Sequence[Statement]] = STEPS,
    target: int = VERSION,
) -> bool:
    """Make a store one of this version, in one transaction; return whether it was another.

    Raises:
        StoreVersionError: It is newer, or there is no way from its version to this one.
        StoreError: It can't be read or written.
    """
    with database.snapshot() as connection:
        if _version(connection, database.name, target) == target:
            return False
    with database.writing() as connection:
        # Another process may have been first.
        version = _version(connection, database.name, target)
        if version is None:
            metadata.create_all(connection)
            first = {"version": target, "directory_version": 1, "last_seq": 0}
            connection.execute(meta.insert().values(first))
        else:
            _step_up(connection, database.name, steps, range(version, target))
            connection.execute(update(meta).values(version=target))
    return True


def _version(connection: Connection, name: str, target: int) -> int | None:
    """Return the version of a store; None where it has no tables."""
    if not inspect(connection).has_table(meta.name):
        return None
    version: int | None = connection.execute(select(meta.c.version)).scalar()
    if version is None:
        raise StoreVersionError(f"{name} has tables of ours, but no version: it is no store")
    if version > target:
        raise StoreVersionError(
            f"{name} is a store of version {version}, and this program knows {target} at most; "
            "upgrade quantapilot-contract"
        )
    return version


def _step_up(
    connection: Connection,
    name: str,
    steps: Mapping[int, Sequence[Statement]],
    versions: range,
) -> None:
    for version in versions:
        if version not in steps:
            raise StoreVersionError(
                f"{name} is a store of version {version}, which can't be brought to {versions.stop}"
            )
        for statement in steps[version]:
            written = (
                statement if isinstance(statement, str) else statement[connection.dialect.name]
            )
            connection.execute(text(written))
