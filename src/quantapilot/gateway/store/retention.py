"""What is let go of: answers that nobody asks for again, old refusals, and runs that are over.

It goes in small parts, each a transaction of its own, so that triggers never wait long for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from quantapilot.gateway.store.tables import deliveries, events, refusals, replays, runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

REPLAYS_KEPT = 24 * 3600.0
REFUSALS_KEPT = 10_000
# How many rows a part concerns; a run's events are one with it.
_PART = 500


def parts(now: float, keep: float | None) -> list[Callable[[Connection], int]]:
    """Return what to call, each until it returns 0: how many rows it let go of.

    Args:
        now: Seconds since the epoch.
        keep: For how many seconds behind its last event a run is kept, if all of it is delivered;
            for ever where it is None.
    """
    todo: list[Callable[[Connection], int]] = [
        lambda connection: _forget_replays(connection, now - REPLAYS_KEPT),
        _forget_refusals,
    ]
    if keep is not None:
        todo.append(lambda connection: _forget_runs(connection, now - keep))
    return todo


def _forget_replays(connection: Connection, before: float) -> int:
    old = select(replays.c.key).where(replays.c.created_at < before).limit(_PART)
    return connection.execute(delete(replays).where(replays.c.key.in_(old))).rowcount


def _forget_refusals(connection: Connection) -> int:
    last = select(func.max(refusals.c.number)).scalar_subquery()
    old = select(refusals.c.number).where(refusals.c.number <= last - REFUSALS_KEPT).limit(_PART)
    return connection.execute(delete(refusals).where(refusals.c.number.in_(old))).rowcount


def _forget_runs(connection: Connection, before: float) -> int:
    """Forget runs whose last event is old, with all of their events.

    One that has an event which is still to be delivered is kept.
    """
    waiting = (
        select(events.c.run_id)
        .join(deliveries, deliveries.c.seq == events.c.seq)
        .where(deliveries.c.state == "waiting")
    )
    old = connection.execute(
        select(runs.c.run_id)
        .join(events, events.c.seq == runs.c.last_seq)
        .where(events.c.stored_at < before, runs.c.run_id.not_in(waiting))
        .order_by(runs.c.seq)
        .limit(_PART)
    ).scalars()
    gone = list(old)
    if not gone:
        return 0
    of_them = events.c.run_id.in_(gone)
    places = select(events.c.seq).where(of_them)
    connection.execute(delete(deliveries).where(deliveries.c.seq.in_(places)))
    connection.execute(delete(events).where(of_them))
    return connection.execute(delete(runs).where(runs.c.run_id.in_(gone))).rowcount
