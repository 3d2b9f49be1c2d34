"""The Parquet report: the rows of the JSON report, and no end where a fault broke it off."""

from __future__ import annotations

import gc
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.reporting import HOSTILE, TYPICAL, UNCHECKED, finding, report, written

from quantapilot import __version__
from quantapilot.errors import MissingExtraError
from quantapilot.reports import load, open_reporter, parquet

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from quantapilot.findings import Finding


def table(data: bytes) -> Any:
    return pq.ParquetFile(pa.BufferReader(data))


def about(held: Any) -> dict[str, str]:
    """Return what the metadata of a file says of the report."""
    own = {key.decode(): text.decode() for key, text in held.metadata.metadata.items()}
    return {key: text for key, text in own.items() if key != "ARROW:schema"}


@pytest.mark.parametrize(
    "findings",
    [TYPICAL, (), UNCHECKED, HOSTILE],
    ids=["typical", "clean", "unchecked", "hostile"],
)
def test_rows_are_the_findings_of_the_json_report(findings: tuple[Finding, ...]) -> None:
    held = table(written("parquet", findings))
    whole = json.loads(report("json", findings))
    assert held.read().to_pylist() == whole["findings"]
    assert about(held).keys() == {
        "quantapilot.schema_version",
        "quantapilot.tool",
        "quantapilot.summary",
    }
    assert about(held)["quantapilot.schema_version"] == whole["schema_version"]
    assert json.loads(about(held)["quantapilot.tool"]) == whole["tool"]
    assert json.loads(about(held)["quantapilot.summary"]) == whole["summary"]


def test_the_columns_and_the_metadata(snapshot: SnapshotAssertion) -> None:
    held = table(written("parquet", TYPICAL))
    columns = "\n".join(str(field) for field in held.schema_arrow)
    metadata = json.dumps(about(held), indent=1).replace(__version__, "<version>")
    assert f"{columns}\n{metadata}\n" == snapshot


def test_rows_leave_memory_a_row_group_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 2)
    held = table(written("parquet", TYPICAL[:5]))
    groups = [held.metadata.row_group(at).num_rows for at in range(held.num_row_groups)]
    assert groups == [2, 2, 1]


def test_a_report_that_a_fault_broke_off_never_looks_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 1)
    held = io.BytesIO()
    out = io.TextIOWrapper(held, "utf-8")
    reporter = open_reporter("parquet", out)
    reporter.start()
    reporter.add(finding())
    before = held.getvalue()
    assert before.startswith(parquet.MAGIC)
    del reporter
    gc.collect()
    out.flush()
    assert held.getvalue() == before


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "quantapilot.reports.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"quantapilot-contract\[parquet\]"):
        load("parquet")
