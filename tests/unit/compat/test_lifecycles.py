"""What two orders of events allow."""

from __future__ import annotations

from typing import Any

from quantapilot.compat.lifecycles import lifecycle_changes

ORDER: dict[str, Any] = {
    "run": "/data/id",
    "start": {"started": "running"},
    "states": {
        "running": {"on": {"paused": "waiting", "ended": "done"}},
        "waiting": {"on": {"resumed": "running"}},
        "done": {},
    },
    "pairs": [],
}


def told(old: Any, new: Any) -> list[tuple[str, str]]:
    return [
        (change.pointer, change.kind) for change in lifecycle_changes(old, new, "o.lifecycle.json")
    ]


def test_an_event_that_may_no_longer_come_breaks_emitters() -> None:
    states = {**ORDER["states"], "running": {"on": {"ended": "done"}}}
    assert told(ORDER, {**ORDER, "states": states}) == [("/states/running/on/paused", "breaking")]


def test_a_state_that_is_gone_breaks_emitters_and_one_more_does_not() -> None:
    fewer = {name: state for name, state in ORDER["states"].items() if name != "waiting"}
    assert told(ORDER, {**ORDER, "states": fewer}) == [("/states/waiting", "breaking")]
    assert told({**ORDER, "states": fewer}, ORDER) == [("/states/waiting", "compatible")]


def test_another_target_and_one_more_thing_to_keep_to_break_emitters() -> None:
    states = {**ORDER["states"], "waiting": {"on": {"resumed": "done"}}}
    new = {**ORDER, "states": states, "constant": ["/data/key"], "run": "/data/run"}
    assert told(ORDER, new) == [
        ("/states/waiting/on/resumed", "breaking"),
        ("/run", "breaking"),
        ("/constant/0", "breaking"),
    ]
    assert told(new, {**new, "constant": []}) == [("/constant", "compatible")]


def test_an_order_that_comes_or_goes_is_a_break() -> None:
    assert told(None, None) == []
    assert told(None, ORDER) == [("", "breaking")]
    assert told(ORDER, None) == [("", "breaking")]
    assert told(ORDER, ORDER) == []
