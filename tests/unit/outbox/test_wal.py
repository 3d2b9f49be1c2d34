"""The log of SQLite, mended: it is what SQLite wrote, and no other file is taken for one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from quantapilot.outbox.wal import mended

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, page: int = 4096) -> Path:
    """Return a database whose rows stand in its log, some behind an earlier use of the log."""
    file = folder / "a.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={page}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE rows(text)")
        for _ in range(50):
            connection.execute("INSERT INTO rows VALUES(?)", ("early" * 100,))
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        for _ in range(20):
            connection.execute("INSERT INTO rows VALUES(?)", ("late" * 100,))
        for suffix in ("", "-wal"):
            shutil.copy(f"{file}{suffix}", folder / f"copy.db{suffix}")
    return folder / "copy.db"


def rows(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM rows").fetchone()[0])


@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_a_log_that_is_whole_stays_as_it_is(tmp_path: Path, page: int) -> None:
    log = (written(tmp_path, page).parent / "copy.db-wal").read_bytes()
    made = mended(log)
    assert made is not None
    # Behind its end stands what was left of the use before.
    assert made == log


def test_what_stands_behind_damage_can_be_read(tmp_path: Path) -> None:
    file = written(tmp_path)
    log = file.with_name("copy.db-wal")
    raw = bytearray(log.read_bytes())
    # Beside the page's content, in the first frame: all frames behind it count on its checksum.
    raw[32 + 24 + 4096 - 1] ^= 0xFF
    made = mended(bytes(raw))
    assert made is not None
    log.write_bytes(made)
    assert rows(file) == 70


def test_a_frame_whose_salt_was_hit_is_taken_for_one_of_this_log(tmp_path: Path) -> None:
    file = written(tmp_path)
    log = file.with_name("copy.db-wal")
    raw = log.read_bytes()
    hit = bytearray(raw)
    hit[32 + (24 + 4096) + 8] ^= 0xFF
    assert mended(bytes(hit)) == raw


@pytest.mark.parametrize("log", [b"", b"short", bytes(32), bytes(8192), b"\x37\x7f\x06\x82" * 8])
def test_what_is_no_log_is_left_alone(log: bytes) -> None:
    assert mended(log) is None
