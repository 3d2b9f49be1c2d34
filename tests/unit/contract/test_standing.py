"""One reading of where a run stands: what was opened and closed in it, packed."""

from __future__ import annotations

import sys

from quantapilot.contract.standing import BEGUN, SINCE, STATE, Layout, copy_of

LAYOUT = Layout(2)


def test_a_standing_takes_a_few_hundred_bytes() -> None:
    run = LAYOUT.at(1, 1 << 40)
    for name in (1 << 60, 2 << 60, 3 << 60):
        LAYOUT.rename(run, 1 << 41, [], [name])
    assert sys.getsizeof(run) < 300
    assert (run[STATE], run[SINCE], run[BEGUN]) == (1, 1 << 40, 1 << 40)


def test_a_name_is_known_by_the_event_that_opened_or_closed_it_last() -> None:
    run = LAYOUT.at(0, 1)
    LAYOUT.rename(run, 5, [], [11, 12])
    LAYOUT.rename(run, 6, [11], [])
    assert [LAYOUT.mark(run, name) for name in (11, 12, 13)] == [-6, 5, 0]
    LAYOUT.rename(run, 7, [], [11])
    assert LAYOUT.mark(run, 11) == 7


def test_a_name_that_is_as_a_mark_is_not_taken_for_one() -> None:
    run = LAYOUT.at(0, 1)
    LAYOUT.rename(run, 12, [], [11])
    assert LAYOUT.mark(run, 12) == 0


def test_behind_a_name_that_can_not_be_read_no_name_is_known() -> None:
    run = LAYOUT.at(0, 1)
    LAYOUT.rename(run, 2, [0], [11])
    assert LAYOUT.knows_names(run)
    LAYOUT.rename(run, 3, [], [0])
    LAYOUT.rename(run, 4, [], [12])
    assert not LAYOUT.knows_names(run)
    assert LAYOUT.essence(run) == LAYOUT.essence(LAYOUT.at(0, 9, unknown=True))


def test_what_allows_the_same_is_alike_whenever_it_was() -> None:
    one, other = LAYOUT.at(0, 1), LAYOUT.at(0, 2)
    LAYOUT.rename(one, 3, [], [11])
    LAYOUT.rename(other, 4, [12], [11])
    assert LAYOUT.essence(one) == LAYOUT.essence(other)
    moved = copy_of(other)
    LAYOUT.rename(moved, 5, [11], [])
    assert LAYOUT.essence(one) == LAYOUT.essence(other) != LAYOUT.essence(moved)
