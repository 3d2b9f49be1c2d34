"""Whole runs through the gate: each fault once, in line order, whatever else is in the stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from benchmarks.order import write_runs
from tests.emitting import CONTRACT, MAIL, ROOT, RUN

from quantapilot.contract.copies import Copies
from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.contract.order import Order
from quantapilot.contract.standings import Standings
from quantapilot.contract.validator import Validator
from quantapilot.errors import ScratchError
from quantapilot.findings import Finding, Summary
from quantapilot.gate.check import Gate
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.order import StreamOrder
from quantapilot.inputs.sources import Source
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

LIFECYCLE = Lifecycle(CONTRACT)
INSPECTOR = Inspector(Detector(load_rules()), Validator(CONTRACT))
LINES: dict[str, bytes] = {}
for line in (ROOT / "examples" / "events" / "events.jsonl").read_bytes().splitlines():
    LINES.setdefault(orjson.loads(line)["type"].rpartition(".")[2], line)


COPIES = Copies(CONTRACT)


def line_of(kind: str, run: str = RUN, **data: Any) -> bytes:
    """Return an event of a type that conforms, but for what `data` changes."""
    event = orjson.loads(LINES[kind])
    event["subject"] = event["data"]["run_id"] = run
    event["data"] |= data
    return orjson.dumps(event)


START, PAUSED, RESUMED = (line_of(f"run_{kind}") for kind in ("started", "paused", "resumed"))
DONE, END = line_of("milestone_completed"), line_of("run_completed")


def checked(
    *files: bytes, names: tuple[str, ...] = (), most: int | None = None, whole_runs: bool = True
) -> list[Finding]:
    with Standings(most) as standings:
        order = StreamOrder(Order(LIFECYCLE, standings), COPIES, INSPECTOR) if whole_runs else None
        gate = Gate(INSPECTOR, Summary(), order=order)
        named = names or tuple(f"events-{number}.jsonl" for number in range(1, len(files) + 1))
        sources = [
            Source(name, Path(name), named=True, kind="events", data=data)
            for name, data in zip(named, files, strict=True)
        ]
        return list(gate.check(sources))


def told(*files: bytes, **options: Any) -> list[str]:
    return [f"{f.path}:{f.line} {f.rule}" for f in checked(*files, **options)]


def jsonl(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the events of 300 runs, 20 of which have a fault."""
    file = tmp_path_factory.mktemp("runs") / "events.jsonl"
    assert write_runs(file, 300) > 5900
    return file.read_bytes()


def test_planted_faults_are_told_one_by_one_and_nothing_else(runs: bytes) -> None:
    findings = checked(runs)
    assert [each.rule for each in findings] == ["contract/order"] * 20
    lines = [each.line or 0 for each in findings]
    assert lines == sorted(lines)
    for finding in findings:
        text = runs.splitlines()[(finding.line or 0) - 1].decode()
        kind = json.loads(text)["type"].rpartition(".")[2]
        assert finding.message.startswith(kind)
        assert text[(finding.column or 0) - 1] == '"'
        assert finding.message.count(" at line ") + ("may not come first" in finding.message) or (
            "since run_started at line" in finding.message
        )


def test_what_does_not_fit_into_memory_changes_nothing(runs: bytes) -> None:
    assert checked(runs, most=16) == checked(runs)


def test_without_the_order_nothing_of_it_is_judged(runs: bytes) -> None:
    assert checked(runs, whole_runs=False) == []


def test_memory_holds_no_more_runs_the_more_there_are(runs: bytes) -> None:
    held = []
    with Standings(16) as standings:
        order = StreamOrder(Order(LIFECYCLE, standings), COPIES, INSPECTOR)
        gate = Gate(INSPECTOR, Summary(), order=order)
        for number in range(0, len(lines := runs.splitlines(keepends=True)), 500):
            data = b"".join(lines[number : number + 500])
            list(gate.check([Source("a.jsonl", Path("a.jsonl"), data=data, kind="events")]))
            held.append(standings.in_memory)
    assert max(held) == 16


def test_files_are_one_stream_and_the_other_line_is_told_with_its_file() -> None:
    findings = checked(jsonl(START, PAUSED), jsonl(DONE, RESUMED, END), jsonl(b"", DONE))
    assert [(f.path, f.line, f.message.partition(":")[0]) for f in findings[:1]] == [
        ("events-2.jsonl", 1, "milestone_completed may not follow run_paused at events-1.jsonl")
    ]
    assert " at events-1.jsonl:2: while a run is paused" in findings[0].message
    assert "run_completed at events-2.jsonl:3" in findings[-1].message
    assert (findings[-1].path, findings[-1].line) == ("events-3.jsonl", 2)
    assert told(jsonl(START, PAUSED), jsonl(RESUMED, END)) == []
    assert told(jsonl(RESUMED, END), jsonl(START, PAUSED))[0] == "events-1.jsonl:1 contract/order"


def test_an_event_that_names_two_runs_is_told_and_counts_for_its_payloads() -> None:
    event = json.loads(PAUSED)
    event["subject"] = "d2719a3a-cbb8-4f4a-ba19-8b54b1d78f0a"
    other = json.dumps(event).encode()
    (finding,) = checked(jsonl(START, other, RESUMED, END))
    assert (finding.rule, finding.line, finding.pointer) == ("contract/copy", 2, "/subject")
    assert finding.message == "differs from '/data/run_id', which it repeats"
    assert event["subject"] not in (finding.excerpt or "")
    # One document over several lines is read another way.
    spread = json.dumps(event, indent=1).encode()
    assert [each.rule for each in checked(spread, names=("event.json",))] == [
        "contract/copy",
        "contract/order",
    ]
    assert checked(jsonl(START, other), whole_runs=False) == []


def test_a_finding_is_the_same_wherever_the_lines_stand() -> None:
    first = checked(jsonl(START, END, DONE))
    second = checked(jsonl(b"", START, END, b"", DONE))
    assert [each.line for each in first + second] == [3, 5]
    assert first[0].fingerprint == second[0].fingerprint
    assert first[0].message != second[0].message


def test_what_else_is_wrong_with_a_line_is_told_beside_the_order_in_line_order() -> None:
    dirty = line_of("run_paused", reason=f"asked {MAIL}")
    odd = line_of("milestone_completed", milestone_id=7)
    assert told(jsonl(START, dirty, odd, RESUMED, END, dirty, DONE)) == [
        "events-1.jsonl:2 pii/email",
        "events-1.jsonl:3 contract/order",
        "events-1.jsonl:3 contract/type",
        "events-1.jsonl:6 contract/order",
        "events-1.jsonl:6 pii/email",
        "events-1.jsonl:7 contract/order",
    ]


def test_no_value_of_an_event_is_in_a_finding() -> None:
    dirty = line_of("milestone_completed", milestone_id=MAIL).replace(
        b'"source"', b'"' + MAIL.encode() + b'"'
    )
    for finding in checked(jsonl(START, PAUSED, dirty)):
        shown = f"{finding.message} {finding.excerpt} {finding.pointer}"
        assert MAIL not in shown
        assert RUN not in shown


# What is put in front of the payload.
BROKEN = {
    "a value that does not conform": b'"source":7,',
    "a number that JSON lacks": b'"number":NaN,',
    "a key that stands twice": b'"a":1,"a":1,',
    "bytes that are no UTF-8": b'"a":"\xff",',
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_event_takes_its_part_where_type_and_run_can_be_read(how: str) -> None:
    broken = RESUMED.replace(b'"data":', BROKEN[how] + b'"data":')
    findings = told(jsonl(START, PAUSED, broken, DONE, END))
    assert findings
    assert {each.partition(" ")[0] for each in findings} == {"events-1.jsonl:3"}
    assert not any("contract/order" in each for each in findings)


def test_two_events_on_a_line_take_part_one_after_the_other() -> None:
    assert told(jsonl(START, PAUSED, RESUMED + DONE, END)) == [
        "events-1.jsonl:3 input/two-documents"
    ]


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'"a"', b"\xff\xfe", b'{"type":{"a":1}}', RESUMED[:-9]]
)
def test_what_can_not_be_read_takes_no_part(line: bytes) -> None:
    orders = [f for f in checked(jsonl(START, PAUSED, line, DONE)) if f.rule == "contract/order"]
    assert [(f.line, f.message.partition(":")[0]) for f in orders] == [
        (4, "milestone_completed may not follow run_paused at line 2")
    ]


def test_an_array_of_events_is_a_stream_too() -> None:
    listed = b"[\n " + b",\n ".join([START, PAUSED, DONE, RESUMED, END]) + b"\n]"
    (finding,) = checked(listed, names=("events.json",))
    assert (finding.rule, finding.line, finding.pointer) == ("contract/order", 4, "/2/type")
    assert "run_paused at line 3" in finding.message
    (finding,) = checked(listed, jsonl(END), names=("events.json", "more.jsonl"))[1:]
    assert "run_completed at events.json:6" in finding.message


@pytest.mark.parametrize("run", [7, 1e2, True, ["a"], {"b": 1, "a": 2}, "", "\ud800", None])
def test_an_event_is_of_the_same_run_on_a_line_and_in_a_longer_document(run: object) -> None:
    events = [json.loads(START), json.loads(PAUSED), json.loads(DONE)]
    for each in events:
        each["subject"] = each["data"]["run_id"] = run
    lines = [json.dumps(each).encode() for each in events]
    listed = b"[\n" + b",\n".join(lines) + b"\n]"
    rules = [
        [f.rule for f in checked(data, names=(name,)) if f.rule == "contract/order"]
        for data, name in ((jsonl(*lines), "a.jsonl"), (listed, "a.json"))
    ]
    assert rules == [["contract/order"] * (run is not None)] * 2


def test_of_a_key_that_stands_twice_the_last_value_counts_and_is_pointed_at() -> None:
    twice = DONE.replace(b'"type":', b'"type":"quantapilot.run_resumed","type":')
    for data, name in ((jsonl(PAUSED, twice), "a.jsonl"), (b"[%b,%b]" % (PAUSED, twice), "a.json")):
        found = checked(jsonl(START), data, names=("start.jsonl", name))
        (last,) = (f for f in found if f.rule == "contract/order")
        line = data.decode().splitlines()[(last.line or 0) - 1]
        assert line[(last.column or 0) - 1 :].startswith('"quantapilot.milestone_completed"')


def test_windows_line_ends_blank_lines_and_a_last_line_without_end_are_read() -> None:
    data = b"\r\n".join([START, b"", PAUSED, DONE])
    (finding,) = checked(data)
    assert (finding.line, finding.rule) == (4, "contract/order")
    assert "run_paused at line 3" in finding.message


def test_an_event_as_deep_as_may_be_is_told_with_its_place() -> None:
    deep = DONE.replace(b'"data":{', b'"data":{"n":' + b"[" * 1020 + b"]" * 1020 + b",")
    orders = [f for f in checked(jsonl(START, PAUSED, deep)) if f.rule == "contract/order"]
    assert [(f.line, f.column, f.pointer) for f in orders] == [(3, 105, "/type")]


def test_no_room_for_what_does_not_fit_ends_the_check(
    runs: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(ScratchError, match="TMPDIR"):
        checked(runs, most=16)
