"""The order of whole runs: each fault once, with the event that it contradicts."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.emitting import CONTRACT, RUN

from quantapilot.contract.catalog import Contract
from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.contract.order import Break, Order
from quantapilot.contract.standings import Standings
from quantapilot.errors import OutOfOrderError

LIFECYCLE = Lifecycle(CONTRACT)
KINDS = [
    "run_started", "documentation_generated", "gate_requested:a", "gate_requested:b",
    "gate_decision:a", "gate_decision:b", "milestone_completed", "run_paused", "run_resumed",
    "run_failed", "run_completed",
]  # fmt: skip
GOOD = [
    "run_started", "gate_requested:a", "milestone_completed", "gate_decision:a", "run_paused",
    "run_resumed", "gate_requested:b", "run_paused", "gate_decision:b", "run_resumed",
    "milestone_completed", "run_completed",
]  # fmt: skip


PAUSED = "while a run is paused, only gate_decision, run_resumed may come"
SINCE = "and none came since run_started@1"
BETWEEN = "it needs a gate_requested in between"
SAME = "of the same /data/gate"


def event(step: str, run: str = RUN, **data: Any) -> dict[str, Any]:
    """Return an event; a name behind a colon is that of a gate, one behind `=` a correlation."""
    kind, _, correlation = step.partition("=")
    kind, _, gate = kind.partition(":")
    told = ({"gate": gate} if gate else {}) | (
        {"correlation_id": correlation} if correlation else {}
    )
    return {"type": f"quantapilot.{kind}", "data": {"run_id": run, **told, **data}}


def faults(steps: list[str], order: Order | None = None) -> list[tuple[int, str]]:
    """Return the places of the events that are out of order, from 1 on, and what is told."""
    order = order or Order(LIFECYCLE)
    taken = [(at, order.take(event(step), at)) for at, step in enumerate(steps, 1)]
    return [(at, fault.text(f"@{fault.at}")) for at, fault in taken if fault is not None]


def test_a_good_run_has_no_fault() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (GOOD[1:], (1, "gate_requested may not come first: a run begins with run_started")),
        (
            [*GOOD[:4], "run_started", *GOOD[4:]],
            (
                5,
                "run_started may not follow run_started@1: it comes once, and the run has begun",
            ),
        ),
        (
            [*GOOD[:5], *GOOD[6:]],
            (
                6,
                f"gate_requested may not follow run_paused@5: {PAUSED}",
            ),
        ),
        (
            [*GOOD[:5], "milestone_completed", *GOOD[5:]],
            (
                6,
                f"milestone_completed may not follow run_paused@5: {PAUSED}",
            ),
        ),
        (
            [*GOOD[:3], "run_completed", *GOOD[3:]],
            (
                5,
                "gate_decision may not follow run_completed@4: the run has ended, it is completed",
            ),
        ),
        (
            [*GOOD, "run_failed"],
            (
                13,
                "run_failed may not follow run_completed@12: the run has ended, it is completed",
            ),
        ),
        (
            [*GOOD[:6], *GOOD[7:]],
            (
                8,
                f"gate_decision needs a gate_requested {SAME} before it, {SINCE}",
            ),
        ),
        (
            [*GOOD[:4], "gate_decision:a", *GOOD[4:]],
            (
                5,
                f"gate_decision may not follow gate_decision@4 {SAME}: {BETWEEN}",
            ),
        ),
    ],
    ids=[
        "no start", "a second start", "run_resumed lost", "an event while paused",
        "a premature end", "a second end", "gate_requested lost", "a second decision",
    ],
)  # fmt: skip
def test_a_fault_is_told_once_with_the_event_that_it_contradicts(
    steps: list[str], expected: tuple[int, str]
) -> None:
    assert faults(steps) == [expected]


def test_an_id_that_differs_in_one_event_is_one_fault() -> None:
    told = faults(["run_started=x", "gate_requested:a=y", "milestone_completed=x", "run_failed=x"])
    why = "it is the same throughout a run"
    assert told == [(2, f"/data/correlation_id is not what it is in run_started@1: {why}")]


def test_an_id_that_changes_and_stays_so_is_one_fault() -> None:
    steps = ["run_started=x", "gate_requested:a", *["milestone_completed=y"] * 3, "run_completed=y"]
    assert [at for at, _ in faults(steps)] == [3]


def test_an_id_that_is_told_late_is_kept_from_then_on() -> None:
    steps = ["run_started", "milestone_completed=x", "milestone_completed", "run_completed=y"]
    assert [(at, text.partition(":")[0]) for at, text in faults(steps)] == [
        (4, "/data/correlation_id is not what it is in milestone_completed@2")
    ]


def test_a_run_is_not_judged_by_the_events_of_another() -> None:
    order, rng = Order(LIFECYCLE), Random(1)
    runs = {f"run {number}": list(GOOD) for number in range(30)}
    for at in range(1, 30 * len(GOOD) + 1):
        run = rng.choice([name for name, left in runs.items() if left])
        assert order.take(event(runs[run].pop(0), run), at) is None


def test_a_fault_names_the_place_that_differs() -> None:
    order = Order(LIFECYCLE)
    for at, step in enumerate(["run_started=x", "run_paused"], 1):
        assert order.take(event(step), at) is None
    places = [
        (found.place if (found := order.take(event(step), 9)) else None)
        for step in ("milestone_completed", "gate_decision:a", "gate_requested:b=y")
    ]
    assert places == [("type",), ("data", "gate"), ("data", "correlation_id")]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "quantapilot.run_exploded", "data": {"run_id": RUN}},
        {"type": ["quantapilot.run_paused"], "data": {"run_id": RUN}},
        {"type": "quantapilot.run_paused", "data": {"run_id": None}},
        {"type": "quantapilot.run_paused", "data": [RUN]},
        {"type": "quantapilot.run_paused"},
        {"data": {"run_id": RUN}},
    ],
)
def test_what_tells_no_known_type_or_no_run_takes_no_part(odd: dict[str, Any]) -> None:
    order = Order(LIFECYCLE)
    assert order.take(event("run_started"), 1) is None
    assert order.take(odd, 2) is None
    assert order.take(event("milestone_completed"), 3) is None


def test_a_gate_whose_name_can_not_be_read_has_no_decision_told_behind_it() -> None:
    order = Order(LIFECYCLE)
    steps = [event("run_started"), event("gate_requested"), event("gate_decision:a")]
    assert [order.take(each, at) for at, each in enumerate(steps, 1)] == [None] * 3
    unread = event("gate_decision")
    assert order.take(unread, 4) is None


def test_more_names_than_are_kept_are_not_judged() -> None:
    order = Order(LIFECYCLE)
    order.take(event("run_started"), 1)
    for at in range(2, 3000):
        assert order.take(event(f"gate_requested:{at}"), at) is None
    assert order.take(event("gate_decision:2"), 3000) is None
    assert len(order.standings.recent.popitem()[1]) < 3000


def test_names_that_are_closed_make_room_for_others() -> None:
    order = Order(LIFECYCLE)
    order.take(event("run_started"), 1)
    order.take(event("gate_requested:first"), 2)
    for at in range(3, 5000, 2):
        assert order.take(event(f"gate_requested:{at}"), at) is None
        assert order.take(event(f"gate_decision:{at}"), at + 1) is None
    assert order.take(event("gate_decision:first"), 5001) is None
    assert order.take(event("gate_decision:never"), 5002) is not None
    assert len(order.standings.recent.popitem()[1]) < 5000


STEPS = st.lists(st.sampled_from([*KINDS, "milestone_completed=x", "run_paused=y"]), max_size=12)


@given(st.sampled_from([[], ["run_started=x"]]), STEPS)
def test_the_first_fault_is_what_the_gateway_refuses(first: list[str], steps: list[str]) -> None:
    steps = [*first, *steps]
    progress, refused = None, None
    for at, step in enumerate(steps, 1):
        try:
            progress = LIFECYCLE.advance(progress, event(step))
        except OutOfOrderError:
            refused = at
            break
    assert [at for at, _ in faults(steps)][:1] == ([refused] if refused else [])


@st.composite
def good_runs(draw: st.DrawFn) -> list[str]:
    """Draw a run that the lifecycle allows."""
    steps, progress = ["run_started"], LIFECYCLE.advance(None, event("run_started"))
    for _ in range(draw(st.integers(1, 12))):
        allowed = []
        for kind in KINDS:
            try:
                allowed.append((kind, LIFECYCLE.advance(progress, event(kind))))
            except OutOfOrderError:
                continue
        if not allowed:
            break
        kind, progress = draw(st.sampled_from(allowed))
        steps.append(kind)
    return steps


@settings(max_examples=300)
@given(good_runs(), st.data())
def test_one_event_too_many_or_too_few_is_one_fault_at_most(
    steps: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(steps)))
    more = [*steps[:at], data.draw(st.sampled_from(KINDS)), *steps[at:]]
    assert len(faults(more)) <= 1
    assert len(faults([*steps[:at], *steps[at + 1 :]])) <= 1


@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(KINDS)), max_size=60))
def test_what_is_spilled_is_judged_as_what_is_in_memory(given_: list[tuple[int, str]]) -> None:
    def told(most: int) -> list[Break | None]:
        with Standings(most) as standings:
            order = Order(LIFECYCLE, standings)
            steps = enumerate(given_, 1)
            found = [order.take(event(step, f"run {run}"), at) for at, (run, step) in steps]
            assert standings.in_memory <= most
            return found

    assert told(3) == told(100)


def other(declared: dict[str, Any]) -> Lifecycle:
    return Lifecycle(Contract(CONTRACT.schemas, declared))


def test_a_run_is_known_by_a_number_and_anywhere_in_an_event() -> None:
    lifecycle = other(
        {
            "run": "/order",
            "constant": ["/shop/id"],
            "start": {"placed": "open"},
            "states": {"open": {"on": {"paid": "closed"}}, "closed": {}},
        }
    )
    order = Order(lifecycle)
    events = [
        {"type": "placed", "order": 7, "shop": {"id": [1, 2]}},
        {"type": "paid", "order": 7, "shop": {"id": [1, 2]}},
        {"type": "paid", "order": 7},
        {"type": "placed", "order": 8, "shop": {"id": "a"}},
        {"type": "paid", "order": 8, "shop": {"id": "b"}},
    ]
    told = [order.take(each, at) for at, each in enumerate(events, 1)]
    assert [fault.place if fault else None for fault in told] == [
        None, None, ("type",), None, ("shop", "id"),
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["captured", "failed"])
def test_what_is_opened_may_be_closed_by_either_of_two_events(end: str) -> None:
    lifecycle = other(
        {
            "run": "/order",
            "start": {"placed": "open"},
            "states": {"open": {"on": dict.fromkeys(("asked", "captured", "failed"), "open")}},
            "pairs": [
                {"opens": "asked", "closes": "captured", "by": "/payment"},
                {"opens": "asked", "closes": "failed", "by": "/payment"},
            ],
        }
    )
    order, progress = Order(lifecycle), None
    document: dict[str, Any] = {}
    for at, kind in enumerate(("placed", "asked", end), 1):
        document = {"order": "a", "type": kind, "payment": 1}
        assert order.take(document, at) is None
        progress = lifecycle.advance(progress, document)
    fault = order.take(document, 4)
    assert fault is not None
    assert fault.kind == end
    with pytest.raises(OutOfOrderError, match="needs a asked before it"):
        lifecycle.advance(progress, document)


def test_names_that_different_events_open_are_apart() -> None:
    lifecycle = other(
        {
            "run": "/order",
            "start": {"placed": "open"},
            "states": {"open": {"on": dict.fromkeys(("a", "b", "end_a", "end_b"), "open")}},
            "pairs": [
                {"opens": "a", "closes": "end_a", "by": "/name"},
                {"opens": "b", "closes": "end_b", "by": "/name"},
            ],
        }
    )
    order, progress = Order(lifecycle), None
    for at, kind in enumerate(("placed", "a"), 1):
        document = {"order": "x", "type": kind, "name": "same"}
        assert order.take(document, at) is None
        progress = lifecycle.advance(progress, document)
    wrong = {"order": "x", "type": "end_b", "name": "same"}
    with pytest.raises(OutOfOrderError):
        lifecycle.advance(progress, wrong)
    assert order.take(wrong, 3) is not None


@pytest.mark.parametrize(
    "steps", list(pairwise(["gate_decision:a", "run_paused", "run_resumed", "run_completed"]))
)
def test_a_run_that_is_seen_in_its_middle_may_stand_anywhere(steps: tuple[str, str]) -> None:
    order = Order(LIFECYCLE)
    assert [order.watch(event(step), at) for at, step in enumerate(steps, 1)] == [None, None]


def test_a_run_that_is_watched_late_is_held_to_the_order_from_then_on() -> None:
    order = Order(LIFECYCLE)
    assert order.watch(event("run_completed"), 1) is None
    ended = order.watch(event("milestone_completed"), 2)
    assert ended is not None
    assert ended.kind == "run_completed"
    assert order.watch(event("run_started", "another"), 3) is None
    assert order.watch(event("run_started", "another"), 4) is not None


def test_a_run_of_a_lifecycle_with_many_states_may_stand_in_any_of_them() -> None:
    names = [f"state {number}" for number in range(30)]
    states: dict[str, Any] = {
        name: {"on": {"moved": after, f"seen in {name}": name}} for name, after in pairwise(names)
    }
    first = {"on": {"moved": names[0]}}
    start = {"begun": names[0]}
    lifecycle = other({"run": "/order", "start": start, "states": {**states, names[-1]: first}})
    for name in names[:-1]:
        order = Order(lifecycle)
        assert order.watch({"type": "moved", "order": 1}, 1) is None
        assert order.watch({"type": f"seen in {name}", "order": 1}, 2) is None
