"""A damaged outbox: told at once, left as it was found, and gone on with on request."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.outboxes import SINK, deliver, entry, handed, store, waiting

from quantapilot.errors import OutboxDamagedError, OutboxError, OutboxLockedError
from quantapilot.outbox.intact import examine
from quantapilot.outbox.limits import Limits
from quantapilot.outbox.mark import mark_path
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Settlement
from quantapilot.outbox.repair import accept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = 200


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An outbox as a power cut finds it: open, its last events in the log alone."""
    file = tmp_path_factory.mktemp("original") / "o.db"
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(20))
        deliver(outbox, range(1, 11))
    with Outbox(file) as outbox:
        store(outbox, range(20, EVENTS))
        yield file


@pytest.fixture
def file(original: Path, tmp_path: Path) -> Path:
    for suffix in ("", "-wal", ".mark"):
        shutil.copy(f"{original}{suffix}", tmp_path / f"o.db{suffix}")
    return tmp_path / "o.db"


def log(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def into_main(file: Path) -> None:
    """Have all events in the main file, as after a stop."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def flip(file: Path, at: int) -> None:
    raw = bytearray(file.read_bytes())
    raw[at] ^= 0xFF
    file.write_bytes(raw)


def found(file: Path) -> dict[str, bytes]:
    suffixes = ("", "-wal", ".mark")
    return {
        each: f.read_bytes()
        for each in suffixes
        if (f := file.with_name(file.name + each)).exists()
    }


def refused(file: Path) -> str:
    """Return what is said of a damaged outbox; nothing of it may have been written."""
    before = found(file)
    texts = []
    for append, relay in ((True, True), (True, False), (False, True)):
        with pytest.raises(OutboxDamagedError) as caught:
            Outbox(file, append=append, relay=relay)
        texts.append(str(caught.value))
    after = found(file)
    if not before.get("-wal"):
        assert not after.pop("-wal", b"")
        before.pop("-wal", None)
    assert after == before
    assert "xxx" not in texts[0]
    assert texts == [texts[0]] * 3
    return texts[0]


def readable(file: Path, tmp_path: Path) -> list[str]:
    """Return the ids that SQLite alone still reads, of a copy."""
    (tmp_path / "copy").mkdir()
    for suffix in ("", "-wal"):
        if file.with_name(file.name + suffix).exists():
            shutil.copy(file.with_name(file.name + suffix), tmp_path / "copy" / f"c.db{suffix}")
    with closing(sqlite3.connect(tmp_path / "copy" / "c.db")) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM events ORDER BY seq")]


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_damaged_log_is_told_and_nothing_in_it_is_lost(
    file: Path, tmp_path: Path, share: float
) -> None:
    flip(log(file), int(log(file).stat().st_size * share))
    left = readable(file, tmp_path)
    lost = EVENTS - len(left)
    assert lost > 0
    text = refused(file)
    assert f"{lost} event" in text
    assert (f"{len(left) + 1}–{EVENTS}" if lost > 1 else f": {EVENTS};") in text
    assert "nothing was changed" in text
    damaged = found(file)
    done = accept(file)
    assert (done.kept, done.gone, done.changed, done.reset) == (EVENTS, 0, 0, ())
    assert [copy.read_bytes() for copy in done.copies] == list(damaged.values())
    assert sorted(each.name for each in tmp_path.glob(".*")) == []
    with Outbox(file) as outbox:
        outbox.register(SINK)
        sent = [each.message for each in outbox.pending(SINK, 0, 1000)]
        assert [each.body for each in sent] == [entry(n).body for n in range(10, EVENTS)]
        assert [each.id for each in sent][: len(left) - 10] == left[10:]
        assert store(outbox, range(1000, 1002)) == [EVENTS + 1, EVENTS + 2]
        deliver(outbox, waiting(outbox))
        assert waiting(outbox) == []
    again = examine(file, full=True)
    assert (again.clean, again.checked) == (True, EVENTS + 2)


def test_what_stands_behind_damage_in_the_log_is_kept(original: Path, tmp_path: Path) -> None:
    size = log(original).stat().st_size
    gone = []
    for number, at in enumerate(range(40, size, size // 25)):
        (folder := tmp_path / str(number)).mkdir()
        file = folder / "o.db"
        for suffix in ("", "-wal", ".mark"):
            shutil.copy(f"{original}{suffix}", f"{file}{suffix}")
        flip(log(file), at)
        done = accept(file)
        assert done.kept + done.gone == EVENTS
        gone.append(done.gone)
        with Outbox(file) as outbox:
            outbox.register(SINK)
            for each in outbox.pending(SINK, 0, 1000):
                assert each.message.body == entry(each.message.seq - 1).body
    # A page that was hit and not written again may hold several.
    assert max(gone) <= 16
    assert sum(each > 0 for each in gone) <= 3


def test_a_log_that_is_cut_short_is_told(file: Path) -> None:
    os.truncate(log(file), log(file).stat().st_size - 777)
    assert "1 event missing: 200;" in refused(file)


def test_a_log_that_is_gone_is_told(file: Path) -> None:
    log(file).unlink()
    assert "180 events missing: 21–200" in refused(file)
    assert accept(file).kept == 20


def test_a_database_that_is_gone_is_told(file: Path) -> None:
    into_main(file)
    file.unlink()
    log(file).unlink(missing_ok=True)
    assert "200 events missing: 1–200; the database is empty, or gone" in refused(file)
    assert accept(file).gone == 200
    with Outbox(file) as outbox:
        assert store(outbox, range(1)) == [201]
    assert examine(file, full=True).clean


def test_an_old_copy_of_the_database_is_told(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "old.db")
    into_main(file)
    shutil.copy(tmp_path / "old.db", file)
    assert "180 events missing" in refused(file)


def test_the_events_of_another_outbox_are_told(file: Path, tmp_path: Path) -> None:
    with Outbox(tmp_path / "p.db") as outbox:
        store(outbox, range(EVENTS))
    shutil.copy(tmp_path / "p.db", file)
    log(file).unlink()
    assert "1 event changed: 200" in refused(file)


@pytest.mark.parametrize("damage", ["gone", "empty", "text"])
def test_a_mark_that_is_gone_or_damaged_is_told(file: Path, damage: str) -> None:
    if damage == "gone":
        mark_path(file).unlink()
    else:
        mark_path(file).write_text("" if damage == "empty" else "text", "utf-8")
    assert ("is gone" if damage == "gone" else "is damaged") in refused(file)
    assert accept(file).kept == EVENTS
    Outbox(file).close()


def test_a_mark_that_lags_is_no_damage(file: Path) -> None:
    old = mark_path(file).read_bytes()
    with Outbox(file) as outbox:
        outbox.register(SINK)
        store(outbox, range(EVENTS, EVENTS + 30))
    mark_path(file).write_bytes(old)
    with Outbox(file) as outbox:
        outbox.register(SINK)
        assert len(waiting(outbox)) == EVENTS + 30 - 10


def test_a_mark_in_what_was_deleted_since_is_no_damage(file: Path) -> None:
    old = mark_path(file).read_bytes()
    with Outbox(file, limits=Limits(events=EVENTS, wait=0)) as outbox:
        outbox.register(SINK)
        deliver(outbox, waiting(outbox))
        store(outbox, range(EVENTS, EVENTS + 3))
    mark_path(file).write_bytes(old)
    Outbox(file).close()
    assert examine(file, full=True).checked == 3


def test_no_flipped_byte_in_an_event_is_delivered(file: Path) -> None:
    into_main(file)
    raw = file.read_bytes()
    at = raw.index(b"id-150run_started")
    for place in (at + 5, at + 8, at + 60, at + 200):
        file.write_bytes(raw)
        flip(file, place)
        text = refused(file)
        assert "changed: 151" in text or "SQLite can't read" in text or "missing" in text
    done = accept(file)
    assert (done.kept, done.gone, done.changed) == (EVENTS - 1, 1, 1)
    with Outbox(file) as outbox:
        outbox.register(SINK)
        assert waiting(outbox) == [seq for seq in range(11, EVENTS + 1) if seq != 151]
        deliver(outbox, waiting(outbox))
        deliver(outbox, store(outbox, range(900, 903)))
        assert waiting(outbox) == []
    assert examine(file, full=True).clean


@pytest.mark.parametrize("settled", [0, 10])
def test_a_changed_event_with_none_before_it_is_not_delivered(file: Path, settled: int) -> None:
    """The first event of all, and the first one behind those that were deleted."""
    into_main(file)
    if settled:
        # One more than it may hold: what every sink has is deleted.
        with Outbox(file, limits=Limits(events=EVENTS, wait=0)) as outbox:
            outbox.register(SINK)
            store(outbox, range(5000, 5001))
    with closing(sqlite3.connect(file)) as connection, connection:
        first, body = connection.execute("SELECT seq, body FROM events ORDER BY seq").fetchone()
        assert (first > 1) == bool(settled)
        changed = body.replace(b"ok", b"no")
        assert changed != body
        connection.execute("UPDATE events SET body=? WHERE seq=?", (changed, first))
    assert f"1 event changed: {first}" in examine(file, full=True).told()
    done = accept(file)
    assert (done.gone, done.changed) == (1, 1)
    with closing(sqlite3.connect(file)) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM events")]
    assert changed not in bodies
    assert examine(file, full=True).clean


def test_an_event_whose_hash_alone_was_hit_is_kept(file: Path) -> None:
    into_main(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE events SET chain=zeroblob(16) WHERE seq IN (50, 200)")
    assert "changed: 50–51" in refused(file)
    assert accept(file).kept == EVENTS


def test_events_that_were_taken_out_or_put_in_between_are_told(file: Path) -> None:
    into_main(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM events WHERE seq BETWEEN 30 AND 40")
    assert "11 events missing: 30–40" in refused(file)
    assert (accept(file).gone, accept(file).gone) == (11, 0)
    with Outbox(file) as outbox:
        outbox.register(SINK)
        deliver(outbox, waiting(outbox))
        assert waiting(outbox) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sinks SET cursor=150",
        "DELETE FROM sinks",
        "UPDATE deliveries SET state='dead'",
        "UPDATE deliveries SET seq=13",
    ],
)
def test_progress_that_was_changed_is_told_and_its_events_are_sent_again(
    file: Path, change: str
) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        outbox.settle(SINK, [Settlement(12, "waiting", 1, 5.0, "reset")])
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(change)
    assert f"what is known of the sink {SINK} is changed" in refused(file)
    accept(file)
    with Outbox(file) as outbox:
        outbox.register(SINK)
        assert waiting(outbox) == list(range(1, EVENTS + 1))


def test_damage_anywhere_in_the_file_is_a_typed_error_and_loses_little(
    file: Path, tmp_path: Path
) -> None:
    into_main(file)
    raw = file.read_bytes()
    told = 0
    least: list[int] = []
    for page in range(len(raw) // 4096):
        copy = tmp_path / str(page) / "o.db"
        copy.parent.mkdir()
        shutil.copy(mark_path(file), mark_path(copy))
        copy.write_bytes(raw[: page * 4096] + b"\xa5" * 4096 + raw[(page + 1) * 4096 :])
        result = examine(copy, full=True)
        told += not result.clean
        if result.clean:
            continue
        done = accept(copy)
        assert done.kept + done.gone == EVENTS
        least.append(done.kept)
        with Outbox(copy) as outbox:
            outbox.register(SINK)
            assert len(waiting(outbox)) >= done.kept - 10
        assert examine(copy, full=True).clean
    assert told > 10
    # A leaf holds ten events; above it, SQLite finds nothing below.
    assert sorted(least)[3] >= EVENTS - 30


def test_damage_that_shows_while_it_is_open_is_a_typed_error(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        deliver(outbox, waiting(outbox))
    into_main(file)
    pages = file.stat().st_size // 4096
    with Outbox(file) as outbox:
        outbox.register("other")
        raw = bytearray(file.read_bytes())
        for page in range(4, pages):
            raw[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
        file.write_bytes(raw)
        with pytest.raises(OutboxDamagedError, match="SQLite can't read"):
            outbox.pending("other", 0, 1000)
        waiter = handed(outbox, entry(5000))
        error = waiter.exception(10)
        assert error is None or isinstance(error, OutboxError)


def test_an_outbox_in_use_is_not_repaired(file: Path) -> None:
    with Outbox(file), pytest.raises(OutboxLockedError):
        accept(file)
    assert not [each for each in file.parent.iterdir() if "damaged" in each.name]
