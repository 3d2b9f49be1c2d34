"""Reports read back: what we write is read as it was, and nothing else is taken for a report."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reporting import HOSTILE, TYPICAL, finding, report, written

from quantapilot.findings import PII_CLASSES, Finding, Summary
from quantapilot.reports import reading
from quantapilot.reports.fields import ReportFaultError, finding_of, summary_of
from quantapilot.reports.json_ import finding_fields, summary_fields
from quantapilot.reports.reading import read_report

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = ["json", "jsonl", "parquet"]
SCHEMA = json.loads(
    (Path(__file__).parents[3] / "_schemas" / "report.schema.json").read_text("utf-8")
)
TEXT = st.text('a~/é☃\U0001f600 \n\r\0\x1b\u2028",{}[]\\:', max_size=8)
FOUND = st.builds(
    Finding,
    rule=st.just("pii/email"),
    category=st.just("pii"),
    severity=st.sampled_from(["error", "warning"]),
    path=TEXT,
    message=TEXT,
    help=TEXT,
    fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
    pii_class=st.none() | st.sampled_from(PII_CLASSES),
    line=st.none() | st.integers(1, 2**53 - 1),
    column=st.none() | st.integers(1, 10**9),
    pointer=st.none() | st.just("") | TEXT.map(lambda t: "/" + t.replace("~", "~1")),
    excerpt=st.none() | TEXT,
)
PLANTED = "zq@example.org"
few = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def schema(definition: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{SCHEMA['$id']}#/$defs/{definition}"},
        registry=jsonschema_rs.Registry([(SCHEMA["$id"], SCHEMA)]),
        validate_formats=True,
    )


def read(data: bytes | str, folder: Path) -> list[Finding | Summary]:
    file = folder / "report"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read_report(file))


def fields(items: list[Finding | Summary]) -> list[dict[str, object]]:
    return [finding_fields(item) for item in items if isinstance(item, Finding)]


def fault(data: bytes | str, folder: Path) -> ReportFaultError:
    with pytest.raises(ReportFaultError) as caught:
        read(data, folder)
    assert PLANTED not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", FORMATS)
@given(findings=st.lists(FOUND, max_size=3))
@few
def test_what_was_reported_is_read_back(name: str, findings: list[Finding], tmp_path: Path) -> None:
    *found, summary = read(written(name, findings, allowed=7, accepted=8), tmp_path)
    assert found == findings
    assert summary == Summary(
        files=2, documents=1234, bytes=56789, allowed=7, accepted=8, elapsed_s=1.234
    )


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_a_file_is_called_its_report_is_read(name: str, tmp_path: Path) -> None:
    told = json.loads(report("json", HOSTILE))["findings"]
    assert fields(read(written(name, HOSTILE), tmp_path)) == told


@pytest.mark.parametrize("laid_out", [{}, {"indent": 2}, {"separators": (",", ":")}], ids=str)
def test_json_that_another_program_laid_out_is_read_too(
    laid_out: dict[str, Any], tmp_path: Path
) -> None:
    whole = json.loads(report("json", TYPICAL))
    assert fields(read(json.dumps(whole, **laid_out), tmp_path)) == whole["findings"]
    assert fields(read(json.dumps(whole, sort_keys=True), tmp_path)) == whole["findings"]


def test_jsonl_whose_keys_another_program_sorted_is_read_too(tmp_path: Path) -> None:
    lines = map(json.loads, report("jsonl", TYPICAL).splitlines())
    text = "".join(f"{json.dumps(line, sort_keys=True)}\n" for line in lines)
    assert len(read(text, tmp_path)) == len(TYPICAL) + 1


def test_fields_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    whole = json.loads(report("json", TYPICAL))
    whole["summary"]["later"] = whole["findings"][0]["later"] = PLANTED
    items = read(json.dumps(whole), tmp_path)
    assert PLANTED not in str(items)
    assert len(items) == len(TYPICAL) + 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rule", "pii/E-Mail"), ("rule", "pii/email\n"), ("rule", 1), ("category", "other"),
        ("class", PLANTED), ("class", []), ("severity", "note"), ("severity", None), ("path", None),
        ("line", 0), ("line", "1"), ("line", 1.5), ("line", True), ("column", -1),
        ("pointer", "a"), ("pointer", "/~2"), ("message", None), ("excerpt", 1),
        ("fingerprint", "F" * 32), ("fingerprint", "0" * 31), ("help", {}),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_of_a_finding_is_refused(field: str, value: object) -> None:
    whole = finding_fields(finding())
    held = schema("Finding")
    assert held.is_valid(whole)
    for broken in ({**whole, field: value}, {key: whole[key] for key in whole if key != field}):
        # jsonschema-rs lets a pattern's `$` stand before a line end, as ECMA-262 does not.
        assert value == "pii/email\n" or not held.is_valid(broken)
        with pytest.raises(ReportFaultError, match=f"field '{field}'") as caught:
            finding_of(broken)
        assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("field", sorted(SCHEMA["$defs"]["SummaryFields"]["required"]))
@pytest.mark.parametrize("value", [None, -1, "1", True, [], 2**53])
def test_what_the_schema_refuses_of_a_summary_is_refused(field: str, value: object) -> None:
    whole = summary_fields(Summary(documents=1))
    assert summary_of(whole, Summary()).documents == 1
    if field == "elapsed_s" and value == 2**53:
        return
    for broken in ({**whole, field: value}, {key: whole[key] for key in whole if key != field}):
        with pytest.raises(ReportFaultError):
            summary_of(broken, Summary())


def test_every_field_of_the_schema_is_asked_for() -> None:
    asked = finding_fields(finding())
    assert set(SCHEMA["$defs"]["FindingFields"]["required"]) == asked.keys()
    for name in asked:
        with pytest.raises(ReportFaultError, match=name):
            finding_of({key: asked[key] for key in asked if key != name})


LINES = report("jsonl", TYPICAL).splitlines(keepends=True)
ROWS = report("json", TYPICAL).splitlines(keepends=True)
CLEAN = report("json", ())


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (PLANTED, "no JSON object", None),
        ("[]", "no JSON object", None),
        ("{}", "does not say that quantapilot", None),
        (f'{{"a":"{PLANTED}"}}\n', "does not say that quantapilot", None),
        (f"{LINES[0]}{PLANTED}\n{LINES[-1]}", "no JSON object", 2),
        (f'{LINES[0]}{{"type":"{PLANTED}"}}\n', "'type'", 2),
        ("".join([*LINES, LINES[0]]), "behind its summary", len(LINES) + 1),
        ("".join([*LINES[1:]]), "does not count", None),
        ("".join([*LINES, *LINES]), "behind its summary", len(LINES) + 1),
        ("".join([*ROWS[:2], f"{PLANTED},\n", *ROWS[2:]]), "no JSON object", 3),
        ("".join([*ROWS[:2], *ROWS[3:]]), "does not count", None),
        ("".join([*ROWS, ROWS[1]]), "behind its summary", len(ROWS) ),
        ("".join([*ROWS[:-2], ROWS[-2].rstrip() + ",\n", ROWS[-1]]), "comma", len(ROWS)),
        (CLEAN.replace('"1"', f'"{PLANTED}"', 1), "version 1", None),
        ("".join(ROWS).replace('"1"', '"2"', 1), "version 1", 1),
        (LINES[-1].replace('"1"', '"2"'), "version 1", 1),
        (CLEAN.replace('"findings":[]', '"findings":{}'), "no list", None),
        (CLEAN.replace('"findings":[]', '"findings":[1]'), "finding 1: no object", None),
        (CLEAN.replace('"summary"', '"sum"'), "'summary'", None),
    ],
)  # fmt: skip
def test_what_is_no_report_is_told_with_its_line(
    text: str, message: str, line: int | None, tmp_path: Path
) -> None:
    told = fault(text, tmp_path)
    assert message in str(told)
    assert (told.line, told.cut_off) == (line, False)


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_that_was_cut_off_anywhere_is_never_whole(name: str, tmp_path: Path) -> None:
    whole = written(name, TYPICAL)
    for end in range(0, len(whole.rstrip(b"\n")), 97):
        told = fault(whole[:end], tmp_path)
        # Behind its first line a report shows how it is read.
        assert told.cut_off or end < 100


def test_what_was_read_before_the_cut_holds(tmp_path: Path) -> None:
    file = tmp_path / "report"
    for text in (report("jsonl", TYPICAL), report("json", TYPICAL)):
        file.write_text(text[: text.index("Phone number")], "utf-8")
        found: list[Finding | Summary] = []
        with pytest.raises(ReportFaultError):
            found.extend(read_report(file))
        items = read_report(file)
        assert [next(items), next(items)] == [
            finding_of(finding_fields(each)) for each in TYPICAL[:2]
        ]


def test_an_endless_line_does_not_fill_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 300)
    assert fault(" " * 301, tmp_path).line == 1
    assert "300" not in str(fault(json.dumps(json.loads(CLEAN), indent=9), tmp_path))


def changed(change: Callable[[Any], Any]) -> bytes:
    """Return a table that is a report but for a change."""
    held = pq.ParquetFile(pa.BufferReader(written("parquet", TYPICAL)))
    about = {
        key: held.metadata.metadata[key]
        for key in (b"quantapilot.schema_version", b"quantapilot.tool", b"quantapilot.summary")
    }
    out = io.BytesIO()
    pq.write_table(change(held.read().replace_schema_metadata(about)), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda held: held.replace_schema_metadata({}), "does not say that quantapilot"),
        (lambda held: held.drop_columns(["help"]), "column 'help' is missing"),
        (lambda held: held.set_column(6, "column", held["path"]), "'column' does not hold whole"),
        (lambda held: held.set_column(4, "path", held["line"]), "'path' does not hold texts"),
        (lambda held: held.slice(1), "does not count"),
        (
            lambda held: held.set_column(3, "severity", [[PLANTED] * len(TYPICAL)]),
            "row 1: field 'severity'",
        ),
    ],
)
def test_a_table_that_is_no_report_is_told(
    change: Callable[[Any], Any], message: str, tmp_path: Path
) -> None:
    told = fault(changed(change), tmp_path)
    assert message in str(told)
    assert not told.cut_off


def test_a_table_that_another_program_wrote_anew_is_read_too(tmp_path: Path) -> None:
    def plain(held: Any) -> Any:
        fields = [
            pa.field(
                each.name, pa.large_string() if pa.types.is_dictionary(each.type) else each.type
            )
            for each in held.schema
        ]
        return held.cast(pa.schema(fields, held.schema.metadata))

    assert len(read(changed(plain), tmp_path)) == len(TYPICAL) + 1


@given(at=st.floats(0, 0.999), byte=st.integers(0, 255), name=st.sampled_from(FORMATS))
@settings(few, max_examples=60)
def test_a_damaged_report_is_told_or_read(at: float, byte: int, name: str, tmp_path: Path) -> None:
    data = bytearray(written(name, TYPICAL))
    data[int(at * len(data))] = byte
    file = tmp_path / "report"
    file.write_bytes(data)
    try:
        *_, summary = read_report(file)
    except ReportFaultError:
        return
    assert isinstance(summary, Summary)
