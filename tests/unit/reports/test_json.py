"""The JSON report: always one whole object of the published schema, whatever is in it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot import __version__
from quantapilot.config import Config
from quantapilot.contract.validator import Validator
from quantapilot.errors import ExitCode
from quantapilot.findings import PII_CLASSES, Finding, Summary
from quantapilot.gate.project import Project
from quantapilot.reports import REPORTERS, open_reporter

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "_schemas" / "report.schema.json").read_bytes())
REPORT = jsonschema_rs.Draft202012Validator(
    {"$ref": f"{SCHEMA['$id']}#/$defs/Report"},
    registry=jsonschema_rs.Registry([(SCHEMA["$id"], SCHEMA)]),
    validate_formats=True,
)
ANY_TEXT = st.text(st.characters(codec=None), max_size=20)
FOUND = st.builds(
    Finding,
    rule=st.sampled_from(["pii/email", "contract/type", "input/bom"]),
    category=st.sampled_from(["pii", "contract", "input"]),
    severity=st.sampled_from(["error", "warning"]),
    path=ANY_TEXT,
    message=ANY_TEXT,
    help=ANY_TEXT,
    fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
    pii_class=st.none() | st.sampled_from(PII_CLASSES),
    line=st.none() | st.integers(1, 10**9),
    column=st.none() | st.integers(1, 10**9),
    pointer=st.none() | st.just("") | ANY_TEXT.map(lambda t: "/" + t.replace("~", "~0")),
    excerpt=st.none() | ANY_TEXT,
)
FIXED = (
    Finding(
        "pii/email", "pii", "error", "logs/a.jsonl", "E-mail address", "Drop the address.",
        "0123456789abcdef" * 2, "email", 3, 17, "/message", "message: to <email>, later",
    ),
    Finding(
        "contract/drift", "contract", "error", "generated/api.py", "was edited by hand",
        "Run 'qp generate'.", "f" * 32,
    ),
    Finding(
        "input/bom", "input", "warning", "odd\n\udcff.jsonl", "starts with a BOM",
        "Write it without.", "0" * 32, None, 1, 1,
    ),
)  # fmt: skip


def written(findings: list[Finding] | tuple[Finding, ...], **counted: Any) -> str:
    out = io.StringIO()
    summary = Summary(**{"files": 1, "documents": 2, "bytes": 3, "elapsed_s": 1.23456, **counted})
    reporter = open_reporter("json", out, colour=True, quiet=True)
    reporter.start()
    for finding in findings:
        reporter.add(finding)
        summary.add(finding)
    reporter.finish(summary)
    return out.getvalue()


def errors(report: object) -> list[str]:
    return [error.message for error in REPORT.iter_errors(report)]


def test_the_report_of_every_shape_of_finding(snapshot: SnapshotAssertion) -> None:
    text = written(FIXED).replace(f'"{__version__}"', '"<version>"')
    assert text == snapshot


@pytest.mark.parametrize("findings", [(), FIXED[:1], FIXED], ids=len)
def test_the_report_is_one_object_with_a_finding_a_line(findings: tuple[Finding, ...]) -> None:
    text = written(findings)
    assert errors(json.loads(text)) == []
    assert text.endswith("}\n")
    lines = text.splitlines()
    assert len(lines) == (len(findings) + 2 if findings else 1)
    for line, finding in zip(lines[1:], findings, strict=False):
        assert orjson.loads(line.rstrip(","))["rule"] == finding.rule


@given(st.lists(FOUND, max_size=3))
def test_the_report_keeps_its_schema_whatever_is_found(findings: list[Finding]) -> None:
    text = written(findings)
    # What any other program reads must be UTF-8.
    report = orjson.loads(text.encode("utf-8"))
    assert errors(report) == []
    assert len(report["findings"]) == report["summary"]["findings"] == len(findings)
    assert sum(report["summary"]["by_rule"].values()) == len(findings)


def test_the_schema_refuses_what_the_report_must_not_become() -> None:
    report = json.loads(written(FIXED))
    for change in (
        {"schema_version": "2"},
        {"extra": 1},
        {"findings": [{**report["findings"][0], "value": "x"}]},
        {"findings": [{**report["findings"][0], "fingerprint": "x"}]},
        {"findings": [{"rule": "pii/email"}]},
    ):
        assert errors({**report, **change})


def test_counts_are_those_of_the_run() -> None:
    summary = json.loads(written(FIXED, files=7, documents=8, bytes=9))["summary"]
    assert summary["files"] == 7
    assert summary["bytes"] == 9
    assert summary["findings"] == 3
    assert summary["by_class"] == {"email": 1}
    assert summary["elapsed_s"] == 1.235
    assert json.loads(written(()))["tool"] == {"name": "quantapilot", "version": __version__}


def test_every_reporter_can_be_opened_by_its_name() -> None:
    for name in REPORTERS:
        held = io.BytesIO()
        out = io.TextIOWrapper(held, "utf-8", write_through=True)
        reporter = open_reporter(name, out)
        reporter.start()
        reporter.finish(Summary(documents=1))
        assert held.getvalue()
    with pytest.raises(KeyError):
        open_reporter("yaml", io.StringIO())


@pytest.mark.parametrize("contract", [False, True], ids=["scan", "gate"])
def test_the_dirty_examples_in_json(
    contract: bool, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("QP_FINGERPRINT_KEY", raising=False)
    project = Project(Config(root=ROOT))
    validator = Validator(project.contract()) if contract else None
    summary = Summary()
    gate = project.gate(project.inspector(project.detector(), validator), summary)
    out = io.StringIO()
    reporter = open_reporter("json", out)
    reporter.start()
    for finding in gate.check(project.inputs(["examples/dirty"])):
        reporter.add(finding)
    summary.elapsed_s = 0.0
    reporter.finish(summary)
    report = json.loads(out.getvalue())
    assert errors(report) == []
    assert summary.exit_code is ExitCode.FINDINGS
    del report["tool"]["version"]
    assert report == snapshot
