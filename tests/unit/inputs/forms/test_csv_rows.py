"""CSV by rows: field names count, places are those of the file, and text is searched as before."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantapilot.findings import Finding, Summary
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.scanner import Remark, Scanner
from quantapilot.inputs.forms import csv_rows as module
from quantapilot.inputs.forms import form_name
from quantapilot.inputs.forms.csv_header import header_of
from quantapilot.inputs.sources import Source
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES = load_rules()
INSPECTOR = Inspector(Detector(RULES))
MAIL = "alice.jones@example.com"
# Of each rule some examples, which are plain text.
EXAMPLES = [each for rule in RULES for each in rule.match[:2] if not each.startswith("{")]
Place = tuple[int | None, int | None, str | None]


def found_in(data: bytes, name: str = "a.csv") -> list[Finding]:
    scanner = Scanner(INSPECTOR, Summary())
    pieces = list(scanner.scan(Source(name, None, named=True, data=data)))
    return [piece for piece in pieces if isinstance(piece, Finding)]


def places(found: Sequence[Finding]) -> set[Place]:
    return {(each.line, each.column, each.pii_class) for each in found}


def told(data: bytes) -> list[tuple[str, int | None, int | None, str | None]]:
    return [(each.rule, each.line, each.column, each.pointer) for each in found_in(data)]


def written(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\r\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode()


def test_a_column_names_what_stands_in_it() -> None:
    data = written([["id", "full_name", "note"], ["1", "Tarn Welkin", "fine"]])
    assert told(data) == [("pii/name-field", 2, 3, "/full_name")]
    assert not found_in(data, "a.txt")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_place_is_the_character_in_the_file(delimiter: str, end: str) -> None:
    cells = ["é", f'said "hi" to {MAIL}', f"one{end}two {MAIL}", "\\t", MAIL]
    data = written([["a", "b", "c", "d", "e"], cells], delimiter, end)
    found = found_in(data)
    lines = data.decode().split("\n")
    assert [each.pointer for each in found] == ["/b", "/c", "/e"]
    for each in found:
        assert each.line is not None
        assert each.column is not None
        assert lines[each.line - 1].startswith(MAIL, each.column - 1)
        assert MAIL not in str(each)
    assert [each.line for each in found] == [2, 3, 3]


def test_all_examples_of_the_rules_are_found_as_they_are_in_text() -> None:
    rows = [["id", "subject", "text", "state"]]
    rows += [[str(at), "build", each, "done"] for at, each in enumerate(EXAMPLES[::6])]
    data = written(rows)
    table = found_in(data)
    assert places(found_in(data, "a.txt")) <= places(table)
    assert len({each.line for each in table}) > len(EXAMPLES) * 0.14


CELLS = (
    st.sampled_from([MAIL, "ssn", "078-05-1121", "passport", "Tarn Welkin", "+1 415 555 2671"])
    | st.sampled_from(EXAMPLES)
    | st.text(alphabet='ab ,;"\n\r\\\t\0é', max_size=5)
)
WRITTEN = st.lists(st.lists(CELLS, max_size=4), max_size=5).map(written)
BROKEN = st.lists(CELLS | st.sampled_from([",", '"', "\n"]), max_size=12).map(
    lambda texts: "".join(texts).encode()
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(WRITTEN | BROKEN, st.booleans())
def test_nothing_that_text_shows_is_lost(rows: bytes, many: bool) -> None:
    data = b"id,email,note,state\n" + rows + b"\n\xff" * many
    assert form_name("a.csv", data, judged=False) in {"csv", None}
    assert places(found_in(data, "a.txt")) <= places(found_in(data))


def test_a_value_that_another_cell_calls_for_is_found_and_shows_no_neighbour() -> None:
    data = written([["kind", "value", "full_name"], ["ssn", "078-05-1121", "Tarn Welkin"]])
    found = found_in(data)
    assert ("pii/us-ssn", 2, 5) in [(each.rule, each.line, each.column) for each in found]
    assert not any("Tarn" in str(each) or "078" in str(each) for each in found)


def test_what_another_cell_holds_is_masked_where_a_cut_would_split_it() -> None:
    name = "Tarn Welkin"
    note = f"{name} {'x' * 24} {MAIL}"
    found = found_in(written([["full_name", "note"], [name, note]]))
    assert {each.pointer for each in found} == {"/full_name", "/note"}
    assert not any("elkin" in str(each) for each in found)


def test_what_stands_in_the_header_is_found_there() -> None:
    data = written([["id", "from Tarn", f"to {MAIL}"], ["1", "2", "3"]])
    assert told(data) == [("pii/email", 1, 17, None)]


def test_a_broken_row_is_searched_as_text_and_the_next_ones_by_column() -> None:
    data = f'id,full_name\n1,"Tarn Welkin {MAIL}\n2,Tarn Welkin\n3,x,{MAIL}\n4\n'.encode()
    assert told(data) == [
        ("pii/email", 2, 16, None),
        ("pii/name-field", 3, 3, "/full_name"),
        ("pii/email", 4, 5, "/3"),
    ]


@pytest.mark.parametrize("line", ['1,"open ended', 'x","y'])
def test_rows_that_all_break_take_no_longer_than_text(line: str) -> None:
    started = time.process_time()
    form = module.open_form(b"id,note\n", io.BytesIO(f"{line}\n".encode() * 30_000))
    read = sum(chunk.count(b"\n") for chunk in iter(lambda: form.read(1), b""))
    assert read == 30_001
    assert time.process_time() - started < 8


@pytest.mark.parametrize("cell", [f"{MAIL} said so", f'["{MAIL}"]', f'{{"a": 1}} {MAIL}'])
def test_a_table_of_one_column_is_no_json(cell: str) -> None:
    for data in (written([["note"], [cell]]), f'note\n"{cell}"\n{cell}'.encode()):
        table, text = found_in(data), found_in(data, "a.txt")
        assert places(text) <= places(table)
        assert not any(str(each.excerpt).startswith((":", ",")) for each in table)


def test_a_huge_field_and_a_long_row_are_searched() -> None:
    huge = "x " * 70_000
    rows = [["a", "b"], [f'"{huge}', f"{huge} {MAIL}"], [huge * 8, MAIL]]
    assert [each.line for each in found_in(written(rows))] == [2, 3]


def test_a_row_over_several_blocks_keeps_its_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_READ", 16)
    rows = [["id", "full_name"], *([str(at), f"Tarn\nWelkin {at}"] for at in range(9))]
    data = written(rows, end="\n")
    form = module.open_form(data[:14], io.BytesIO(data[14:]))
    read = b"".join(iter(lambda: form.read(1), b""))
    assert read.count(b"\n") == 19
    assert read.count(b'"full_name"') == 9


def test_a_line_that_never_ends_is_unchecked_and_what_stands_before_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LONGEST", 3 << 15)
    data = b"id,email\n1,%b\n" % MAIL.encode() + b"x" * (6 << 15)
    assert [each.rule for each in found_in(data)] == ["pii/email", "input/line-too-long"]


def test_a_byte_order_mark_is_told_and_counts_for_no_column() -> None:
    data = b"\xef\xbb\xbfemail\n" + MAIL.encode()
    assert told(data) == [("input/bom", 1, 1, None), ("pii/email", 2, 1, "/email")]


def test_a_column_whose_name_is_a_value_shows_it_nowhere() -> None:
    data = written([["id", "Herr Max Mustermann"], ["1", f"x {MAIL}"]])
    assert not any("Mustermann" in str(each) for each in found_in(data))


def test_comments_that_excuse_still_count() -> None:
    data = b"id,email\n1,%b # qp:allow[pii/email] made up\n" % MAIL.encode()
    pieces = list(Scanner(INSPECTOR, Summary()).scan(Source("a.csv", Path("a.csv"), data=data)))
    assert [type(each) for each in pieces] == [Remark, Finding]
    assert not isinstance(pieces[1], Finding) or pieces[1].pointer is None


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (b"id,email\n1,2\n", ("id", "email")),
        (b"\r\nid;e-mail;Stra\xc3\x9fe\n", ("id", "e-mail", "Straße")),
        (b",phone,phone,\n", ("1", "phone", "phone_2", "4")),
        (b'"user id"\t"full name"\n', ("user id", "full name")),
        (b"email", ("email",)),
        (b"1,2\n", None),
        (b"max@example.com,x\n", None),
        (b"kim,login,ok\nbob,login,ok\n", None),
        (b'"open,x\n', None),
        (b"\n \n", None),
        (b"a\0b,c\n", None),
        (b"id,note\n1,qp:allow[x]\n", None),
        (b"", None),
    ],
)
def test_only_a_row_of_names_is_a_header(head: bytes, names: tuple[str, ...] | None) -> None:
    header = header_of(head)
    assert (header.names if header else None) == names


def test_a_table_that_is_held_to_the_contract_stays_text() -> None:
    head = b"id,email\n"
    assert form_name("a.csv", head, judged=True) is None
    assert form_name("folder/A.CSV", head, judged=False) == "csv"
