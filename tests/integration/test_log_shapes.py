"""Logs of other tools, by both commands: judged as the contract says, found where they stand."""

from __future__ import annotations

import io
import json
import logging
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from tests.emitting import CONFIG
from tests.mocking import inspector_of
from tests.program import call

from quantapilot.contract.catalog import load_contract
from quantapilot.findings import Finding, Summary
from quantapilot.gate.plan import plan_for
from quantapilot.gate.scanner import Scanner
from quantapilot.inputs.sources import Source
from quantapilot.scale.parts import Part, parts
from quantapilot.scale.work import Seen, gathered, look

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MAIL = "anna.berg@firma-nord.de"
TIME = "2025-08-19T06:00:11.917Z"


def pino(**fields: Any) -> bytes:
    base = {"level": 30, "time": 1755583211917, "pid": 7, "hostname": "box", "msg": "built"}
    return json.dumps(base | fields, separators=(",", ":")).encode() + b"\n"


def docker(log: str) -> bytes:
    line = {"log": f"{log}\n", "stream": "stdout", "time": "2025-08-19T06:00:11.917123456Z"}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def logged(**fields: Any) -> bytes:
    """Return what structlog itself writes, its keys in another order than they came."""
    out = io.StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(out),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )
    log.info("built", **fields)
    return out.getvalue().encode()


def export(*fields: bytes) -> bytes:
    start = b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1755583211917000\nPRIORITY=6\n_PID=7\n"
    return start + b"".join(field + b"\n" for field in fields) + b"\n"


def journal(**fields: str) -> bytes:
    base = {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1755583211917000", "PRIORITY": "6"}
    return json.dumps({**base, "_PID": "7", "MESSAGE": "built", **fields}).encode() + b"\n"


def otlp(*attributes: tuple[str, str], indent: int | None = None) -> bytes:
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in attributes]
    record = {
        "timeUnixNano": "1755583211917000000",
        "severityText": "Information",
        "traceId": "5b8efff798038103d269b633813fc60c",
        "body": {"stringValue": "built"},
        "attributes": pairs,
    }
    resource = {"attributes": [{"key": "host.name", "value": {"stringValue": "box"}}]}
    logs = [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]
    return json.dumps({"resourceLogs": logs}, indent=indent).encode() + b"\n"


BINARY = f"two\nlines {MAIL}".encode()
AT = "/resourceLogs/0/scopeLogs/0/logRecords/0/attributes/0/value/stringValue"
FOUND: list[tuple[str, bytes, bytes, str]] = [
    ("pino.log", pino(), pino(msg=f"of {MAIL}"), "/msg"),
    ("pino.own.log", pino(), pino(hostname=MAIL), "/hostname"),
    ("structlog.log", logged(), logged(operator_name="Anna Berg"), "/operator_name"),
    ("docker.log", docker(f"{TIME} INFO built"), docker(f"{TIME} INFO of {MAIL}"), "/log"),
    ("docker.pino.log", docker(pino().decode()), docker(pino(msg=MAIL).decode()), "/log"),
    (
        "docker.logfmt.log",
        docker("level=info msg=built"),
        docker('level=info msg="é" operator_name="Anna Berg"'),
        "/log",
    ),
    (
        "app.logfmt",
        f"ts={TIME} level=info msg=built attempt=2\n".encode(),
        f'ts={TIME} level=info msg="é" operator_name="Anna Berg"\n'.encode(),
        "/operator_name",
    ),
    ("a.export", export(b"MESSAGE=built"), export(f"MESSAGE={MAIL}".encode()), "/MESSAGE"),
    (
        "b.export",
        export(b"MESSAGE=built"),
        export(b"MESSAGE\n" + struct.pack("<Q", len(BINARY)) + BINARY),
        "/MESSAGE",
    ),
    ("c.export", export(b"MESSAGE=built"), export(b"MESSAGE=built", b"_EXE=" + MAIL.encode()), ""),
    ("journal.json.log", journal(), journal(MESSAGE=MAIL), "/MESSAGE"),
    ("otlp.jsonl", otlp(), otlp(("operator.name", "Anna Berg")), AT),
    ("otlp.json", otlp(indent=1), otlp(("operator.name", "Anna Berg"), indent=1), AT),
]


COMMANDS = ("validate:api", "scan")


def report(command: str, path: Path) -> tuple[int, list[dict[str, Any]]]:
    code, out, _ = call(command, str(path), "--format", "json", "--quiet")
    return code, json.loads(out)["findings"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("logs")
    for part in ("clean", "dirty"):
        (made / part).mkdir()
    for name, clean, dirty, _ in FOUND:
        whole = name == "otlp.json"
        (made / "clean" / name).write_bytes(clean if whole else clean * 3)
        (made / "dirty" / name).write_bytes(dirty if whole else clean + dirty)
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {command: report(command, folder / "dirty")[1] for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_clean_logs_of_other_tools_are_clean(command: str, folder: Path) -> None:
    assert report(command, folder / "clean") == (0, [])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("name", "pointer"), [(name, at) for name, _, _, at in FOUND])
def test_a_value_is_found_where_it_stands_in_the_log_of_another_tool(
    name: str, pointer: str, command: str, folder: Path, found: dict[str, list[dict[str, Any]]]
) -> None:
    path = folder / "dirty" / name
    findings = [each for each in found[command] if each["path"] == str(path)]
    (told,) = [each for each in findings if each["category"] == "pii"]
    assert told["pointer"] == (pointer or "/_EXE")
    line = path.read_bytes().decode("utf-8", "replace").split("\n")[told["line"] - 1]
    nested = "docker" in name and command == "scan" and "logfmt" not in name
    assert nested or line[told["column"] - 1 :].startswith((MAIL, "Anna Berg", "two"))
    others = {each["rule"] for each in findings} - {told["rule"]}
    judged = command == "validate:api" and told["rule"] == "pii/name-field"
    assert others == ({"contract/unknown-field"} if judged else set())


def test_no_key_hides_behind_another_and_no_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    twice = f'{{"msg":"a","msg":"{MAIL}","level":30}}\n'.encode()
    path.write_bytes(pino() + twice + f"plain {MAIL}\n".encode() + pino(level=35) + b'{"msg":"a')
    code, findings = report("validate:api", path)
    places = {(each["rule"], each["line"], each["column"]) for each in findings}
    assert code == 1
    assert {
        ("input/duplicate-key", 2, 12),
        ("pii/email", 2, 19),
        ("input/invalid-json", 3, 1),
        ("pii/email", 3, 7),
        ("contract/enum", 4, 10),
        ("input/truncated", 5, 8),
    } <= places
    assert MAIL not in json.dumps(findings)


def test_a_log_in_parts_is_found_as_it_is_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes((pino() * 19 + pino(msg=MAIL)) * 10)
    contract = load_contract(ROOT / "_schemas")
    here, there = (Scanner(inspector_of(contract), Summary()) for _ in range(2))

    def run(batches: Iterator[list[Part]]) -> Iterator[list[Seen]]:
        for batch in batches:
            yield [look(there, part) for part in batch]

    source = Source(str(path), path, named=True)
    assert len(parts(source, here, 1 << 10)) > 9
    found = [
        (each.line, each.column, each.pointer)
        for _, pieces in gathered([source], Summary(), here, 1 << 10, run)
        for each in pieces
        if isinstance(each, Finding)
    ]
    column = pino(msg=MAIL).index(MAIL.encode()) + 1
    assert found == [(line, column, "/msg") for line in range(20, 201, 20)]


def test_a_request_too_long_for_its_shape_is_read_as_any_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(otlp(("user.email", MAIL), indent=1))
    source, size = Source(str(path), path, named=True), path.stat().st_size
    found = {}
    for longest in (size, size - 1):
        monkeypatch.setattr("quantapilot.gate.beginning.LONGEST", longest)
        scanner = plan_for(CONFIG).scanner()
        with path.open("rb") as stream:
            shaped = scanner.beginnings.of(source, stream).form_name
        found[shaped] = [
            (each.line, each.column) for each in scanner.scan(source) if isinstance(each, Finding)
        ]
        assert scanner.counts.consumed == size
    assert found["otlp-document"] == found[None] != []


@pytest.mark.parametrize(
    "line",
    [
        pino(**{MAIL: "x", "\\": 1, f"{MAIL} of": MAIL}),
        pino(pid={MAIL: MAIL}),
        f"level=info msg=built {MAIL}={MAIL}\n".encode(),
        docker(f"level=info msg=built {MAIL}={MAIL}"),
        otlp((MAIL, MAIL)),
        export(b"MESSAGE=built", b"A=" + MAIL.encode()),
        pino() + b'{"msg":"a","\\ud800":"' + MAIL.encode() + b'","level":30}\n',
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_report_shows_a_value_that_is_a_key(command: str, line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line)
    code, findings = report(command, path)
    assert code == 1
    assert MAIL not in json.dumps(findings)
