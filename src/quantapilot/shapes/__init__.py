"""Log shapes: how other tools write log records, and how those are read as the contract's.

The first line of an input tells its shape; a line that is not of it is looked at as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.inputs.blocks import Readable
    from quantapilot.shapes.form import ShapeForm
    from quantapilot.shapes.record import Record

_BOM: Final = b"\xef\xbb\xbf"
# What the first line of a shape holds somewhere: quick to ask, and seldom true of another input.
_CHANCES = lazy(
    rb'"(?:msg|event|MESSAGE|log|resourceLogs|resourceSpans|resourceMetrics)"[ \t\r\n]*:'
    rb"|^(?:__CURSOR|__REALTIME_TIMESTAMP)=|(?:^|[ \t])(?:level|lvl)=",
)
_SUFFIXES: Final = frozenset(
    {"", "err", "export", "journal", "json", "jsonl", "log", "logfmt", "ndjson", "out", "txt"}
)
# As much of an input as tells the shape of a document.
_BEGINS = 4096
# More is read neither as a record nor as a document of a shape, but as it is.
LONGEST: Final = 16 << 20


def shape_name(name: str, head: bytes, record: Callable[[], Record | None]) -> str | None:
    """Return the name of the shape of an input; None where it is read as it is.

    Args:
        name: The input's name, without what tells that it is compressed.
        head: Its first bytes.
        record: Returns the contract's log record; None where records are not judged.
    """
    last = name.replace("\\", "/").rpartition("/")[2].lower()
    suffix = last.rpartition(".")[2] if "." in last else ""
    if suffix not in _SUFFIXES and not suffix.isdecimal():
        return None
    start = head.removeprefix(_BOM).lstrip()
    line = start.split(b"\n", 1)[0]
    if not _CHANCES.search(start[:_BEGINS] if line.strip() == b"{" else line):
        return None
    # Imported here: most inputs have no shape.
    from quantapilot.shapes.opening import SHAPES, parsed

    document, held = parsed(line), record()
    found = (name for name, each in SHAPES.items() if each.recognised(start, document, held))
    return next(found, None)


def is_shape(name: str) -> bool:
    """Tell whether a form is a shape."""
    from quantapilot.shapes.opening import SHAPES

    return name in SHAPES


def by_line(name: str) -> bool:
    """Tell whether each line of a shape stands for itself."""
    from quantapilot.shapes.opening import SHAPES

    return SHAPES[name].by_line


def is_document(name: str) -> bool:
    """Tell whether an input of a form is one document, and read as a whole."""
    from quantapilot.shapes.opening import SHAPES

    return name in SHAPES and SHAPES[name].document


def open_shape(
    name: str, head: bytes, stream: Readable, record: Record | None, first: int = 1
) -> ShapeForm:
    """Return an input as its shape is read.

    Args:
        name: The shape.
        head: The bytes that were read of the input already.
        stream: Gives the rest.
        record: The contract's log record; None where records are not judged.
        first: The number of the first line.
    """
    from quantapilot.shapes.form import ShapeForm
    from quantapilot.shapes.opening import SHAPES

    return ShapeForm(SHAPES[name].opened(record), head, stream, first)
