"""`qp emit`: events from the command line, stored and delivered, and refusals with their place."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.emitting import MAIL, PAYLOAD, RUN
from tests.program import call

from quantapilot.chaos.receiver import Receiver
from quantapilot.chaos.server import Behaviour
from quantapilot.signing import new_secret

DATA = orjson.dumps(PAYLOAD).decode()


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QP_OUTBOX", "events.db")
    monkeypatch.setenv("QP_SOURCE", "/scripts")
    for name in ("QP_SINKS", "QP_WEBHOOK_SECRETS", "QP_WEBHOOK_HEADER"):
        monkeypatch.delenv(name, raising=False)


def stored() -> list[dict[str, Any]]:
    with closing(sqlite3.connect("events.db")) as connection:
        rows = connection.execute("SELECT body FROM events ORDER BY seq").fetchall()
    return [orjson.loads(body) for (body,) in rows]


def test_an_event_is_stored_and_its_id_printed() -> None:
    code, out, err = call("emit", "run_started", "--data", DATA)
    assert (code, err) == (0, "")
    (event,) = stored()
    assert out == event["id"] + "\n"
    assert (event["source"], event["data"]) == ("/scripts", PAYLOAD)


def test_events_come_from_standard_input_one_a_line() -> None:
    lines = b"\n".join(
        orjson.dumps({"type": f"quantapilot.{name}", "data": {"run_id": RUN}})
        for name in ("run_resumed", "run_completed")
    )
    code, out, _ = call("emit", "-", stdin=b"\n" + lines)
    assert code == 0
    assert out.split() == [event["id"] for event in stored()]
    assert [event["type"] for event in stored()][1] == "quantapilot.run_completed"


def test_a_payload_comes_from_a_file_of_many_lines(tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_bytes(orjson.dumps(PAYLOAD, option=orjson.OPT_INDENT_2))
    assert call("emit", "run_started", "--file", "payload.json")[0] == 0
    assert stored()[0]["data"] == PAYLOAD


def test_what_is_refused_is_told_with_its_line_and_keeps_nothing_back(tmp_path: Path) -> None:
    good = orjson.dumps(PAYLOAD)
    bad = orjson.dumps(PAYLOAD | {"branch": MAIL})
    (tmp_path / "all.jsonl").write_bytes(b"\n".join([good, bad, b'{"broken', good]))
    code, out, err = call("emit", "run_started", "--file", "all.jsonl")
    assert code == 1
    assert len(stored()) == len(out.split()) == 2
    assert "all.jsonl:2:" in err
    assert "pii/email" in err
    assert "all.jsonl:3:" in err
    assert MAIL not in err + out
    for file in tmp_path.glob("events.db*"):
        assert MAIL.encode() not in file.read_bytes()


def test_a_dry_run_shows_the_event_and_stores_nothing(tmp_path: Path) -> None:
    code, out, _ = call("emit", "run_started", "--data", DATA, "--dry-run")
    assert code == 0
    assert orjson.loads(out)["data"] == PAYLOAD
    assert not (tmp_path / "events.db").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("emit", "run_started"), "one of --data, --file and '-'"),
        (("emit", "run_started", "-", "--data", "{}"), "one of --data, --file and '-'"),
        (("emit", "run_stated", "--data", "{}"), "did you mean 'run_started'"),
    ],
)
def test_a_wrong_call_is_told(arguments: tuple[str, ...], says: str) -> None:
    code, _, err = call(*arguments)
    assert code == 2
    assert says in err


def test_without_an_outbox_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QP_OUTBOX")
    code, _, err = call("emit", "run_started", "--data", DATA)
    assert code == 2
    assert "QP_OUTBOX" in err


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_told(name: str) -> None:
    code, _, err = call("emit", "run_started", "--file", name)
    assert code == 4
    assert "can't be read" in err


def test_an_empty_input_is_nothing_to_emit() -> None:
    code, _, err = call("emit", "-", stdin=b"\n\n")
    assert code == 3
    assert "no event" in err


def test_a_signed_webhook_gets_the_event_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = new_secret()
    monkeypatch.setenv("QP_WEBHOOK_SECRETS", secret)
    behaviour = Behaviour(script=("500",), secrets=(secret,))
    with Receiver(behaviour, own_process=False) as receiver:
        code, out, err = call(
            "emit", "run_started", "--data", DATA, "--to", receiver.url, "--allow-private"
        )
        (heard,) = receiver.heard([out.strip()])
    assert (code, err) == (0, "")
    assert heard is not None
    assert heard.accepted == 1


def test_what_could_not_be_delivered_stays_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QP_WEBHOOK_SECRETS", new_secret())
    with Receiver(Behaviour(weights={"404": 1}), own_process=False) as receiver:
        arguments = ("--to", receiver.url, "--allow-private", "--wait", "0.2")
        code, out, err = call("emit", "run_started", "--data", DATA, *arguments)
    assert code == 0
    assert out.strip() == stored()[0]["id"]
    assert "status 404" in err
    assert "qp relay" in err


def test_a_header_that_is_none_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QP_WEBHOOK_HEADER", "nonsense")
    code, _, err = call("emit", "run_started", "--data", DATA, "--to", "https://example.com/")
    assert code == 2
    assert "Name: value" in err
    assert "nonsense" not in err


def test_who_would_wait_for_months_waits_no_longer_than_needed(tmp_path: Path) -> None:
    sink = tmp_path / "sent.jsonl"
    code, out, err = call(
        *("emit", "run_started", "--data", orjson.dumps(PAYLOAD).decode(), "--source", "/worker"),
        *("--outbox", str(tmp_path / "o.db"), "--to", sink.as_uri(), "--wait", "9999999"),
    )
    assert (code, err) == (0, "")
    assert out.strip() in sink.read_text()


def test_scripts_that_emit_at_the_same_time_take_turns() -> None:
    program = Path(sys.executable).with_name("qp")
    command = [str(program), "emit", "run_started", "--data", DATA]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    names = [each.communicate(timeout=60)[0].decode().strip() for each in running]
    assert [each.returncode for each in running] == [0] * 4
    assert sorted(names) == sorted(event["id"] for event in stored())
