"""Outcomes of many subscriptions are one commit, and none is forgotten where a commit fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.errors import OutboxUnwritableError
from quantapilot.gateway.grouping import Grouping
from quantapilot.outbox.ports import Settlement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.outbox.ports import Pending

AWAY = OutboxUnwritableError("the store is away")
ONE, TWO = [Settlement(1, "delivered")], [Settlement(2, "dead", 3, 0.0, "status 500")]


class Commits:
    """Keeps what was committed, group by group, and who was asked for besides."""

    def __init__(self) -> None:
        self.commits: list[list[tuple[str, Sequence[Settlement]]]] = []
        self.asked: list[str] = []
        self.fault: Exception | None = None

    def settle_all(self, groups: Sequence[tuple[str, Sequence[Settlement]]]) -> None:
        if self.fault is not None:
            raise self.fault
        self.commits.append(list(groups))

    def register(self, sink: str) -> str | None:
        self.asked.append(f"register {sink} behind {len(self.commits)}")
        return "status 410"

    def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
        self.asked.append(f"pending {sink} {after} {limit}")
        return ()

    def disable(self, sink: str, reason: str) -> None:
        self.asked.append(f"disable {sink} {reason}")


@pytest.fixture
def commits() -> Commits:
    return Commits()


@pytest.fixture
def later() -> list[Callable[[], None]]:
    return []


@pytest.fixture
def ledger(commits: Commits, later: list[Callable[[], None]]) -> Grouping:
    return Grouping(commits, later.append)


def test_what_was_asked_for_before_the_turn_comes_is_one_commit(
    ledger: Grouping, commits: Commits, later: list[Callable[[], None]]
) -> None:
    ledger.settle("a", ONE)
    ledger.settle("b", TWO)
    assert not commits.commits
    assert len(later) == 1
    later.pop()()
    assert commits.commits == [[("a", ONE), ("b", TWO)]]
    ledger.settle("a", TWO)
    later.pop()()
    assert commits.commits[1:] == [[("a", TWO)]]
    ledger.flush()
    assert len(commits.commits) == 2


def test_a_flush_does_not_wait_for_the_turn(
    ledger: Grouping, commits: Commits, later: list[Callable[[], None]]
) -> None:
    ledger.settle("a", ONE)
    ledger.flush()
    later.pop()()
    assert commits.commits == [[("a", ONE)]]


def test_who_begins_anew_sees_what_was_recorded_before(ledger: Grouping, commits: Commits) -> None:
    ledger.settle("a", ONE)
    assert ledger.register("a") == "status 410"
    assert commits.asked == ["register a behind 1"]


def test_while_commits_fail_all_is_kept_and_nothing_is_taken_on_top(
    ledger: Grouping, commits: Commits, later: list[Callable[[], None]]
) -> None:
    commits.fault = AWAY
    ledger.settle("a", ONE)
    later.pop()()
    with pytest.raises(OutboxUnwritableError):
        ledger.settle("b", TWO)
    with pytest.raises(OutboxUnwritableError):
        ledger.flush()
    commits.fault = None
    ledger.settle("b", TWO)
    later.pop()()
    assert commits.commits == [[("a", ONE)], [("b", TWO)]]


def test_the_rest_goes_straight_through(ledger: Grouping, commits: Commits) -> None:
    assert not ledger.pending("a", 3, 10)
    ledger.disable("a", "status 410")
    assert commits.asked == ["pending a 3 10", "disable a status 410"]
