"""The Parquet report: findings as a table, for more of them than any program reads as text.

A finding is a row with the fields of the JSON report, written a row group at a time. What was
checked stands in the metadata of the file, which Parquet has at its end: a report that was cut off
has none, and no reader takes it for a whole one.
"""

from __future__ import annotations

from io import SEEK_END
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import orjson

from quantapilot.errors import needing
from quantapilot.reports.fields import ReportFaultError, check_head, finding_of
from quantapilot.reports.json_ import (
    SCHEMA_VERSION,
    TOOL,
    dumps,
    encodable,
    finding_fields,
    summary_fields,
)

with needing("parquet", "a Parquet report"):
    import pyarrow as pa
    import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter

# What a file begins and ends with.
MAGIC = b"PAR1"
PREFIX = "quantapilot."
ROW_GROUP = 16_384

# Fields whose values stand again and again.
_REPEATED = pa.dictionary(pa.int32(), pa.string())
COLUMNS = pa.schema(
    [
        pa.field("rule", _REPEATED, nullable=False),
        pa.field("category", _REPEATED, nullable=False),
        pa.field("class", _REPEATED),
        pa.field("severity", _REPEATED, nullable=False),
        pa.field("path", _REPEATED, nullable=False),
        pa.field("line", pa.int64()),
        pa.field("column", pa.int64()),
        pa.field("pointer", pa.string()),
        pa.field("message", pa.string(), nullable=False),
        pa.field("excerpt", pa.string()),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("help", _REPEATED, nullable=False),
    ]
)


class ParquetReporter:
    """Writes one table; keeps the findings of one row group."""

    def __init__(self, out: BinaryIO) -> None:
        self._sink = _Sink(out)
        self._rows: list[dict[str, object]] = []
        self._writer: Any = None

    def start(self) -> None:
        """Begin the file."""
        with self._sink:
            self._writer = pq.ParquetWriter(
                self._sink, COLUMNS, compression="zstd", write_page_checksum=True
            )

    def add(self, finding: Finding) -> None:
        """Keep one finding, and write those that are kept once they fill a row group."""
        self._rows.append(finding_fields(finding))
        if len(self._rows) == ROW_GROUP:
            self._write()

    def finish(self, summary: Summary) -> None:
        """Write the rest of the findings, the summary, and the end of the file."""
        if self._rows:
            self._write()
        about = {
            "schema_version": SCHEMA_VERSION,
            "tool": dumps(TOOL),
            "summary": dumps(summary_fields(summary)),
        }
        with self._sink:
            self._writer.add_key_value_metadata({PREFIX + key: text for key, text in about.items()})
            self._writer.close()
        self._sink.flush()

    def _write(self) -> None:
        try:
            batch = pa.RecordBatch.from_pylist(self._rows, COLUMNS)
        except UnicodeEncodeError:
            batch = pa.RecordBatch.from_pylist([encodable(row) for row in self._rows], COLUMNS)
        with self._sink:
            self._writer.write_batch(batch)
        self._rows.clear()


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the Parquet reporter; it writes past the text of `out`, and is never quiet."""
    out.flush()
    return ParquetReporter(out.buffer)


def read_parquet(stream: BinaryIO) -> Iterator[Finding | dict[str, Any]]:
    """Yield the findings of a Parquet report, and behind the last one the fields of its summary.

    Raises:
        ReportFaultError: It is no report, or damaged from here on.
    """
    try:
        stream.seek(-len(MAGIC), SEEK_END)
        if stream.read() != MAGIC:
            raise ReportFaultError("it has no end: it was cut off", cut_off=True)
        table = pq.ParquetFile(stream, pre_buffer=False, page_checksum_verification=True)
        summary = _summary(table.metadata.metadata or {})
        _check_columns(table.schema_arrow)
        numbers = count(1)
        batches = table.iter_batches(batch_size=ROW_GROUP, columns=COLUMNS.names, use_threads=False)
        for batch in batches:
            batch.validate(full=True)
            for row in batch.to_pylist():
                yield finding_of(row, within=f"row {next(numbers)}")
    except (pa.ArrowException, OSError, ValueError) as error:
        # What Arrow says of it may hold what stands there.
        raise ReportFaultError("it can't be read as Parquet") from error
    yield summary


def _summary(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    """Return the fields of the summary that a file has in its metadata."""
    about = {key: metadata.get((PREFIX + key).encode()) for key in ("tool", "summary")}
    if None in about.values():
        raise ReportFaultError("it does not say that quantapilot wrote it")
    version = metadata.get(f"{PREFIX}schema_version".encode(), b"")
    tool, summary = (orjson.loads(text or b"") for text in about.values())
    check_head({"tool": tool, "schema_version": version.decode()})
    if not isinstance(summary, dict):
        raise ReportFaultError("its summary is no object")
    return summary


def _check_columns(schema: Any) -> None:
    for wanted in COLUMNS:
        if schema.get_field_index(wanted.name) < 0:
            raise ReportFaultError(f"column '{wanted.name}' is missing, or stands there twice")
        held = schema.field(wanted.name).type
        if pa.types.is_dictionary(held):
            held = held.value_type
        numbers = wanted.type == pa.int64()
        if not (pa.types.is_integer(held) if numbers else _is_text(held)):
            raise ReportFaultError(
                f"column '{wanted.name}' does not hold {'whole numbers' if numbers else 'texts'}"
            )


def _is_text(held: Any) -> bool:
    return any(
        check(held)
        for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


class _Sink:
    """A stream that takes bytes only while the reporter writes.

    Arrow ends a file that nobody ended once it is forgotten; a report that a fault broke off would
    then look like a whole one.
    """

    closed = False

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._takes = False

    def __enter__(self) -> None:
        self._takes = True

    def __exit__(self, *_: object) -> None:
        self._takes = False

    def write(self, data: bytes) -> int:
        """Write some bytes, or nothing where no report is being written."""
        return self._out.write(data) if self._takes else len(data)

    def flush(self) -> None:
        """Have what was written leave."""
        self._out.flush()

    def close(self) -> None:
        """Leave the stream open: it belongs to who opened it."""
