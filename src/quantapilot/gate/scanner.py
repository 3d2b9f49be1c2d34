"""The look at one input: a fast pass that proves lines clean, a close look at the rest.

A line is clean when no rule can match it, it conforms to the contract, and it hides nothing
behind a duplicate key. Everything else goes to the inspector. What is found here does not depend
on other inputs, so that parts of one can be looked at by several processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from quantapilot.contract.positions import line_spans
from quantapilot.findings import Finding, Summary
from quantapilot.gate.beginning import Beginning, Beginnings, is_json
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.inputs.blocks import BLOCK_BYTES, Block, Shape, blocks, read_up_to
from quantapilot.inputs.opening import opened
from quantapilot.inputs.rules import INPUT_RULES, InputFaultError
from quantapilot.inputs.sources import open_problem
from quantapilot.inputs.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from quantapilot.contract.grammar import Grammar
    from quantapilot.gate.inspector import Found
    from quantapilot.gate.order import StreamOrder
    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.forms import Form
    from quantapilot.inputs.sources import Source


# What a comment that excuses begins with.
OPENING: Final = b"qp:allow["
# Bytes of a block from which on there are lines to learn from, and more to come to use it on.
_WORTH_A_GRAMMAR = BLOCK_BYTES // 2
# So few bytes are searched sooner than told apart: what tells them apart must be compiled first.
_FEW_BYTES = 4096
# A line that is not proven clean: its number, its bytes, whether it ends, and what was found in
# it where that is known already.
_Suspect = tuple[int, bytes, bool, "Sequence[Found] | None"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes over which a line, or a JSON document, counts as unchecked."""

    line: int = 16 << 20
    document: int = 64 << 20


@dataclass(frozen=True, slots=True, repr=False)
class Remark:
    """A line of plain text that may hold comments which excuse something, and its number."""

    line: int
    data: bytes


# What a look yields, by rising lines of each input.
Piece = Finding | Remark


class Scanner:
    """Looks at inputs one by one, and counts in `counts` what it looked at."""

    def __init__(
        self,
        inspector: Inspector,
        counts: Summary,
        limits: Limits | None = None,
        order: StreamOrder | None = None,
    ) -> None:
        """Take what looks closely, and with `order` what judges the order of events."""
        self.counts = counts
        self.limits = limits or Limits()
        self._inspector = inspector
        self._order = order
        self._grammars: dict[str | None, Grammar] = {}
        self.beginnings = Beginnings(inspector, self.limits.line)
        self._position: Callable[[], int] = int
        self._asked_bytes = 0

    @property
    def judges(self) -> bool:
        """Tell whether documents are held to a contract, rather than only searched."""
        return self._inspector.validator is not None

    def scan(self, source: Source) -> Iterator[Piece]:
        """Yield what is found in an input; what can't be read of it is a finding too."""
        before, size = self.counts.consumed, 0
        try:
            if problem := open_problem(source):
                yield problem
                return
            with opened(source) as stream:
                if stream.seekable():
                    self._position = lambda: before + stream.tell()
                for held in unpacked(source, stream):
                    if isinstance(held, Finding):
                        yield held
                    else:
                        yield from self.content(*held)
                size = self._position() - before
        except InputFaultError as fault:
            yield fault.at(source.label)
        except OSError as error:
            yield _unreadable(source, error)
        finally:
            self._position = int
            self.counts.consumed = before + size

    def rest(
        self, source: Source, stream: Readable, shape: Shape, form: str | None
    ) -> Iterator[Piece]:
        """Yield what is found in some lines of an input whose beginning is known already.

        Their numbers count from 1.

        Args:
            source: The input.
            stream: Gives the lines.
            shape: What the input holds.
            form: The form that it is read as.
        """
        try:
            begun = self.beginnings.of_rest(source, stream, shape, form)
            yield from self._lines(source, begun, begins=False)
        except InputFaultError as fault:
            yield fault.at(source.label)
        except OSError as error:
            yield _unreadable(source, error)

    @cached_property
    def _searching(self) -> Scanner:
        """What searches the fields that a form sets aside."""
        return self._searcher(Summary())

    def _searcher(self, counts: Summary) -> Scanner:
        """Return what searches as this does, and does not ask the contract."""
        inspector = self._inspector
        searching = Inspector(inspector.detector, key=inspector.key, hints=inspector.hints)
        scanner = Scanner(searching, counts, self.limits)
        scanner._position = self._position
        return scanner

    def content(self, source: Source, stream: Readable) -> Iterator[Piece]:
        """Yield what is found in a stream that is an input, or a member of one, unpacked."""
        try:
            yield from self._stream(source, stream)
        except InputFaultError as fault:
            yield fault.at(source.label)
        except OSError as error:
            yield _unreadable(source, error)

    def _stream(self, source: Source, stream: Readable) -> Iterator[Piece]:
        if self._order is not None:
            self._order.begin(source.label)
        counts = self.counts
        begun = self.beginnings.of(source, stream)
        counts.files += source.first == 1
        counts.bytes += begun.passed
        if begun.empty:
            counts.bytes += len(begun.head)
            if source.named:
                yield INPUT_RULES["input/empty"].at(source.label, "there is nothing in it")
            elif source.first == 1:
                counts.files -= 1
                counts.empty += 1
            return
        if begun.shape == "binary":
            counts.files -= 1
            counts.skipped += 1
            if source.named:
                yield INPUT_RULES["input/binary"].at(
                    source.label, "not UTF-8 text: NUL bytes or UTF-16"
                )
            return
        if begun.marked:
            yield INPUT_RULES["input/bom"].at(source.label, "starts with a BOM", line=1, column=1)
        look = self._whole if begun.shape == "json" else self._lines
        yield from look(source, begun)

    def _placed(self, form: Form | None, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Yield what was found in a block where it stands in the input."""
        if form is None:
            yield from pieces
            return
        for _, together in groupby(pieces, lambda piece: piece.line):
            placed = (form.placed(each) if isinstance(each, Finding) else each for each in together)
            yield from sorted([each for each in placed if each is not None], key=_place)

    def _whole(self, source: Source, begun: Beginning) -> Iterator[Finding]:
        line = begun.line
        data = read_up_to(self.limits.document + 1, begun.head, begun.stream)
        self.counts.bytes += len(data)
        if len(data) > self.limits.document:
            limit = f"{self.limits.document >> 20} MiB"
            yield INPUT_RULES["input/line-too-long"].at(
                source.label, f"one JSON document of over {limit}", line=line
            )
            return
        self.counts.documents += 1
        text, problem = _decoded(source.label, data, line)
        if problem and self._inspector.validator is not None:
            yield problem
        looked_at = Text(source.label, text, line, whole=True, kind=source.kind)
        found: Iterator[Finding] = self._inspector.json(looked_at)
        if self._order is not None:
            found = merge(found, self._order.text(looked_at), key=_place)
        yield from found

    def _lines(self, source: Source, begun: Beginning, *, begins: bool = True) -> Iterator[Piece]:
        shape = begun.shape
        if self.judges and shape == "text":
            if source.kind is None and self._inspector.definition is None:
                if begins:
                    yield INPUT_RULES["input/invalid-json"].at(
                        source.label,
                        "no JSON in it: only searched for personal data",
                        line=begun.line,
                    )
                # A line of it that is JSON is no document either.
                yield from self._searcher(self.counts)._lines(source, begun)  # noqa: SLF001
                return
            shape = "jsonl"
        conforms = self._conforms(source.kind) if self.judges else None
        for block in blocks(begun.head, begun.stream, self.limits.line, begun.line):
            if block.too_long:
                self.counts.bytes += block.too_long
                too_long = INPUT_RULES["input/line-too-long"].at(
                    source.label,
                    f"a line of {block.too_long:,} bytes; the limit is {self.limits.line:,}",
                    line=block.line,
                )
                yield from self._placed(begun.form, [too_long])
                continue
            self.counts.bytes += len(block.data)
            self.counts.consumed = self._position() or self.counts.bytes
            if conforms is None:
                lines = self._candidates(block)
            else:
                lines = self._suspects(block, conforms, source.kind)
            found: Iterator[Piece] = self._looked_at(source, shape, lines)
            if begun.aside and (aside := begun.aside(block.line, block.ends + (not block.ended))):
                found = merge(found, self._searching.aside(source, aside, block.line), key=_place)
            if self._order is not None:
                found = merge(found, self._order.lines(block), key=_place)
            # What no file of its own holds excuses nothing: lines of members would be mistaken for
            # each other.
            if shape == "text" and source.path is not None and OPENING in block.data:
                found = merge(_remarks(block), found, key=_place)
            yield from self._placed(begun.form, found)

    def aside(self, source: Source, data: bytes, line: int) -> Iterator[Finding]:
        """Yield the personal data in what a form set aside of some lines, from `line` on."""
        self.counts.bytes += len(data)
        lines = self._candidates(Block(data, line, data.count(b"\n"), ended=False))
        yield from self._looked_at(source, "jsonl", lines)

    def _conforms(self, kind: str | None) -> Callable[[Any], bool]:
        validator, definition = self._inspector.validator, self._inspector.definition
        if validator is None:
            raise ValueError("a gate without a contract judges no documents")
        if definition is not None and "discriminator" not in definition.schema:
            return validator.compiled(definition).is_valid
        if definition is not None:
            return lambda document: validator.is_valid(definition, document)
        return validator.judge(kind)

    def _candidates(self, block: Block) -> Iterator[_Suspect]:
        """Yield the lines of a block that a rule may match, without those that hold nothing."""
        data = block.data
        number, counted = block.line, 0
        for start in self._candidate_lines(data):
            number += data.count(b"\n", counted, start)
            counted = start
            end = data.find(b"\n", start)
            line = data[start : end if end >= 0 else None]
            found = self._searched(line)
            if found is None or found:
                yield number, line, end >= 0, found
        self.counts.documents += block.ends + (not block.ended)

    def _candidate_lines(self, data: bytes) -> Sequence[int]:
        # Not what is counted: that begins anew with each part.
        self._asked_bytes += len(data)
        if self._asked_bytes <= _FEW_BYTES:
            return [start for start, _ in line_spans(data)]
        return self._inspector.detector.candidates(data)

    def _searched(self, line: bytes) -> Sequence[Found] | None:
        """Return what a line holds that is a JSON object without hidden keys, None for others."""
        if line[:1] != b"{":
            return None
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        return self._inspector.search(document) if shows_all(document, line) else None

    def _suspects(
        self, block: Block, conforms: Callable[[Any], bool], kind: str | None
    ) -> Iterator[_Suspect]:
        """Yield the lines of a block that break the contract or hold something."""
        # Searched after the pass over all lines: to and fro between the two would cost each its
        # caches.
        number, counted = block.line, 0
        for start, line, document in self._doubtful(block, conforms, kind):
            found = None if document is None else self._inspector.search(document, kind)
            if found is None or found:
                number += block.data.count(b"\n", counted, start)
                counted = start
                yield number, line, block.ended or start + len(line) < len(block.data), found

    def _doubtful(
        self, block: Block, conforms: Callable[[Any], bool], kind: str | None
    ) -> list[tuple[int, bytes, Any]]:
        """Return the lines of a block that are not proven clean, by their offsets; the hot loop.

        A document comes along where it conforms and need only be searched.
        """
        loads, broken, data = orjson.loads, orjson.JSONDecodeError, block.data
        grammar = self._grammar(block, kind)
        candidates = set(self._candidate_lines(data))
        doubtful: list[tuple[int, bytes, Any]] = []
        blank = 0
        for start, stop in grammar.unproven(data) if grammar else line_spans(data):
            line = data[start:stop]
            document: Any = None
            try:
                document = loads(line)
            except broken:
                if not line.strip():
                    blank += 1
                    candidates.discard(start)
                    continue
            else:
                if type(document) is dict and conforms(document) and shows_all(document, line):
                    if start not in candidates:
                        if grammar:
                            grammar.learn(document)
                        continue
                else:
                    document = None
            candidates.discard(start)
            doubtful.append((start, line, document))
        for start in candidates:
            stop = data.find(b"\n", start)
            line = data[start : stop if stop >= 0 else None]
            doubtful.append((start, line, loads(line)))
        doubtful.sort(key=itemgetter(0))
        self.counts.documents += block.ends + (not block.ended) - blank
        return doubtful

    def _grammar(self, block: Block, kind: str | None) -> Grammar | None:
        """Return the grammar of a kind; none where documents are of a definition by name."""
        validator = self._inspector.validator
        if validator is None or self._inspector.definition is not None:
            return None
        if kind not in self._grammars and len(block.data) >= _WORTH_A_GRAMMAR:
            # Imported here: a few lines are validated sooner than a grammar is learned.
            from quantapilot.contract.grammar import Grammar

            self._grammars[kind] = Grammar(validator, kind)
        return self._grammars.get(kind)

    def _looked_at(
        self, source: Source, shape: Shape, suspects: Iterable[_Suspect]
    ) -> Iterator[Finding]:
        for suspect in suspects:
            yield from self._look(source, shape, suspect)

    def _look(self, source: Source, shape: Shape, suspect: _Suspect) -> Iterator[Finding]:
        number, line, ended, found = suspect
        text, problem = _decoded(source.label, line.rstrip(b"\r"), number)
        if problem and self._inspector.validator is not None:
            yield problem
        looked_at = Text(source.label, text, number, ended=ended, kind=source.kind)
        if found is not None:
            yield from self._inspector.found(looked_at, found)
        elif shape == "jsonl" or (text.lstrip()[:1] in {"{", "["} and is_json(text)):
            yield from self._inspector.json(looked_at)
        else:
            yield from self._inspector.plain(looked_at)


def _place(piece: Piece) -> tuple[int, int]:
    return piece.line or 0, 0 if isinstance(piece, Remark) else piece.column or 0


def _remarks(block: Block) -> Iterator[Remark]:
    """Yield the lines of a block that may excuse something."""
    data, number, counted = block.data, block.line, 0
    at = data.find(OPENING)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        number += data.count(b"\n", counted, start)
        counted = start
        yield Remark(number, data[start : end if end >= 0 else None])
        at = data.find(OPENING, end) if end >= 0 else -1


def _unreadable(source: Source, error: OSError) -> Finding:
    reason = error.strerror or "input/output error"
    return INPUT_RULES["input/unreadable"].at(source.label, f"can't be read: {reason}")


def shows_all(document: Any, line: bytes) -> bool:
    """Tell whether a parsed line lost no duplicate key: each key that stands in it has a colon.

    An escaped colon would deceive the count, so lines with such escapes are not told so.
    """
    try:
        plain = orjson.dumps(document)
    except orjson.JSONEncodeError:
        # It reads deeper documents than it writes; those get the close look.
        return False
    if plain == line:
        return True
    return b"\\u" not in line and plain.count(b":") == line.count(b":")


def _decoded(path: str, data: bytes, line: int) -> tuple[str, Finding | None]:
    """Return the text of some bytes, and the finding where they are not UTF-8."""
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        finding = INPUT_RULES["input/invalid-utf8"].at(
            path,
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            line=line + before.count(b"\n"),
            column=column,
        )
        return data.decode("utf-8", "replace"), finding
