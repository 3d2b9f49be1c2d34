"""Subscriptions: what is known of them, how far their deliveries are, and their states.

One that is disabled is passed over by new events; from where on is kept, so that it misses nothing
once it is enabled again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from quantapilot.gateway.model import Subscription
from quantapilot.gateway.store import fan_out
from quantapilot.gateway.store.reading import last_seq
from quantapilot.gateway.store.tables import (
    deliveries,
    subscription_types,
    subscriptions,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Connection

    from quantapilot.gateway.model import SubscriptionState

# What of a row is kept for the store itself.
_OWN = frozenset({"missed_from", "failing_since", "failed_at"})
_SHOWN = tuple(each for each in subscriptions.columns if each.name not in _OWN)
# What of a row tells that nothing arrives, where that is not so.
CALM: Mapping[str, None] = MappingProxyType(
    dict.fromkeys(("failing_since", "failed_at", "trouble"))
)


def every(connection: Connection) -> list[Subscription]:
    """Return all subscriptions, without their counts; the oldest first."""
    return _found(connection, [])


def one(connection: Connection, subscription_id: str) -> Subscription | None:
    """Return a subscription with its counts; None where there is no such."""
    found = _found(connection, [subscriptions.c.subscription_id == subscription_id], counted=True)
    return found[0] if found else None


def of_token(connection: Connection, token_id: str) -> list[Subscription]:
    """Return the subscriptions that a token made, with their counts; the oldest first."""
    return _found(connection, [subscriptions.c.token_id == token_id], counted=True)


def add(connection: Connection, subscription: Subscription) -> None:
    """Store a subscription; it hears of the events that come from now on."""
    connection.execute(
        insert(subscriptions),
        {
            "subscription_id": subscription.subscription_id,
            "token_id": subscription.token_id,
            "url": subscription.url,
            "project_id": subscription.project_id,
            "run_id": subscription.run_id,
            "state": subscription.state,
            "reason": subscription.reason,
            "created_at": subscription.created_at,
            "generation": subscription.generation,
            "rotated_at": subscription.rotated_at,
            "delivered": 0,
            "missed_from": last_seq(connection) if subscription.state == "disabled" else None,
        },
    )
    if subscription.types:
        types = [
            {"subscription_id": subscription.subscription_id, "type": each}
            for each in sorted(subscription.types)
        ]
        connection.execute(insert(subscription_types), types)


def remove(connection: Connection, subscription_id: str) -> bool:
    """Let go of a subscription and of what it did not get; return whether there was one."""
    connection.execute(delete(deliveries).where(deliveries.c.subscription_id == subscription_id))
    mine = subscriptions.c.subscription_id == subscription_id
    return connection.execute(delete(subscriptions).where(mine)).rowcount > 0


def set_state(
    connection: Connection,
    subscription_id: str,
    state: SubscriptionState,
    reason: str,
    *,
    now: float,
    was: Collection[SubscriptionState] | None = None,
) -> bool:
    """Put a subscription in a state; return whether it is one that may change so.

    Args:
        connection: One in a transaction that writes.
        subscription_id: The subscription.
        state: The state.
        reason: Why, for people.
        now: Seconds since the epoch.
        was: The states from which alone it may change; from all where it is None.
    """
    mine = subscriptions.c.subscription_id == subscription_id
    known = connection.execute(
        select(subscriptions.c.state, subscriptions.c.missed_from).where(mine)
    ).one_or_none()
    if known is None or (was is not None and known.state not in was):
        return False
    last = last_seq(connection)
    missed_from = known.missed_from
    if state != "disabled":
        missed_from = None
    elif missed_from is None:
        missed_from = last
    connection.execute(
        update(subscriptions)
        .where(mine)
        .values(state=state, reason=reason, missed_from=missed_from, **CALM)
    )
    if missed_from is None and known.missed_from is not None:
        fan_out.catch_up(connection, subscription_id, known.missed_from, last, now)
    return True


def rotate(connection: Connection, subscription_id: str, at: float) -> bool:
    """Have the next key be used; return whether there is such a subscription."""
    rotated = connection.execute(
        update(subscriptions)
        .where(subscriptions.c.subscription_id == subscription_id)
        .values(generation=subscriptions.c.generation + 1, rotated_at=at)
    )
    return rotated.rowcount > 0


def _found(
    connection: Connection, which: list[ColumnElement[bool]], *, counted: bool = False
) -> list[Subscription]:
    rows = connection.execute(
        select(*_SHOWN)
        .where(*which)
        .order_by(subscriptions.c.created_at, subscriptions.c.subscription_id)
    ).mappings()
    chosen = select(subscriptions.c.subscription_id).where(*which)
    types: dict[str, set[str]] = {}
    kinds = select(subscription_types)
    if which:
        kinds = kinds.where(subscription_types.c.subscription_id.in_(chosen))
    for row in connection.execute(kinds):
        types.setdefault(row.subscription_id, set()).add(row.type)
    counts = _counts(connection, chosen) if counted else {}
    found = []
    for known in rows:
        subscription_id = known["subscription_id"]
        values = dict(known)
        values |= counts.get(subscription_id, {}) if counted else {"delivered": 0}
        found.append(Subscription(**values, types=frozenset(types.get(subscription_id, ()))))
    return found


def _counts(connection: Connection, chosen: Any) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    rows = connection.execute(
        select(deliveries.c.subscription_id, deliveries.c.state, func.count())
        .where(deliveries.c.subscription_id.in_(chosen))
        .group_by(deliveries.c.subscription_id, deliveries.c.state)
    )
    for subscription_id, state, count in rows:
        counts.setdefault(subscription_id, {})[state] = count
    return counts
