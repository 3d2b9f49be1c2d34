"""The check of inputs: a fast pass that proves lines clean, a close look at the rest.

A line is clean when no rule can match it, it conforms to the contract, and it hides nothing
behind a duplicate key. Everything else goes to the inspector.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from quantapilot.contract.positions import JsonTextError, line_spans, read
from quantapilot.errors import ExitCode
from quantapilot.findings import Finding
from quantapilot.gate.document import Text
from quantapilot.gate.excuses import OPENING
from quantapilot.gate.outcomes import outcome
from quantapilot.inputs.blocks import BLOCK_BYTES, BOM, Block, Opening, Shape, blocks, shape_of
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import Source, open_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from quantapilot.contract.grammar import Grammar
    from quantapilot.findings import Summary
    from quantapilot.gate.excuses import Excuses
    from quantapilot.gate.inspector import Found, Inspector
    from quantapilot.gate.order import StreamOrder


_SNIFFED = 4096
# Bytes of a block from which on there are lines to learn from, and more to come to use it on.
_WORTH_A_GRAMMAR = BLOCK_BYTES // 4
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


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules are reported: patterns such as `pii/*`; nothing selected means all."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __contains__(self, rule: object) -> bool:
        """Tell whether findings of a rule are reported."""
        name = str(rule)
        if any(fnmatchcase(name, pattern) for pattern in self.ignore):
            return False
        return not self.select or any(fnmatchcase(name, pattern) for pattern in self.select)


class Gate:
    """Checks inputs and counts what it checked."""

    def __init__(
        self,
        inspector: Inspector,
        summary: Summary,
        limits: Limits | None = None,
        selection: Selection | None = None,
        excuses: Excuses | None = None,
        *,
        order: StreamOrder | None = None,
    ) -> None:
        self._inspector = inspector
        self._summary = summary
        self._limits = limits or Limits()
        self._selection = selection or Selection()
        self._excuses = excuses
        self._order = order
        self._grammars: dict[str | None, Grammar] = {}

    def check(self, inputs: Iterable[Source | Finding]) -> Iterator[Finding]:
        """Yield the findings of each input, in order; one that can't be read stops no other."""
        for item in inputs:
            self._summary.asked = True
            if isinstance(item, Finding):
                yield from self.report([item])
                continue
            yield from self.report(self._asked(item), item)
            if self._excuses is not None:
                yield from self.report(self._excuses.source_ended(item, self._selection))
        if self._excuses is not None:
            yield from self.report(self._excuses.ended(self._selection))

    def report(
        self, findings: Iterable[Finding], source: Source | None = None
    ) -> Iterator[Finding]:
        """Yield the selected findings that nothing excuses, counted.

        What was not checked is always reported. `source` is the input that they were made in.
        """
        selected = self._selected(findings)
        left = selected if self._excuses is None else self._excuses.left(selected, source)
        for finding in left:
            self._summary.add(finding)
            if (ends := outcome(finding)) is not None:
                self._summary.outcomes.add(ends)
            yield finding

    def _selected(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if finding.rule in self._selection or outcome(finding) is ExitCode.UNCHECKED:
                yield finding

    def _asked(self, source: Source) -> Iterator[Finding]:
        """Yield the findings that a source is asked about: on all its lines, or on some.

        A finding without a line is about the whole file. What was not checked is always reported.
        """
        if source.lines is None:
            yield from self._source(source)
            return
        asked = []
        for finding in self._source(source):
            if finding.line is None or finding.line in source.lines or finding.unchecked:
                asked.append(finding)
            elif self._excuses is not None and finding.rule in self._selection:
                # What stood there before uses up what the baseline accepts of it.
                self._excuses.left_out(finding)
        yield from asked

    def _source(self, source: Source) -> Iterator[Finding]:
        try:
            if problem := open_problem(source):
                yield problem
                return
            with _opened(source) as stream:
                yield from self._stream(source, stream)
        except OSError as error:
            yield INPUT_RULES["input/unreadable"].at(
                source.label, f"can't be read: {error.strerror or 'input/output error'}"
            )

    def _stream(self, source: Source, stream: BinaryIO) -> Iterator[Finding]:
        if self._order is not None:
            self._order.begin(source.label)
        head = stream.read(BLOCK_BYTES)
        marked = head.startswith(BOM)
        head = head.removeprefix(BOM)
        self._summary.files += 1
        self._summary.bytes += len(BOM) * marked
        line, head, more = self._behind_blanks(head, stream)
        if not (more or head.strip()):
            self._summary.bytes += len(head)
            if source.named:
                yield INPUT_RULES["input/empty"].at(source.label, "there is nothing in it")
            else:
                self._summary.files -= 1
                self._summary.empty += 1
            return
        shape = shape_of(source.label, head, opening_of(head))
        if shape == "binary":
            self._summary.files -= 1
            self._summary.skipped += 1
            if source.named:
                yield INPUT_RULES["input/binary"].at(
                    source.label, "not UTF-8 text: NUL bytes or UTF-16"
                )
            return
        if marked:
            yield INPUT_RULES["input/bom"].at(source.label, "starts with a BOM", line=1, column=1)
        if shape == "json":
            yield from self._whole(source, head, stream, line)
        else:
            yield from self._lines(source, head, stream, shape, line)

    def _behind_blanks(self, head: bytes, stream: BinaryIO) -> tuple[int, bytes, bool]:
        """Return what follows the blank lines at the start.

        The number of its first line, its head, and whether it goes on although the head is blank.
        """
        line = 1
        while not head.strip() and len(head) <= self._limits.line:
            cut = head.rfind(b"\n") + 1
            line += head.count(b"\n")
            more = stream.read(BLOCK_BYTES)
            if not more:
                return line, head, False
            self._summary.bytes += cut
            head = head[cut:] + more
        return line, head, not head.strip()

    def _whole(self, source: Source, head: bytes, stream: BinaryIO, line: int) -> Iterator[Finding]:
        data = head + stream.read(max(0, self._limits.document - len(head)) + 1)
        self._summary.bytes += len(data)
        if len(data) > self._limits.document:
            limit = f"{self._limits.document >> 20} MiB"
            yield INPUT_RULES["input/line-too-long"].at(
                source.label, f"one JSON document of over {limit}", line=line
            )
            return
        self._summary.documents += 1
        text, problem = _decoded(source.label, data, line)
        if problem and self._inspector.validator is not None:
            yield problem
        looked_at = Text(source.label, text, line, whole=True, kind=source.kind)
        found: Iterator[Finding] = self._inspector.json(looked_at)
        if self._order is not None:
            found = merge(found, self._order.text(looked_at), key=_place)
        yield from found

    def _lines(
        self, source: Source, head: bytes, stream: BinaryIO, shape: Shape, first: int
    ) -> Iterator[Finding]:
        validated = self._inspector.validator is not None
        if validated and shape == "text":
            if source.kind is None and self._inspector.definition is None:
                yield INPUT_RULES["input/invalid-json"].at(
                    source.label, "no JSON in it: only searched for personal data", line=first
                )
                validated = False
            else:
                shape = "jsonl"
        conforms = self._conforms(source.kind) if validated else None
        for block in blocks(head, stream, self._limits.line, first):
            if block.too_long:
                self._summary.bytes += block.too_long
                yield INPUT_RULES["input/line-too-long"].at(
                    source.label,
                    f"a line of {block.too_long:,} bytes; the limit is {self._limits.line:,}",
                    line=block.line,
                )
                continue
            self._summary.bytes += len(block.data)
            if shape == "text" and self._excuses is not None and OPENING in block.data:
                yield from self._excuses.read(source, block.data, block.line)
            if conforms is None:
                lines = self._candidates(block)
            else:
                lines = self._suspects(block, conforms, source.kind)
            found = self._looked_at(source, shape, lines)
            if self._order is not None:
                found = merge(found, self._order.lines(block), key=_place)
            yield from found

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
        self._summary.documents += block.ends + (not block.ended)

    def _candidate_lines(self, data: bytes) -> Sequence[int]:
        if self._summary.bytes <= _FEW_BYTES:
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
        self._summary.documents += block.ends + (not block.ended) - blank
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
        elif shape == "jsonl" or (text.lstrip()[:1] in {"{", "["} and _is_json(text)):
            yield from self._inspector.json(looked_at)
        else:
            yield from self._inspector.plain(looked_at)


def _place(finding: Finding) -> tuple[int, int]:
    return finding.line or 0, finding.column or 0


def _opened(source: Source) -> BinaryIO:
    if source.data is not None:
        return io.BytesIO(source.data)
    return sys.stdin.buffer if source.path is None else source.path.open("rb")


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


def opening_of(head: bytes) -> Opening:
    """Return what a file begins with: a line of JSON, a longer JSON document, or neither."""
    start = head.lstrip()
    line = start.split(b"\n", 1)[0]
    if _is_json(line):
        return "line"
    if start[:1] not in {b"{", b"["}:
        return "other"
    try:
        read(start[:_SNIFFED].decode("utf-8", "replace"))
    except JsonTextError as error:
        broken_at_once = error.reason == "syntax" and error.offset < len(line)
        return "other" if broken_at_once else "document"
    return "document"


def _is_json(text: str | bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict | list)
    except orjson.JSONDecodeError:
        return False
