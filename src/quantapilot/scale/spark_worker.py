"""What Spark's Python workers run, and the columns of the rows that they hand over."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from quantapilot import __version__
from quantapilot.errors import QuantaPilotError, needing, unforeseen
from quantapilot.findings import Finding, Summary, located
from quantapilot.reports.json_ import finding_fields
from quantapilot.scale import work

with needing("spark", "looking at inputs with Apache Spark"):
    import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.gate.plan import Plan
    from quantapilot.gate.scanner import Scanner
    from quantapilot.scale.parts import Part

_T = TypeVar("_T")

# Rows that a worker hands over at once.
_ROWS: Final = 4096

_TYPES: Final = {
    "string": pa.string(),
    "long": pa.int64(),
    "boolean": pa.bool_(),
}
# The columns of findings: the fields that they have in a JSON report.
FINDING: Final = {
    "rule": "string",
    "category": "string",
    "class": "string",
    "severity": "string",
    "path": "string",
    "line": "long",
    "column": "long",
    "pointer": "string",
    "message": "string",
    "excerpt": "string",
    "fingerprint": "string",
    "help": "string",
}
# What is counted, as `Summary` names it.
COUNTS: Final = ("files", "documents", "bytes", "consumed", "skipped", "empty")
# The columns of what is seen: a row for each finding of a part, and one behind them that counts.
SEEN: Final = {
    "input": "long",
    "part": "long",
    "at": "long",
    "cut": "boolean",
    "ended": "boolean",
    "ends": "long",
    **dict.fromkeys(COUNTS, "long"),
    **FINDING,
}


def looked(pickled: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of what is seen in some parts; runs in a worker of an executor."""
    scanner = scanner_of(pickled)
    rows: list[dict[str, Any]] = []
    for batch in batches:
        for given in batch.select(["input", "part", "work"]).to_pylist():
            for row in _seen(scanner, *pickle.loads(given["work"])):  # noqa: S301
                rows.append({**row, "input": given["input"], "part": given["part"]})
                if len(rows) >= _ROWS:
                    yield pa.RecordBatch.from_pylist(rows, arrow_schema(SEEN))
                    rows.clear()
    yield pa.RecordBatch.from_pylist(rows, arrow_schema(SEEN))


def _seen(scanner: Scanner, item: Part | Finding, place: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one part, the last of which counts; `place` is its file's from the root."""
    label = item.path if isinstance(item, Finding) else item.source.label
    if isinstance(item, Finding):
        seen = work.Seen((item,), Summary())
    else:
        seen = telling(lambda: work.look(scanner, item))
    at = 0
    for piece in seen.pieces:
        if isinstance(piece, Finding):
            if piece.content:
                known = located(place + piece.path.removeprefix(label), piece.content)
                piece = replace(piece, fingerprint=known)  # noqa: PLW2901
            yield {"at": at, "cut": work.cuts_off(piece), **fields_of(piece)}
            at += 1
    counts = {name: getattr(seen.counts, name) for name in COUNTS}
    ended = any(map(work.cuts_off, seen.pieces))
    yield {"at": at, "ended": ended, "ends": seen.ends, **counts}


def telling(look: Callable[[], _T]) -> _T:
    """Return what a look returns; its error is one that may be shown, since Spark shows it.

    Raises:
        QuantaPilotError: There was an error; the text names its kind and its place.
    """
    try:
        return look()
    except QuantaPilotError:
        raise
    except Exception as error:  # noqa: BLE001
        fault = unforeseen(error)
    # Outside the handler: Spark shows an error with its causes, whose text may show a value.
    raise QuantaPilotError(fault)


@lru_cache(maxsize=2)
def scanner_of(pickled: bytes) -> Scanner:
    """Return what looks by a plan; a worker that does one task after another makes it once.

    Raises:
        QuantaPilotError: Another version of the toolkit made the plan.
    """
    plan: Plan = pickle.loads(pickled)  # noqa: S301
    if plan.version != __version__:
        raise QuantaPilotError(
            f"this executor has version {__version__} of quantapilot-contract, "
            f"and the driver has {plan.version}: install the same on both"
        )
    return plan.scanner()


def fields_of(finding: Finding) -> dict[str, object]:
    """Return a finding as a row of a DataFrame."""
    return {
        name: utf8(value) if isinstance(value, str) else value
        for name, value in finding_fields(finding).items()
    }


def utf8(text: str) -> str:
    """Return a text as reports show it: a byte of a file name that is not UTF-8 is a `?`."""
    return text.encode("utf-8", "replace").decode()


def arrow_schema(columns: dict[str, str]) -> pa.Schema:
    """Return the Arrow schema of some columns."""
    return pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])


def ddl(columns: dict[str, str]) -> str:
    """Return the schema of some columns as Spark reads it."""
    return ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
