"""Deliveries, as the relay asks for them: a sink is a subscription, named by its id."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, update

from quantapilot.errors import OutboxError, OutboxUnwritableError, StoreError, StoreUnavailableError
from quantapilot.gateway.store import access, subscribed
from quantapilot.gateway.store.tables import deliveries, events, subscriptions
from quantapilot.outbox.ports import Pending
from quantapilot.sinks.sink import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from quantapilot.gateway.store.store import Store
    from quantapilot.outbox.ports import Settlement

# A statement may name so many places.
_PLACES = 500
_GONE = "there is no such subscription any more"

_OPEN = (deliveries.c.subscription_id == bindparam("sink"), deliveries.c.state == "waiting")
_PENDING = (
    select(
        events.c.seq,
        events.c.event_id,
        events.c.type,
        events.c.run_id,
        events.c.body,
        deliveries.c.attempts,
        deliveries.c.due,
    )
    .join_from(deliveries, events, events.c.seq == deliveries.c.seq)
    .where(*_OPEN, deliveries.c.seq > bindparam("after"))
    .order_by(deliveries.c.seq)
    .limit(bindparam("most"))
)
_ENDED = delete(deliveries).where(
    deliveries.c.subscription_id == bindparam("sink"),
    deliveries.c.seq.in_(bindparam("places", expanding=True)),
)
_LEFT = (
    update(deliveries)
    .where(
        deliveries.c.subscription_id == bindparam("sink"),
        deliveries.c.seq == bindparam("place"),
    )
    .values({name: bindparam(name) for name in ("state", "attempts", "due", "reason")})
)
_COUNTED = (
    update(subscriptions)
    .where(subscriptions.c.subscription_id == bindparam("sink"))
    .values(delivered=subscriptions.c.delivered + bindparam("more"))
)


class StoreLedger:
    """The store's deliveries as a `GroupLedger`; safe to use from several threads.

    Outcomes are committed before `settle_all` returns. Where the store is away, each call raises
    an `OutboxUnwritableError`: who asks asks again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, sink: str) -> str | None:
        """Return why a subscription gets nothing; None where it does."""
        with _as_outbox(), self._store.database.reading() as connection:
            row = connection.execute(
                select(subscriptions.c.state, subscriptions.c.reason).where(
                    subscriptions.c.subscription_id == sink
                )
            ).one_or_none()
        if row is None:
            return _GONE
        return (row.reason or "disabled") if row.state == "disabled" else None

    def pending(self, sink: str, after: int, limit: int) -> list[Pending]:
        """Return, in order, the first events behind a place that a subscription has to get."""
        with _as_outbox(), self._store.database.reading() as connection:
            rows = connection.execute(_PENDING, {"sink": sink, "after": after, "most": limit})
            return [Pending(Message(*row[:5]), row.attempts, row.due) for row in rows]

    def settle_all(self, groups: Sequence[tuple[str, Sequence[Settlement]]]) -> None:
        """Record outcomes of several subscriptions, all or none."""
        with _as_outbox(), self._store.database.writing() as connection:
            for sink, settlements in groups:
                _record(connection, sink, settlements)

    def disable(self, sink: str, reason: str) -> None:
        """Record that a subscription wants no more events; what it did not get stays."""
        now = self._store.clock()
        with _as_outbox(), self._store.database.writing() as connection:
            if subscribed.set_state(
                connection, sink, "disabled", reason, now=now, was={"active", "pending"}
            ):
                access.changed(connection)


def _record(connection: Connection, sink: str, settlements: Sequence[Settlement]) -> None:
    ended = [each.seq for each in settlements if each.state in {"delivered", "dropped"}]
    arrived = {each.seq for each in settlements if each.state == "delivered"}
    left = [
        {
            "sink": sink,
            "place": each.seq,
            "state": each.state,
            "attempts": each.attempts,
            "due": each.due,
            "reason": each.reason,
        }
        for each in settlements
        if each.state in {"waiting", "dead"}
    ]
    more = 0
    for at in range(0, len(ended), _PLACES):
        places = ended[at : at + _PLACES]
        gone = connection.execute(_ENDED, {"sink": sink, "places": places}).rowcount
        # What is settled once more counts once.
        more += min(gone, len(arrived.intersection(places)))
    if left:
        connection.execute(_LEFT, left)
    if more:
        connection.execute(_COUNTED, {"sink": sink, "more": more})


@contextmanager
def _as_outbox() -> Iterator[None]:
    """Have the store's errors come out as those that a relay knows."""
    try:
        yield
    except StoreUnavailableError as error:
        raise OutboxUnwritableError(str(error)) from None
    except StoreError as error:
        raise OutboxError(str(error)) from None
