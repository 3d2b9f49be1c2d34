"""A receiver gets as many calls at a time as it answers quickly."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.relay.concurrency import Limit

if TYPE_CHECKING:
    from collections.abc import Callable


def served(limit: Limit, seconds: float, answer: Callable[[float, int], tuple[float, bool]]) -> int:
    """Call a receiver as often as allowed; `answer` tells when a call ends, and whether well."""
    now, calls = 0.0, 0
    running: list[tuple[float, float, bool]] = []
    while now < seconds:
        while len(running) < limit.allowed:
            end, good = answer(now, len(running))
            heapq.heappush(running, (end, now, good))
        full = len(running) >= limit.allowed
        now, began, good = heapq.heappop(running)
        calls += 1
        if good:
            limit.answered(began, now, full=full)
        else:
            limit.failed(began, now)
    return calls


class OneAfterTheOther:
    """A receiver that works on one call at a time."""

    def __init__(self, takes: float) -> None:
        self.takes = takes
        self.free = 0.0

    def __call__(self, now: float, _: int) -> tuple[float, bool]:
        self.free = max(self.free, now) + self.takes
        return self.free, True


def test_a_quick_receiver_soon_gets_all_that_the_sink_allows() -> None:
    limit = Limit(32)
    served(limit, 0.1, lambda now, _: (now + 0.002, True))
    assert limit.allowed == 32


def test_a_distant_receiver_that_answers_side_by_side_gets_them_too() -> None:
    limit = Limit(32)
    served(limit, 20, lambda now, _: (now + 0.8, True))
    assert limit.allowed == 32


@pytest.mark.parametrize("takes", [0.2, 1.0, 5.0])
def test_a_receiver_that_does_one_thing_at_a_time_gets_few_and_loses_no_time(takes: float) -> None:
    limit = Limit(32)
    calls = served(limit, 500 * takes, OneAfterTheOther(takes))
    assert limit.allowed <= 6
    assert calls >= 450


def test_a_receiver_that_fails_above_eight_is_asked_about_that_much() -> None:
    limit = Limit(32)
    seen: list[int] = []

    def answer(now: float, running: int) -> tuple[float, bool]:
        seen.append(running + 1)
        return now + 0.01, running < 8

    served(limit, 30, answer)
    late = seen[len(seen) // 2 :]
    assert sum(each > 8 for each in late) / len(late) < 0.15
    assert sum(late) / len(late) > 4


def test_calls_that_fail_together_halve_once() -> None:
    limit = Limit(32)
    served(limit, 0.1, lambda now, _: (now + 0.002, True))
    for _ in range(32):
        limit.failed(1.0, 2.0)
    assert limit.allowed == 16
    limit.failed(2.5, 3.0)
    assert limit.allowed == 8


def test_events_that_are_refused_now_and_then_slow_down_none_of_the_others() -> None:
    limit = Limit(32)
    calls = 0

    def answer(now: float, _: int) -> tuple[float, bool]:
        nonlocal calls
        calls += 1
        return now + 0.002, calls % 33 != 0

    served(limit, 2, answer)
    assert limit.allowed == 32


def test_one_timeout_or_one_wish_for_time_halves() -> None:
    limit = Limit(32)
    served(limit, 0.1, lambda now, _: (now + 0.002, True))
    limit.failed(1.0, 16.0)
    assert limit.allowed == 16
    limit.failed(17.0, 17.001, asked=True)
    assert limit.allowed == 8


def test_more_are_not_allowed_while_nobody_needs_them() -> None:
    limit = Limit(32)
    for second in range(50):
        limit.answered(second, second + 0.01, full=False)
    assert limit.allowed == 1


@given(
    st.integers(1, 64),
    st.lists(st.tuples(st.booleans(), st.floats(0, 100), st.floats(0, 100)), max_size=200),
)
def test_it_never_leaves_its_bounds(most: int, calls: list[tuple[bool, float, float]]) -> None:
    limit = Limit(most)
    now = 0.0
    for good, took, step in calls:
        now += step
        if good:
            limit.answered(now - took, now, full=True)
        else:
            limit.failed(now - took, now)
        assert 1 <= limit.allowed <= most
