"""However items are cut into batches, what becomes of them is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select
from tests.storing import LIFECYCLE, OTHER, PROJECT, new_event, new_run, subscription, token

from quantapilot.gateway.model import NewEvent, NewRun, Replay
from quantapilot.gateway.store import access, subscribed
from quantapilot.gateway.store.batch import store_batch
from quantapilot.gateway.store.tables import deliveries, events, meta, metadata, replays, runs
from quantapilot.outbox.ports import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.gateway.store.batch import Item

REPLAYS = [Replay(key, request) for key in (b"1", b"2") for request in (b"a", b"b")]
RUNS = [
    *[new_run(project) for project in (PROJECT, OTHER, PROJECT)],
    *[new_run(replay=each) for each in REPLAYS],
]
KINDS: dict[str, dict[str, Any]] = {
    "milestone_completed": {},
    "run_paused": {},
    "run_resumed": {},
    "gate_requested": {"gate": "anchor"},
    "gate_decision": {"gate": "anchor", "approved": True},
    "run_completed": {},
}
EVENTS = [new_event(each.run.run_id, kind, **data) for each in RUNS for kind, data in KINDS.items()]
# The same ids, with other bytes.
FORGED: list[Item] = [
    NewEvent(each.run_id, Entry(each.entry.id, each.entry.type, each.run_id, b"{}"), each.document)
    for each in EVENTS[:4]
]
SUBSCRIPTIONS = [
    subscription("t1", subscription_id="all"),
    subscription("t1", subscription_id="ends", types=frozenset({"quantapilot.run_completed"})),
    subscription("t1", subscription_id="first", run_id=RUNS[0].run.run_id),
]


def outcome(batches: Sequence[Sequence[Item]]) -> tuple[list[str], dict[str, Any]]:
    """Return what was answered to each item, and all that is stored."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(
            meta.insert().values({"version": 1, "directory_version": 1, "last_seq": 0})
        )
        access.add_token(connection, token("t1", PROJECT))
        for each in SUBSCRIPTIONS:
            subscribed.add(connection, each)
        answers: list[Any] = []
        for batch in batches:
            before = len(places(connection))
            told, stored = store_batch(connection, batch, LIFECYCLE, 5.0)
            answers += told
            assert [each.seq for each in stored] == places(connection)[before:]
        kept = {
            table.name: sorted(map(tuple, connection.execute(select(table))))
            for table in (runs, events, deliveries, replays, meta)
        }
    engine.dispose()
    return [repr(each) for each in answers], kept


def places(connection: Connection) -> list[int]:
    return list(connection.execute(select(events.c.seq).order_by(events.c.seq)).scalars())


def run_is_added_once(items: Sequence[Item]) -> list[Item]:
    """Leave away what a gateway never does: it makes each run's id anew."""
    seen: set[str] = set()
    left: list[Item] = []
    for item in items:
        if not isinstance(item, NewRun) or item.run.run_id not in seen:
            left.append(item)
        if isinstance(item, NewRun):
            seen.add(item.run.run_id)
    return left


ITEMS: list[Item] = [*RUNS, *RUNS, *EVENTS, *FORGED]


@given(
    st.lists(st.sampled_from(ITEMS), max_size=40).map(run_is_added_once),
    st.integers(2, 40),
)
def test_batches_of_any_size_come_to_the_same(items: list[Item], size: int) -> None:
    singly = outcome([[item] for item in items])
    assert outcome([items[at : at + size] for at in range(0, len(items), size)]) == singly
