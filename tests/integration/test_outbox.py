"""The outbox on a real file: what is acknowledged stays, in order, until every sink has it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest
from tests.outboxes import BODY, SINK, deliver, entry, handed, store, waiting

from quantapilot.errors import (
    DuplicateEventError,
    OutboxError,
    OutboxFullError,
    OutboxLockedError,
    OutboxUnwritableError,
    OutboxVersionError,
    UnknownNameError,
)
from quantapilot.outbox.intact import examine
from quantapilot.outbox.limits import Limits
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Entry, Settlement
from quantapilot.outbox.survey import items, status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def test_events_come_out_as_they_went_in(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        assert store(outbox, range(5)) == [1, 2, 3, 4, 5]
        found = outbox.pending(SINK, 0, 10)
    assert [each.message.id for each in found] == [f"id-{number}" for number in range(5)]
    assert {each.message.body for each in found} == {BODY}
    assert {(each.attempts, each.due) for each in found} == {(0, 0.0)}


def test_events_are_there_when_it_is_opened_again(file: Path) -> None:
    with Outbox(file) as outbox:
        store(outbox, range(3))
    with Outbox(file) as outbox:
        outbox.register(SINK)
        assert waiting(outbox) == [1, 2, 3]
        assert store(outbox, range(3, 5)) == [4, 5]
    assert examine(file, full=True).checked == 5


def test_a_batch_is_stored_whole_or_not_at_all(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(1))
        refused = handed(outbox, entry(1), entry(2), entry(0, b"other"))
        with pytest.raises(DuplicateEventError):
            refused.result(10)
        assert waiting(outbox) == [1]
        assert handed(outbox, entry(3), entry(4)).result(10) == [2, 3]


def test_an_event_that_is_sent_in_again_is_stored_once(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        assert handed(outbox, entry(1)).result(10) == [1]
        assert handed(outbox, entry(2), entry(1), entry(2)).result(10) == [2, 1, 2]
        assert waiting(outbox) == [1, 2]


def test_another_event_under_a_known_id_is_refused_and_its_neighbours_are_not(file: Path) -> None:
    with Outbox(file) as outbox:
        waiters = [
            handed(outbox, entry(number % 40, BODY + b"%d" % (number // 40)))
            for number in range(60)
        ]
        results = [waiter.exception(10) for waiter in waiters]
    assert [type(result) for result in results] == [type(None)] * 40 + [DuplicateEventError] * 20
    assert not [result for result in results if result and "xxx" in str(result)]


@pytest.mark.parametrize(
    "broken",
    [Entry("\ud800", "t", "s", b""), Entry("id", "t", "s", "text")],  # type: ignore[arg-type]
)
def test_an_entry_that_can_not_be_stored_is_refused_alone(file: Path, broken: Entry) -> None:
    with Outbox(file) as outbox:
        first, bad, last = (
            handed(outbox, entry(1)),
            handed(outbox, broken),
            handed(outbox, entry(2)),
        )
        assert (first.result(10), last.result(10)) == ([1], [2])
        with pytest.raises(OutboxError, match="surrogate"):
            bad.result(10)


def test_nothing_at_all_may_be_stored(file: Path) -> None:
    with Outbox(file) as outbox:
        assert handed(outbox).result(10) == []


def test_one_who_no_longer_waits_changes_nothing(file: Path) -> None:
    async def emit(outbox: Outbox) -> None:
        loop = asyncio.get_running_loop()
        given_up, kept = loop.create_future(), loop.create_future()
        outbox.append([entry(1)], given_up)
        given_up.cancel()
        outbox.append([entry(2)], kept)
        assert await kept == [2]

    cancelled: Future[Sequence[int]] = Future()
    cancelled.cancel()
    with Outbox(file) as outbox:
        outbox.register(SINK)
        asyncio.run(emit(outbox))
        outbox.append([entry(3)], cancelled)
        assert store(outbox, range(4, 5)) == [4]
        assert waiting(outbox) == [1, 2, 3, 4]


def test_an_event_loop_that_is_gone_holds_up_nobody(file: Path) -> None:
    loop = asyncio.new_event_loop()
    waiter = loop.create_future()
    loop.close()
    with Outbox(file) as outbox:
        outbox.append([entry(1)], waiter)
        assert store(outbox, range(2, 3)) == [2]


def test_what_many_emit_at_once_goes_into_few_commits(file: Path) -> None:
    async def emit(outbox: Outbox) -> list[int]:
        loop = asyncio.get_running_loop()
        waiters = [loop.create_future() for _ in range(1000)]
        for number, waiter in enumerate(waiters):
            outbox.append([entry(number)], waiter)
        return [seqs[0] for seqs in await asyncio.gather(*waiters)]

    told: list[int] = []
    with Outbox(file) as outbox:
        outbox.on_commit(lambda: told.append(1))
        assert asyncio.run(emit(outbox)) == list(range(1, 1001))
        until(lambda: bool(told))
        assert len(told) < 100


def test_threads_may_emit_at_the_same_time(file: Path) -> None:
    def emit(outbox: Outbox, start: int) -> None:
        store(outbox, range(start, start + 50))

    with Outbox(file) as outbox:
        outbox.register(SINK)
        threads = [threading.Thread(target=emit, args=(outbox, 100 * at)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({each.message.id for each in outbox.pending(SINK, 0, 1000)}) == 200
    assert examine(file, full=True).checked == 200


def test_what_is_delivered_is_not_pending_before_its_commit_either(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(6))
        outbox.settle(SINK, [Settlement(seq, "delivered") for seq in (1, 2, 5)])
        outbox.settle(SINK, [Settlement(3, "waiting", 2, 50.0, "status 503")])
        for _ in range(2):
            found = [
                (each.message.seq, each.attempts, each.due) for each in outbox.pending(SINK, 0, 2)
            ]
            assert found == [(3, 2, 50.0), (4, 0, 0.0)]
            assert waiting(outbox, after=3) == [4, 6]
            outbox.flush()


def test_each_sink_has_its_own_progress_over_restarts(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        outbox.register("late")
        store(outbox, range(6))
        deliver(outbox, [1, 3, 4])
        outbox.settle(SINK, [Settlement(2, "waiting", 3, 9.0, "reset"), Settlement(6, "dead", 8)])
    with Outbox(file) as outbox:
        assert outbox.register(SINK) is None
        assert (waiting(outbox), waiting(outbox, "late")) == ([2, 5], [1, 2, 3, 4, 5, 6])
        deliver(outbox, [2, 5])
        assert waiting(outbox) == []
    assert [(each.seq, each.state) for each in items(file, SINK, None, 10)] == [(6, "dead")]


def test_a_sink_that_is_new_gets_all_that_is_kept(file: Path) -> None:
    with Outbox(file, limits=Limits(events=3)) as outbox:
        outbox.register(SINK)
        deliver(outbox, store(outbox, range(3)))
        store(outbox, range(3, 5))
        outbox.register("new")
        assert waiting(outbox, "new") == [4, 5]
        deliver(outbox, [4, 5], "new")
        assert waiting(outbox, "new") == []


def test_only_a_sink_that_is_known_can_settle(file: Path) -> None:
    with Outbox(file) as outbox:
        with pytest.raises(OutboxError, match="register it first"):
            outbox.settle(SINK, [Settlement(1, "delivered")])
        with pytest.raises(OutboxError, match="register it first"):
            outbox.pending(SINK, 0, 1)


def test_outcomes_of_events_that_do_not_exist_move_nothing(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        deliver(outbox, [1, 2, 99])
        store(outbox, range(3))
        assert waiting(outbox) == [1, 2, 3]


def test_a_disabled_sink_stays_so_until_it_is_enabled(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(2))
        outbox.disable(SINK, "status 410")
    with Outbox(file) as outbox:
        assert outbox.register(SINK) == "status 410"
        assert waiting(outbox) == [1, 2]
        assert outbox.retry(sink=SINK) == 1
        assert outbox.register(SINK) is None


def test_dead_events_are_sent_again_on_request(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(4))
        outbox.settle(SINK, [Settlement(seq, "dead", 9, 0.0, "gone") for seq in (1, 2, 3)])
        outbox.flush()
        assert outbox.retry(["id-1", "none"]) == 1
        assert waiting(outbox) == [2, 4]
        assert outbox.drop(dead=True) == 2
        assert outbox.retry() == 1
        with pytest.raises(UnknownNameError):
            outbox.retry(sink="other")
        assert outbox.drop(["id-3"]) == 1
        assert waiting(outbox) == [2]
        deliver(outbox, [2])
        assert waiting(outbox) == []
    assert [each.state for each in items(file, None, None, 9)] == ["dropped"] * 3


def test_all_that_a_sink_has_not_got_can_be_given_up(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        outbox.register("other")
        store(outbox, range(5))
        deliver(outbox, [2])
        assert outbox.drop(sink=SINK) == 4
        assert (waiting(outbox), len(waiting(outbox, "other"))) == ([], 5)
        assert store(outbox, range(5, 6)) == [6]
        assert waiting(outbox) == [6]
        assert outbox.forget("other") == 6
        with pytest.raises(OutboxError):
            waiting(outbox, "other")
    assert [each.name for each in status(file).sinks] == [SINK]
    assert examine(file, full=True).clean


# Bounds


def test_a_full_outbox_refuses_at_once_where_it_may_not_wait(file: Path) -> None:
    with Outbox(file, limits=Limits(events=3, wait=0)) as outbox:
        store(outbox, range(3))
        with pytest.raises(OutboxFullError, match="no sink is known"):
            handed(outbox, entry(3)).result(10)
        outbox.register(SINK)
        with pytest.raises(OutboxFullError, match=SINK):
            handed(outbox, entry(4)).result(10)
        deliver(outbox, [1])
        assert store(outbox, range(5, 6)) == [4]
        assert waiting(outbox) == [2, 3, 4]


def test_a_full_outbox_lets_wait_until_there_is_room(file: Path) -> None:
    with Outbox(file, limits=Limits(events=3, wait=30)) as outbox:
        outbox.register(SINK)
        outbox.register("other")
        store(outbox, range(3))
        waiters = [handed(outbox, entry(number)) for number in (3, 4)]
        deliver(outbox, [1, 2])
        time.sleep(0.1)
        assert not waiters[0].done()
        deliver(outbox, [1], "other")
        assert waiters[0].result(10) == [4]
        assert not waiters[1].done()
        deliver(outbox, [2], "other")
        assert waiters[1].result(10) == [5]


def test_one_event_that_is_stuck_does_not_fill_the_outbox(file: Path) -> None:
    with Outbox(file, limits=Limits(events=4, wait=10)) as outbox:
        outbox.register(SINK)
        store(outbox, range(1))
        outbox.settle(SINK, [Settlement(1, "waiting", 1, time.time() + 999, "status 500")])
        for number in range(1, 30):
            deliver(outbox, store(outbox, range(number, number + 1)))
        assert waiting(outbox) == [1]
    found = examine(file, full=True)
    assert (found.clean, found.checked <= 4) == (True, True)


def test_who_waits_for_room_when_it_is_closed_is_told(file: Path) -> None:
    with Outbox(file, limits=Limits(events=1)) as outbox:
        store(outbox, range(1))
        waiter = handed(outbox, entry(1))
    with pytest.raises(OutboxFullError):
        waiter.result(10)


def test_bytes_are_bounded_too(file: Path) -> None:
    with Outbox(file, limits=Limits(bytes=1000, wait=0)) as outbox:
        store(outbox, range(2))
        with pytest.raises(OutboxFullError):
            handed(outbox, entry(3)).result(10)
        with pytest.raises(OutboxFullError, match="batch"):
            handed(outbox, entry(4, b"x" * 1001)).result(10)
        assert handed(outbox, entry(5, b"x")).result(10) == [3]


def test_memory_is_bounded(file: Path) -> None:
    with Outbox(file, limits=Limits(queue=50)) as outbox:
        waiters = [handed(outbox, *map(entry, range(at, at + 40))) for at in range(0, 4000, 40)]
        failed = [each for each in waiters if each.exception(10) is not None]
        assert failed
        with pytest.raises(OutboxFullError, match="wait in memory"):
            failed[0].result()
        stored = (len(waiters) - len(failed)) * 40
    assert examine(file, full=True).checked == stored


def test_what_every_sink_has_is_kept_for_a_while_only(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantapilot.outbox.writer._PRUNE_SECONDS", 0.02)
    with Outbox(file, limits=Limits(keep=0)) as outbox:
        outbox.register(SINK)
        outbox.register("other")
        store(outbox, range(10))
        deliver(outbox, range(1, 9))
        outbox.settle("other", [Settlement(4, "waiting", 1, 5.0)])
        deliver(outbox, [1, 2, 3, 5, 6, 9], "other")
        until(lambda: status(file).events == 5)
        assert waiting(outbox, "other") == [4, 7, 8, 10]
        assert store(outbox, range(10, 11)) == [11]
    assert examine(file, full=True).clean
    with Outbox(file) as outbox:
        outbox.register("other")
        assert waiting(outbox, "other") == [4, 7, 8, 10, 11]
        deliver(outbox, [4, 7, 8, 10, 11], "other")
        assert waiting(outbox, "other") == []


def test_events_that_no_sink_has_asked_for_are_kept(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantapilot.outbox.writer._PRUNE_SECONDS", 0.01)
    with Outbox(file, limits=Limits(keep=0)) as outbox:
        store(outbox, range(5))
        time.sleep(0.05)
        outbox.flush()
        assert status(file).events == 5


# Owners


def test_a_second_owner_is_told_who_the_first_is(file: Path) -> None:
    program = "import sys\nfrom quantapilot.outbox.outbox import Outbox\nOutbox(sys.argv[1])"
    with Outbox(file) as outbox:
        done = subprocess.run(
            [sys.executable, "-c", program, file], capture_output=True, text=True, check=False
        )
        assert "OutboxLockedError" in done.stderr
        assert f"process {os.getpid()}" in done.stderr
        with pytest.raises(OutboxLockedError, match=r"role 'append'.*stop it first"):
            Outbox(file, relay=False)
        with pytest.raises(OutboxLockedError, match=f"process {os.getpid()}.*role 'relay'"):
            Outbox(file, append=False)
        assert store(outbox, range(1)) == [1]
    Outbox(file).close()
    assert status(file).owners == {}


def test_a_relay_works_beside_the_one_who_emits(file: Path) -> None:
    told = threading.Event()
    with Outbox(file, relay=False) as emitting, Outbox(file, append=False) as relaying:
        relaying.on_commit(told.set)
        relaying.register(SINK)
        told.clear()
        store(emitting, range(3))
        assert told.wait(10)
        assert waiting(relaying) == [1, 2, 3]
        deliver(relaying, [1, 2, 3])
        assert waiting(relaying) == []
        with pytest.raises(OutboxError, match="without the role 'append'"):
            handed(relaying, entry(9))
        with pytest.raises(OutboxError, match="without the role 'relay'"):
            emitting.flush()


def test_room_that_another_process_makes_is_noticed(file: Path) -> None:
    with (
        Outbox(file, relay=False, limits=Limits(events=2)) as emitting,
        Outbox(file, append=False) as relaying,
    ):
        relaying.register(SINK)
        store(emitting, range(2))
        waiter = handed(emitting, entry(2))
        deliver(relaying, [1])
        assert waiter.result(10) == [3]


def _inherit(outbox: Outbox, answers: multiprocessing.SimpleQueue[str]) -> None:
    for use in (
        lambda: handed(outbox, entry(1)),
        lambda: outbox.pending(SINK, 0, 1),
        outbox.flush,
    ):
        try:
            use()
        except OutboxError as error:
            answers.put(str(error))
    outbox.close()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_can_not_use_an_open_outbox(file: Path) -> None:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(1))
        child = context.Process(target=_inherit, args=(outbox, answers))
        child.start()
        told = [answers.get() for _ in range(3)]
        child.join(10)
        assert child.exitcode == 0
        assert all("forked" in text for text in told)
        answers.close()
        assert store(outbox, range(1, 2)) == [2]
        with pytest.raises(OutboxLockedError):
            Outbox(file)


def test_nothing_but_database_mark_and_locks_is_left_behind(file: Path) -> None:
    with Outbox(file) as outbox:
        store(outbox, range(10))
    left = {each.name.removeprefix("outbox.db") for each in file.parent.iterdir()}
    assert left == {"", ".mark", ".append.lock", ".relay.lock"}


def test_a_closed_outbox_says_so(file: Path) -> None:
    outbox = Outbox(file)
    outbox.close()
    outbox.close()
    with pytest.raises(OutboxError, match="open it again"):
        handed(outbox, entry(1))
    with pytest.raises(OutboxError, match="open it again"):
        outbox.pending(SINK, 0, 1)


# What can't be opened


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutboxUnwritableError, match="nowhere is no folder"):
        Outbox(tmp_path / "nowhere" / "o.db")


def test_a_file_of_another_kind_is_left_alone(file: Path) -> None:
    file.write_bytes(b"a text\n" * 1000)
    with pytest.raises(OutboxVersionError, match="no outbox"):
        Outbox(file)
    assert file.read_bytes() == b"a text\n" * 1000


def test_a_symbolic_link_is_the_outbox_that_it_points_to(file: Path, tmp_path: Path) -> None:
    with Outbox(file):
        (tmp_path / "link").symlink_to(file)
        with pytest.raises(OutboxLockedError):
            Outbox(tmp_path / "link")


def test_a_fault_of_the_outbox_itself_leaves_nobody_waiting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError(BODY)

    with Outbox(file) as outbox:
        with monkeypatch.context() as broken:
            broken.setattr("quantapilot.outbox.writer.store", fails)
            with pytest.raises(OutboxError, match=r"internal fault KeyError; please report it$"):
                handed(outbox, entry(1)).result(10)
        assert store(outbox, range(2, 3)) == [1]


def test_nothing_that_is_stored_shows_in_a_repr(file: Path) -> None:
    with Outbox(file) as outbox:
        store(outbox, range(1))
        assert repr(outbox) == f"Outbox({str(file)!r})"


def test_a_clock_that_was_set_back_does_not_keep_settled_events(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Outbox(file, limits=Limits(events=3, wait=0)) as outbox:
        outbox.register(SINK)
        with monkeypatch.context() as patched:
            patched.setattr("quantapilot.outbox.writer.time", lambda: time.time() + 86_400)
            store(outbox, range(3))
        deliver(outbox, [1, 2, 3])
        assert store(outbox, range(3, 6)) == [4, 5, 6]


def test_an_event_too_large_for_the_database_is_refused_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantapilot.outbox.writer._MOST_BODY", 1000)
    with Outbox(file) as outbox:
        large = handed(outbox, entry(1, b"x" * 1001))
        assert store(outbox, range(2, 4)) == [1, 2]
        with pytest.raises(OutboxError, match="more than 1,000 bytes"):
            large.result(10)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
def test_a_file_name_that_is_no_text_is_as_good_as_any(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"\xff%?#.db")
    with Outbox(file) as outbox:
        store(outbox, range(3))
    assert status(file).events == 3


def test_a_folder_is_no_outbox(tmp_path: Path) -> None:
    with pytest.raises(OutboxUnwritableError, match="is a folder"):
        Outbox(tmp_path)


def test_an_emitter_and_a_relay_may_begin_at_the_same_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(path: Path) -> None:
        # The mark was looked for in vain; then another process makes the outbox.
        monkeypatch.undo()
        with Outbox(path, relay=False) as other:
            store(other, range(2))

    monkeypatch.setattr("quantapilot.outbox.intact.read_mark", late)
    found = examine(file, full=False)
    assert (found.clean, found.checked) == (True, 2)


def test_the_handler_of_a_signal_may_emit_in_the_midst_of_an_emit(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Outbox(file) as outbox:
        wake = outbox._writer._wake
        late = Future[list[int]]()

        def interrupted() -> None:
            monkeypatch.undo()
            waiter = handed(outbox, entry(2))
            late.set_result(list(waiter.result(5)))
            wake()

        monkeypatch.setattr(outbox._writer, "_wake", interrupted)
        assert handed(outbox, entry(1)).result(10)
        assert late.result(0)
