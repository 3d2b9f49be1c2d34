"""What operators look at: refusals, and how far deliveries are."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, insert, or_, select

from quantapilot.gateway.model import EVERY_PROJECT, DeliveryHealth, Refusal
from quantapilot.gateway.store.reading import within
from quantapilot.gateway.store.tables import (
    deliveries,
    events,
    refusals,
    runs,
    subscriptions,
    token_projects,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

    from quantapilot.gateway.store.reading import Projects


def add_refusals(connection: Connection, refused: Sequence[Refusal]) -> None:
    """Store refusals."""
    if refused:
        connection.execute(insert(refusals), [asdict(each) for each in refused])


def latest_refusals(connection: Connection, projects: Projects, limit: int) -> list[Refusal]:
    """Return refusals of some projects, the latest first."""
    rows = connection.execute(
        select(refusals)
        .where(*within(refusals.c.project_id, projects))
        .order_by(refusals.c.number.desc())
        .limit(limit)
    )
    return [
        Refusal(
            refused_at=row.refused_at,
            rule=row.rule,
            source=row.source,
            project_id=row.project_id,
            field=row.field,
            run_id=row.run_id,
        )
        for row in rows
    ]


def health(connection: Connection, projects: Projects, now: float) -> DeliveryHealth:
    """Return how far deliveries of some projects' events are.

    What a disabled subscription did not get is not counted: nothing is sent there.
    """
    rows = connection.execute(
        select(subscriptions.c.state, func.count())
        .where(*_hears_of(projects))
        .group_by(subscriptions.c.state)
    )
    states: dict[str, int] = {row[0]: row[1] for row in rows}
    rows = connection.execute(
        select(deliveries.c.state, func.count(), func.min(events.c.stored_at))
        .join(events, events.c.seq == deliveries.c.seq)
        .join(subscriptions, subscriptions.c.subscription_id == deliveries.c.subscription_id)
        .where(subscriptions.c.state != "disabled", *within(events.c.project_id, projects))
        .group_by(deliveries.c.state)
    )
    counts = {state: (count, oldest) for state, count, oldest in rows}
    waiting, oldest = counts.get("waiting", (0, now))
    return DeliveryHealth(
        waiting=waiting,
        dead=counts.get("dead", (0, now))[0],
        oldest=max(now - oldest, 0.0),
        active=states.get("active", 0),
        pending=states.get("pending", 0),
        disabled=states.get("disabled", 0),
    )


def _hears_of(projects: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a subscription may hear of some projects."""
    if projects is None or EVERY_PROJECT in projects:
        return []
    granted = token_projects.c.project_id
    grants = exists().where(
        token_projects.c.token_id == subscriptions.c.token_id,
        granted.in_([EVERY_PROJECT, *projects] if projects else []),
    )
    of_run = exists().where(
        runs.c.run_id == subscriptions.c.run_id, runs.c.project_id.in_(projects)
    )
    wanted = subscriptions.c.project_id
    return [
        grants,
        or_(wanted.is_(None), wanted.in_(projects)),
        or_(subscriptions.c.run_id.is_(None), of_run),
    ]
