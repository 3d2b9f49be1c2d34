"""Deliveries, as the relay asks for them: a sink is a subscription, named by its id."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, case, delete, select, update

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
_MINE = subscriptions.c.subscription_id == bindparam("sink")
_ARRIVED = (
    update(subscriptions)
    .where(_MINE)
    .values(delivered=subscriptions.c.delivered + bindparam("more"), **subscribed.CALM)
)
# Behind a time in which nothing was tried, it begins anew.
_FAILED = (
    update(subscriptions)
    .where(_MINE)
    .values(
        failing_since=case(
            (subscriptions.c.failed_at >= bindparam("lately"), subscriptions.c.failing_since),
            else_=bindparam("now"),
        ),
        failed_at=bindparam("now"),
        trouble=bindparam("why"),
    )
)
_FAILING = select(subscriptions.c.subscription_id, subscriptions.c.failing_since).where(
    subscriptions.c.failed_at >= bindparam("lately")
)


class StoreLedger:
    """The store's deliveries as a `GroupLedger`; safe to use from several threads.

    Outcomes are committed before `settle_all` returns. Where the store is away, each call raises
    an `OutboxUnwritableError`: who asks asks again.
    """

    def __init__(self, store: Store, pause: float = 3600.0) -> None:
        """Take the store.

        Args:
            store: The store.
            pause: The longest, in seconds, between two tries of a receiver at which nothing
                arrives; where more lies between two, it has not failed all the time.
        """
        self._store = store
        self._pause = pause

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

    def failing(self) -> dict[str, float]:
        """Return for how many seconds nothing arrives, by the subscriptions that this is so of."""
        now = self._store.clock()
        with _as_outbox(), self._store.database.reading() as connection:
            rows = connection.execute(_FAILING, {"lately": now - self._pause})
            return {sink: max(now - since, 0.0) for sink, since in rows}

    def settle_all(self, groups: Sequence[tuple[str, Sequence[Settlement]]]) -> None:
        """Record outcomes of several subscriptions, all or none."""
        now = self._store.clock()
        with _as_outbox(), self._store.database.writing() as connection:
            for sink, settlements in groups:
                _record(connection, sink, settlements)
                if why := _trouble(settlements):
                    given = {"sink": sink, "now": now, "lately": now - self._pause, "why": why}
                    connection.execute(_FAILED, given)

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
    if arrived:
        connection.execute(_ARRIVED, {"sink": sink, "more": more})


def _trouble(settlements: Sequence[Settlement]) -> str:
    """Return why the last one did not arrive; empty where nothing failed behind one that did."""
    for each in reversed(settlements):
        if each.state == "delivered":
            break
        if each.state == "waiting":
            return each.reason
    return ""


@contextmanager
def _as_outbox() -> Iterator[None]:
    """Have the store's errors come out as those that a relay knows."""
    try:
        yield
    except StoreUnavailableError as error:
        raise OutboxUnwritableError(str(error)) from None
    except StoreError as error:
        raise OutboxError(str(error)) from None
