"""`qp mock`, whole: what it prints, the gate takes; what it calls invalid, the gate refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.emitting import CONTRACT, ROOT
from tests.program import call

from quantapilot.contract.lifecycle import Lifecycle, Progress
from quantapilot.mock.events import Events

PROGRAM = Path(sys.executable).with_name("qp")
EVENTS = Events(CONTRACT).names
DOCUMENTS = ["LogRecord", "ErrorResponse"]
OTHERS = ["RunRequest", "RunAccepted"]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def lines(*arguments: str) -> list[Any]:
    code, out, err = call("mock", *arguments)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("name", [*EVENTS, *DOCUMENTS, *OTHERS])
def test_two_hundred_samples_of_each_pass_the_gate(name: str) -> None:
    code, out, err = call("mock", name, "--count", "200", "--seed", f"gate {name}")
    assert (code, err, out.count("\n")) == (0, "", 200)
    judged = ["--as", name] if name in OTHERS else []
    code, told, _ = call("validate:api", *judged, "-", stdin=out.encode())
    assert code == 0, told


def test_whole_runs_pass_the_gate_and_keep_their_order() -> None:
    code, out, err = call("mock", "--runs", "12", "--seed", "7")
    assert (code, err) == (0, "")
    assert call("validate:api", "--kind", "events", "-", stdin=out.encode())[0] == 0
    lifecycle = Lifecycle(CONTRACT)
    standing: dict[str, Progress] = {}
    for event in map(json.loads, out.splitlines()):
        run = lifecycle.run_of(event)
        standing[run] = lifecycle.advance(standing.get(run), event)
    assert len(standing) == 12
    assert all(lifecycle.ended(each.state) for each in standing.values())


def test_the_word_run_stands_for_one_whole_run() -> None:
    run = lines("run", "--end", "failed", "--length", "5")
    assert run == lines("--runs", "1", "--end", "failed", "--length", "5")
    assert run[-1]["type"].endswith("failed")
    assert len({event["subject"] for event in run}) == 1
    assert len(lines("run", "--count", "3", "--length", "2")) == 6


def test_another_process_prints_the_same_bytes() -> None:
    asked = ["LogRecord", "run_failed", "--count", "3", "--seed", "again"]
    printed = set()
    for hashed in ("1", "2"):
        made = subprocess.run(
            [PROGRAM, "mock", *asked],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hashed, "TZ": f"UTC-{hashed}", "LC_ALL": "C"},
        )
        printed.add(made.stdout)
    printed.add(call("mock", *asked)[1].encode())
    assert len(printed) == 1
    assert printed.pop().count(b"\n") == 6


def test_another_seed_prints_other_samples() -> None:
    assert lines("run_started") == lines("run_started", "--seed", "0")
    assert lines("run_started") != lines("run_started", "--seed", "1")


@pytest.mark.parametrize("name", ["run_started", "LogRecord"])
def test_each_invalid_one_is_refused_for_the_rule_it_names(name: str) -> None:
    found = lines(name, "--invalid", "contract/*", "--count", "2")
    assert len({each["rule"] for each in found}) >= 7
    kind = "events" if name in EVENTS else "logs"
    for each in found:
        value = json.dumps(each["value"]).encode()
        code, out, _ = call("validate:api", "--kind", kind, "--format", "json", "-", stdin=value)
        assert code == 1
        assert {finding["rule"] for finding in json.loads(out)["findings"]} == {each["rule"]}


def test_invalid_ones_hold_synthetic_personal_data() -> None:
    (found,) = lines("run_failed", "--invalid", "pii/email")
    assert found["pointer"] == "/data/message"
    assert found["rule"] == "pii/email"
    bare = lines("run_failed", "--invalid", "pii/email", "--bare")
    assert bare == [found["value"]]


def test_a_misordered_run_tells_its_line() -> None:
    (found,) = lines("run", "--invalid")
    assert found["rule"] == "contract/order"
    code, out, err = call("mock", "--runs", "2", "--invalid", "contract/order", "--bare")
    assert code == 0
    first, second = err.splitlines()
    assert first == f"qp: line {found['line']}: contract/order: {found['why']}"
    assert out.splitlines()[: len(found["value"])] == [
        json.dumps(each, separators=(",", ":")) for each in found["value"]
    ]
    assert int(second.split()[2].rstrip(":")) > len(found["value"])


def test_one_document_can_be_indented_and_several_are_an_array() -> None:
    _, one, _ = call("mock", "RunRequest", "--pretty")
    assert one.startswith("{\n  ")
    _, several, _ = call("mock", "RunRequest", "run_paused", "--pretty")
    assert len(json.loads(several)) == 2


def test_the_payload_alone_is_what_emit_takes() -> None:
    _, out, _ = call("mock", "gate_requested", "--payload")
    assert set(json.loads(out)) == {"run_id", "gate", "description"}
    asked = ["emit", "gate_requested", "--dry-run", "--source", "/mock", "-"]
    code, event, _ = call(*asked, stdin=out.encode())
    assert code == 0
    assert json.loads(event)["data"] == json.loads(out)
    (broken,) = lines("gate_requested", "--payload", "--invalid", "contract/missing-field")
    assert "specversion" not in broken["value"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    assert call("mock", "--runs", "2", "--output", str(file)) == (0, "", "")
    assert file.read_text("utf-8") == call("mock", "--runs", "2")[1]
    other = tmp_path / "none.jsonl"
    assert call("mock", "run_startd", "--output", str(other))[0] == 2
    assert list(tmp_path.iterdir()) == [file]


def test_fields_of_the_project_stand_in_its_log_records(tmp_path: Path) -> None:
    settings = tmp_path / "quantapilot.toml"
    settings.write_text('[fields]\nqueue_depth = "aggregate"\n', "utf-8")
    code, out, _ = call("mock", "LogRecord", "--count", "20", "--config", str(settings))
    assert code == 0
    assert "queue_depth" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say what to make"),
        (["--invalid", "run_started"], "a NAME comes ahead of --invalid"),
        (["run_startd"], "did you mean 'run_started'?"),
        (["LogRecord", "--payload"], "no event 'LogRecord'"),
        (["run_started", "--invalid", "pii/emial"], "did you mean 'pii/email'?"),
        (["run_resumed", "--payload", "--invalid", "pii/email"], "can't be broken in run_resumed"),
        (["run", "--invalid", "pii/email"], "in a whole run contract/order is broken"),
        (["run_started", "--runs", "2"], "leave NAME out"),
        (["--runs", "2", "--count", "3"], "--runs says how many"),
        (["run", "run_started"], "a whole run is made by itself"),
        (["run_started", "--bare"], "--bare goes with --invalid"),
        (["run_started", "--end", "failed"], "are for whole runs"),
        (["run", "--payload"], "--payload is for events"),
        (["run", "--end", "paused"], "there are completed, failed"),
        (["run_started", "--count", "0"], "--count"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], told: str) -> None:
    code, out, err = call("mock", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_a_contract_that_can_not_be_sampled_is_told_with_its_place(tmp_path: Path) -> None:
    schemas = tmp_path / "_schemas"
    schemas.mkdir()
    never = {"type": "integer", "minimum": 2, "maximum": 1}
    schema = {"$id": "https://x.example/a.schema.json", "$defs": {"Never": never}}
    (schemas / "a.schema.json").write_text(json.dumps(schema), "utf-8")
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    config = ["--config", str(tmp_path / "quantapilot.toml")]
    code, out, err = call("mock", "Never", *config)
    assert (code, out) == (4, "")
    assert "a.schema.json: Never: " in err
    code, _, err = call("mock", "--runs", "1", *config)
    assert code == 4
    assert "declares no order of events" in err


def test_shells_are_told_what_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_QP_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "qp mock run_")
    monkeypatch.setenv("COMP_CWORD", "2")
    _, out, _ = call()
    assert "run_started" in out
    assert "run_request" in out
