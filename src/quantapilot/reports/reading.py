"""Reports, read back: JSON, JSONL and Parquet, known by what they hold and not by their names.

Findings are read as they are asked for, so that a report never has to fit in memory; but JSON that
is not laid out as we write it, a finding a line, is read as a whole.
"""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.findings import Finding, Summary
from quantapilot.reports.fields import ReportFaultError, check_head, finding_of, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

    Line = tuple[int, bytes]
    # Findings, and behind the last one the fields of the summary.
    Items = Iterator[Finding | dict[str, Any]]

# Of a line, and of JSON that is read as a whole; it takes some times as much memory.
MAX_BYTES = 64 << 20

_PARQUET = b"PAR1"
_JSONL = re.compile(rb'\s*\{\s*"type"\s*:')
_OPENED = b'"findings":['
_CUT_OFF = "it has no summary: it was cut off"


def read_report(file: Path) -> Iterator[Finding | Summary]:
    """Yield the findings of a report, and behind the last one its summary.

    The summary counts what was checked; the findings are for the reader to count.

    Raises:
        OSError: The file can't be read.
        ReportFaultError: It is no report, or from here on none; what was yielded stood in it.
        MissingExtraError: It is Parquet, and what reads that is not installed.
    """
    found = Summary()
    with file.open("rb") as stream:
        for item in _items(stream):
            if isinstance(item, Finding):
                found.add(item)
                yield item
            else:
                yield summary_of(item, found)


def _items(stream: BufferedReader) -> Items:
    if stream.peek(len(_PARQUET)).startswith(_PARQUET):
        # Imported here: who merges no table need not have what reads one.
        from quantapilot.reports.parquet import read_parquet

        return read_parquet(stream)
    lines = _lines(stream)
    _, first = next(lines, (1, b""))
    if not first:
        raise ReportFaultError("it is empty: it was cut off", cut_off=True)
    if _JSONL.match(first) or "type" in (_object(first) or {}):
        return _jsonl(chain([(1, first)], lines))
    if first.rstrip().endswith(_OPENED):
        return _json_by_line(first, lines)
    return _json(first, stream)


def _lines(stream: BufferedReader) -> Iterator[Line]:
    """Yield the lines of a file, each with its number."""
    for number in count(1):
        line = stream.readline(MAX_BYTES + 1)
        if len(line) > MAX_BYTES:
            raise ReportFaultError(f"a line has more than {MAX_BYTES >> 20} MiB", number)
        if not line:
            return
        yield number, line


def _jsonl(lines: Iterator[Line]) -> Items:
    """Yield what stands in the lines of a JSONL report."""
    summary: dict[str, Any] | None = None
    for number, line in lines:
        if not line.strip():
            continue
        if summary is not None:
            raise ReportFaultError("something stands behind its summary", number)
        fields = _parsed(line, line, number)
        match fields.get("type"):
            case "finding":
                yield finding_of(fields, number)
            case "summary":
                check_head(fields, number)
                summary = fields
            case _:
                raise ReportFaultError("field 'type' is not finding or summary", number)
    if summary is None:
        raise ReportFaultError(_CUT_OFF, cut_off=True)
    yield summary


def _json_by_line(first: bytes, lines: Iterator[Line]) -> Items:
    """Yield what stands in a JSON report that is laid out as we write it."""
    check_head(_parsed(first.rstrip() + b"]}", first, 1), 1)
    awaited = False
    for number, line in lines:
        text = line.strip()
        if text.startswith(b"]"):
            end = _parsed(b'{"findings":[' + text, line, number)
            if awaited:
                raise ReportFaultError("no JSON: a comma stands before the end", number)
            if any(rest.strip() for _, rest in lines):
                raise ReportFaultError("something stands behind its summary", number)
            yield _summary(end)
            return
        awaited = text.endswith(b",")
        yield finding_of(_parsed(text.removesuffix(b","), line, number), number)
    raise ReportFaultError(_CUT_OFF, cut_off=True)


def _json(first: bytes, stream: BufferedReader) -> Items:
    """Yield what stands in any other JSON report."""
    text = first + stream.read(MAX_BYTES - len(first) + 1)
    if len(text) > MAX_BYTES:
        raise ReportFaultError(f"it has more than {MAX_BYTES >> 20} MiB, and not a finding a line")
    report = _object(text)
    if report is None:
        raise ReportFaultError("it is no JSON object, or was cut off")
    check_head(report)
    findings = report.get("findings")
    if not isinstance(findings, list):
        raise ReportFaultError("field 'findings' is no list")
    for number, fields in enumerate(findings, 1):
        yield finding_of(fields, within=f"finding {number}")
    yield _summary(report)


def _summary(report: dict[str, Any]) -> dict[str, Any]:
    summary = report.get("summary")
    if not isinstance(summary, dict):
        raise ReportFaultError("field 'summary' is no object")
    return summary


def _parsed(text: bytes, line: bytes, number: int) -> dict[str, Any]:
    """Return the object that is written on a line; `text` is what of the line counts."""
    fields = _object(text)
    if fields is None:
        if not line.endswith(b"\n"):
            raise ReportFaultError("it breaks off: it was cut off", number, cut_off=True)
        raise ReportFaultError("no JSON object", number)
    return fields


def _object(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object that is written there; None where there is none."""
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None
