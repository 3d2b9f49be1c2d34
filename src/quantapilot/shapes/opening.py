"""The shapes that there are: by what each is recognised, and what reads it.

Without a contract's record, records are searched only: then those are left out in which a reading
of the lines as they stand finds as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.shapes.docker import DockerLines, inside, is_docker
from quantapilot.shapes.journal import JournalExport
from quantapilot.shapes.json_lines import JOURNAL, PINO, STRUCTLOG, JsonLines, Keys, parsed, told
from quantapilot.shapes.logfmt import LogfmtLines, is_log, pairs
from quantapilot.shapes.otlp import REQUESTS, OtlpDocument, OtlpLines, is_otlp

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.shapes.form import Shape
    from quantapilot.shapes.record import Record

    # What an input begins with, the JSON object in its first line, the contract's record.
    _Recognised = Callable[[bytes, dict[str, Any] | None, Record | None], bool]

__all__ = ["SHAPES", "parsed"]


@dataclass(frozen=True, slots=True)
class ShapeEntry:
    """A shape: what recognises it, what reads it, and how much of an input stands for itself.

    That is each line, a record of several lines, or the one document that it is.
    """

    recognised: _Recognised
    opened: Callable[[Record | None], Shape]
    by_line: bool = True
    document: bool = False


def _json(keys: Keys) -> ShapeEntry:
    def recognised(_: bytes, document: dict[str, Any] | None, record: Record | None) -> bool:
        return document is not None and record is not None and told(document, record) is keys

    def opened(record: Record | None) -> Shape:
        if record is None:
            raise ValueError("records of this shape are read for a contract only")
        return JsonLines(keys, record)

    return ShapeEntry(recognised, opened)


def _docker(_: bytes, document: dict[str, Any] | None, record: Record | None) -> bool:
    if document is None or not is_docker(document):
        return False
    if record is not None:
        return record.names["message"] not in document
    return inside(document["log"], None) is not None


def _logfmt(start: bytes, document: dict[str, Any] | None, _: Record | None) -> bool:
    if document is not None:
        return False
    found = pairs(start.split(b"\n", 1)[0].decode("utf-8", "replace"))
    return found is not None and is_log(found)


def _journal(start: bytes, _: dict[str, Any] | None, __: Record | None) -> bool:
    return start.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP="))


def _otlp(_: bytes, document: dict[str, Any] | None, record: Record | None) -> bool:
    return document is not None and is_otlp(document, logs=record is not None)


def _otlp_document(start: bytes, document: dict[str, Any] | None, record: Record | None) -> bool:
    if document is not None:
        return False
    first = b"".join(start[:256].split())
    asked = REQUESTS if record is None else REQUESTS[:1]
    return any(first.startswith(b'{"%s":[' % name.encode()) for name in asked)


SHAPES: dict[str, ShapeEntry] = {
    "pino": _json(PINO),
    "structlog": _json(STRUCTLOG),
    "journal-json": _json(JOURNAL),
    "docker": ShapeEntry(_docker, DockerLines),
    "logfmt": ShapeEntry(_logfmt, LogfmtLines),
    "journal-export": ShapeEntry(_journal, JournalExport, by_line=False),
    "otlp": ShapeEntry(_otlp, OtlpLines),
    "otlp-document": ShapeEntry(_otlp_document, OtlpDocument, by_line=False, document=True),
}
