"""Tables on the command line: columns count as fields, and rows are held to the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from tests.program import call

if TYPE_CHECKING:
    from pathlib import Path

LOG = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "hi"}


def test_scan_names_the_column_and_the_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,full_name\n1,Tarn Welkin\n", "utf-8")
    table = pa.table({"id": [1, 2], "person": [None, {"full_name": "Tarn Welkin"}]})
    pq.write_table(table, tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"")
    code, out, _ = call("scan", str(tmp_path), "--format", "json")
    found = json.loads(out)["findings"]
    assert code == 4
    assert [(each["rule"], each["line"], each["column"], each["pointer"]) for each in found] == [
        ("pii/name-field", 2, 3, "/full_name"),
        ("pii/name-field", 2, None, "/person/full_name"),
        ("input/damaged", None, None, None),
    ]
    assert "Tarn" not in out


def test_validate_holds_rows_of_parquet_to_the_contract(tmp_path: Path) -> None:
    good = tmp_path / "good.parquet"
    rows = [LOG, {**LOG, "trace_id": None}]
    pq.write_table(pa.Table.from_pylist(rows), good)
    assert call("validate:api", str(good))[0] == 0
    bad = tmp_path / "bad.parquet"
    pq.write_table(pa.Table.from_pylist([LOG, {**LOG, "level": "loud"}]), bad)
    code, out, _ = call("validate:api", str(bad), "--format", "json")
    found = json.loads(out)["findings"]
    assert code == 1
    assert (found[-1]["line"], found[-1]["pointer"]) == (2, "/level")
