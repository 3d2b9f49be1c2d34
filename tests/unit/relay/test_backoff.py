"""Waits grow, stay in their bounds, differ, and are never shorter than a receiver asked for."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.relay.backoff import Backoff

chances = st.floats(0, 1, exclude_max=True)
attempts = st.integers(1, 10_000)
firsts = st.floats(0.001, 10)
factors = st.floats(1, 1000)


@given(firsts, factors, attempts, chances)
def test_no_wait_is_longer_than_its_bound_and_no_bound_than_the_cap(
    first: float, factor: float, tried: int, chance: float
) -> None:
    backoff = Backoff(first, first * factor)
    assert 0 <= backoff.delay(tried, lambda: chance) <= backoff.bound(tried) <= backoff.cap


@given(firsts, factors)
def test_bounds_double_until_the_cap(first: float, factor: float) -> None:
    backoff = Backoff(first, first * factor)
    bounds = [backoff.bound(tried) for tried in range(1, 100)]
    assert bounds[0] == first
    assert bounds[-1] == backoff.cap
    for one, next_one in pairwise(bounds):
        assert next_one == min(2 * one, backoff.cap)


def test_senders_that_failed_together_do_not_come_back_together() -> None:
    chance = random.Random(5).random
    delays = [Backoff().delay(8, chance) for _ in range(1000)]
    assert min(delays) < 4
    assert max(delays) > 60
    assert len(set(delays)) > 990


@given(st.floats(-1e9, 1e9), attempts, chances)
def test_a_receiver_gets_the_time_it_asks_for_up_to_an_hour(
    after: float, tried: int, chance: float
) -> None:
    delay = Backoff().delay(tried, lambda: chance, after)
    assert min(max(after, 0), 3600) <= delay <= min(max(after, 0), 3600) + 0.5


@pytest.mark.parametrize(
    "wrong", [{"first": 0.0}, {"first": 2.0, "cap": 1.0}, {"longest_after": -1}]
)
def test_waits_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="wait"):
        Backoff(**wrong)
