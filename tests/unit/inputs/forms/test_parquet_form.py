"""Parquet by rows: faithful values, rows as lines, and every broken file told."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quantapilot.inputs.forms import form_name, parquet
from quantapilot.inputs.rules import INPUT_RULES, InputFaultError

if TYPE_CHECKING:
    from quantapilot.inputs.forms import Form

MAIL = "alice.jones@example.com"


class Onward(io.BytesIO):
    """A stream that can only be read on."""

    def seekable(self) -> bool:
        return False


def written(table: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def opened(data: bytes, stream: type[io.BytesIO] = io.BytesIO) -> Form:
    given = stream(data)
    return parquet.open_form(given.read(1 << 20), given)


def rows(form: Form) -> list[dict[str, Any]]:
    lines = b"".join(iter(lambda: form.read(1 << 20), b"")).splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (pa.uint64(), 2**64 - 1, 2**64 - 1),
        (pa.decimal128(20, 4), Decimal("12.34"), 12.34),
        (pa.decimal256(60, 0), Decimal(4111111111111111), 4111111111111111),
        (pa.timestamp("ns", tz="UTC"), 1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456Z"),
        (pa.timestamp("ms"), 1_700_000_000_000, "2023-11-14T22:13:20"),
        (pa.date32(), date(2026, 1, 2), "2026-01-02"),
        (pa.time64("ns"), 1_001, "00:00:00.000001"),
        (pa.duration("ns"), 1_500_000_000, 1.5),
        (pa.float64(), float("nan"), None),
        (pa.binary(), MAIL.encode(), MAIL),
        (pa.binary(), b"\0\xff", None),
        (pa.dictionary(pa.int8(), pa.string()), "x", "x"),
        (pa.list_(pa.timestamp("ns")), [0, None], ["1970-01-01T00:00:00", None]),
        (pa.map_(pa.string(), pa.int64()), [("a", 1), ("b", None)], {"a": 1, "b": None}),
        (pa.map_(pa.int64(), pa.string()), [(5, "x"), (5, "y")], [["5", "x"], ["5", "y"]]),
        (
            pa.struct([("a", pa.string()), ("b", pa.list_(pa.struct([("t", pa.date32())])))]),
            {"a": None, "b": [{"t": date(2026, 1, 2)}, None]},
            {"b": [{"t": "2026-01-02"}, None]},
        ),
    ],
    ids=str,
)
def test_a_value_is_what_json_has_for_it_and_null_is_absent(
    kind: Any, value: Any, read: Any
) -> None:
    data = written(pa.table({"v": pa.array([value, None], kind), "w": ["é", "z"]}))
    assert rows(opened(data)) == [{"v": read, "w": "é"}, {"w": "z"}]


def test_rows_keep_their_order_over_groups_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_MOST_ROWS", 7)
    data = written(pa.table({"n": range(100)}), row_group_size=30)
    for stream in (io.BytesIO, Onward):
        assert [row["n"] for row in rows(opened(data, stream))] == list(range(100))


def test_columns_of_one_name_are_both_read() -> None:
    table = pa.table([pa.array(["x"]), pa.array([MAIL])], names=["a", "a"])
    assert rows(opened(written(table))) == [{"a": "x", "a_2": MAIL}]


def fault_of(data: bytes, stream: type[io.BytesIO] = io.BytesIO) -> InputFaultError:
    with pytest.raises(InputFaultError) as caught:
        rows(opened(data, stream))
    assert MAIL not in str(caught.value)
    return caught.value


def test_a_broken_file_is_damaged_wherever_it_breaks() -> None:
    data = written(pa.table({"a": [f"{at} {MAIL}" for at in range(3000)]}), compression="zstd")
    for broken in (b"", b"PAR1", data[:-9], data[: len(data) // 2], b"id,email\n"):
        assert fault_of(broken).rule == "input/damaged"
    middle = len(data) // 4
    inside = fault_of(data[:middle] + b"\xff" * 60 + data[middle + 60 :])
    assert (inside.rule, inside.line) == ("input/damaged", 1)
    assert "row group 1 of 1" in str(inside)


def test_an_encrypted_file_is_told_to_be() -> None:
    assert fault_of(b"PARE" + bytes(40) + b"PARE").rule == "input/encrypted"


def test_what_can_only_be_read_on_is_held_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_HELD", 1 << 20)
    data = b"PAR1" + bytes(3 << 20)
    assert fault_of(data, Onward).rule == "input/unreadable"


def test_a_finding_stands_at_its_row() -> None:
    finding = INPUT_RULES["input/number"].at("a", "odd", line=3, column=9, pointer="/n")
    placed = opened(written(pa.table({"n": [1]}))).placed(finding)
    assert placed is not None
    assert (placed.line, placed.column, placed.pointer) == (3, None, "/n")


@pytest.mark.parametrize("judged", [False, True])
def test_a_file_is_known_by_its_name_or_its_first_bytes(judged: bool) -> None:
    assert form_name("a.PARQUET", b"", judged=judged) == "parquet"
    assert form_name("<stdin>", b"PAR1\x15", judged=judged) == "parquet"
    assert form_name("a.bin", b"PNG", judged=judged) is None


@pytest.mark.parametrize("nested", [False, True])
def test_a_long_value_that_many_rows_share_does_not_fill_the_memory(nested: bool) -> None:
    shared = pa.array(["x" * 200_000]).take(pa.array([0] * 400, pa.int32()))
    values = pa.ListArray.from_arrays(pa.array(range(401), pa.int32()), shared)
    data = written(pa.table({"a": values if nested else shared}), compression="zstd")
    assert len(data) < 5_000
    form = opened(data)
    assert all(len(form.read(1)) < 1 << 21 for _ in range(3))
