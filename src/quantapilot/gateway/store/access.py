"""Who may what: tokens, repositories and what was subscribed, read in whole and changed in parts.

Each change counts the directory's version up, in its own transaction: whoever keeps a directory
learns by one small number that it is out of date.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import delete, insert, select, update

from quantapilot.errors import StoreConflictError
from quantapilot.gateway.model import Directory, Token
from quantapilot.gateway.store import subscribed
from quantapilot.gateway.store.tables import meta, repositories, token_projects, tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping


def directory(connection: Connection) -> Directory:
    """Return who may what, as of the moment that the connection sees."""
    return Directory(
        version=version(connection),
        tokens=MappingProxyType({each.token_id: each for each in every_token(connection)}),
        repositories=MappingProxyType(
            {row.repository: row.project_id for row in connection.execute(select(repositories))}
        ),
        subscriptions=MappingProxyType(
            {each.subscription_id: each for each in subscribed.every(connection)}
        ),
    )


def version(connection: Connection) -> int:
    """Return the directory's version."""
    found: int = connection.execute(select(meta.c.directory_version)).scalar_one()
    return found


def changed(connection: Connection) -> None:
    """Count the directory's version up."""
    connection.execute(update(meta).values(directory_version=meta.c.directory_version + 1))


def goes_with(connection: Connection, check: bytes, *, anew: bool) -> bool:
    """Return whether the store goes with a key; one that has gone with none takes it.

    Args:
        connection: One in a transaction that writes.
        check: What tells the key from any other.
        anew: Whether to take it in any case.
    """
    known = connection.execute(select(meta.c.key_check)).scalar_one()
    if known is not None and not anew:
        return bool(known == check)
    connection.execute(update(meta).values(key_check=check))
    return True


def every_token(connection: Connection) -> list[Token]:
    """Return all tokens, those that ended too, the oldest first."""
    granted: dict[str, set[str]] = {}
    for row in connection.execute(select(token_projects)):
        granted.setdefault(row.token_id, set()).add(row.project_id)
    rows = connection.execute(select(tokens).order_by(tokens.c.created_at, tokens.c.token_id))
    return [_token(row, frozenset(granted.get(row["token_id"], ()))) for row in rows.mappings()]


def add_token(connection: Connection, token: Token) -> None:
    """Store a token with its grants."""
    connection.execute(
        insert(tokens),
        {
            "token_id": token.token_id,
            "kind": token.kind,
            "scopes": orjson.dumps(sorted(token.scopes)).decode(),
            "label": token.label,
            "salt": token.salt,
            "digest": token.digest,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "revoked_at": token.revoked_at,
        },
    )
    if token.projects:
        grants = [
            {"token_id": token.token_id, "project_id": each} for each in sorted(token.projects)
        ]
        connection.execute(insert(token_projects), grants)
    changed(connection)


def revoke_token(connection: Connection, token_id: str, at: float) -> bool:
    """End a token; return whether there was one that had not ended so."""
    revoked = connection.execute(
        update(tokens)
        .where(tokens.c.token_id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    if not revoked.rowcount:
        return False
    changed(connection)
    return True


def add_repository(connection: Connection, project_id: str, repository: str) -> bool:
    """Register a repository to a project; return whether it was not before.

    Raises:
        StoreConflictError: It is registered to another project.
    """
    known = connection.execute(
        select(repositories.c.project_id).where(repositories.c.repository == repository)
    ).scalar()
    if known == project_id:
        return False
    if known is not None:
        raise StoreConflictError(
            f"the repository belongs to the project {known}: remove it there first"
        )
    row = {"repository": repository, "project_id": project_id}
    connection.execute(insert(repositories), row)
    changed(connection)
    return True


def remove_repository(connection: Connection, project_id: str, repository: str | None) -> int:
    """Let go of a project's repository, or of all where it is None; return how many those are."""
    gone = delete(repositories).where(repositories.c.project_id == project_id)
    if repository is not None:
        gone = gone.where(repositories.c.repository == repository)
    count = connection.execute(gone).rowcount
    if count:
        changed(connection)
    return count


def _token(row: RowMapping, projects: frozenset[str]) -> Token:
    values = dict(row)
    scopes = frozenset(orjson.loads(values.pop("scopes")))
    return Token(**values, scopes=scopes, projects=projects)
