"""The gateway's store, on a real SQLite file and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.postgresql_server import PASSWORD, PostgresqlServer, postgresql_server
from tests.storing import (
    LIFECYCLE,
    OTHER,
    PROJECT,
    accept,
    new_event,
    new_run,
    subscription,
    token,
    writing,
)
from tests.waiting import until

from quantapilot.errors import (
    DuplicateEventError,
    GatewayKeyError,
    OutboxUnwritableError,
    OutOfOrderError,
    ReplayMismatchError,
    StoreConflictError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
    UnknownCursorError,
    UnknownRunError,
)
from quantapilot.gateway.model import (
    Accepted,
    DeliveryHealth,
    NewEvent,
    Refusal,
    Replay,
    StoredEvent,
)
from quantapilot.gateway.store import retention
from quantapilot.gateway.store.leader import Lead
from quantapilot.gateway.store.ledger import StoreLedger
from quantapilot.gateway.store.migrations import VERSION, migrate
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.store.tables import meta
from quantapilot.gateway.store.writer import Writer
from quantapilot.outbox.ports import Entry, Settlement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PATIENCE = 60.0
DAY = 24 * 3600.0


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_place()


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with Store(place) as opened:
        yield opened


def subscribed(store: Store, *projects: str, **more: Any) -> str:
    """Add a token with grants and a subscription of it; return the subscription's id."""
    owner = token(f"t{len(store.tokens()):011}", *projects)
    store.add_token(owner)
    made = subscription(owner.token_id, **more)
    store.add_subscription(made)
    return made.subscription_id


def waiting(store: Store, subscription_id: str, after: int = 0, limit: int = 1000) -> list[int]:
    return [each.message.seq for each in StoreLedger(store).pending(subscription_id, after, limit)]


class TestDirectory:
    """Who may what."""

    def test_what_was_added_is_there_after_opening_again(self, place: str) -> None:
        bearer = token("t1", PROJECT, OTHER, label="ci", expires_at=5e9)
        signed = token("t2", "*", kind="signed", salt=b"", digest=b"")
        made = subscription("t1", types=frozenset({"quantapilot.run_failed"}), project_id=PROJECT)
        with Store(place) as store:
            store.add_token(bearer)
            store.add_token(signed)
            store.add_repository(PROJECT, "github.com/org/project")
            store.add_subscription(made)
        with Store(place) as store:
            directory = store.directory()
        assert directory.tokens == {"t1": bearer, "t2": signed}
        assert directory.repositories == {"github.com/org/project": PROJECT}
        assert directory.subscriptions == {made.subscription_id: made}

    def test_each_change_of_it_grows_its_version(self, store: Store) -> None:
        made = subscription("t1")
        sid = made.subscription_id
        changes: list[Callable[[], object]] = [
            lambda: store.add_token(token("t1")),
            lambda: store.add_repository(PROJECT, "r"),
            lambda: store.add_subscription(made),
            lambda: store.set_state(sid, "disabled", "status 410"),
            lambda: StoreLedger(store).disable(sid, "again"),
            lambda: store.rotate(sid, 3.0),
            lambda: store.remove_subscription(sid),
            lambda: store.remove_repository(PROJECT),
            lambda: store.revoke_token("t1", 2.0),
        ]
        versions = [store.directory_version()]
        for change in changes:
            change()
            versions.append(store.directory_version())
        grown = [after > before for before, after in pairwise(versions)]
        # To disable what is disabled changes nothing.
        assert grown == [True, True, True, True, False, True, True, True, True]
        assert store.directory().version == versions[-1]

    def test_vain_changes_leave_its_version(self, store: Store) -> None:
        store.add_token(token("t1"))
        store.add_repository(PROJECT, "r")
        assert store.revoke_token("t1", 2.0)
        version = store.directory_version()
        assert not store.revoke_token("t1", 3.0)
        assert not store.revoke_token("t9", 3.0)
        assert not store.add_repository(PROJECT, "r")
        assert store.remove_repository(OTHER) == 0
        assert not store.remove_subscription("s9")
        assert not store.set_state("s9", "active")
        assert store.rotate("s9", 1.0) is None
        assert store.directory_version() == version
        assert store.tokens()[0].revoked_at == 2.0

    def test_a_token_id_is_given_once(self, store: Store) -> None:
        store.add_token(token("t1"))
        with pytest.raises(StoreConflictError) as caught:
            store.add_token(token("t1", OTHER))
        assert "t1" not in str(caught.value).removeprefix(store.database.name)
        assert store.tokens() == [token("t1")]

    def test_a_repository_belongs_to_one_project(self, store: Store) -> None:
        assert store.add_repository(PROJECT, "r1")
        assert store.add_repository(PROJECT, "r2")
        with pytest.raises(StoreConflictError, match=f"project {PROJECT}: remove it"):
            store.add_repository(OTHER, "r1")
        assert store.remove_repository(OTHER, "r1") == 0
        assert store.remove_repository(PROJECT, "r1") == 1
        assert store.add_repository(OTHER, "r1")
        assert store.directory().repositories == {"r1": OTHER, "r2": PROJECT}

    def test_a_subscription_needs_a_token_that_is_there(self, store: Store) -> None:
        with pytest.raises(StoreConflictError):
            store.add_subscription(subscription("t9"))


class TestRuns:
    """Runs and their events, as they are accepted and read."""

    def test_a_run_is_there_with_its_first_event(self, store: Store) -> None:
        asked = new_run()
        assert accept(store, asked) == [Accepted(asked.answer)]
        assert store.run(asked.run.run_id) == asked.run
        entry = asked.entry
        stored = StoredEvent(1, entry.id, entry.type, entry.subject, PROJECT, entry.body)
        assert store.events_of_run(asked.run.run_id) == store.events_after(0, 10) == [stored]
        assert (store.last_seq(), store.seq_of(entry.id)) == (1, 1)

    def test_a_run_is_folded_from_its_events(self, store: Store) -> None:
        asked = new_run()
        run_id = asked.run.run_id
        later = [
            new_event(run_id, "documentation_generated", docs_branch="docs", pr_number=7),
            new_event(run_id, "gate_requested", gate="anchor"),
            new_event(run_id),
            new_event(run_id, "run_paused", reason="waits"),
        ]
        # Some of them come in the batch of the run itself.
        assert accept(store, asked, *later[:2])[1:] == [None, None]
        assert accept(store, *later[2:]) == [None, None]
        run = store.run(run_id)
        assert run is not None
        assert (run.state, set(run.open_), run.events) == ("paused", {"anchor"}, 5)
        told = {"docs_branch": "docs", "pr_number": 7, "message": "waits", "milestones_count": 1}
        assert run.facts == {**asked.run.facts, **told}
        assert run.started_at == asked.run.started_at
        assert run.updated_at == later[-1].document["time"]
        assert [each.id for each in store.events_of_run(run_id)] == [
            asked.entry.id,
            *(each.entry.id for each in later),
        ]

    def test_what_is_refused_leaves_the_rest_of_the_batch(self, store: Store) -> None:
        first, ended = new_run(), new_run()
        completed = new_event(ended.run.run_id, "run_completed")
        accept(store, first, ended, completed)
        changed = NewEvent(
            completed.run_id,
            Entry(completed.entry.id, completed.entry.type, completed.run_id, b"{}"),
            completed.document,
        )
        answers = accept(
            store,
            new_event("nowhere"),
            new_event(ended.run.run_id),
            changed,
            new_event(first.run.run_id),
            new_event(first.run.run_id, "gate_decision", gate="anchor", approved=True),
            completed,
            third := new_run(),
        )
        assert [type(each) for each in answers] == [
            UnknownRunError,
            OutOfOrderError,
            DuplicateEventError,
            type(None),
            OutOfOrderError,
            type(None),
            Accepted,
        ]
        assert store.last_seq() == 5
        run = store.run(first.run.run_id)
        assert run is not None
        assert run.events == 2
        assert store.run(third.run.run_id) == third.run

    def test_an_event_that_comes_twice_is_stored_once(self, store: Store) -> None:
        asked = new_run()
        event = new_event(asked.run.run_id)
        assert accept(store, asked, event, event)[1:] == [None, None]
        assert accept(store, event) == [None]
        assert store.last_seq() == 2

    def test_an_event_can_t_take_the_id_of_another_run_s(self, store: Store) -> None:
        one, other = new_run(), new_run()
        event = new_event(one.run.run_id)
        accept(store, one, other, event)
        taken = NewEvent(other.run.run_id, event.entry, event.document)
        assert isinstance(accept(store, taken)[0], DuplicateEventError)

    def test_a_run_has_so_many_gates_open_and_no_more(self, store: Store) -> None:
        asked = new_run()
        run_id = asked.run.run_id

        def gate(kind: str, number: int, **more: Any) -> NewEvent:
            return new_event(run_id, kind, gate=f"g{number}", **more)

        opened = [gate("gate_requested", each) for each in range(100)]
        assert accept(store, asked, *opened)[1:] == [None] * 100
        answers = accept(
            store,
            gate("gate_requested", 100),
            gate("gate_decision", 7, approved=True),
            gate("gate_requested", 100),
        )
        assert [type(each) for each in answers] == [OutOfOrderError, type(None), type(None)]
        assert str(answers[0]) == "the run has 100 gates open: one has to be decided first"

    def test_an_id_is_free_whatever_another_project_has_under_it(self, store: Store) -> None:
        mine, theirs = new_run(), new_run(OTHER)
        event = new_event(theirs.run.run_id)
        same = new_event(mine.run.run_id)
        same = replace(same, entry=replace(same.entry, id=event.entry.id))
        assert accept(store, theirs, mine, event, same)[2:] == [None, None]
        assert accept(store, event, same) == [None, None]
        assert [store.seq_of(event.entry.id, {each}) for each in (OTHER, PROJECT)] == [3, 4]
        assert store.seq_of(event.entry.id) == 3
        assert [each.seq for each in store.events_after(0, 10, {PROJECT})] == [2, 4]

    def test_what_can_t_be_stored_leaves_the_rest_of_the_batch(self, store: Store) -> None:
        good, again = new_run(), new_run()
        bad = new_event(good.run.run_id)
        broken = NewEvent(bad.run_id, Entry("half \ud800", "t", "s", b"{}"), bad.document)
        lacking = NewEvent(bad.run_id, bad.entry, {"type": "quantapilot.milestone_completed"})
        answers = accept(store, good, broken, lacking, good, again)
        assert [type(each) for each in answers] == [
            Accepted,
            StoreError,
            StoreError,
            StoreConflictError,
            Accepted,
        ]
        assert "surrogate" in str(answers[1])
        assert str(answers[2]) == "internal fault KeyError while storing; please report it"
        assert store.last_seq() == 2

    def test_places_of_events_have_no_gaps(self, store: Store) -> None:
        runs = [new_run() for _ in range(300)]
        accept(store, *runs, runs[0], *[new_event("nowhere")] * 3)
        accept(store, *[new_event(each.run.run_id) for each in runs])
        found = store.events_after(0, 10_000)
        assert [each.seq for each in found] == list(range(1, 601))
        assert [each.run_id for each in found[:300]] == [each.run.run_id for each in runs]
        assert [each.seq for each in store.events_after(590, 3)] == [591, 592, 593]

    def test_pages_of_runs_begin_behind_a_run(self, store: Store) -> None:
        mine = [new_run() for _ in range(5)]
        others = [new_run(OTHER) for _ in range(5)]
        mixed = [each for pair in zip(mine, others, strict=True) for each in pair]
        accept(store, *mixed, new_event(mine[3].run.run_id, "run_completed"))
        ids = [each.run.run_id for each in mine]
        page = store.runs({PROJECT}, limit=2)
        assert [each.run_id for each in page] == [ids[4], ids[3]]
        page = store.runs({PROJECT}, before=ids[3], limit=9)
        assert [each.run_id for each in page] == [ids[2], ids[1], ids[0]]
        assert len(store.runs(None)) == 10
        assert store.runs(set()) == []
        assert [each.run_id for each in store.runs({PROJECT, OTHER}, state="completed")] == [ids[3]]
        for unseen in (others[0].run.run_id, "nowhere"):
            with pytest.raises(UnknownCursorError, match="no such run to begin behind"):
                store.runs({PROJECT}, before=unseen)

    def test_pages_of_events_begin_behind_an_event_of_the_run(self, store: Store) -> None:
        asked, other = new_run(), new_run()
        events = [new_event(asked.run.run_id) for _ in range(4)]
        accept(store, asked, other, *events)
        page = store.events_of_run(asked.run.run_id, events[0].entry.id, 2)
        assert [each.id for each in page] == [events[1].entry.id, events[2].entry.id]
        for unknown in (other.entry.id, "nowhere"):
            with pytest.raises(UnknownCursorError, match="the run has no such event"):
                store.events_of_run(asked.run.run_id, unknown)

    def test_another_project_s_run_and_event_are_as_if_they_were_not(self, store: Store) -> None:
        theirs = new_run(OTHER)
        accept(store, theirs)
        assert store.run(theirs.run.run_id, {PROJECT}) is None
        assert store.run(theirs.run.run_id, set()) is None
        assert store.run(theirs.run.run_id, {PROJECT, OTHER}) == theirs.run
        assert store.seq_of(theirs.entry.id, {PROJECT}) is None
        assert store.seq_of(theirs.entry.id, {OTHER}) == 1


class TestReplays:
    """Triggers that are sent again."""

    def test_a_trigger_that_is_sent_again_starts_nothing(self, store: Store) -> None:
        replay = Replay(b"key", b"request")
        first = new_run(replay=replay)
        batch = accept(store, first, new_run(replay=replay), new_run(replay=Replay(b"2", b"r")))
        assert batch[:2] == [Accepted(first.answer), Accepted(first.answer, replayed=True)]
        assert not batch[2].replayed
        later = accept(store, new_run(replay=replay))
        assert later == [Accepted(first.answer, replayed=True)]
        assert len(store.runs(None)) == 2

    def test_the_key_with_another_request_is_refused(self, store: Store) -> None:
        first = new_run(replay=Replay(b"key", b"request"))
        again = new_run(replay=Replay(b"key", b"other"))
        for answers in (accept(store, first, again)[1:], accept(store, again)):
            assert isinstance(answers[0], ReplayMismatchError)
        assert len(store.runs(None)) == 1

    def test_a_key_of_what_could_not_be_stored_is_free(self, store: Store) -> None:
        accept(store, taken := new_run())
        replay = Replay(b"key", b"request")
        twin = type(taken)(taken.run, taken.entry, taken.answer, replay)
        good = new_run(replay=replay)
        answers = accept(store, twin, good)
        assert isinstance(answers[0], StoreConflictError)
        assert answers[1] == Accepted(good.answer)


class TestFanOut:
    """Who hears of an event."""

    def test_each_hears_of_what_it_asked_for_and_is_granted(self, store: Store) -> None:
        mine, theirs = new_run(), new_run(OTHER)
        completed = "quantapilot.run_completed"
        heard = {
            subscribed(store, PROJECT): [1, 3],
            subscribed(store, OTHER): [2, 4],
            subscribed(store, PROJECT, OTHER): [1, 2, 3, 4],
            subscribed(store, "*"): [1, 2, 3, 4],
            subscribed(store, "*", state="pending"): [1, 2, 3, 4],
            subscribed(store, "*", state="disabled"): [],
            subscribed(store, "*", types=frozenset({completed})): [3, 4],
            subscribed(store, PROJECT, types=frozenset({completed, "x.y"})): [3],
            subscribed(store, "*", types=frozenset({"x.y"})): [],
            subscribed(store, "*", project_id=OTHER): [2, 4],
            subscribed(store, PROJECT, project_id=OTHER): [],
            subscribed(store, "*", run_id=mine.run.run_id): [1, 3],
            subscribed(store, OTHER, run_id=mine.run.run_id): [],
        }
        ends = [new_event(each.run.run_id, "run_completed") for each in (mine, theirs)]
        accept(store, mine, theirs)
        accept(store, *ends)
        assert {each: waiting(store, each) for each in heard} == heard

    def test_a_token_that_ended_hears_of_nothing_more(self, store: Store) -> None:
        tokens = {
            "revoked": token("revoked", revoked_at=5.0),
            "expired": token("expired", expires_at=time.time() - 1),
            "expires": token("expires", expires_at=time.time() + 3600),
        }
        made = {name: subscription(name) for name in tokens}
        for name, each in tokens.items():
            store.add_token(each)
            store.add_subscription(made[name])
        accept(store, new_run())
        heard = {name: waiting(store, each.subscription_id) for name, each in made.items()}
        assert heard == {"revoked": [], "expired": [], "expires": [1]}

    def test_one_that_is_enabled_again_gets_what_it_was_passed_over_with(
        self, store: Store
    ) -> None:
        sid = subscribed(store, PROJECT)
        other = subscribed(store, PROJECT)
        accept(store, new_run())
        assert store.set_state(sid, "disabled", "status 410")
        assert store.set_state(sid, "disabled", "status 410 again")
        accept(store, new_run(), new_run(OTHER), new_run())
        assert waiting(store, sid) == [1]
        assert store.set_state(sid, "pending")
        assert waiting(store, sid) == [1, 2, 4]
        assert store.set_state(sid, "active")
        accept(store, new_run())
        assert waiting(store, sid) == waiting(store, other) == [1, 2, 4, 5]

    def test_one_that_was_made_disabled_gets_nothing_of_before(self, store: Store) -> None:
        accept(store, new_run())
        sid = subscribed(store, PROJECT, state="disabled")
        accept(store, new_run())
        store.set_state(sid, "active")
        assert waiting(store, sid) == [2]


class TestSubscriptions:
    """What is known of subscriptions."""

    def test_they_tell_how_far_they_are(self, store: Store) -> None:
        sid = subscribed(store, PROJECT, types=frozenset({"quantapilot.run_started"}))
        accept(store, *[new_run() for _ in range(6)])
        ledger = StoreLedger(store)
        ledger.settle_all([(sid, [Settlement(1, "delivered"), Settlement(2, "delivered")])])
        ledger.settle_all([(sid, [Settlement(3, "dead", 9, reason="status 400")])])
        found = store.subscription(sid)
        assert found is not None
        assert (found.delivered, found.waiting, found.dead) == (2, 3, 1)
        assert found.types == {"quantapilot.run_started"}
        assert store.subscriptions_of(found.token_id) == [found]
        # Who keeps a directory is not told of each delivery.
        assert store.directory().subscriptions[sid].delivered == 0

    def test_a_token_s_own_are_told_oldest_first(self, store: Store) -> None:
        for name in ("t1", "t2"):
            store.add_token(token(name))
        mine = [subscription("t1", created_at=float(9 - at)) for at in range(3)]
        for each in (*mine, subscription("t2")):
            store.add_subscription(each)
        assert store.subscriptions_of("t1") == mine[::-1]
        assert store.subscriptions_of("t9") == []

    def test_one_that_is_removed_leaves_nothing(self, store: Store) -> None:
        sid = subscribed(store, PROJECT, types=frozenset({"quantapilot.run_started"}))
        accept(store, new_run())
        assert store.remove_subscription(sid)
        assert store.subscription(sid) is None
        assert waiting(store, sid) == []
        assert StoreLedger(store).register(sid) == "there is no such subscription any more"
        StoreLedger(store).settle_all([(sid, [Settlement(1, "delivered")])])
        StoreLedger(store).disable(sid, "gone")
        assert store.health(None, 1.0) == DeliveryHealth()

    def test_a_state_changes_only_from_where_it_may(self, store: Store) -> None:
        sid = subscribed(store, PROJECT, state="pending")
        assert store.set_state(sid, "disabled", "its token has ended")
        assert not store.set_state(sid, "active", was={"pending"})
        found = store.subscription(sid)
        assert found is not None
        assert (found.state, found.reason) == ("disabled", "its token has ended")

    def test_rotation_counts_its_keys(self, store: Store) -> None:
        sid = subscribed(store, PROJECT)
        store.rotate(sid, 5.0)
        found = store.rotate(sid, 6.0)
        assert found is not None
        assert (found.generation, found.rotated_at) == (2, 6.0)


class TestLedger:
    """Deliveries, as the relay asks for them."""

    def test_what_waits_is_told_in_order_and_in_parts(self, store: Store) -> None:
        sid = subscribed(store, PROJECT)
        runs = [new_run() for _ in range(9)]
        accept(store, *runs)
        ledger = StoreLedger(store)
        first = ledger.pending(sid, 0, 1)[0]
        entry = runs[0].entry
        assert (first.message.id, first.message.body) == (entry.id, entry.body)
        assert (first.message.type, first.message.subject) == (entry.type, runs[0].run.run_id)
        assert (first.attempts, first.due) == (0, 0.0)
        assert waiting(store, sid, 3, 4) == [4, 5, 6, 7]

    def test_outcomes_are_kept(self, place: str) -> None:
        with Store(place) as store:
            sid = subscribed(store, PROJECT)
            accept(store, *[new_run() for _ in range(1200)])
            outcomes = [
                Settlement(1, "waiting", 3, 77.5, "status 503"),
                Settlement(2, "dead", 4, reason="status 400"),
                Settlement(3, "dropped"),
                *[Settlement(seq, "delivered") for seq in range(4, 1200)],
            ]
            StoreLedger(store).settle_all([(sid, outcomes)])
        with Store(place) as store:
            left = StoreLedger(store).pending(sid, 0, 2000)
            assert [(each.message.seq, each.attempts, each.due) for each in left] == [
                (1, 3, 77.5),
                (1200, 0, 0.0),
            ]
            found = store.subscription(sid)
            assert found is not None
            assert (found.delivered, found.waiting, found.dead) == (1196, 2, 1)

    def test_what_is_settled_twice_counts_once(self, store: Store) -> None:
        sid = subscribed(store, PROJECT)
        accept(store, new_run())
        ledger = StoreLedger(store)
        for _ in range(2):
            ledger.settle_all([(sid, [Settlement(1, "delivered"), Settlement(1, "delivered")])])
        found = store.subscription(sid)
        assert found is not None
        assert found.delivered == 1

    def test_one_that_wants_no_more_is_told_so_with_its_reason(self, store: Store) -> None:
        sid = subscribed(store, PROJECT)
        accept(store, new_run())
        ledger = StoreLedger(store)
        assert ledger.register(sid) is None
        ledger.disable(sid, "status 410")
        ledger.disable(sid, "later")
        assert ledger.register(sid) == "status 410"
        assert waiting(store, sid) == [1]


class TestWatching:
    """What operators look at."""

    def test_refusals_are_told_by_project_latest_first(self, store: Store) -> None:
        refused = [
            Refusal(f"2026-01-01T00:00:0{at}Z", "pii/email", "trigger", project, "/branch")
            for at, project in enumerate((PROJECT, OTHER, PROJECT))
        ]
        store.add_refusals(refused)
        store.add_refusals([])
        assert store.refusals({PROJECT}) == [refused[2], refused[0]]
        assert store.refusals(None, 2) == [refused[2], refused[1]]
        assert store.refusals(set()) == []

    def test_health_counts_only_the_projects_of_who_asks(self, store: Store) -> None:
        mine, theirs = subscribed(store, PROJECT), subscribed(store, OTHER)
        both = subscribed(store, "*", state="pending")
        subscribed(store, PROJECT, OTHER, project_id=OTHER)
        off = subscribed(store, PROJECT)
        run = new_run()
        accept(store, run, new_run(OTHER), new_run(OTHER))
        of_run = subscribed(store, "*", run_id=run.run.run_id, state="disabled")
        store.set_state(off, "disabled", "status 410")
        StoreLedger(store).settle_all([(both, [Settlement(1, "dead")])])
        now = store.clock() + 60
        health = store.health({PROJECT}, now)
        assert (health.waiting, health.dead) == (1, 1)
        assert (health.active, health.pending, health.disabled) == (1, 1, 2)
        assert 60 <= health.oldest < 60 + PATIENCE
        everything = store.health(None, now)
        assert (everything.waiting, everything.dead) == (7, 1)
        assert (everything.active, everything.pending, everything.disabled) == (3, 1, 2)
        assert store.health(set(), now) == DeliveryHealth()
        assert {mine, theirs, of_run} <= store.directory().subscriptions.keys()


class TestPurge:
    """What is let go of."""

    def test_answers_are_forgotten_after_a_day(self, store: Store) -> None:
        replay = Replay(b"key", b"request")
        accept(store, new_run(replay=replay))
        now = store.clock()
        assert store.purge(now + DAY - 60) == 0
        assert store.purge(now + DAY + 60) == 1
        assert not accept(store, new_run(replay=replay))[0].replayed

    def test_only_the_last_refusals_are_kept(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert retention.REFUSALS_KEPT == 10_000
        monkeypatch.setattr(retention, "REFUSALS_KEPT", 100)
        one = Refusal("2026-01-01T00:00:00Z", "pii/email", "event", PROJECT)
        store.add_refusals([one] * 634)
        store.add_refusals([last := replace(one, rule="pii/phone")])
        assert store.purge(store.clock()) == 535
        assert store.refusals(None, 1000) == [last, *[one] * 99]

    def test_runs_are_forgotten_whole_once_they_are_old_and_delivered(self, store: Store) -> None:
        sid = subscribed(store, PROJECT)
        done, stuck = new_run(), new_run()
        accept(store, done, stuck, new_event(done.run.run_id))
        ledger = StoreLedger(store)
        ledger.settle_all([(sid, [Settlement(1, "delivered"), Settlement(3, "dead")])])
        later = store.clock() + 100
        assert store.purge(later) == 0
        assert store.purge(later, keep=3600) == 0
        assert store.purge(later, keep=50) == 1
        assert store.run(done.run.run_id) is None
        assert store.events_of_run(done.run.run_id) == []
        assert store.run(stuck.run.run_id) == stuck.run
        found = store.subscription(sid)
        assert found is not None
        assert (found.waiting, found.dead) == (1, 0)
        # Places are never given twice.
        ledger.settle_all([(sid, [Settlement(2, "delivered")])])
        store.purge(later, keep=50)
        accept(store, new_run())
        assert [each.seq for each in store.events_after(0, 10)] == [4]

    def test_a_disabled_subscription_keeps_no_run(self, store: Store) -> None:
        sid = subscribed(store, PROJECT)
        accept(store, new_run())
        later = store.clock() + 100
        assert store.purge(later, keep=50) == 0
        store.set_state(sid, "disabled", "gone")
        assert store.purge(later, keep=50) == 1
        store.set_state(sid, "pending")
        assert StoreLedger(store).pending(sid, 0, 10) == []

    def test_letting_go_leaves_the_rest_where_it_is_to_end(self, store: Store) -> None:
        accept(store, new_run())
        later = store.clock() + 100
        assert store.purge(later, keep=50, ends=lambda: True) == 0
        assert store.purge(later, keep=50) == 1


class TestTogether:
    """Several processes, or threads, on one store."""

    def test_stores_that_open_at_the_same_time_agree(self, place: str) -> None:
        barrier = threading.Barrier(8)

        def opened(_: int) -> int:
            barrier.wait(PATIENCE)
            with Store(place) as store:
                return store.directory_version()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(opened, range(8))) == [1] * 8

    def test_writers_of_several_stores_never_hide_an_event_from_a_reader(self, place: str) -> None:
        stores = [Store(place) for _ in range(3)]
        sid = subscribed(stores[0], PROJECT)
        seen: list[int] = []
        ended = threading.Event()

        def write(store: Store) -> None:
            for _ in range(20):
                accept(store, *[new_run() for _ in range(5)])

        def settle() -> None:
            ledger = StoreLedger(stores[0])
            while not ended.is_set():
                found = waiting(stores[0], sid)
                ledger.settle_all([(sid, [Settlement(seq, "delivered") for seq in found])])

        def read() -> None:
            while not ended.is_set():
                seen.extend(
                    each.seq for each in stores[0].events_after(seen[-1] if seen else 0, 50)
                )

        with ThreadPoolExecutor(8) as pool:
            others = [pool.submit(read), pool.submit(settle)]
            try:
                for each in [pool.submit(write, store) for store in stores]:
                    each.result(PATIENCE * 4)
            finally:
                ended.set()
            for each in others:
                each.result(PATIENCE)
        read_rest = [each.seq for each in stores[0].events_after(seen[-1] if seen else 0, 1000)]
        assert seen + read_rest == list(range(1, 301))
        found = stores[0].subscription(sid)
        assert found is not None
        assert found.delivered + found.waiting == 300
        for store in stores:
            store.close()

    def test_how_long_nothing_arrives_is_known_to_whoever_delivers_next(self, place: str) -> None:
        now = 1000.0
        with Store(place, clock=lambda: now) as one, Store(place, clock=lambda: now) as other:
            sid = subscribed(one, PROJECT, state="active")
            accept(one, new_run(), new_run())
            ledger, taken_over = StoreLedger(one, 60.0), StoreLedger(other, 60.0)
            failed = Settlement(1, "waiting", 1, 5.0, "status 503")
            for each in (1000.0, 1050.0, 1100.0):
                now = each
                ledger.settle_all([(sid, [failed])])
            assert taken_over.failing() == {sid: 100.0}
            found = other.subscription(sid)
            assert found is not None
            assert found.trouble == "status 503"
            # Nothing was tried for longer than receivers are left alone: it begins anew.
            now = 1200.0
            assert taken_over.failing() == {}
            taken_over.settle_all([(sid, [Settlement(1, "delivered"), replace(failed, seq=2)])])
            now = 1210.0
            assert taken_over.failing() == {sid: 10.0}
            taken_over.settle_all([(sid, [Settlement(2, "delivered")])])
            assert ledger.failing() == {}
            assert one.subscriptions_of(found.token_id)[0].trouble is None

    def test_a_token_that_another_process_revokes_is_seen(self, place: str) -> None:
        with Store(place) as server, Store(place) as command:
            command.add_token(token("t1"))
            version = server.directory_version()
            command.revoke_token("t1", 9.0)
            assert server.directory_version() > version
            assert server.directory().tokens["t1"].revoked_at == 9.0

    def test_one_at_a_time_has_the_lead(self, place: str) -> None:
        with Store(place) as one, Store(place) as other:
            first, second = Lead(one), Lead(other)
            assert not first.held
            assert first.try_take()
            assert first.try_take()
            assert first.held
            assert not second.try_take()
            assert not second.held
            first.release()
            first.release()
            assert not first.held
            assert second.try_take()
            second.release()

    def test_each_gateway_of_a_database_has_a_lead_of_its_own(
        self, postgresql: PostgresqlServer
    ) -> None:
        with Store(postgresql.new_place()) as one, Store(postgresql.new_place()) as other:
            leads = Lead(one), Lead(other)
            assert [each.try_take() for each in leads] == [True, True]
            for each in leads:
                each.release()

    def test_a_lead_that_stands_still_goes_to_another(self, postgresql: PostgresqlServer) -> None:
        place = postgresql.new_place()
        with Store(place) as one, Store(place) as other:
            first, second = Lead(one, silent=0.3), Lead(other)
            assert first.try_take()
            until(second.try_take)
            assert not first.held
            assert not first.try_take()
            second.release()

    def test_the_lead_ends_with_its_process(self, place: str) -> None:
        program = (
            "import sys\n"
            "from quantapilot.gateway.store.leader import Lead\n"
            "from quantapilot.gateway.store.store import Store\n"
            "lead = Lead(Store(sys.argv[1]))\n"
            "print(lead.try_take(), flush=True)\n"
            "sys.stdin.read()\n"
        )
        with (
            Store(place) as store,
            subprocess.Popen(
                [sys.executable, "-c", program, place],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as process,
        ):
            assert process.stdout is not None
            assert process.stdout.readline() == b"True\n"
            lead = Lead(store)
            assert not lead.try_take()
            process.kill()
            end = time.monotonic() + PATIENCE
            while not lead.try_take():
                assert time.monotonic() < end
            lead.release()


class TestVersions:
    """Stores of other versions."""

    def test_a_store_of_the_first_version_takes_the_key_that_it_meets(self, place: str) -> None:
        with Store(place) as store, store.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE qp_meta DROP COLUMN key_check")
            for name in ("failing_since", "failed_at", "trouble"):
                connection.exec_driver_sql(f"ALTER TABLE qp_subscriptions DROP COLUMN {name}")
            connection.exec_driver_sql("UPDATE qp_meta SET version = 1")
        with Store(place) as store:
            for _ in range(2):
                store.use_key(b"one")
            with pytest.raises(GatewayKeyError, match="goes with another gateway's key"):
                store.use_key(b"other")
            store.use_key(b"other", anew=True)
            store.use_key(b"other")

    def test_an_older_store_is_brought_to_this_version(self, store: Store) -> None:
        steps: dict[int, list[Any]] = {
            VERSION: ["CREATE TABLE qp_more(x INTEGER)", "INSERT INTO qp_more VALUES(1)"],
            VERSION + 1: [
                {
                    "sqlite": "INSERT INTO qp_more VALUES(2)",
                    "postgresql": "INSERT INTO qp_more VALUES(3)",
                }
            ],
        }
        assert migrate(store.database, steps, VERSION + 2)
        assert not migrate(store.database, steps, VERSION + 2)
        with store.database.reading() as connection:
            found = connection.exec_driver_sql("SELECT x FROM qp_more ORDER BY x").scalars().all()
        assert found == [1, 2 if store.database.path else 3]

    def test_a_step_that_fails_changes_nothing(self, store: Store) -> None:
        steps: dict[int, list[Any]] = {
            VERSION: ["CREATE TABLE qp_more(x INTEGER)", "INSERT INTO qp_nowhere VALUES(1)"]
        }
        with pytest.raises(StoreError):
            migrate(store.database, steps, VERSION + 1)
        with store.database.reading() as connection:
            assert connection.execute(meta.select()).one().version == VERSION
        assert migrate(store.database, {VERSION: steps[VERSION][:1]}, VERSION + 1)

    def test_a_version_without_a_way_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreVersionError, match=f"can't be brought to {VERSION + 1}"):
            migrate(store.database, {}, VERSION + 1)

    def test_a_newer_store_is_refused(self, place: str) -> None:
        with Store(place) as store:
            migrate(store.database, {VERSION: []}, VERSION + 1)
        with pytest.raises(StoreVersionError, match="upgrade quantapilot-contract"):
            Store(place)


class TestWriter:
    """Who waits for the one thread that accepts."""

    def test_what_was_asked_before_the_end_is_answered(self, store: Store) -> None:
        async def ask() -> list[Any]:
            writer = Writer(store, LIFECYCLE, lambda _: None)
            writer.start()
            futures = [writer.accept_run(new_run()) for _ in range(600)]
            await asyncio.to_thread(writer.stop)
            late = writer.accept_run(new_run())
            return list(await asyncio.gather(*futures, late, return_exceptions=True))

        answers = asyncio.run(ask())
        assert all(isinstance(each, Accepted) for each in answers[:-1])
        assert isinstance(answers[-1], StoreUnavailableError)
        assert store.last_seq() == 600

    def test_events_are_told_once_in_order_with_each_commit(self, store: Store) -> None:
        told: list[StoredEvent] = []

        def listen(events: Sequence[StoredEvent]) -> None:
            told.extend(events)
            raise RuntimeError("one who fails")

        async def ask(writer: Writer) -> None:
            for _ in range(3):
                await asyncio.gather(*[writer.accept_run(new_run()) for _ in range(50)])

        with writing(store, listen) as writer:
            asyncio.run(ask(writer))
        assert told == store.events_after(0, 1000)

    def test_several_event_loops_are_answered(self, store: Store) -> None:
        async def ask(writer: Writer) -> int:
            return len(await asyncio.gather(*[writer.accept_run(new_run()) for _ in range(40)]))

        with writing(store) as writer, ThreadPoolExecutor(3) as pool:
            done = [pool.submit(asyncio.run, ask(writer)) for _ in range(3)]
            assert [each.result(PATIENCE) for each in done] == [40, 40, 40]

    def test_one_who_gave_up_keeps_nobody_else_waiting(self, store: Store) -> None:
        async def ask(writer: Writer) -> Accepted:
            gone = writer.accept_run(new_run())
            gone.cancel()
            return await writer.accept_run(new_run())

        with writing(store) as writer:
            assert asyncio.run(ask(writer)).answer
        assert store.last_seq() == 2


# It tells on standard output which runs and events were accepted, and never ends.
PROGRAM = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[2])
from tests.storing import new_event, new_run, writing
from quantapilot.gateway.store.store import Store

async def ask(writer):
    async def work():
        while True:
            run = new_run()
            await writer.accept_run(run)
            event = new_event(run.run.run_id)
            os.write(1, f"{run.run.run_id} {run.entry.id}\\n".encode())
            await writer.accept_event(event)
            os.write(1, f"{run.run.run_id} {event.entry.id}\\n".encode())
    await asyncio.gather(*[work() for _ in range(64)])

with Store(sys.argv[1]) as store, writing(store) as writer:
    asyncio.run(ask(writer))
"""


class TestKill:
    """A process that is killed while it writes."""

    def test_no_accepted_run_or_event_is_lost_by_a_kill(
        self, place: str, request: pytest.FixtureRequest
    ) -> None:
        with Store(place) as store:
            sid = subscribed(store, PROJECT)
        told: list[list[str]] = []
        for turn in range(3):
            told += self.run_and_kill(place, str(request.config.rootpath), 600 + 311 * turn)
        with Store(place) as store:
            found = {each.id: each for each in store.events_after(0, 1_000_000)}
            delivered = waiting(store, sid, 0, 1_000_000)
            runs = {each.run_id: each for each in store.runs(None, limit=1_000_000)}
        assert all(found[event].run_id == run for run, event in told)
        assert {run for run, _ in told} <= runs.keys()
        assert delivered == [each.seq for each in found.values()]
        counts = dict.fromkeys(runs, 0)
        for each in found.values():
            counts[each.run_id] += 1
            assert orjson.loads(each.body)["id"] == each.id
        assert counts == {each.run_id: each.events for each in runs.values()}

    @staticmethod
    def run_and_kill(place: str, root: str, lines: int) -> list[list[str]]:
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, place, root], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(lines)]
            process.kill()
            told += process.stdout.read().splitlines(keepends=True)
        return [line.decode().split() for line in told if line.endswith(b"\n")]


class TestServerAway:
    """A PostgreSQL of its own, as it is stopped."""

    def test_the_store_says_so_and_goes_on_when_it_is_back(self) -> None:
        with postgresql_server() as server, Store(server.new_place()) as store:
            sid = subscribed(store, PROJECT)
            ledger = StoreLedger(store)
            lead = Lead(store)
            assert lead.try_take()

            async def ask(writer: Writer, ends: float) -> list[type]:
                answers: list[Any] = await asyncio.gather(
                    *[writer.accept_run(new_run()) for _ in range(5)], return_exceptions=True
                )
                while ends and isinstance(answers[0], StoreUnavailableError):
                    assert time.monotonic() < ends
                    answers = [await self.asked(writer)]
                return [type(each) for each in answers]

            with writing(store) as writer:
                assert asyncio.run(ask(writer, 0)) == [Accepted] * 5
                server.stop()
                assert asyncio.run(ask(writer, 0)) == [StoreUnavailableError] * 5
                assert not lead.held
                with pytest.raises(StoreUnavailableError):
                    lead.try_take()
                for call in (lambda: ledger.pending(sid, 0, 1), lambda: ledger.register(sid)):
                    with pytest.raises(OutboxUnwritableError):
                        call()
                with pytest.raises(OutboxUnwritableError) as caught:
                    ledger.settle_all([(sid, [Settlement(1, "delivered")])])
                assert PASSWORD not in str(caught.value)
                with pytest.raises(StoreUnavailableError):
                    store.ping()
                server.start()
                assert asyncio.run(ask(writer, time.monotonic() + PATIENCE))[0] is Accepted
            assert lead.try_take()
            assert len(waiting(store, sid)) >= 6
            lead.release()

    @staticmethod
    async def asked(writer: Writer) -> Any:
        try:
            return await writer.accept_run(new_run())
        except StoreUnavailableError as error:
            return error

    def test_a_wrong_password_is_no_part_of_what_is_said(
        self, postgresql: PostgresqlServer
    ) -> None:
        wrong = postgresql.url().replace("kept-to-itself", "another-secret")
        with pytest.raises(StoreUnavailableError) as caught:
            Store(wrong)
        assert "secret" not in str(caught.value)
        assert "refuses the user, the password or the database" in str(caught.value)

    def test_a_server_that_answers_before_its_disk_is_told_not_to(
        self, postgresql: PostgresqlServer
    ) -> None:
        with (
            Store(f"{postgresql.new_place()}%20-csynchronous_commit%3Doff") as store,
            store.database.reading() as connection,
        ):
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"

    def test_one_who_holds_the_lock_for_long_is_said(self, postgresql: PostgresqlServer) -> None:
        place = postgresql.new_place()
        with Store(place) as one, Store(place) as other:
            with other.database.reading() as connection:
                connection.exec_driver_sql("SET lock_timeout='50ms'")
                connection.commit()
            with one.database.writing(), pytest.raises(StoreUnavailableError, match="locked"):
                other.add_token(token("t1"))
            other.add_token(token("t1"))
