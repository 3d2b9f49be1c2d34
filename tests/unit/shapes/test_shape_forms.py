"""Log shapes read as records: nothing lost, nothing taken for what it is not, places kept."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantapilot.contract.catalog import load_contract
from quantapilot.inputs.rules import INPUT_RULES, InputFaultError
from quantapilot.shapes import by_line, open_shape, shape_name
from quantapilot.shapes.form import ShapeForm
from quantapilot.shapes.journal import JournalExport
from quantapilot.shapes.json_lines import PINO, JsonLines
from quantapilot.shapes.logfmt import LogfmtLines
from quantapilot.shapes.members import written
from quantapilot.shapes.record import moment, record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.shapes.members import Entry

ROOT = Path(__file__).parents[3]
RECORD = record_of(load_contract(ROOT / "_schemas"), None, "logs")
assert RECORD is not None
ORDERS = record_of(
    load_contract(ROOT / "examples" / "contracts" / "orders" / "schemas"), None, "logs"
)

PINO_LINE = b'{"level":30,"time":1531171074631,"pid":7,"hostname":"box","msg":"built"}\n'
JOURNAL = (
    b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1342540861416409\nPRIORITY=4\n_PID=7\n"
    b"MESSAGE\n" + struct.pack("<Q", 10) + b"two\n\nlines" + b"\nN=1\n\n"
    b"__CURSOR=s=1;i=3\nMESSAGE=built\n\n"
)
OTLP = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":13,"body":%s}]}]}]}\n'


class Slow:
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream, self._size = io.BytesIO(data), size

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._size))


def lines(name: str, data: bytes, *, judged: bool = True, size: int = 1 << 20) -> bytes:
    form = open_shape(name, b"", Slow(data, size), RECORD if judged else None)
    return b"".join(iter(lambda: form.read(1 << 20), b""))


def name_of(data: bytes, name: str = "app.log", *, judged: bool = True) -> str | None:
    return shape_name(name, data, lambda: RECORD if judged else None)


@pytest.mark.parametrize(
    ("data", "judged", "searched"),
    [
        (PINO_LINE, "pino", None),
        (b'{"event":"built","level":"info","timestamp":"2025-08-19T06:00:11Z"}', "structlog", None),
        (b'{"__CURSOR":"s","__REALTIME_TIMESTAMP":"1","MESSAGE":"x"}\n', "journal-json", None),
        (b'{"log":"built\\n","stream":"stdout","time":"2025-08-19T06:00:11Z"}\n', "docker", None),
        (
            b'{"log":"level=info msg=built\\n","stream":"stdout","time":"2025-08-19T06:00:11Z"}\n',
            "docker",
            "docker",
        ),
        (b"ts=2025-08-19T06:00:11Z level=info msg=built\n", "logfmt", "logfmt"),
        (JOURNAL, "journal-export", "journal-export"),
        (OTLP % b"{}", "otlp", "otlp"),
        (b'{\n "resourceLogs": [\n', "otlp-document", "otlp-document"),
        (b'{"resourceSpans":[]}\n', None, "otlp"),
    ],
)
def test_a_shape_is_told_by_its_first_line(
    data: bytes, judged: str | None, searched: str | None
) -> None:
    assert (name_of(data), name_of(data, judged=False)) == (judged, searched)
    assert name_of(b"\xef\xbb\xbf\n" + data, "logs.tar!APP.LOG.1") == judged


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"timestamp":"2025-08-19T06:00:11Z","level":"info","message":"x","event":"a"}', "a.log"),
        (b'{"level":30,"time":1,"msg":"x","message":"y"}', "a.log"),
        (b'{"event":"run_paused","level":"info"}', "a.log"),
        (b'{"specversion":"1.0","type":"a","data":{"msg":"x","level":30,"time":1}}', "a.jsonl"),
        (b'{"log":"x","stream":"stdout","time":"t","level":"info"}', "a.log"),
        (b"level=info\nmsg=x\n", "a.log"),
        (b"level=info and msg=x for ts=1\n", "a.log"),
        (b"level=info msg=x\n", "deploy.sh"),
        (b"MESSAGE=x\n", "settings.env"),
        (b"", "a.log"),
    ],
)
def test_what_is_not_certain_is_read_as_it_stands(data: bytes, name: str) -> None:
    assert name_of(data, name) is None


def test_each_file_of_the_examples_is_read_as_it_stands() -> None:
    for path in [*(ROOT / "examples").rglob("*.jsonl"), *ROOT.glob("*.md"), ROOT / "Makefile"]:
        for judged in (True, False):
            assert name_of(path.read_bytes(), path.name, judged=judged) is None


def test_pino_is_read_by_the_names_of_any_contract() -> None:
    form = open_shape("pino", PINO_LINE, io.BytesIO(), ORDERS)
    expected = {"severity": "INFO", "at": "2018-07-09T21:17:54.631Z", "text": "built"}
    assert orjson.loads(form.read(1)) == expected
    assert orjson.loads(form.aside(1, 1)) == {"pid": 7, "hostname": "box"}


@pytest.mark.parametrize(
    "line",
    [
        b'{"msg":"a","msg":"b","level":30}',
        b'{"msg":"a","level":30,"pid":1,"pid":2}',
        b'{"msg":"a","level":30,"timestamp":"x","time":1}',
        b'{"msg":"a","level":NaN}',
        b'{"msg":"a","level":30',
        b'{"msg":"a","level":30} {}',
        b'{"level":30}',
        b'{"msg":"\xff","level":30}',
        b"Server listening on 80",
        b"",
    ],
)
def test_a_doubtful_line_of_pino_stays_as_it_is(line: bytes) -> None:
    assert lines("pino", PINO_LINE + line + b"\n").split(b"\n", 1)[1] == line + b"\n"


def test_a_level_or_time_that_is_none_is_left_to_be_judged() -> None:
    line = b'{"msg":"a","level":35,"time":1e400}\n'
    assert lines("pino", line) == b'{"message":"a","level":35,"timestamp":1e400}\n'


VALUES = st.one_of(
    st.integers(-9, 10**20), st.floats(), st.none(), st.booleans(), st.text(max_size=6)
)
KEYS = st.one_of(st.sampled_from(["msg", "level", "time", "pid", "v", 'a"\\']), st.text(max_size=3))
DOCUMENTS = st.dictionaries(KEYS, st.one_of(VALUES, st.lists(VALUES, max_size=2)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.booleans())
def test_the_quick_way_writes_what_the_thorough_one_does(
    document: dict[str, object], spaced: bool
) -> None:
    assert RECORD is not None
    import json

    text = json.dumps({"msg": "m", **document}, separators=None if spaced else (",", ":"))
    shape = JsonLines(PINO, RECORD)
    entries, quick = shape.entries(text), shape.written(text)
    if quick is not None:
        assert entries is not None
        assert [quick] == [written(each) for each in entries]


@pytest.mark.parametrize(
    ("name", "data"),
    [("pino", PINO_LINE * 3 + b"text"), ("journal-export", JOURNAL * 2), ("otlp", OTLP % b"{}")],
)
def test_a_stream_in_pieces_gives_the_same_lines(name: str, data: bytes) -> None:
    whole = lines(name, data)
    assert {lines(name, data, size=size) for size in (1, 2, 7, 64)} == {whole}
    assert by_line(name) is (name != "journal-export")


def test_a_field_of_the_journal_may_hold_anything() -> None:
    first, second, _ = lines("journal-export", JOURNAL).split(b"\n")
    assert orjson.loads(first) == {
        "timestamp": "2012-07-17T16:01:01.416Z",
        "level": "warn",
        "message": "two\n\nlines",
        "N": "1",
    }
    assert orjson.loads(second) == {"message": "built"}


def test_an_export_that_breaks_off_is_damaged_and_what_was_whole_is_read() -> None:
    stream = Slow(JOURNAL + b"MESSAGE\n" + struct.pack("<Q", 99) + b"cut", 1 << 20)
    form = open_shape("journal-export", b"", stream, None)
    assert form.read(1 << 20).count(b"\n") == 2
    with pytest.raises(InputFaultError, match="ends within a record") as fault:
        form.read(1 << 20)
    assert fault.value.rule == "input/damaged"
    assert fault.value.line == JOURNAL.count(b"\n") + 1


def test_a_size_in_an_export_that_none_can_have_ends_it() -> None:
    with pytest.raises(InputFaultError, match="over 64 MiB"):
        lines("journal-export", b"__CURSOR=1\nMESSAGE\n" + b"\xff" * 8 + b"x\n")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"stringValue":"a\\u00e9"}', "aé"),
        (b'{"intValue":"10"}', 10),
        (b'{"arrayValue":{"values":[{"boolValue":true}]}}', [True]),
        (
            b'{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":1.5}}]}}',
            {"k": 1.5},
        ),
    ],
)
def test_a_body_of_otlp_is_read_without_its_types(body: bytes, message: object) -> None:
    assert orjson.loads(lines("otlp", OTLP % body)) == {"level": "warn", "message": message}


@pytest.mark.parametrize(
    "request_",
    [
        b'{"resourceLogs":[{"anna@example.org":{"x":1}}]}',
        b'{"resourceLogs":[{"resource":{},"resource":{}}]}',
        b'{"resourceLogs":[]',
    ],
)
def test_what_is_not_otlps_stays_as_it_is(request_: bytes) -> None:
    assert lines("otlp", request_ + b"\n", judged=False) == request_ + b"\n"


@pytest.mark.parametrize(
    ("number", "time"),
    [
        (1531171074, "2018-07-09T21:17:54.000Z"),
        (1531171074.631, "2018-07-09T21:17:54.631Z"),
        (1531171074631, "2018-07-09T21:17:54.631Z"),
        (1531171074631000, "2018-07-09T21:17:54.631Z"),
        (1531171074631000000, "2018-07-09T21:17:54.631Z"),
        (10**300, None),
        (-1, None),
        (float("nan"), None),
    ],
)
def test_a_number_is_a_time_in_the_unit_that_its_size_tells(
    number: float, time: str | None
) -> None:
    assert moment(number) == time


def test_a_unit_with_many_findings_is_read_once_to_place_them() -> None:
    seen = 0

    class Counted(LogfmtLines):
        def entries(self, text: str) -> Sequence[Entry] | None:
            nonlocal seen
            seen += 1
            return super().entries(text)

    form = ShapeForm(Counted(None), b"level=info msg=one id=two\n", io.BytesIO())
    assert form.read(1 << 10) == b'{"level":"info","msg":"one","id":"two"}\n'
    for written_at, stands in ((24, 16), (35, 23)):
        placed = form.placed(INPUT_RULES["input/bom"].at("x", "y", line=1, column=written_at))
        assert placed.column == stands
    assert seen == 2


def test_fields_of_the_journal_that_come_piece_by_piece_are_passed_once() -> None:
    shape = JournalExport(None)
    found, rest = shape.units(b"__CURSOR=s\nA=\xc3\xa9\nB=1", last=False)
    assert (found, shape._passed) == ([], len("__CURSOR=s\nA=..\n"))
    found, rest = shape.units(rest + b"2\n\nA", last=False)
    assert (list(found), rest) == ([b"__CURSOR=s\nA=\xc3\xa9\nB=12\n\n"], b"A")
    entries = shape.entries(shape.text(found[0]))
    assert entries is not None
    assert [(each.key_at, each.at) for each in entries[0].members] == [(0, 9), (11, 13), (15, 17)]
