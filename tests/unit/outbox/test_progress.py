"""A sink's progress: in order it is one number, and each exception is a row until it is none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from quantapilot.outbox.ports import Settlement
from quantapilot.outbox.progress import Progress, put_disabled, register
from quantapilot.outbox.schema import create

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def at(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    create(tmp_path / "o.db")
    with closing(sqlite3.connect(tmp_path / "o.db", isolation_level=None)) as connection:
        register(connection, "s")
        yield connection


def cursor(at: sqlite3.Connection) -> int:
    found: int = at.execute("SELECT cursor FROM sinks WHERE name='s'").fetchone()[0]
    return found


def rows(at: sqlite3.Connection) -> list[tuple[int, str]]:
    return at.execute("SELECT seq, state FROM deliveries WHERE sink='s' ORDER BY seq").fetchall()


def delivered(*seqs: int) -> list[Settlement]:
    return [Settlement(seq, "delivered") for seq in seqs]


def test_what_is_delivered_in_order_leaves_no_row(at: sqlite3.Connection) -> None:
    progress = Progress(at, "s")
    progress.record(at, delivered(1, 2, 3), 10)
    progress.record(at, delivered(5, 4), 10)
    assert (cursor(at), rows(at)) == (5, [])


def test_what_is_delivered_out_of_order_leaves_a_row_until_the_rest_is_there(
    at: sqlite3.Connection,
) -> None:
    progress = Progress(at, "s")
    progress.record(at, delivered(2, 4), 10)
    assert (cursor(at), rows(at)) == (0, [(2, "delivered"), (4, "delivered")])
    progress = Progress(at, "s")
    progress.record(at, delivered(1), 10)
    assert (cursor(at), rows(at)) == (2, [(4, "delivered")])
    progress.record(at, delivered(3), 10)
    assert (cursor(at), rows(at)) == (4, [])


def test_an_event_that_waits_holds_back_nothing(at: sqlite3.Connection) -> None:
    progress = Progress(at, "s")
    progress.record(at, [Settlement(1, "waiting", 1, 5.0, "reset"), *delivered(2, 3)], 10)
    assert (cursor(at), rows(at)) == (3, [(1, "waiting")])
    progress.record(at, [Settlement(1, "dead", 9)], 10)
    assert rows(at) == [(1, "dead")]
    progress.record(at, delivered(1), 10)
    assert (cursor(at), rows(at)) == (3, [])


def test_gaps_are_crossed_also_from_within(at: sqlite3.Connection) -> None:
    at.execute("INSERT INTO gaps VALUES(2, 4, zeroblob(16), 1), (6, 6, zeroblob(16), 0)")
    progress = Progress(at, "s")
    progress.record(at, delivered(1, 5), 10)
    assert cursor(at) == 6
    at.execute("UPDATE sinks SET cursor=3")
    progress = Progress(at, "s")
    progress.record(at, delivered(5), 10)
    assert cursor(at) == 6


def test_a_sink_begins_behind_what_was_deleted(at: sqlite3.Connection) -> None:
    at.execute("INSERT INTO gaps VALUES(1, 40, zeroblob(16), 0)")
    assert register(at, "new") is None
    assert at.execute("SELECT cursor FROM sinks WHERE name='new'").fetchone() == (40,)


def test_a_sink_keeps_why_it_is_disabled_in_few_words(at: sqlite3.Connection) -> None:
    put_disabled(at, "s", "word " * 1000)
    assert len(register(at, "s") or "") == 200
    put_disabled(at, "nobody", "reason")


def test_the_progress_of_nobody_is_not_known(at: sqlite3.Connection) -> None:
    with pytest.raises(LookupError):
        Progress(at, "nobody")
