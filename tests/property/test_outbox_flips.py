"""Whatever bytes of an outbox change: events come out as they went in, or the damage is told."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.outboxes import SINK, deliver, entry, handed, waiting

from quantapilot.errors import OutboxDamagedError, OutboxUnwritableError, OutboxVersionError
from quantapilot.outbox.intact import examine
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Settlement
from quantapilot.outbox.repair import accept

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 60
SUFFIXES = ("", "-wal", ".mark")

FLIPS = st.lists(
    st.tuples(st.sampled_from(SUFFIXES), st.floats(0, 1, exclude_max=True), st.integers(1, 255)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module", params=["in the log", "in the database"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    with Outbox(folder / "o.db") as outbox:
        outbox.register(SINK)
        for start in range(0, EVENTS, 10):
            handed(outbox, *map(entry, range(start, start + 10))).result(10)
        deliver(outbox, [*range(1, 6), 8, 9])
        outbox.settle(SINK, [Settlement(7, "waiting", 1, 5.0, "reset")])
        outbox.flush()
        for suffix in SUFFIXES:
            shutil.copy(folder / f"o.db{suffix}", folder / f"kept{suffix}")
    if request.param == "in the database":
        with closing(sqlite3.connect(folder / "kept")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "kept"


def sent(file: Path) -> dict[int, tuple[str, str, str, bytes]]:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        messages = [each.message for each in outbox.pending(SINK, 0, 1000)]
        deliver(outbox, waiting(outbox))
        assert waiting(outbox) == []
    return {each.seq: (each.id, each.type, each.subject, each.body) for each in messages}


WHOLE = {
    number + 1: (each.id, each.type, each.subject, each.body)
    for number in range(EVENTS)
    for each in (entry(number),)
}
OPEN = {seq: event for seq, event in WHOLE.items() if seq in {6, 7, *range(10, EVENTS + 1)}}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=FLIPS)
def test_no_change_of_bytes_goes_unnoticed(
    original: Path, tmp_path: Path, flips: list[tuple[str, float, int]]
) -> None:
    shutil.rmtree(tmp_path / "now", ignore_errors=True)
    (tmp_path / "now").mkdir()
    file = tmp_path / "now" / "o.db"
    for suffix in SUFFIXES:
        source = original.with_name(original.name + suffix)
        raw = bytearray(source.read_bytes() if source.exists() else b"")
        for which, share, change in flips:
            if which == suffix and raw:
                raw[int(share * len(raw))] ^= change
        if raw:
            file.with_name(file.name + suffix).write_bytes(raw)
    try:
        found = sent(file)
    except (OutboxDamagedError, OutboxVersionError, OutboxUnwritableError):
        pass
    else:
        # The last outcomes may be gone with the end of the log: events are sent again then.
        # Where the mark was hit too, its older half stands, and tells of all but the last commit.
        hit = {which for which, _, _ in flips}
        assert OPEN.keys() <= found.keys() or {".mark", "-wal"} <= hit
        assert found == {seq: WHOLE[seq] for seq in found}
        return
    try:
        done = accept(file)
    except OutboxVersionError:
        return
    if not any(which == ".mark" for which, _, _ in flips):
        assert done.kept + done.gone == EVENTS
    again = sent(file)
    assert {seq: WHOLE[seq] for seq in again} == again
    assert len(again) >= done.kept - len(WHOLE) + len(OPEN)
    assert examine(file, full=True).clean
