"""`qp outbox`: what waits and what is dead, as its users see it and what they do about it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.outboxes import SINK, deliver, store, waiting
from tests.program import call

from quantapilot.errors import ExitCode
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Settlement

if TYPE_CHECKING:
    from pathlib import Path

CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Six events: 1 delivered, 2 dead, 3 waits after a try, the rest untried."""
    with Outbox(tmp_path / "o.db") as outbox:
        outbox.register(SINK)
        outbox.register("nats://other")
        store(outbox, range(1, 7))
        deliver(outbox, [1])
        deliver(outbox, range(1, 7), "nats://other")
        outbox.settle(SINK, [Settlement(2, "dead", 9, 0.0, "status 400")])
        outbox.settle(SINK, [Settlement(3, "waiting", 2, 1_800_000_000.0, "reset\x1b[31m")])
    return tmp_path / "o.db"


def left(file: Path) -> list[int]:
    with Outbox(file, append=False) as outbox:
        outbox.register(SINK)
        return waiting(outbox)


def qp(*arguments: str | Path) -> tuple[int, str, str]:
    return call("outbox", *map(str, arguments))


def test_the_status_tells_what_waits_for_which_sink(file: Path) -> None:
    code, out, err = qp("status", "--outbox", file)
    assert (code, err) == (CLEAN, "")
    lines = out.splitlines()
    assert lines[0].startswith("6 events kept, 2,070 bytes; files ")
    assert lines[1].startswith(f"{SINK}: waiting 4, dead 1, dropped 0, oldest of 20")
    assert lines[2] == "nats://other: waiting 0, dead 0, dropped 0"
    assert len(lines) == 3


def test_the_status_names_owners_and_why_a_sink_is_disabled(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.register(SINK)
        outbox.disable(SINK, "status 410")
        outbox.flush()
        _, out, _ = qp("status", "--outbox", file)
    assert ", disabled: status 410\n" in out
    assert "role append: process" in out
    assert "role relay: process" in out


def test_the_status_is_json_for_programs(file: Path) -> None:
    code, out, _ = qp("status", "--outbox", file, "--format", "json")
    body = json.loads(out)
    assert code == CLEAN
    assert (body["events"], body["bytes"], body["lost"], body["owners"]) == (6, 2070, 0, {})
    assert [(sink["name"], sink["waiting"], sink["dead"]) for sink in body["sinks"]] == [
        (SINK, 4, 1),
        ("nats://other", 0, 0),
    ]


def test_the_list_shows_events_without_what_is_in_them(file: Path) -> None:
    code, out, _ = qp("list", "--outbox", file)
    assert code == CLEAN
    due = r"due 2027-01-15T08:00:00Z  reset\x1b[31m"
    assert out.splitlines()[:3] == [
        f"2  id-2  run_started  run-2  {SINK}  dead  9 attempts  status 400",
        f"3  id-3  run_started  run-3  {SINK}  waiting  2 attempts  {due}",
        f"4  id-4  run_started  run-4  {SINK}  waiting  0 attempts",
    ]
    assert len(out.splitlines()) == 5
    assert "xxx" not in out


@pytest.mark.parametrize(
    ("options", "seqs"),
    [
        (["--state", "dead"], [2]),
        (["--state", "waiting", "--limit", "2"], [3, 4]),
        (["--sink", SINK, "--limit", "1"], [2]),
    ],
)
def test_the_list_can_be_narrowed(file: Path, options: list[str], seqs: list[int]) -> None:
    _, out, _ = qp("list", "--outbox", file, "--format", "json", *options)
    assert [item["seq"] for item in json.loads(out)] == seqs


def test_an_empty_list_says_so(file: Path) -> None:
    assert qp("list", "--outbox", file, "--state", "dropped")[0] == NOTHING
    code, _, err = qp("list", "--outbox", file, "--sink", "none")
    assert (code, "knows no sink none" in err) == (USAGE, True)


def test_events_are_sent_again(file: Path) -> None:
    assert qp("retry", "id-2", "--outbox", file)[:2] == (CLEAN, "to be sent again: 1\n")
    assert left(file) == [2, 3, 4, 5, 6]
    assert qp("retry", "--all", "--outbox", file)[:2] == (CLEAN, "to be sent again: 2\n")
    assert qp("retry", "id-1", "--outbox", file)[0] == NOTHING
    assert qp("retry", "--sink", "none", "--outbox", file)[0] == USAGE
    assert qp("retry", "--outbox", file)[0] == USAGE


def test_nothing_is_dropped_unasked(file: Path) -> None:
    code, _, err = qp("drop", "--all-dead", "--outbox", file)
    assert (code, "--yes" in err) == (USAGE, True)
    assert qp("drop", "--yes", "--outbox", file)[0] == USAGE
    assert qp("drop", "id-3", "--forget", "--yes", "--outbox", file)[0] == USAGE
    assert left(file) == [3, 4, 5, 6]


def test_events_and_sinks_are_given_up(file: Path) -> None:
    assert qp("drop", "id-3", "id-5", "--yes", "--outbox", file)[:2] == (CLEAN, "given up: 2\n")
    assert left(file) == [4, 6]
    assert qp("drop", "--all-dead", "--yes", "--outbox", file)[:2] == (CLEAN, "given up: 1\n")
    assert qp("drop", "--sink", SINK, "--yes", "--outbox", file)[:2] == (CLEAN, "given up: 2\n")
    assert left(file) == []
    assert qp("drop", "--sink", SINK, "--forget", "--yes", "--outbox", file)[0] == CLEAN
    assert SINK not in qp("status", "--outbox", file)[1]


def test_a_running_relay_is_not_interfered_with(file: Path) -> None:
    with Outbox(file, append=False):
        code, _, err = qp("retry", "--all", "--outbox", file)
        assert code == UNCHECKED
        assert "role 'relay'" in err
        assert qp("verify", "--outbox", file)[:2] == (CLEAN, "intact: 6 events\n")


def test_damage_is_found_and_accepted(file: Path) -> None:
    mark = file.with_name("o.db.mark")
    mark.rename(file.with_name("kept"))
    code, out, _ = qp("verify", "--outbox", file)
    assert (code, out.splitlines()[0]) == (FOUND, "damaged: the mark o.db.mark is gone")
    assert qp("retry", "--all", "--outbox", file)[0] == UNCHECKED
    code, out, _ = qp("verify", "--accept", "--outbox", file)
    assert code == CLEAN
    assert out.splitlines()[-1] == (
        "goes on with 6 events; 0 acknowledged events gone, 0 of them changed"
    )
    assert qp("verify", "--accept", "--outbox", file)[:2] == (CLEAN, "intact: 6 events\n")


@pytest.mark.parametrize(
    "command", [["status"], ["list"], ["retry", "--all"], ["drop", "--all-dead"], ["verify"]]
)
def test_where_no_outbox_is_none_is_made(tmp_path: Path, command: list[str]) -> None:
    code, _, err = qp(*command, "--outbox", tmp_path / "none.db")
    assert (code, "there is no such outbox" in err) == (NOTHING, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "list", "verify"])
def test_another_kind_of_file_can_not_be_checked(tmp_path: Path, command: str) -> None:
    (tmp_path / "text").write_bytes(b"text\n" * 2000)
    code, out, err = qp(command, "--outbox", tmp_path / "text")
    assert (code, out) == (UNCHECKED, "")
    assert "no outbox" in err or "damaged" in err


def test_the_outbox_may_be_named_once_for_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QP_OUTBOX", str(file))
    assert qp("verify")[0] == CLEAN
    monkeypatch.delenv("QP_OUTBOX")
    assert qp("verify")[0] == USAGE


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET time=x'ff'",
        "UPDATE events SET subject=x'ff'",
        "UPDATE sinks SET cursor='far'",
        "UPDATE sinks SET disabled=x'ff'",
    ],
)
@pytest.mark.parametrize("command", ["status", "list"])
def test_values_of_another_kind_are_damage(file: Path, command: str, change: str) -> None:
    with closing(sqlite3.connect(file)) as at, at:
        at.execute(change)
    code, out, err = qp(command, "--outbox", file)
    assert "internal fault" not in err
    assert code == CLEAN or (code == UNCHECKED and "is damaged" in err and not out)


def test_a_time_beyond_all_years_is_unknown(file: Path) -> None:
    with closing(sqlite3.connect(file)) as at, at:
        at.execute("UPDATE events SET time=9000000000000000000")
    code, out, err = qp("status", "--outbox", file)
    assert (code, err) == (CLEAN, "")
    assert "oldest of an unknown time" in out
