"""Events become deliveries: one statement finds who hears of which, within their transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, insert, literal, or_, select, true

from quantapilot.gateway.model import EVERY_PROJECT
from quantapilot.gateway.store.tables import (
    deliveries,
    events,
    subscription_types,
    subscriptions,
    token_projects,
    tokens,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

_COLUMNS = ("subscription_id", "seq", "state", "attempts", "due", "reason")


def _heard() -> Select[Any]:
    """Return what selects a row for each event behind `first` and each who hears of it."""
    kinds, grants = subscription_types, token_projects
    live = and_(
        tokens.c.token_id == subscriptions.c.token_id,
        tokens.c.revoked_at.is_(None),
        or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("now")),
    )
    of_subscription = kinds.c.subscription_id == subscriptions.c.subscription_id
    wanted = or_(
        ~exists().where(of_subscription),
        exists().where(of_subscription, kinds.c.type == events.c.type),
    )
    granted = exists().where(
        grants.c.token_id == subscriptions.c.token_id,
        grants.c.project_id.in_((literal(EVERY_PROJECT), events.c.project_id)),
    )
    return (
        select(
            subscriptions.c.subscription_id,
            events.c.seq,
            literal("waiting").label("state"),
            literal(0).label("attempts"),
            literal(0.0).label("due"),
            literal("").label("reason"),
        )
        .select_from(events.join(subscriptions, true()).join(tokens, live))
        .where(
            events.c.seq > bindparam("first"),
            events.c.seq <= bindparam("last"),
            subscriptions.c.state.in_((literal("active"), literal("pending"))),
            or_(
                subscriptions.c.project_id.is_(None),
                subscriptions.c.project_id == events.c.project_id,
            ),
            or_(subscriptions.c.run_id.is_(None), subscriptions.c.run_id == events.c.run_id),
            wanted,
            granted,
        )
    )


_ALL = insert(deliveries).from_select(_COLUMNS, _heard())
_ONE = insert(deliveries).from_select(
    _COLUMNS, _heard().where(subscriptions.c.subscription_id == bindparam("one"))
)


def fan_out(connection: Connection, first: int, last: int, now: float) -> None:
    """Have events delivered to all who hear of them.

    Args:
        connection: One in the transaction that stored them.
        first: The place behind which they begin.
        last: The place of the last one.
        now: Seconds since the epoch, by which tokens end.
    """
    connection.execute(_ALL, {"first": first, "last": last, "now": now})


def catch_up(
    connection: Connection, subscription_id: str, first: int, last: int, now: float
) -> None:
    """Have events delivered to one that was passed over; see `fan_out`."""
    given = {"first": first, "last": last, "now": now, "one": subscription_id}
    connection.execute(_ONE, given)
