"""Moving windows in memory: exact to the moment, and forgetting who came long ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quantapilot.gateway.windows import Window


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_limit_takes_its_amount_and_tells_how_long_the_rest_must_wait() -> None:
    clock = Clock()
    window = Window(2, 60, clock)
    assert window.hit(b"a") is None
    clock.time += 10
    assert window.hit(b"a") is None
    clock.time += 20
    assert window.hit(b"a") == 30.0
    assert window.hit(b"b") is None


def test_after_the_wait_a_call_is_taken_and_not_before() -> None:
    clock = Clock()
    window = Window(1, 60, clock)
    window.hit(b"a")
    wait = window.hit(b"a")
    assert wait == 60.0
    clock.time += wait - 0.001
    assert window.hit(b"a") is not None
    clock.time += 0.001
    assert window.hit(b"a") is None


def test_what_had_to_wait_does_not_count() -> None:
    clock = Clock()
    window = Window(1, 60, clock)
    window.hit(b"a")
    for _ in range(100):
        clock.time += 0.1
        window.hit(b"a")
    clock.time += 50
    assert window.hit(b"a") is None


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 8)), max_size=60),
)
def test_no_window_ever_holds_more_than_its_amount(
    amount: int, calls: list[tuple[bytes, int]]
) -> None:
    clock = Clock()
    window = Window(amount, 10, clock)
    taken: dict[bytes, list[float]] = {b"a": [], b"b": [], b"c": []}
    for who, passed in calls:
        clock.time += passed
        recent = [at for at in taken[who] if at > clock.time - 10]
        wait = window.hit(who)
        assert (wait is None) == (len(recent) < amount)
        if wait is None:
            taken[who].append(clock.time)
        else:
            assert wait == recent[0] + 10 - clock.time


def test_who_came_long_ago_is_forgotten() -> None:
    clock = Clock()
    window = Window(5, 60, clock)
    for number in range(1000):
        window.hit(b"%d" % number)
    clock.time += 61
    for _ in range(600):
        window.hit(b"a")
    assert len(window) == 1


def test_however_many_come_memory_is_bounded() -> None:
    clock = Clock()
    window = Window(1, 3600, clock)
    for number in range(100_500):
        window.hit(b"%d" % number)
    assert len(window) == 100_000
    assert window.hit(b"100499") is not None
