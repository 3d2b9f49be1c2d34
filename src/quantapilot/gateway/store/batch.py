"""Triggers and events become rows: a batch in one transaction, each item accepted or refused.

What they need to know of what is stored is read in one statement a table, what they add is
written in one a table. Items are judged in their order: one sees what those before it did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from quantapilot.contract.lifecycle import Progress
from quantapilot.errors import (
    DuplicateEventError,
    OutOfOrderError,
    ReplayMismatchError,
    StoreError,
    UnknownRunError,
)
from quantapilot.gateway.model import Accepted, NewEvent, NewRun, StoredEvent
from quantapilot.gateway.store.fan_out import fan_out
from quantapilot.gateway.store.fold import folded
from quantapilot.gateway.store.reading import last_seq
from quantapilot.gateway.store.rows import add_rows
from quantapilot.gateway.store.run_rows import CHANGING, change, row, run_of
from quantapilot.gateway.store.tables import events, meta, replays, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from quantapilot.contract.lifecycle import Lifecycle
    from quantapilot.gateway.model import Replay, Run
    from quantapilot.outbox.ports import Entry

    Item = NewRun | NewEvent
    # None tells of an event that it is stored.
    Answer = Accepted | StoreError | DuplicateEventError | OutOfOrderError | None

# Each event of a run writes its row anew, with the gates that are open.
_MOST_OPEN = 100

_ANSWERED = select(replays.c.key, replays.c.request, replays.c.answer).where(
    replays.c.key.in_(bindparam("keys", expanding=True))
)
_RUNS = select(runs).where(runs.c.run_id.in_(bindparam("ids", expanding=True)))
_EVENTS = select(events.c.project_id, events.c.event_id, events.c.run_id, events.c.body).where(
    events.c.event_id.in_(bindparam("ids", expanding=True))
)
_CHANGE_RUNS = (
    update(runs)
    .where(runs.c.run_id == bindparam("of"))
    .values({name: bindparam(name) for name in CHANGING})
)
_SET_LAST = update(meta).values(last_seq=bindparam("last"))


@dataclass(slots=True)
class _Batch:
    """What is known while a batch is judged, and what it adds.

    Attributes:
        last: The place of the last event so far.
        answered: Key of a replay -> its request, and the answer that was given.
        known: Runs by their ids, as they are behind the items so far; with their last place.
        standing: Events by their projects and ids: the run, and the body.
        new: The ids of runs that are added, with the place of their first event.
        changed: The ids of runs that were there, and have new events.
    """

    order: Lifecycle
    now: float
    last: int
    answered: dict[bytes, tuple[bytes, bytes]]
    known: dict[str, tuple[Run, int]]
    standing: dict[tuple[str, str], tuple[str, bytes]]
    new: dict[str, int] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    stored: list[StoredEvent] = field(default_factory=list)
    replays: list[tuple[bytes, bytes, bytes, float]] = field(default_factory=list)

    def judged(self, item: Item) -> Answer:
        """Take in an item, or return why it is refused."""
        try:
            if isinstance(item, NewRun):
                return self._run(item)
            self._event(item)
        except (StoreError, DuplicateEventError, OutOfOrderError) as refused:
            return refused
        return None

    def _run(self, item: NewRun) -> Accepted:
        replay = item.replay
        if replay is not None:
            if (given := self.answered.get(replay.key)) is not None:
                return _given(replay, *given)
            self.answered[replay.key] = (replay.request, item.answer)
            self.replays.append((replay.key, replay.request, item.answer, self.now))
        self._add(item.run, item.entry)
        self.new[item.run.run_id] = self.last
        return Accepted(item.answer)

    def _event(self, item: NewEvent) -> None:
        entry = item.entry
        if (known := self.known.get(item.run_id)) is None:
            raise UnknownRunError("there is no such run")
        run = known[0]
        if (standing := self.standing.get((run.project_id, entry.id))) is not None:
            if standing != (item.run_id, entry.body):
                raise DuplicateEventError(
                    "another event is stored under the id of this one; give each an id of its own"
                )
            return
        progress = self.order.advance(Progress(run.state, run.open_), item.document)
        if len(progress.open_) > _MOST_OPEN:
            raise OutOfOrderError(
                f"the run has {_MOST_OPEN} gates open: one has to be decided first"
            )
        self._add(folded(run, item.document, progress), entry)
        if item.run_id not in self.new:
            self.changed.add(item.run_id)

    def _add(self, run: Run, entry: Entry) -> None:
        self.last += 1
        self.known[run.run_id] = (run, self.last)
        self.standing[run.project_id, entry.id] = (run.run_id, entry.body)
        self.stored.append(
            StoredEvent(self.last, entry.id, entry.type, run.run_id, run.project_id, entry.body)
        )


def store_batch(
    connection: Connection, items: Sequence[Item], order: Lifecycle, now: float
) -> tuple[list[Answer], list[StoredEvent]]:
    """Store items, and have their events delivered.

    Args:
        connection: One in a transaction that writes.
        items: In the order in which their events get their places.
        order: Which event of a run may follow which.
        now: Seconds since the epoch.

    Returns:
        What to answer to each once that is committed, and the events that were stored.
    """
    batch = _read(connection, items, order, now)
    first = batch.last
    answers = [batch.judged(item) for item in items]
    if batch.stored:
        _write(connection, batch)
        fan_out(connection, first, batch.last, now)
    return answers, batch.stored


def _read(connection: Connection, items: Sequence[Item], order: Lifecycle, now: float) -> _Batch:
    keys = [each.replay.key for each in items if isinstance(each, NewRun) and each.replay]
    told = [each for each in items if isinstance(each, NewEvent)]
    batch = _Batch(order, now, last_seq(connection), {}, {}, {})
    if keys:
        rows = connection.execute(_ANSWERED, {"keys": keys})
        batch.answered = {each.key: (each.request, each.answer) for each in rows}
    if told:
        rows = connection.execute(_RUNS, {"ids": list({each.run_id for each in told})})
        batch.known = {each["run_id"]: (run_of(each), each["last_seq"]) for each in rows.mappings()}
        rows = connection.execute(_EVENTS, {"ids": list({each.entry.id for each in told})})
        batch.standing = {
            (each.project_id, each.event_id): (each.run_id, each.body) for each in rows
        }
    return batch


def _write(connection: Connection, batch: _Batch) -> None:
    add_rows(connection, runs, [row(seq, *batch.known[each]) for each, seq in batch.new.items()])
    if batch.changed:
        changes = [change(*batch.known[each]) for each in batch.changed]
        connection.execute(_CHANGE_RUNS, changes)
    add_rows(
        connection,
        events,
        [
            (each.seq, each.id, each.type, each.run_id, each.project_id, batch.now, each.body)
            for each in batch.stored
        ],
    )
    add_rows(connection, replays, batch.replays)
    connection.execute(_SET_LAST, {"last": batch.last})


def _given(replay: Replay, request: bytes, answer: bytes) -> Accepted:
    if request != replay.request:
        raise ReplayMismatchError("the idempotency key was used before, for another request")
    return Accepted(answer, replayed=True)
