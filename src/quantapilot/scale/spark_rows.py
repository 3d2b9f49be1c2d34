"""Rows of a table as Apache Spark has them: each is judged as a JSON document.

Spark writes the rows as lines of JSON, so that they are looked at as fast as a file of lines is.
What is found is told by the column and by the key that the caller names, never by the row's values.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from quantapilot.errors import needing
from quantapilot.findings import Finding
from quantapilot.inputs.sources import Source
from quantapilot.scale.spark import check_pandas
from quantapilot.scale.spark_worker import (
    FINDING,
    arrow_schema,
    fields_of,
    scanner_of,
    telling,
)

with needing("spark", "looking at tables with Apache Spark"):
    import pyarrow as pa
    from pyspark.sql import functions
    from pyspark.sql.types import (
        ArrayType,
        BinaryType,
        MapType,
        StringType,
        StructField,
        StructType,
    )

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

    from quantapilot.gate.plan import Plan


def row_findings(
    frame: DataFrame,
    plan: Plan,
    columns: Sequence[str] | None = None,
    key: Sequence[str] = (),
    *,
    name: str = "table",
    kind: str | None = None,
) -> DataFrame:
    """Return the findings in the rows of a DataFrame, with the columns that a JSON report has.

    A row is the JSON object of its columns that are not null; a binary column is taken as text.
    `pointer` leads to the value, `line` and `column` are null. With `key`, the struct `key` says
    which row it is. A key is searched too: one that holds personal data itself is null.

    Args:
        frame: Any DataFrame.
        plan: What rows are looked at with.
        columns: The columns that make the document; None takes all.
        key: Columns that tell rows apart.
        name: What findings have as `path`.
        kind: The kind of documents where a contract judges: `events`, `logs` or `errors`.

    Raises:
        ValueError: The document has no column.
    """
    judged = list(frame.columns if columns is None else columns)
    if not judged:
        raise ValueError("no column to look at")
    check_pandas()
    beside = [column for column in key if column not in judged]
    given = frame.select(
        _json(frame, judged).alias("document"),
        *([_json(frame, beside).alias("beside")] if beside else ()),
        *([functions.struct(*map(_column, key)).alias("key")] if key else ()),
    )
    schema = StructType([given.schema["key"]] if key else [])
    for field, type_name in FINDING.items():
        schema = schema.add(field, type_name)
    search = replace(plan, contract=None, definition=None)
    look = _Look(pickle.dumps(plan), pickle.dumps(search), Source(name, None, kind=kind))

    def looked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return look.rows(batches)

    return given.mapInArrow(looked, schema)


@dataclass(frozen=True, slots=True, repr=False)
class _Look:
    """What workers look with: at documents by `plan`, at keys beside them by `search`."""

    plan: bytes
    search: bytes
    source: Source

    def rows(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield what is found in some rows."""
        for batch in batches:
            found = telling(lambda batch=batch: [*self._found(batch)])  # type: ignore[misc]
            columns = [] if "key" not in batch.schema.names else [_keys(batch.column("key"), found)]
            table = pa.RecordBatch.from_pylist(
                [fields_of(replace(each, line=None, column=None)) for each in found],
                arrow_schema(FINDING),
            )
            names = ["key"] * len(columns) + list(FINDING)
            yield pa.RecordBatch.from_arrays([*columns, *table.columns], names=names)

    def _found(self, batch: pa.RecordBatch) -> Iterator[Finding]:
        """Yield findings whose line is the number of the row, from 1 on."""
        for name, plan in (("document", self.plan), ("beside", self.search)):
            if name in batch.schema.names:
                lines = io.BytesIO(b"\n".join(batch.column(name).to_pylist()))
                for piece in scanner_of(plan).rest(self.source, lines, "jsonl", None):
                    if isinstance(piece, Finding):
                        yield piece


def _keys(keys: Any, found: Sequence[Finding]) -> Any:
    """Return the keys of findings, without the parts in which something is found."""
    hidden: dict[int | None, set[str]] = {}
    fields = [keys.type.field(at) for at in range(keys.type.num_fields)]
    names = [field.name for field in fields]
    for each in found:
        hidden.setdefault(each.line, set()).update(_hidden(each, names))
    parts = [
        keys.field(at).take(
            pa.array(
                [None if _gone(each, name, hidden) else (each.line or 0) - 1 for each in found],
                pa.int64(),
            )
        )
        for at, name in enumerate(names)
    ]
    return pa.StructArray.from_arrays(
        parts, fields=[keys.type.field(at) for at in range(len(names))]
    )


def _gone(finding: Finding, name: str, hidden: dict[int | None, set[str]]) -> bool:
    return finding.line is None or name in hidden[finding.line]


def _hidden(finding: Finding, names: Sequence[str]) -> Sequence[str]:
    """Return which parts of a row's key a finding forbids to show."""
    if finding.category != "pii" and not finding.unchecked:
        return ()
    if finding.pointer is None or finding.unchecked:
        return names
    top = finding.pointer.split("/")[1:2]
    return [name for name in names if top == [name.replace("~", "~0").replace("/", "~1")]]


def _json(frame: DataFrame, columns: Sequence[str]) -> Column:
    """Return the JSON of some columns, as bytes."""
    types = {field.name: field.dataType for field in frame.schema.fields}
    made = [_column(name).cast(_as_text(types[name])).alias(name) for name in columns]
    return functions.to_json(functions.struct(*made)).cast("binary")


def _column(name: str) -> Column:
    quoted = name.replace("`", "``")
    return functions.col(f"`{quoted}`")


def _as_text(kind: DataType) -> DataType:
    """Return a type with texts in place of bytes: JSON would have them in base64."""
    if isinstance(kind, BinaryType):
        return StringType()
    if isinstance(kind, ArrayType):
        return ArrayType(_as_text(kind.elementType), kind.containsNull)
    if isinstance(kind, MapType):
        value = _as_text(kind.valueType)
        return MapType(_as_text(kind.keyType), value, kind.valueContainsNull)
    if isinstance(kind, StructType):
        fields = [StructField(each.name, _as_text(each.dataType), each.nullable) for each in kind]
        return StructType(fields)
    return kind
