"""The beginning of an input: what it holds, and how the rest of it is read.

Its name and its first bytes decide whether it is lines of JSON, a document, text or binary, a form
such as a table, or the shape of another tool's log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from quantapilot.contract.positions import JsonTextError, read
from quantapilot.inputs.blocks import BLOCK_BYTES, BOM, Opening, Shape, read_up_to, shape_of
from quantapilot.inputs.forms import FORMS, form_name, open_form
from quantapilot.inputs.unpacking import bare_name
from quantapilot.shapes import LONGEST, by_line, is_document, is_shape, open_shape, shape_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.gate.inspector import Inspector
    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.forms import Form
    from quantapilot.inputs.sources import Source
    from quantapilot.shapes.record import Record

_SNIFFED = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Beginning:
    """What a stream begins with, once it is read as `form` says.

    `line` is the number of the first line in `head`, `passed` how many bytes stood before it,
    `marked` whether they begin with a byte order mark, `more` whether the stream goes on although
    the head is blank. `form` reads the stream, which is the one of that name, and `by_line` tells
    whether each line of it stands for itself. `aside` returns what a form sets aside of some lines,
    by the number of the first one and how many they are.
    """

    stream: Readable
    head: bytes
    line: int
    shape: Shape
    passed: int = 0
    form: Form | None = None
    form_name: str | None = None
    marked: bool = False
    more: bool = False
    by_line: bool = True
    aside: Callable[[int, int], bytes] | None = None

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing in the stream."""
        return not (self.more or self.head.strip())


class Beginnings:
    """Tells what streams begin with, by the contract that their documents are held to."""

    def __init__(self, inspector: Inspector, most_line: int) -> None:
        """Take who looks closely, and the bytes up to which a line is looked at."""
        self._inspector = inspector
        self._judges = inspector.validator is not None
        self._most_line = most_line
        self._records: dict[str | None, Record | None] = {}

    def of(self, source: Source, stream: Readable) -> Beginning:
        """Return what an opened input begins with.

        Raises:
            InputFaultError: It is damaged, or needs what is not installed.
            OSError: It can't be read.
        """
        head = stream.read(BLOCK_BYTES)
        name = form_name(source.label, head, judged=self._judges)
        name = name or self._shape_name(source, head)
        if name is not None and is_document(name):
            head = read_up_to(LONGEST + 1, head, stream)
            name = name if len(head) <= LONGEST else None
        lined = name is None or _by_line(name)
        if source.first > 1 and not lined:
            name = None
        form, aside = self._opened(source, name, head, stream) if name else (None, None)
        lines: Readable = form or stream
        if form is not None:
            head = form.read(BLOCK_BYTES)
        marked = head.startswith(BOM)
        line, passed, head, more = self._behind_blanks(head.removeprefix(BOM), lines)
        shape = "jsonl" if form else shape_of(bare_name(source.label), head, opening_of(head))
        passed += len(BOM) * marked
        line += source.first - 1
        return Beginning(lines, head, line, shape, passed, form, name, marked, more, lined, aside)

    def of_rest(
        self, source: Source, stream: Readable, shape: Shape, name: str | None
    ) -> Beginning:
        """Return the beginning of some later lines of an input, read as its own one told.

        Raises:
            InputFaultError: It is damaged, or needs what is not installed.
            OSError: It can't be read.
        """
        form, aside = None, None
        if name:
            form, aside = self._opened(source, name, stream.read(BLOCK_BYTES), stream)
        lines: Readable = form or stream
        return Beginning(lines, lines.read(BLOCK_BYTES), 1, shape, form=form, aside=aside)

    def _shape_name(self, source: Source, head: bytes) -> str | None:
        if self._judges and self._record(source.kind) is None:
            return None
        return shape_name(bare_name(source.label), head, lambda: self._record(source.kind))

    def _opened(
        self, source: Source, name: str, head: bytes, stream: Readable
    ) -> tuple[Form, Callable[[int, int], bytes] | None]:
        """Return an input as a form of that name reads it, and what it sets aside."""
        if not is_shape(name):
            return open_form(name, head, stream), None
        form = open_shape(name, head, stream, self._record(source.kind), source.first)
        return form, form.aside

    def _record(self, kind: str | None) -> Record | None:
        """Return the log record that documents of a kind are held to, if they are held to one."""
        validator = self._inspector.validator
        if validator is None:
            return None
        if kind not in self._records:
            # Imported here: a search needs no contract.
            from quantapilot.shapes.record import record_of

            found = record_of(validator.contract, self._inspector.definition, kind)
            self._records[kind] = found
        return self._records[kind]

    def _behind_blanks(self, head: bytes, stream: Readable) -> tuple[int, int, bytes, bool]:
        """Return what follows the blank lines at the start.

        The number of its first line, how many bytes were passed, its head, and whether it goes on
        although the head is blank.
        """
        line, passed = 1, 0
        while not head.strip() and len(head) <= self._most_line:
            cut = head.rfind(b"\n") + 1
            line += head.count(b"\n")
            more = stream.read(BLOCK_BYTES)
            if not more:
                return line, passed, head, False
            passed += cut
            head = head[cut:] + more
        return line, passed, head, not head.strip()


def opening_of(head: bytes) -> Opening:
    """Return what a file begins with: a line of JSON, a longer JSON document, or neither."""
    start = head.lstrip()
    line = start.split(b"\n", 1)[0]
    if is_json(line):
        return "line"
    if start[:1] not in {b"{", b"["}:
        return "other"
    try:
        read(start[:_SNIFFED].decode("utf-8", "replace"))
    except JsonTextError as error:
        broken_at_once = error.reason == "syntax" and error.offset < len(line)
        return "other" if broken_at_once else "document"
    return "document"


def is_json(text: str | bytes) -> bool:
    """Tell whether a text is a JSON object or array."""
    try:
        return isinstance(orjson.loads(text), dict | list)
    except orjson.JSONDecodeError:
        return False


def _by_line(form: str) -> bool:
    return by_line(form) if is_shape(form) else FORMS[form].by_line
