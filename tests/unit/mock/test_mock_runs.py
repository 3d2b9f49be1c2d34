"""Whole runs: the lifecycle allows them, and all of their events tell of one run."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from tests.emitting import CONFIG, CONTRACT
from tests.garage import GARAGE
from tests.mocking import DEFINITIONS, LIFECYCLE, contract_of, inspector_of, shop

from quantapilot.config import Config
from quantapilot.contract.lifecycle import Lifecycle, Progress
from quantapilot.errors import ContractError, OutOfOrderError, UnknownNameError
from quantapilot.mock import Mock

OURS = Lifecycle(CONTRACT)
SHOP_CONTRACT = contract_of(DEFINITIONS, LIFECYCLE)
SHOP = Lifecycle(SHOP_CONTRACT)
Event = dict[str, Any]


def mock(seed: int = 0) -> Mock:
    return Mock(config=CONFIG, seed=seed)


def by_run(lifecycle: Lifecycle, events: list[Event]) -> dict[str, list[Event]]:
    runs: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        runs[lifecycle.run_of(event)].append(event)
    return runs


def through(lifecycle: Lifecycle, events: list[Event]) -> Progress:
    progress: Progress | None = None
    for event in events:
        progress = lifecycle.advance(progress, event)
    assert progress is not None
    return progress


@pytest.mark.parametrize("seed", range(12))
def test_a_run_goes_from_start_to_end_as_the_lifecycle_allows(seed: int) -> None:
    run = mock(seed).run()
    assert OURS.ended(through(OURS, run).state)
    assert len({event["data"]["run_id"] for event in run}) == 1
    assert len({event["id"] for event in run}) == len(run)
    assert [event["time"] for event in run] == sorted({event["time"] for event in run})
    assert all(event["subject"] == event["data"]["run_id"] for event in run)
    named = {event["data"].get("correlation_id") for event in run} - {None}
    assert len(named) <= 1


def test_each_event_of_a_run_is_clean() -> None:
    judge = inspector_of(CONTRACT)
    for event in mock().runs(6):
        assert judge.value(event, CONTRACT.definitions["Event"], "event") == []


@pytest.mark.parametrize("end", ["failed", "completed"])
@pytest.mark.parametrize("length", [1, 2, 7, 40])
def test_a_run_ends_as_it_is_asked_with_about_so_many_events(end: str, length: int) -> None:
    run = mock(length).run(length=length, end=end)
    assert through(OURS, run).state == end
    assert abs(len(run) - max(length, 2)) <= 1


def test_what_is_opened_is_closed() -> None:
    names = [event["type"] for event in mock().runs(30, length=15)]
    assert names.count("quantapilot.gate_requested") > 10
    assert names.count("quantapilot.gate_requested") == names.count("quantapilot.gate_decision")


def test_runs_are_interleaved_and_each_is_whole() -> None:
    events = list(mock().runs(25))
    runs = by_run(OURS, events)
    assert len(runs) == 25
    assert all(OURS.ended(through(OURS, run).state) for run in runs.values())
    assert {through(OURS, run).state for run in runs.values()} == {"failed", "completed"}
    order = [event["data"]["run_id"] for event in events]
    assert any(order.index(run) + len(own) <= len(order) - order[::-1].index(run) - 1
               for run, own in runs.items())  # fmt: skip
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert len({event["id"] for event in events}) == len(events)


def test_equal_seeds_make_equal_runs() -> None:
    assert mock(5).run() == mock(5).run()
    both = mock(5)
    assert both.run() != both.run()


def test_another_contract_names_its_run_and_pairs_otherwise() -> None:
    events = list(shop().runs(40, length=8))
    runs = by_run(SHOP, events)
    assert len(runs) == 40
    judge = inspector_of(SHOP_CONTRACT)
    for run in runs.values():
        assert through(SHOP, run).state == "done"
        assert len({event["order"] for event in run}) == 1
        customers = {event["body"]["customer"] for event in run if "customer" in event["body"]}
        assert len(customers) <= 1
    for event in events[:60]:
        assert judge.value(event, SHOP_CONTRACT.definitions["OrderEvent"], "event") == []


def test_short_ids_of_runs_do_not_meet() -> None:
    narrow = DEFINITIONS | {
        "OrderNo": {"type": "string", "pattern": "^ord-[0-9]$", "x-data-class": "identifier"}
    }
    made = Mock(contract_of(narrow, LIFECYCLE), config=CONFIG)
    assert len(by_run(SHOP, list(made.runs(7, length=2)))) == 7


def test_a_contract_without_an_order_has_no_runs() -> None:
    with pytest.raises(ContractError, match="declares no order"):
        shop(lifecycle=None).run()


def test_an_end_that_no_run_has_is_told_with_all() -> None:
    with pytest.raises(UnknownNameError, match="'paused': there are completed, failed"):
        mock().run(end="paused")


def test_an_order_that_leads_nowhere_is_told() -> None:
    states = {"open": {"on": {"shop.hold_asked": "open"}}, "done": {}}
    endless = LIFECYCLE | {"states": states}
    with pytest.raises(ContractError, match="leads to no end 'done'"):
        shop(lifecycle=endless).run()


def test_an_order_without_an_end_is_told() -> None:
    endless = LIFECYCLE | {"states": {"open": {"on": {"shop.hold_asked": "open"}}}}
    with pytest.raises(ContractError, match="no state that ends a run"):
        shop(lifecycle=endless).run()


def test_what_one_event_opens_another_of_several_closes() -> None:
    pair = {"opens": "shop.hold_asked", "by": "/body/hold"}
    on = {"shop.hold_asked": "open", "shop.hold_lifted": "open", "shop.shipped": "done"}
    either = LIFECYCLE | {
        "states": {"open": {"on": on}, "done": {}},
        "pairs": [pair | {"closes": "shop.hold_lifted"}, pair | {"closes": "shop.shipped"}],
    }
    closing = contract_of(DEFINITIONS | {"Shipped": DEFINITIONS["HoldLifted"]}, either)
    made = Mock(closing, config=CONFIG).runs(10, length=6)
    names = [event["type"] for event in made]
    opened = names.count("shop.hold_asked")
    assert opened == names.count("shop.hold_lifted") + names.count("shop.shipped")


def test_an_order_of_events_that_the_contract_lacks_is_told() -> None:
    lost = LIFECYCLE | {
        "states": {"open": {"on": {"shop.lost": "done"}}, "done": {}},
    }
    with pytest.raises(ContractError, match="leads to no end 'done'"):
        shop(lifecycle=lost).run()


@pytest.mark.parametrize("seed", range(10))
def test_a_misordered_run_has_one_event_too_many(seed: int) -> None:
    found = mock(seed).invalid_run()
    assert found.rule == "contract/order"
    assert found.line is not None
    at = found.line - 1
    whole = [*found.value[:at], *found.value[at + 1 :]]
    assert OURS.ended(through(OURS, whole).state)
    with pytest.raises(OutOfOrderError) as caught:
        through(OURS, found.value[: at + 1])
    assert str(caught.value) == found.why
    assert through(OURS, found.value[:at]).state
    assert len({event["data"]["run_id"] for event in found.value}) == 1


def test_misordered_runs_differ() -> None:
    made = mock()
    assert len({made.invalid_run().why for _ in range(12)}) > 2


def test_events_of_another_contract_share_no_id_and_close_what_is_theirs() -> None:
    order = Lifecycle(GARAGE)
    events = list(Mock(GARAGE, config=Config(), seed=2).runs(60, length=20))
    assert len({event["msg"] for event in events}) == len(events)
    assert [event["ts"] for event in events] == sorted(event["ts"] for event in events)
    for run in by_run(order, events).values():
        assert through(order, run) == Progress("gone")
        kinds = [event["what"] for event in run]
        for thing in ("bay", "plug"):
            assert kinds.count(f"garage/{thing}/taken") == kinds.count(f"garage/{thing}/left")


def test_members_of_another_contracts_events_stand_in_the_usual_order() -> None:
    event = Mock(GARAGE, config=Config()).event("plug/taken")
    assert list(event)[:4] == ["msg", "by", "what", "ts"]
