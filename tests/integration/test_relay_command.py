"""`qp relay`: a real outbox, real files, a real receiver that fails; it is killed and stopped."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from concurrent.futures import Future
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest
from tests.program import call
from tests.waiting import until

from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import Behaviour
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.ports import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantapilot.chaos.record import Heard
    from quantapilot.chaos.server import Mode

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
QP = [sys.executable, "-c", "from quantapilot.cli import main; main()"]


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QP_OUTBOX", "QP_SINKS", "QP_WEBHOOK_HEADER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QP_WEBHOOK_SECRETS", SECRET)


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def entry(number: int) -> Entry:
    body = b'{"specversion":"1.0","id":"id-%d","n":%d}' % (number, number)
    return Entry(f"id-{number}", "run.started", f"run-{number % 7}", body)


def store(outbox: Path, count: int) -> list[Entry]:
    entries = [entry(number) for number in range(count)]
    stored: Future[Sequence[int]] = Future()
    with Outbox(outbox, relay=False) as opened:
        opened.append(entries, stored)
        stored.result(30)
    return entries


def more_than(receiver: Receiver, requests: int) -> bool:
    return receiver.totals().requests > requests


def heard_of(receiver: Receiver, entries: Sequence[Entry]) -> list[Heard | None]:
    found: list[Heard | None] = []
    for at in range(0, len(entries), 200):
        found += receiver.heard([each.id for each in entries[at : at + 200]])
    return found


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*QP, "relay", *arguments], stderr=subprocess.PIPE)


def test_every_sink_gets_the_stored_bytes_once(outbox: Path, tmp_path: Path) -> None:
    entries = store(outbox, 1200)
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    given = ["--outbox", str(outbox), "--once"]
    for file in files:
        given += ["--to", file.as_uri()]
    code, out, told = call("relay", *given)
    assert (code, out) == (0, "")
    assert told == "".join(f"{file.as_uri()}: 1,200 delivered\n" for file in files)
    assert call("relay", *given, "--quiet") == (0, "", "")
    for file in files:
        assert file.read_bytes() == b"".join(each.body + b"\n" for each in entries)


def test_a_receiver_that_fails_in_many_ways_gets_every_event_unchanged(outbox: Path) -> None:
    entries = store(outbox, 300)
    weights: dict[Mode, float] = {"ok": 20.0, "500": 1.0, "reset": 1.0, "404": 1.0, "redirect": 1.0}
    behaviour = Behaviour(weights=weights, seed=3, secrets=(SECRET,))
    with Receiver(behaviour, own_process=False) as receiver:
        given = ["--outbox", str(outbox), "--to", receiver.url, "--allow-private", "--once"]
        code, _, told = call("relay", *given)
        assert (code, told) == (0, f"{receiver.url}: 300 delivered\n")
        heard = heard_of(receiver, entries)
        totals = receiver.totals()
    for each, got in zip(entries, heard, strict=True):
        assert got is not None
        assert got.accepted >= 1
        assert got.digest == blake2b(each.body, digest_size=8).digest()
        assert not got.differed
    assert (totals.ids, totals.unverified) == (300, 0)
    assert totals.requests > 300


def test_a_relay_that_is_killed_goes_on_where_it_was(outbox: Path) -> None:
    entries = store(outbox, 4000)
    with Receiver(Behaviour(secrets=(SECRET,)), own_process=False) as receiver:
        given = ["--outbox", str(outbox), "--to", receiver.url, "--allow-private", "--once"]
        for kill in range(1, 4):
            with start(*given) as process:
                seen = 900 * kill
                until(partial(more_than, receiver, seen))
                process.kill()
        assert call("relay", *given)[0] == 0
        totals = receiver.totals()
        heard = heard_of(receiver, entries)
    assert all(got is not None and got.accepted for got in heard)
    assert (totals.ids, totals.differed) == (4000, 0)
    # What was sent again is what was not recorded yet, not all from the start.
    assert totals.requests < 4000 + 3 * 1000


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_relay_that_is_asked_to_stop_sends_nothing_twice(
    outbox: Path, how: signal.Signals
) -> None:
    store(outbox, 3000)
    with Receiver(own_process=False) as receiver:
        given = ["--outbox", str(outbox), "--to", receiver.url, "--allow-private"]
        with start(*given) as process:
            until(lambda: receiver.totals().requests > 500)
            process.send_signal(how)
            _, told = process.communicate(timeout=20)
        assert process.returncode == 0
        assert b"delivered, " in told
        assert call("relay", *given, "--once")[0] == 0
        totals = receiver.totals()
    assert (totals.requests, totals.ids, totals.repeated) == (3000, 3000, 0)


def test_events_that_come_while_it_runs_are_delivered(outbox: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    with start("--outbox", str(outbox), "--to", file.as_uri()) as process:
        until(file.exists)
        entries = store(outbox, 50)
        body = b"".join(each.body + b"\n" for each in entries)
        until(lambda: file.read_bytes() == body)
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_what_is_left_is_told_with_its_reason(outbox: Path) -> None:
    store(outbox, 3)
    with Receiver(Behaviour(weights={"500": 1.0}), own_process=False) as receiver:
        given = ["--outbox", str(outbox), "--to", receiver.url, "--allow-private", "--once"]
        code, _, told = call("relay", *given, "--give-up-after", "0.5", "--quiet")
    assert code == 1
    assert told == f"{receiver.url}: 0 delivered, 3 waiting (status 500)\n"


def test_a_receiver_that_wants_no_more_keeps_its_events_and_holds_back_nobody(
    outbox: Path, tmp_path: Path
) -> None:
    store(outbox, 40)
    file = tmp_path / "out.jsonl"
    with Receiver(Behaviour(script=("410",)), own_process=False) as receiver:
        given = ["--outbox", str(outbox), "--to", receiver.url, "--allow-private", "--once"]
        code, _, told = call("relay", *given, "--to", file.as_uri())
        again, _, retold = call("relay", *given)
    assert (code, again) == (1, 1)
    assert (
        f"{receiver.url}: 0 delivered, 40 waiting; the receiver wants no more (status 410)" in told
    )
    assert f"{file.as_uri()}: 40 delivered\n" in told
    assert "wants no more" in retold


def test_wrong_use_and_missing_outboxes_are_told(outbox: Path, tmp_path: Path) -> None:
    to = ["--to", (tmp_path / "out.jsonl").as_uri()]
    box = ["--outbox", str(outbox)]
    assert call("relay", *to)[0] == 2
    assert call("relay", *box)[0] == 2
    assert call("relay", *box, *to, "--give-up-after", "1")[0] == 2
    code, _, told = call("relay", *box, *to, "--once")
    assert (code, told) == (3, f"qp: {outbox}: there is no such outbox\n")
    assert not outbox.exists()
    store(outbox, 1)
    with Outbox(outbox):
        code, _, told = call("relay", *box, *to, "--once")
    assert code == 4
    assert "Traceback" not in told


def test_a_terminal_shows_how_far_it_is(outbox: Path, tmp_path: Path) -> None:
    store(outbox, 20)
    ours, theirs = pty.openpty()
    file = tmp_path / "out.jsonl"
    given = [*QP, "relay", "--outbox", str(outbox), "--to", file.as_uri()]
    environment = os.environ | {"COLUMNS": "300", "LINES": "40"}
    with subprocess.Popen(given, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while b": 20 delivered, 0 waiting, " not in shown:
            shown += os.read(ours, 4096)
        process.terminate()
        process.wait(20)
    os.close(ours)
    assert process.returncode == 0


@pytest.mark.parametrize("option", ["--deadline", "--give-up-after"])
def test_a_time_that_is_no_number_is_a_matter_of_usage(tmp_path: Path, option: str) -> None:
    outbox = str(tmp_path / "o.db")
    code, _, err = call("relay", "--outbox", outbox, "--to", "file:x", "--once", option, "nan")
    assert code == 2
    assert "nan is no number of seconds" in err
