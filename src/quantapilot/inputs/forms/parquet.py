"""Apache Parquet as lines of JSON: a row is an object, and its number is the line.

Rows are read in batches of about a block, so memory stays flat. What JSON knows stands as JSON
has it; times are RFC 3339, decimals are numbers with all their digits, maps are objects. What is
null in a table is absent in JSON, since Parquet knows no other absence. Bytes that are text are
searched as text; other bytes are passed over as a binary file in a folder is.

Format: https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson

from quantapilot.inputs.blocks import BLOCK_BYTES, is_binary
from quantapilot.inputs.compressed import FREE_BYTES, MOST_RATIO, Expansion
from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.findings import Finding
    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.forms import Form

# What can't be read from any place, such as a member of an archive, is read whole up to this size.
_HELD: Final = 64 << 20
_MOST_ROWS: Final = 1 << 12
# What a batch may take at least, so that most row groups need no closer look.
_TAKEN: Final = 64 << 20
_ENCRYPTED: Final = b"PARE"
# orjson's own words for times: RFC 3339, `Z` for UTC.
_OPTIONS: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def open_form(head: bytes, stream: Readable) -> Form:
    """Return a Parquet file as lines of JSON.

    Args:
        head: The bytes that were read of it already.
        stream: Gives the rest; one that can be read from any place is read so.

    Raises:
        InputFaultError: It is damaged, encrypted, or too large to be read from where it comes, or
            pyarrow is not installed.
        OSError: It can't be read.
    """
    if head.startswith(_ENCRYPTED):
        raise _encrypted()
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise InputFaultError(
            "input/needs-extra",
            "needs the extra 'parquet': pip install 'quantapilot-contract[parquet]'",
        ) from error
    with _faults("its table of contents can't be read"):
        source = _anywhere(head, stream)
        file = pyarrow.parquet.ParquetFile(source, buffer_size=BLOCK_BYTES)
    return _Rows(source, file, source.seek(0, io.SEEK_END))


class _Rows:
    """The rows of a Parquet file."""

    def __init__(self, source: Any, file: Any, size: int) -> None:
        self._source = source
        self._file = file
        self._expansion = Expansion()
        self._expansion.stored(size)
        self._most = FREE_BYTES + MOST_RATIO * size
        self._row = 1
        self._lines = self._made()

    def read(self, size: int, /) -> bytes:  # noqa: ARG002
        """Return the next rows as lines; none at the end.

        Raises:
            InputFaultError: The file is damaged.
            OSError: It can't be read.
        """
        return next(self._lines, b"")

    def placed(self, finding: Finding, /) -> Finding:
        """Return a finding at its row; what a line of it is like is known to nobody."""
        return replace(finding, column=None)

    def _made(self) -> Iterator[bytes]:
        contents, schema = self._file.metadata, self._file.schema_arrow
        names = _unique(schema.names)
        plain = [_plain(kind) for kind in schema.types]
        cast = [at for at, kind in enumerate(schema.types) if plain[at] != kind]
        nested = {name: kind for name, kind in zip(names, plain, strict=True) if _nests(kind)}
        for number in range(contents.num_row_groups):
            group = contents.row_group(number)
            if group.total_byte_size > self._most:
                raise InputFaultError(
                    "input/expansion",
                    f"row group {number + 1} unpacks to {group.total_byte_size:,} bytes: write "
                    "smaller row groups",
                    self._row,
                )
            where = f"row group {number + 1} of {contents.num_row_groups} can't be read"
            with _faults(where, self._row):
                row_bytes = max(1, self._row_bytes(number))
            size = min(_MOST_ROWS, max(1, BLOCK_BYTES // row_bytes))
            batches = self._file.iter_batches(size, row_groups=[number], use_threads=False)
            while True:
                with _faults(where, self._row):
                    batch = next(batches, None)
                    if batch is None:
                        break
                    columns = batch.columns
                    for at in cast:
                        columns[at] = columns[at].cast(plain[at], safe=False)
                    rows = type(batch).from_arrays(columns, names).to_pylist()
                    whole = not nested and not any(column.null_count for column in columns)
                if whole:
                    made = b"".join([orjson.dumps(row, _as_json, _OPTIONS) for row in rows])
                else:
                    made = b"".join([_line(row, nested) for row in rows])
                self._row += len(rows)
                yield made
                self._expansion.made(len(made))

    def _row_bytes(self, number: int) -> int:
        """Return what a row of a group takes, in bytes, at most as its dictionaries tell.

        A value that stands in a dictionary is stored once, however many rows have it.
        """
        import pyarrow.compute
        import pyarrow.parquet

        contents, schema = self._file.metadata, self._file.schema
        group = contents.row_group(number)
        rows = max(1, int(group.num_rows))
        taken = int(group.total_byte_size) // rows
        if group.total_byte_size * min(rows, _MOST_ROWS) <= _TAKEN:
            return taken
        for at in range(group.num_columns):
            column = group.column(at)
            if not column.has_dictionary_page or column.physical_type != "BYTE_ARRAY":
                continue
            path = schema.column(at).path
            with pyarrow.parquet.ParquetFile(
                self._source, metadata=contents, read_dictionary=[path], buffer_size=BLOCK_BYTES
            ) as file:
                batch = next(file.iter_batches(1, row_groups=[number], columns=[path]), None)
            for values in _dictionaries(batch.columns if batch else ()):
                longest = int(
                    pyarrow.compute.max(pyarrow.compute.binary_length(values)).as_py() or 0
                )
                # Of what repeats in a row, as many as a row has.
                taken += longest * max(1, int(column.num_values) // rows)
        return taken


def _dictionaries(arrays: Iterable[Any]) -> Iterator[Any]:
    """Yield the dictionaries of arrays, and of what is nested in them."""
    from pyarrow import types

    for array in arrays:
        if types.is_dictionary(array.type):
            yield array.dictionary
        elif types.is_struct(array.type):
            yield from _dictionaries(array.field(at) for at in range(array.type.num_fields))
        elif types.is_map(array.type):
            yield from _dictionaries((array.keys, array.items))
        elif _nests(array.type):
            yield from _dictionaries((array.values,))


def _line(row: dict[str, Any], nested: dict[str, Any]) -> bytes:
    """Return a row as a line of JSON, without what is null."""
    for name, kind in nested.items():
        row[name] = _tidied(row[name], kind)
    present = {name: value for name, value in row.items() if value is not None}
    return orjson.dumps(present, _as_json, _OPTIONS)


def _as_json(value: Any) -> Any:
    """Return what JSON has for a value that orjson does not know."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f")) if value.is_finite() else None
    if isinstance(value, bytes):
        return None if is_binary(value) else value.decode("utf-8", "replace")
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError("a kind of value that tables do not have")


def _tidied(value: Any, kind: Any) -> Any:
    """Return a nested value without null fields, its maps as objects."""
    from pyarrow import types

    if value is None:
        return None
    if types.is_struct(kind):
        fields = ((field.name, _tidied(value[field.name], field.type)) for field in kind)
        return {name: below for name, below in fields if below is not None}
    if types.is_map(kind):
        pairs = [(_key(key), _tidied(below, kind.item_type)) for key, below in value]
        found = dict(pairs)
        # An object holds a key once.
        return found if len(found) == len(pairs) else pairs
    if _nests(kind):
        return [_tidied(below, kind.value_type) for below in value]
    return value


def _key(key: Any) -> Any:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def _nests(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind))


def _plain(kind: Any) -> Any:
    """Return the type that a column is read as: Python's times have no nanoseconds."""
    import pyarrow as pa
    from pyarrow import types

    if _nests(kind):
        return _plain_nested(kind)
    if getattr(kind, "unit", None) != "ns":
        return kind
    if types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.time64("us") if types.is_time(kind) else pa.duration("us")


def _plain_nested(kind: Any) -> Any:
    import pyarrow as pa
    from pyarrow import types

    if types.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    if types.is_fixed_size_list(kind):
        return pa.list_(_plain(kind.value_type), kind.list_size)
    made = pa.large_list if types.is_large_list(kind) else pa.list_
    return made(_plain(kind.value_type))


def _unique(names: list[str]) -> list[str]:
    """Return the names of columns; one that stands twice gets a number."""
    found: dict[str, None] = {}
    for name in names:
        shown, again = name, 2
        while shown in found:
            shown, again = f"{name}_{again}", again + 1
        found[shown] = None
    return list(found)


def _anywhere(head: bytes, stream: Readable) -> Any:
    """Return a stream that can be read from any place."""
    seekable = getattr(stream, "seekable", None)
    if seekable is not None and seekable():
        return stream
    data = head
    while more := stream.read(BLOCK_BYTES):
        data += more
        if len(data) > _HELD:
            raise InputFaultError(
                "input/unreadable",
                f"a Parquet file of over {_HELD >> 20} MiB is read from its end: "
                "name the file itself, unpacked, in place of sending its content",
            )
    return io.BytesIO(data)


@contextmanager
def _faults(what: str, line: int | None = None) -> Iterator[None]:
    """Tell what pyarrow says of a file in words that hold nothing of it."""
    import pyarrow as pa

    try:
        yield
    except InputFaultError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if "decrypt" in str(error).lower():
            raise _encrypted() from None
        raise InputFaultError(
            "input/damaged", f"no Parquet file, or broken: {what}", line
        ) from None


def _encrypted() -> InputFaultError:
    return InputFaultError("input/encrypted", "its columns are encrypted")
