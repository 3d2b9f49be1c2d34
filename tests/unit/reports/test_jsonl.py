"""The JSONL report: each line stands alone, and the last one tells that nothing is missing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pytest
from tests.reporting import HOSTILE, TYPICAL, UNCHECKED, finding, report

from quantapilot import __version__
from quantapilot.reports import open_reporter

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from quantapilot.findings import Finding

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "_schemas" / "report.schema.json").read_bytes())
LINE = jsonschema_rs.Draft202012Validator(
    {"$ref": f"{SCHEMA['$id']}#/$defs/ReportLine"},
    registry=jsonschema_rs.Registry([(SCHEMA["$id"], SCHEMA)]),
    validate_formats=True,
)


def lines(text: str) -> list[dict[str, Any]]:
    assert text.endswith("\n")
    return [orjson.loads(line) for line in text.encode("utf-8").split(b"\n")[:-1]]


@pytest.mark.parametrize(
    "findings",
    [TYPICAL, (), UNCHECKED, HOSTILE],
    ids=["typical", "clean", "unchecked", "hostile"],
)
def test_the_report_line_by_line(
    findings: tuple[Finding, ...], snapshot: SnapshotAssertion
) -> None:
    text = report("jsonl", findings)
    assert text.replace(f'"{__version__}"', '"<version>"') == snapshot
    for line in lines(text):
        assert [error.message for error in LINE.iter_errors(line)] == []


def test_a_line_is_the_finding_of_the_json_report_and_says_so() -> None:
    *found, last = lines(report("jsonl", TYPICAL))
    whole = json.loads(report("json", TYPICAL))
    assert [line.pop("type") for line in found] == ["finding"] * len(TYPICAL)
    assert found == whole["findings"]
    assert last.pop("type") == "summary"
    assert last == {
        "schema_version": whole["schema_version"],
        "tool": whole["tool"],
        **whole["summary"],
    }


def test_a_finding_is_written_when_it_is_found() -> None:
    out = io.StringIO()
    reporter = open_reporter("jsonl", out)
    reporter.start()
    assert out.getvalue() == ""
    reporter.add(finding())
    assert [line["type"] for line in lines(out.getvalue())] == ["finding"]


def test_quiet_changes_nothing_for_programs() -> None:
    assert report("jsonl", (), quiet=True) == report("jsonl", ())
    assert report("jsonl", TYPICAL, quiet=True) == report("jsonl", TYPICAL)


def test_the_schema_refuses_what_a_line_must_not_become() -> None:
    first, *_, last = lines(report("jsonl", TYPICAL))
    for line in (
        {**first, "value": "x"},
        {**first, "type": "note"},
        {key: value for key, value in first.items() if key != "type"},
        {**last, "schema_version": "2"},
        {**last, "extra": 1},
        {key: value for key, value in last.items() if key != "tool"},
    ):
        assert not LINE.is_valid(line)
