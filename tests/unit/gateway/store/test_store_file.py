"""The file of a store in SQLite: its owner's only, and no other program's."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from quantapilot.errors import StoreError, StoreUnavailableError, StoreVersionError
from quantapilot.gateway.store.database import Database
from quantapilot.gateway.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has modes")
def test_only_its_owner_may_read_a_store(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    with Store(file) as store:
        store.add_repository("p", "r")
        made = [each for each in tmp_path.iterdir() if not each.name.endswith(".lock")]
        assert {each.name for each in made} == {"s.db", "s.db-wal", "s.db-shm"}
        for each in made:
            assert stat.S_IMODE(each.stat().st_mode) == 0o600


def test_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "s.db")
    with database.writing() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {each}").scalar()
            for each in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()
    assert settings == ["wal", 2, 1]


def test_another_program_s_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs(x)")
    before = file.read_bytes()
    with pytest.raises(StoreVersionError, match="database of another program"):
        Store(file)
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    file.write_text("nothing of the kind, and long enough for a header of SQLite's" * 20)
    with pytest.raises(StoreError, match="is damaged, or no store"):
        Store(file)


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "s.db").touch()
    with Store(tmp_path / "s.db") as store:
        assert store.last_seq() == 0


def test_a_place_that_can_hold_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no folder: make it"):
        Store(tmp_path / "nowhere" / "s.db")
    with pytest.raises(StoreError, match="is no regular file"):
        Store(tmp_path)


def test_a_full_disk_is_said_and_passes(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        with store.database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        # The pool gives the same connection again.
        with pytest.raises(StoreUnavailableError, match="the disk is full"):
            store.add_repository("p", "r" * 1_000_000)
        with store.database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        assert store.add_repository("p", "r" * 1_000_000)
