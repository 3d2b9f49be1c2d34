"""Who came first is served first."""

from __future__ import annotations

import threading

import pytest

from quantapilot.gateway.store.turns import Turns

PATIENCE = 30.0


def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns()
    served: list[int] = []
    threads = []

    def wait(number: int) -> None:
        with turns.turn():
            served.append(number)

    with turns.turn():
        for number in range(8):
            thread = threading.Thread(target=wait, args=(number,))
            thread.start()
            threads.append(thread)
            while len(turns._waiting) <= number:
                assert thread.is_alive()
    for thread in threads:
        thread.join(PATIENCE)
    assert served == list(range(8))


def test_one_at_a_time_has_the_turn() -> None:
    turns = Turns()
    count = 0

    def work() -> None:
        nonlocal count
        for _ in range(500):
            with turns.turn():
                seen = count
                count = seen + 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert count == 3000


def test_a_turn_ends_with_a_fault_too() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns.turn():
        raise KeyError("x")
    with turns.turn():
        assert turns._taken
    assert not turns._taken
