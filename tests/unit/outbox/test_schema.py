"""The outbox's file: made whole or not at all, and of this version or brought to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from quantapilot.errors import OutboxVersionError
from quantapilot.outbox.schema import APPLICATION_ID, VERSION, check_version, create, migrate

if TYPE_CHECKING:
    from pathlib import Path

STEPS = {1: ("CREATE TABLE more(x)", "INSERT INTO more VALUES(1)"), 2: ("DROP TABLE more",)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    create(tmp_path / "o.db")
    return tmp_path / "o.db"


def version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return check_version(connection, file)


def test_a_new_outbox_is_of_this_version_and_leaves_nothing_else(file: Path) -> None:
    assert version(file) == VERSION
    assert [each.name for each in file.parent.iterdir()] == ["o.db"]


def test_who_comes_second_leaves_the_outbox_of_the_first(file: Path) -> None:
    before = file.read_bytes()
    create(file)
    assert file.read_bytes() == before


def test_two_outboxes_differ_from_the_start(file: Path, tmp_path: Path) -> None:
    create(tmp_path / "p.db")
    assert file.read_bytes() != (tmp_path / "p.db").read_bytes()


def test_an_empty_file_becomes_an_outbox(tmp_path: Path) -> None:
    (tmp_path / "o.db").touch()
    create(tmp_path / "o.db")
    assert version(tmp_path / "o.db") == VERSION


def test_an_older_outbox_is_brought_up_step_by_step(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        assert migrate(connection, file, STEPS, 2)
        assert connection.execute("SELECT x FROM more").fetchall() == [(1,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_step_that_fails_leaves_the_outbox_as_it_was(file: Path) -> None:
    before = file.read_bytes()
    steps = {1: ("CREATE TABLE more(x)", "INSERT INTO nowhere VALUES(1)")}
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, file, steps, 2)
        assert not connection.in_transaction
    assert file.read_bytes() == before


def test_an_outbox_so_old_that_no_step_is_known_is_refused(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version=0")
        with pytest.raises(OutboxVersionError, match="of version 0"):
            migrate(connection, file, {}, 1)


@pytest.mark.parametrize(
    ("pragma", "told"),
    [("user_version=9", "upgrade"), (f"application_id={APPLICATION_ID + 1}", "another program")],
)
def test_what_this_program_does_not_know_is_refused(file: Path, pragma: str, told: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA {pragma}")
        with pytest.raises(OutboxVersionError, match=told):
            check_version(connection, file)


def test_two_processes_that_open_a_new_outbox_need_not_both_change_its_mode(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
