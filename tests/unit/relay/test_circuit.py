"""A receiver that is down is left alone, then asked once."""

from __future__ import annotations

from quantapilot.relay.backoff import Backoff
from quantapilot.relay.circuit import Circuit


def circuit(failures: int = 3) -> Circuit:
    # The chance is always the greatest: waits are their bounds.
    return Circuit(Backoff(1.0, 8.0), lambda: 1.0, failures=failures)


def opened() -> Circuit:
    made = circuit()
    for _ in range(3):
        assert made.may_send(0.0)
        made.failed(0.0)
    return made


def test_some_failures_among_successes_do_not_stop_deliveries() -> None:
    made = circuit()
    for _ in range(10):
        made.failed(0.0)
        made.failed(0.0)
        made.succeeded()
        assert made.may_send(0.0)


def test_failures_in_a_row_stop_them_for_a_while() -> None:
    made = opened()
    assert not made.may_send(0.9)
    assert made.may_send(1.0)


def test_one_call_tries_whether_it_is_back() -> None:
    made = opened()
    assert made.may_send(1.0)
    assert not made.may_send(1.0)
    assert made.succeeded()
    assert made.may_send(1.0)
    assert made.may_send(1.0)
    assert not made.succeeded()


def test_each_vain_try_makes_the_wait_longer_up_to_a_bound() -> None:
    made = opened()
    now, waits = 0.0, []
    for _ in range(6):
        waits.append(made.opens_at - now)
        now = made.opens_at
        assert made.may_send(now)
        made.failed(now)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_calls_that_were_under_way_when_it_opened_make_the_wait_no_longer() -> None:
    made = opened()
    for _ in range(20):
        made.failed(0.5)
    assert made.opens_at == 1.0


def test_a_receiver_that_asks_for_time_gets_it_at_the_first_call() -> None:
    made = circuit()
    made.failed(0.0, 60.0)
    assert not made.may_send(59.9)
    assert made.may_send(60.0)
