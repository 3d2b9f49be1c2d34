"""The check of inputs: the fast pass lets nothing by that the close look would have found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator
from quantapilot.errors import ExitCode
from quantapilot.findings import Finding, Summary
from quantapilot.gate import scanner as module
from quantapilot.gate.check import Gate, Selection
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.scanner import Limits
from quantapilot.inputs.lines import AddedLines
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import Source
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
CONTRACT = load_contract(ROOT / "_schemas")
DETECTOR = Detector(load_rules())
SCAN = Inspector(DETECTOR)
GATE = Inspector(DETECTOR, Validator(CONTRACT))
inspectors = pytest.mark.parametrize("inspector", [SCAN, GATE], ids=["scan", "gate"])
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "hi"}
MAIL = "alice@example.com"


def example_lines() -> list[str]:
    """Return dirty lines and a few clean ones of every kind."""
    names = {
        "dirty/logs.jsonl": 20, "dirty/events.jsonl": 20, "errors/errors.jsonl": 20,
        "logs/factory.jsonl": 8, "logs/gateway.jsonl": 8, "events/events.jsonl": 8,
    }  # fmt: skip
    lines: list[str] = []
    for name, count in names.items():
        lines += (ROOT / "examples" / name).read_text("utf-8").splitlines()[:count]
    return lines


LINES = example_lines()


def checked(
    path: Path, inspector: Inspector, *, kind: str | None = None, **options: Any
) -> tuple[list[Finding], Summary]:
    summary = Summary()
    gate = Gate(inspector, summary, **options)
    return list(gate.check([Source(path.name, path, named=True, kind=kind)])), summary


def closely(lines: list[str], inspector: Inspector) -> list[Finding]:
    """Return what the close look finds, line by line."""
    found: list[Finding] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            found += inspector.json(Text("a.jsonl", line, number))
    return found


def pii(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.category == "pii"]


# --- one verdict ------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [MAIL, "+1 415 555 2671", "123-45-6789", "8.8.8.8", "token=hunter2hunter2", "build", "é",
     "\u200b", "operator_name=Alice Jones", "10.0.0.1", "4155552671", ":", "%40", "\\", "x",
     '{"a":"b@c.example"}']
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=3).map(" ".join)
KEYS = st.sampled_from(
    ["message", "path", "run_id", "user_email", "client_ip", "duration_ms", "x", "operator", "a:b",
     "tokens_total", MAIL]
)  # fmt: skip
LEAVES = TEXTS | st.integers(-(10**12), 10**12) | st.booleans() | st.none() | st.floats(0, 1e18)
FIELDS = st.dictionaries(
    KEYS,
    LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(KEYS, LEAVES, max_size=2),
    max_size=3,
)
DOCUMENTS = FIELDS.map(lambda fields: {**RECORD, **fields}) | FIELDS
WRITTEN = st.tuples(
    DOCUMENTS | st.sampled_from(LINES).map(json.loads), st.booleans(), st.booleans()
).map(
    lambda drawn: json.dumps(
        drawn[0], ensure_ascii=drawn[1], separators=(",", ":") if drawn[2] else None
    )
)


@inspectors
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(WRITTEN, min_size=1, max_size=4))
def test_fast_pass_and_close_look_find_the_same(
    inspector: Inspector, lines: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    found, _ = checked(file, inspector)
    assert found == closely(lines, inspector)


@inspectors
@pytest.mark.parametrize("kind", [None, "logs", "events", "errors"])
def test_fast_pass_and_close_look_find_the_same_in_the_examples(
    inspector: Inspector, kind: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(LINES), "utf-8")
    found, summary = checked(file, inspector, kind=kind)
    wanted = [
        finding
        for number, line in enumerate(LINES, 1)
        for finding in inspector.json(Text("a.jsonl", line, number, kind=kind))
    ]
    assert found == wanted
    assert len(pii(found)) >= 15
    assert summary.documents == len(LINES)


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('{"message":"%s","message":"ok"}', MAIL),
        ('{"message":"ok","message":"%s"}', MAIL),
        ('{"mess\\u0061ge":"%s","message":"\\u003a"}', MAIL.replace("@", "\\u0040")),
        ('{"message":"%s"}', MAIL.replace("@", "\\u0040")),
        ('{"message":"%s"}', MAIL.replace("@", "＠")),
        ('{"message":"%s"}', MAIL.replace("@", "%40")),
        ('{"message":"{\\"to\\":\\"%s\\"}"}', MAIL),
        ('{"message":"{\\"%s\\":1}"}', MAIL),
        ('{"%s":1}', MAIL),
        ('{"message":["%s"]}', MAIL),
        ('["%s"]', MAIL),
        ('"%s"', MAIL),
        ('{"message":"%s"} {"message":"x"}', MAIL),
        ('{"message":"x"} {"message":"%s"}', MAIL),
        ('{"message":"%s"', MAIL),
        ("to %s", MAIL),
        ('  {"message" : "%s" }  ', MAIL),
        ('{"message":"%s","n":1e999}', MAIL),
        ('{"message":"%s","n":NaN}', MAIL),
    ],
)  # fmt: skip
@inspectors
def test_nothing_hides_a_value_from_the_fast_pass(
    line: str, written: str, inspector: Inspector, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    good = json.dumps(RECORD)
    file.write_text(f"{good}\n{line.replace('%s', written)}\n{good}\n", "utf-8")
    found, _ = checked(file, inspector)
    assert [(finding.rule, finding.line) for finding in pii(found)] == [("pii/email", 2)]
    assert "alice" not in repr(found)


# --- blocks -----------------------------------------------------------------------------------


@inspectors
@pytest.mark.parametrize("size", [7, 64, 1000])
def test_the_size_of_a_block_changes_no_finding(
    inspector: Inspector, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes("\r\n".join(LINES[:30]).encode())
    wanted, whole = checked(file, inspector)
    monkeypatch.setattr(module, "BLOCK_BYTES", size)
    monkeypatch.setattr("quantapilot.gate.beginning.BLOCK_BYTES", size)
    monkeypatch.setattr("quantapilot.inputs.blocks.BLOCK_BYTES", size)
    monkeypatch.setattr(module, "_WORTH_A_GRAMMAR", 1)
    found, summary = checked(file, inspector)
    assert found == wanted
    assert (summary.documents, summary.bytes) == (whole.documents, whole.bytes) == (
        30, file.stat().st_size,
    )  # fmt: skip


@inspectors
def test_a_line_over_the_limit_is_unchecked_and_its_neighbours_are_not(
    inspector: Inspector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 256)
    monkeypatch.setattr("quantapilot.gate.beginning.BLOCK_BYTES", 256)
    monkeypatch.setattr("quantapilot.inputs.blocks.BLOCK_BYTES", 256)
    dirty = json.dumps({**RECORD, "message": MAIL})
    long = json.dumps({**RECORD, "message": "x" * 5000})
    file = tmp_path / "a.jsonl"
    file.write_text(f"{dirty}\n{long}\n{dirty}\n", "utf-8")
    found, summary = checked(file, inspector, limits=Limits(line=1024))
    assert [(finding.rule, finding.line) for finding in found] == [
        ("pii/email", 1),
        ("input/line-too-long", 2),
        ("pii/email", 3),
    ]
    assert "1,024" in found[1].message
    assert summary.exit_code is ExitCode.UNCHECKED
    assert summary.bytes == file.stat().st_size


def test_a_document_over_the_limit_is_unchecked(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{\n"a": "' + "x" * 2000 + '"}', "utf-8")
    assert checked(file, SCAN, limits=Limits(document=4096))[1].exit_code is ExitCode.CLEAN
    found, summary = checked(file, SCAN, limits=Limits(document=2000))
    assert [finding.rule for finding in found] == ["input/line-too-long"]
    assert summary.exit_code is ExitCode.UNCHECKED


@pytest.mark.parametrize("blank", [b"\n", b" ", b"\r\n"], ids=ascii)
@pytest.mark.parametrize("count", [10, 100, 5000])
def test_no_amount_of_blanks_hides_what_stands_behind_them(
    blank: bytes, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 64)
    monkeypatch.setattr("quantapilot.gate.beginning.BLOCK_BYTES", 64)
    monkeypatch.setattr("quantapilot.inputs.blocks.BLOCK_BYTES", 64)
    file = tmp_path / "a.jsonl"
    file.write_bytes(blank * count + b"\n" + json.dumps({"a": MAIL}).encode())
    found, summary = checked(file, SCAN, limits=Limits(line=1024, document=1024))
    assert "pii/email" in {finding.rule for finding in found}
    assert summary.exit_code in {ExitCode.FINDINGS, ExitCode.UNCHECKED}


@inspectors
def test_every_byte_is_counted_a_bom_too(inspector: Inspector, tmp_path: Path) -> None:
    for name, content in {
        "a.jsonl": LINES[0] + "\n" + LINES[1],
        "b.jsonl": "\ufeff" + LINES[0],
        "c.json": "\ufeff[\n" + LINES[0] + "]",
        "d.txt": "text\r\n\r\ntext",
    }.items():
        file = tmp_path / name
        file.write_bytes(content.encode())
        assert checked(file, inspector)[1].bytes == file.stat().st_size


# --- kinds of text ----------------------------------------------------------------------------


def test_json_among_lines_of_text_is_read_as_json(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text(f'started\n{{"user_email":"bob.x"}}\nuser 8.8.8.8\n[{MAIL}\n', "utf-8")
    found, summary = checked(file, SCAN)
    assert [(f.rule, f.line, f.pointer) for f in found] == [
        ("pii/email-field", 2, "/user_email"),
        ("pii/ip-v4", 3, None),
        ("pii/email", 4, None),
    ]
    assert summary.documents == 4


def test_blank_lines_are_no_documents(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    line = json.dumps(RECORD)
    file.write_text(f"\n{line}\n \r\n\n{line}\n\n", "utf-8")
    found, summary = checked(file, GATE)
    assert found == []
    assert summary.documents == 2


def test_a_file_that_is_held_to_a_kind_is_held_to_json(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("started\nstopped\n", "utf-8")
    found, _ = checked(file, GATE, kind="logs")
    assert [(finding.rule, finding.line) for finding in found] == [
        ("input/invalid-json", 1),
        ("input/invalid-json", 2),
    ]
    assert [f.rule for f in checked(file, GATE)[0]] == ["input/invalid-json"]
    assert checked(file, SCAN)[0] == []


def test_one_input_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"a": MAIL}), "utf-8")
    missing = INPUT_RULES["input/missing-file"].at("gone", "not there")
    inputs: list[Source | Finding] = [
        Source("mem", Path("/proc/self/mem"), named=True),
        missing,
        Source("gone too", tmp_path / "none", named=True),
        Source("folder", tmp_path, named=True),
        Source("a", file, named=True),
    ]
    summary = Summary()
    found = list(Gate(SCAN, summary).check(inputs))
    assert [(finding.path, finding.rule) for finding in found] == [
        ("mem", "input/unreadable"),
        ("gone", "input/missing-file"),
        ("gone too", "input/unreadable"),
        ("folder", "input/unreadable"),
        ("a", "pii/email"),
    ]
    assert summary.exit_code is ExitCode.UNCHECKED


def test_findings_come_while_the_inputs_still_come(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"a": MAIL}), "utf-8")

    def endless() -> Iterator[Source]:
        while True:
            yield Source("a", file, named=True)

    found = Gate(SCAN, Summary()).check(endless())
    assert [next(found).rule for _ in range(3)] == ["pii/email"] * 3


# --- selection --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "ignore", "rule", "reported"),
    [
        ((), (), "pii/email", True),
        (("pii/*",), (), "pii/email", True),
        (("pii/*",), (), "contract/type", False),
        (("pii/email",), (), "pii/email-field", False),
        ((), ("pii/*",), "pii/email", False),
        (("pii/*",), ("pii/email",), "pii/email", False),
        (("*",), (), "input/bom", True),
        ((), ("PII/*",), "pii/email", True),
    ],
)
def test_a_selection_is_by_pattern_and_ignoring_wins(
    select: tuple[str, ...], ignore: tuple[str, ...], rule: str, reported: bool
) -> None:
    assert (rule in Selection(select, ignore)) is reported


@pytest.mark.parametrize(
    "rule", [name for name, info in INPUT_RULES.items() if info.exit_code is ExitCode.UNCHECKED]
)
def test_what_was_not_checked_is_reported_whatever_is_selected(rule: str) -> None:
    summary = Summary()
    gate = Gate(SCAN, summary, selection=Selection(("pii/*",), ("*",)))
    finding = INPUT_RULES[rule].at("a", "m")
    assert list(gate.report([finding])) == [finding]
    assert summary.exit_code is ExitCode.UNCHECKED


def test_what_is_not_selected_is_neither_reported_nor_counted() -> None:
    summary = Summary(documents=1)
    gate = Gate(SCAN, summary, selection=Selection(("pii/*",)))
    assert list(gate.report([INPUT_RULES["input/invalid-json"].at("a", "m")])) == []
    assert (summary.findings, summary.exit_code) == (0, ExitCode.CLEAN)


# --- content and lines of a source ------------------------------------------------------------


def asked(data: bytes, lines: AddedLines | None, **limits: int) -> list[tuple[str, int | None]]:
    source = Source("a.jsonl", Path("gone"), data=data, lines=lines)
    return [
        (finding.rule, finding.line)
        for finding in Gate(GATE, Summary(), Limits(**limits)).check([source])
    ]


def test_content_that_comes_along_is_checked_instead_of_the_file() -> None:
    dirty = json.dumps(RECORD | {"message": MAIL}).encode() + b"\n"
    assert asked(dirty * 2, None) == [("pii/email", 1), ("pii/email", 2)]


def test_only_findings_on_the_lines_asked_about_are_reported() -> None:
    dirty = json.dumps(RECORD | {"message": MAIL}).encode() + b"\n"
    assert asked(dirty * 5, AddedLines.of([(2, 1), (4, 2)])) == [
        ("pii/email", 2),
        ("pii/email", 4),
        ("pii/email", 5),
    ]
    source = Source("a.jsonl", Path("gone"), data=dirty * 5, lines=AddedLines.of([(9, 1)]))
    summary = Summary()
    assert list(Gate(SCAN, summary).check([source])) == []
    assert (summary.exit_code, summary.errors, summary.documents) == (ExitCode.CLEAN, 0, 5)


def test_what_could_not_be_checked_is_reported_wherever_it_stands() -> None:
    long = b"\n" + b"x" * 3000
    assert asked(b"{}" + long, AddedLines(), line=2048) == [("input/line-too-long", 2)]


def test_empty_files_that_nobody_named_are_counted() -> None:
    summary = Summary()
    sources = [Source("a", Path("gone"), data=b" \n"), Source("b", Path("gone"), data=b"a\n")]
    assert list(Gate(SCAN, summary).check(sources)) == []
    assert (summary.files, summary.empty) == (1, 1)
