"""An emitter that holds runs to their order: refused is what may not follow, and only that."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.emitting import CONFIG, PAYLOAD, RUN

from quantapilot.contract import standings
from quantapilot.contract.catalog import packaged_contract
from quantapilot.emitter import Emitter, EventRefusedError, Limits
from quantapilot.emitter.checking import EventCheck
from quantapilot.errors import ContractError, DuplicateEventError, OutboxError
from quantapilot.outbox.outbox import Outbox

if TYPE_CHECKING:
    from pathlib import Path


def emitter(folder: Path, **settings: Any) -> Emitter:
    given: dict[str, Any] = {"source": "/worker", "config": CONFIG, "order": True} | settings
    return Emitter(folder / "events.db", **given)


MORE: dict[str, dict[str, Any]] = {
    "run_started": {"repo_url": PAYLOAD["repo_url"], "branch": "main"},
    "gate_requested": {"gate": "anchor", "description": "the plan"},
    "gate_decision": {"gate": "anchor", "approved": True},
    "run_paused": {"reason": "at night"},
    "milestone_completed": {"milestone_id": "m1"},
    "run_failed": {"error_code": "TESTS_FAILED", "message": "3 of 40 failed"},
}


def event(kind: str, run: str = RUN, **more: Any) -> dict[str, Any]:
    data = {"run_id": run, **MORE.get(kind, {})}
    return {"type": f"quantapilot.{kind}", "data": data, **more}


def stored(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        rows = connection.execute("SELECT body FROM events ORDER BY seq").fetchall()
    return [orjson.loads(body)["type"].rpartition(".")[2] for (body,) in rows]


def other(number: int) -> str:
    return f"550e8400-e29b-41d4-a716-{number:012}"


def test_an_event_that_may_not_follow_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        out.emit(event("run_started"))
        out.emit(event("run_paused"))
        with pytest.raises(EventRefusedError) as refused:
            out.emit(event("milestone_completed"))
        out.emit(event("run_resumed"))
        out.emit(event("run_completed"))
        with pytest.raises(EventRefusedError, match="may not follow run_completed: the run has"):
            out.emit(event("run_failed"))
    (finding,) = refused.value.findings
    assert (finding.rule, finding.pointer, finding.path) == ("contract/order", "/type", "event")
    assert finding.message == (
        "milestone_completed may not follow run_paused: while a run is paused, only "
        "gate_decision, run_resumed may come"
    )
    assert stored(tmp_path) == ["run_started", "run_paused", "run_resumed", "run_completed"]


def test_without_the_option_no_order_is_asked_for(tmp_path: Path) -> None:
    with emitter(tmp_path, order=False) as out:
        out.emit(event("run_completed"))
        out.emit(event("run_completed"))
    assert len(stored(tmp_path)) == 2


def test_a_batch_is_refused_whole_and_its_faults_are_told(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        out.emit(event("run_started"))
        batch = [event("run_paused"), event("gate_decision"), event("milestone_completed")]
        with pytest.raises(EventRefusedError) as refused:
            out.emit_batch(batch)
        assert [each.path for each in refused.value.findings] == ["event 2", "event 3"]
        # Nothing of it counts: the run is not paused.
        out.emit_batch([event("milestone_completed"), event("run_paused"), event("run_resumed")])
    assert len(stored(tmp_path)) == 4


def test_a_run_goes_on_in_the_next_process(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        out.emit_batch([event("run_started"), event("gate_requested"), event("run_paused")])
    with emitter(tmp_path) as out:
        with pytest.raises(EventRefusedError, match="while a run is paused"):
            out.emit(event("milestone_completed"))
        with pytest.raises(EventRefusedError, match="it comes once"):
            out.emit(event("run_started"))
        out.emit_batch([event("gate_decision"), event("run_resumed"), event("run_completed")])


@pytest.mark.parametrize("first", ["gate_decision", "run_resumed", "milestone_completed"])
def test_the_rest_of_a_run_whose_beginning_is_gone_is_not_refused(
    first: str, tmp_path: Path
) -> None:
    with emitter(tmp_path) as out:
        out.emit_batch([event(first), event("milestone_completed"), event("gate_decision")])
        out.emit(event("run_completed"))
        with pytest.raises(EventRefusedError, match="the run has ended"):
            out.emit(event("milestone_completed"))


def test_an_event_that_is_sent_in_again_is_no_second_one(tmp_path: Path) -> None:
    start = event("run_started", id=other(1), time="2026-11-29T10:00:00Z")
    paused = event("run_paused", id=other(2), time="2026-11-29T10:00:01Z")
    with emitter(tmp_path) as out:
        out.emit_batch([start, start])
        out.emit_batch([paused, event("run_resumed"), paused, start])
        out.emit(paused)
        # The repeats did not pause it again.
        out.emit(event("milestone_completed"))
        with pytest.raises(DuplicateEventError):
            out.emit(event("run_completed", id=other(2)))
    assert stored(tmp_path) == ["run_started", "run_paused", "run_resumed", "milestone_completed"]


def test_what_could_not_be_stored_does_not_count(tmp_path: Path) -> None:
    limits = Limits(events=2, wait=0.0)
    with emitter(tmp_path, limits=limits) as out:
        out.emit_batch([event("run_started"), event("milestone_completed")])
        for _ in range(2):
            with pytest.raises(OutboxError):
                out.emit(event("run_completed"))
            with pytest.raises(OutboxError):
                out.emit(event("run_started", other(1)))
        with pytest.raises(EventRefusedError):
            out.emit(event("run_resumed"))


def test_one_who_no_longer_waits_has_no_later_event_refused(tmp_path: Path) -> None:
    async def emitted() -> None:
        async with emitter(tmp_path) as out:
            await out.aemit(event("run_started"))
            task = asyncio.create_task(out.aemit(event("run_paused")))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await out.aemit(event("milestone_completed"))
            await out.aemit(event("run_completed"))
            with pytest.raises(EventRefusedError):
                await out.aemit(event("run_completed"))

    asyncio.run(emitted())


def test_a_slow_disk_does_not_hold_up_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Outbox.known

    def slowly(self: Outbox, ids: Any) -> set[str]:
        time.sleep(0.2)
        return known(self, ids)

    async def emitted() -> float:
        async with emitter(tmp_path) as out:
            monkeypatch.setattr(Outbox, "known", slowly)
            longest, before = 0.0, time.monotonic()
            emitting = asyncio.create_task(out.aemit(event("run_started")))
            while not emitting.done():
                await asyncio.sleep(0.005)
                longest, before = max(longest, time.monotonic() - before), time.monotonic()
            await emitting
            return longest

    assert asyncio.run(emitted()) < 0.15


def test_tasks_that_emit_side_by_side_are_judged_as_they_came(tmp_path: Path) -> None:
    kinds = ["run_started", "run_paused", "run_resumed", "milestone_completed", "run_completed"]

    async def emitted() -> None:
        async with emitter(tmp_path) as out:
            for number in range(20):
                await asyncio.gather(*[out.aemit(event(kind, other(number))) for kind in kinds])

    asyncio.run(emitted())
    assert stored(tmp_path) == kinds * 20


def test_one_who_gives_up_while_it_is_judged_has_no_later_event_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, judging, go = Outbox.known, threading.Event(), threading.Event()

    def held_up(self: Outbox, ids: Any) -> set[str]:
        judging.set()
        go.wait(10)
        return known(self, ids)

    async def emitted() -> None:
        async with emitter(tmp_path) as out:
            await out.aemit(event("run_started"))
            monkeypatch.setattr(Outbox, "known", held_up)
            given = [event("run_paused"), event("run_failed")]
            tasks = [asyncio.create_task(out.aemit(each)) for each in given]
            await asyncio.to_thread(judging.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            go.set()
            await out.aemit(event("milestone_completed"))
            await out.aemit(event("run_completed"))

    asyncio.run(emitted())
    assert stored(tmp_path) == [
        "run_started", "run_paused", "milestone_completed", "run_completed",
    ]  # fmt: skip


def test_threads_that_emit_side_by_side_have_their_runs_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "MOST_RUNS", 4)
    kinds = ["run_started", "run_paused", "run_resumed", "gate_requested", "gate_decision"]
    with emitter(tmp_path) as out:

        def play(number: int) -> int:
            for kind in (*kinds, "run_completed"):
                out.emit(event(kind, other(number)))
            refused = 0
            for kind in kinds:
                try:
                    out.emit(event(kind, other(number)))
                except EventRefusedError:
                    refused += 1
            return refused

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(play, range(24))) == [len(kinds)] * 24
    assert len(stored(tmp_path)) == 24 * 6


def test_a_rule_that_the_project_ignores_refuses_nothing(tmp_path: Path) -> None:
    from dataclasses import replace

    config = replace(CONFIG, ignore=("contract/order",))
    with emitter(tmp_path, config=config) as out:
        out.emit_batch([event("run_started"), event("run_started"), event("milestone_completed")])
    assert len(stored(tmp_path)) == 3


def test_a_contract_without_an_order_is_told_when_the_emitter_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = packaged_contract(CONFIG.generated)
    contract.lifecycle = None
    monkeypatch.setattr("quantapilot.gate.project.Project.sound_contract", lambda _: contract)
    with pytest.raises(ContractError, match="declares no order"):
        emitter(tmp_path).open()
    # Nothing holds the outbox any more.
    Outbox(tmp_path / "events.db").close()


def test_what_an_outbox_knows_is_told_by_ids(tmp_path: Path) -> None:
    with emitter(tmp_path) as out:
        names = out.emit_batch([event("run_started"), event("run_paused")])
    with Outbox(tmp_path / "events.db") as outbox:
        assert outbox.known([names[1], "unknown"]) == {names[1]}
        kinds = [orjson.loads(body)["type"] for body in outbox.bodies()]
    assert kinds == ["quantapilot.run_started", "quantapilot.run_paused"]
    assert EventCheck(CONFIG).reports("contract/order")
