"""What is let go of: answers that nobody asks for again, old refusals, and runs that are over.

It goes in small parts, each a transaction of its own, and what to let go of is looked for before
that one: triggers never wait long for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from quantapilot.gateway.store.tables import (
    deliveries,
    events,
    refusals,
    replays,
    runs,
    subscriptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Select, Table

REPLAYS_KEPT = 24 * 3600.0
REFUSALS_KEPT = 10_000
# How many rows a part concerns; a run's events are one with it.
_PART = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that is let go of.

    Attributes:
        found: Selects the keys of the next part.
        forget: Lets go of those, and returns how many those were.
    """

    found: Select[Any]
    forget: Callable[[Connection, Sequence[Any]], int]


def kinds(now: float, keep: float | None) -> list[Kind]:
    """Return the kinds of things that are to be let go of, each part by part until none is left.

    Args:
        now: Seconds since the epoch.
        keep: For how many seconds behind its last event a run is kept, if all of it is delivered;
            for ever where it is None.
    """
    last = select(func.max(refusals.c.number)).scalar_subquery()
    found = [
        _rows(replays, replays.c.key, replays.c.created_at < now - REPLAYS_KEPT),
        _rows(refusals, refusals.c.number, refusals.c.number <= last - REFUSALS_KEPT),
    ]
    if keep is not None:
        found.append(Kind(_old_runs(now - keep), _forget_runs))
    return found


def _rows(table: Table, key: ColumnElement[Any], old: ColumnElement[bool]) -> Kind:
    def forget(connection: Connection, keys: Sequence[Any]) -> int:
        return connection.execute(delete(table).where(key.in_(keys))).rowcount

    return Kind(select(key).where(old).limit(_PART), forget)


def _old_runs(before: float) -> Select[Any]:
    """Return what selects the last places of runs that are old and delivered everywhere.

    One that is disabled holds nothing back: it may stay so for ever.
    """
    waiting = (
        select(events.c.run_id)
        .join(deliveries, deliveries.c.seq == events.c.seq)
        .join(subscriptions, subscriptions.c.subscription_id == deliveries.c.subscription_id)
        .where(deliveries.c.state == "waiting", subscriptions.c.state != "disabled")
    )
    return (
        select(runs.c.last_seq)
        .join(events, events.c.seq == runs.c.last_seq)
        .where(events.c.stored_at < before, runs.c.run_id.not_in(waiting))
        .limit(_PART)
    )


def _forget_runs(connection: Connection, last_places: Sequence[int]) -> int:
    """Forget runs with all of their events, unless another one came meanwhile."""
    # One of the events is at the last place; the run's row tells whether it still is the last.
    at_last = select(events.c.run_id).where(events.c.seq.in_(last_places))
    gone = list(
        connection.execute(
            select(runs.c.run_id).where(
                runs.c.run_id.in_(at_last), runs.c.last_seq.in_(last_places)
            )
        ).scalars()
    )
    of_them = events.c.run_id.in_(gone)
    places = select(events.c.seq).where(of_them)
    connection.execute(delete(deliveries).where(deliveries.c.seq.in_(places)))
    connection.execute(delete(events).where(of_them))
    return connection.execute(delete(runs).where(runs.c.run_id.in_(gone))).rowcount
