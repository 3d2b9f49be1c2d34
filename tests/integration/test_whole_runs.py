"""`qp validate:api --events` and `qp emit --order`, as a user calls them."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import orjson
import pytest
from benchmarks.order import BAD, write_runs
from tests.emitting import PAYLOAD, ROOT, RUN
from tests.program import call

from quantapilot.contract import standings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a contract of its own, in the folder of the call."""
    shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas")
    shutil.copytree(ROOT / "generated", tmp_path / "generated")
    (tmp_path / "quantapilot.toml").write_text('events = ["events/*.jsonl"]\n', "utf-8")
    (tmp_path / "events").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("runs") / "events.jsonl"
    write_runs(file, 200)
    return file


def orders(report: str) -> list[tuple[str, int, str]]:
    findings = json.loads(report)["findings"]
    assert {each["rule"] for each in findings} <= {"contract/order"}
    return [(each["path"], each["line"], each["message"]) for each in findings]


@pytest.mark.usefixtures("project")
def test_twenty_faults_among_thousands_of_events_are_twenty_findings(runs: Path) -> None:
    code, out, _ = call("validate:api", "--events", "--format", "json", str(runs))
    assert code == 1
    assert len(orders(out)) == 20 == 2 * len(BAD)
    # And nothing of it without the flag.
    assert call("validate:api", "--kind", "events", str(runs))[0] == 0


def test_rotated_files_are_read_as_one_stream(project: Path, runs: Path) -> None:
    lines = runs.read_bytes().splitlines(keepends=True)
    for number, start in enumerate(range(0, len(lines), 1000)):
        (project / "events" / f"{number}.jsonl").write_bytes(b"".join(lines[start : start + 1000]))
    code, out, _ = call("validate:api", "--events", "--format", "json")
    found = orders(out)
    assert (code, len(found)) == (1, 20)
    assert any("events/" in message and ".jsonl:" in message for _, _, message in found)
    code, out, _ = call("validate:api", "--events", "--format", "json", str(runs))
    assert [line for _, line, _ in orders(out)] == [
        int(Path(path).stem) * 1000 + line for path, line, _ in found
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no unlinked files")
def test_many_more_runs_than_fit_into_memory_leave_no_trace(
    project: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "MOST_RUNS", 8)
    (folder := project / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    data = runs.read_bytes()
    code, out, _ = call("validate:api", "--events", "--format", "json", "-", stdin=data)
    assert (code, len(orders(out))) == (1, 20)
    assert list(folder.iterdir()) == []


def test_a_folder_for_temporary_files_that_can_not_be_written_is_told(
    project: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "MOST_RUNS", 8)
    monkeypatch.setattr("tempfile.tempdir", str(project / "gone"))
    code, _, err = call("validate:api", "--events", str(runs))
    assert code == 4
    assert err == (
        "qp: more runs than fit into memory, and the folder for temporary files can't hold them: "
        "No such file or directory; name another one with room by the variable TMPDIR\n"
    )


@pytest.mark.parametrize("other", [("--kind", "logs"), ("--as", "RunFailed")])
def test_the_order_of_what_is_no_stream_of_events_is_not_asked_for(other: tuple[str, str]) -> None:
    code, _, err = call("validate:api", "--events", *other, "examples/events")
    assert code == 2
    assert "--events and --" in err
    assert "exclude each other" in err


def test_a_contract_without_an_order_is_told(project: Path, runs: Path) -> None:
    (project / "_schemas" / "run.lifecycle.json").unlink()
    code, _, err = call("validate:api", "--events", str(runs))
    assert code == 4
    assert "declares no order of events: put a file such as run.lifecycle.json" in err


def test_a_broken_order_is_told_with_its_place_and_not_used(project: Path, runs: Path) -> None:
    file = project / "_schemas" / "run.lifecycle.json"
    file.write_text(file.read_text("utf-8").replace('"paused": {', '"asleep": {'), "utf-8")
    code, out, _ = call("validate:api", "--events", "--format", "json", str(runs))
    assert code == 4
    told = [(f["path"], f["rule"], f["pointer"]) for f in json.loads(out)["findings"]]
    path = str(Path("_schemas", "run.lifecycle.json"))
    assert (
        path, "contract/schema-invalid", "/states/running/on/quantapilot.run_paused",
    ) in told  # fmt: skip
    assert "contract/order" not in {rule for _, rule, _ in told}


def test_two_orders_in_one_folder_are_told(project: Path, runs: Path) -> None:
    shutil.copy(project / "_schemas" / "run.lifecycle.json", project / "_schemas/z.lifecycle.json")
    code, out, _ = call("validate:api", "--events", str(runs))
    assert code == 4
    assert "a schema folder declares one order of events" in out


def test_only_added_lines_are_told_and_judged_by_those_before(project: Path, runs: Path) -> None:
    from tests.repositories import git

    git("init", "--quiet", "--initial-branch=main", at=project)
    start, *_ = runs.read_bytes().splitlines()
    events = project / "events" / "a.jsonl"
    events.write_bytes(start + b"\n" + start + b"\n")
    git("add", "events", at=project)
    git("commit", "--quiet", "-m", "One", at=project)
    events.write_bytes(events.read_bytes() + start + b"\n")
    git("add", "events", at=project)
    code, out, _ = call("validate:api", "--events", "--staged", "--format", "json")
    assert (code, [line for _, line, _ in orders(out)]) == (1, [3])


def test_an_accepted_fault_stays_accepted_where_lines_are_put_before_it(
    project: Path, runs: Path
) -> None:
    start, other, *_ = runs.read_bytes().splitlines()
    file = project / "events" / "a.jsonl"
    file.write_bytes(start + b"\n" + start + b"\n")
    told = []
    for before in (b"", other + b"\n"):
        file.write_bytes(before + start + b"\n" + start + b"\n")
        _, out, _ = call("validate:api", "--events", "--format", "json", "events")
        told += [(each["fingerprint"], each["message"]) for each in json.loads(out)["findings"]]
    assert told[0][0] == told[1][0]
    assert told[0][1] != told[1][1]


def emitted(*kinds: str) -> bytes:
    data = {"run_started": PAYLOAD, "run_paused": {"run_id": RUN, "reason": "at night"}}
    return b"\n".join(
        orjson.dumps({"type": f"quantapilot.{kind}", "data": data.get(kind, {"run_id": RUN})})
        for kind in kinds
    )


@pytest.mark.usefixtures("project")
def test_a_script_emits_only_what_may_follow() -> None:
    command = ("emit", "--order", "--outbox", "events.db", "--source", "/scripts")
    code, out, err = call(*command, "-", stdin=emitted("run_started", "run_completed"))
    assert (code, err, len(out.split())) == (0, "", 2)
    code, out, err = call(*command, "-", stdin=b"\n" + emitted("run_resumed", "run_paused"))
    assert (code, out) == (1, "")
    assert "<stdin>:2:9  error  contract/order  /type" in err
    assert "run_resumed may not follow run_completed: the run has ended" in err
    data = orjson.dumps(PAYLOAD).decode()
    code, _, err = call(*command, "run_started", "--data", data)
    assert code == 1
    assert "--data:1:1  error  contract/order  /type" in err


def test_a_dry_run_has_no_order() -> None:
    code, _, err = call("emit", "run_started", "--data", "{}", "--dry-run", "--order")
    assert code == 2
    assert "--dry-run stores nothing" in err
