"""The inspector: the close look at one text, after the fast pass could not prove it clean.

It reads the text with places, asks the contract and the detector about every value and every
key, and makes the findings. Nothing of a matched value leaves it: excerpts are masked with all
matches of the document, and keys that match are masked in pointers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.catalog import pointer_of
from quantapilot.contract.positions import JsonTextError, Lines, Node, read
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import RuleTimeoutError
from quantapilot.findings import Finding, fingerprint
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.pii.mask import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.contract.catalog import Definition, Field
    from quantapilot.contract.positions import Pointer
    from quantapilot.contract.validator import Validator, Violation
    from quantapilot.pii.detector import Detector, Match

_JSON = {"syntax": "invalid-json", "end": "truncated", "depth": "too-deep"}
_MIN_ECHO = 3
_BLANKS = " \t\r\n"
# A text to judge, the name it stands under, its data class.
_Value = tuple[str, str, str]
_OPENING = frozenset("{[")
# Below it every float is written with all its digits.
_EXACT = 1e15


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be looked at: where it stands, and how it is to be read."""

    path: str
    text: str
    line: int = 1
    ended: bool = True
    whole: bool = False
    kind: str | None = None


@dataclass(slots=True, repr=False)
class _Hit:
    """What the detector found in one text of a document: a value, a key or a plain line."""

    node: Node | None
    text: str
    offset: int
    pointer: Pointer
    matches: Sequence[Match]
    nested: bool = False


@dataclass(slots=True)
class _Document:
    """One JSON value of a text, on its way to findings."""

    source: Text
    lines: Lines
    nodes: Sequence[Node]
    value: Any = None
    definition: Definition | None = None
    violations: Sequence[Violation] = ()
    shown_keys: dict[str, str] = field(default_factory=dict)


class Inspector:
    """Looks closely at texts, with a contract or, as `qp scan` does, for personal data only.

    Args:
        detector: Finds personal data.
        validator: Judges documents by the contract; None leaves the contract out.
        definition: Takes every document as this definition instead of recognising it.
        key: Secret for fingerprints over values; without it they cover the place only.
    """

    def __init__(
        self,
        detector: Detector,
        validator: Validator | None = None,
        definition: Definition | None = None,
        key: bytes | None = None,
    ) -> None:
        self.detector = detector
        self.validator = validator
        self.definition = definition
        self._key = key

    def holds_nothing(self, value: Any, kind: str | None = None) -> bool:
        """Tell whether a parsed document that conforms and hides no key holds no personal data.

        It asks what `json` asks, without places: most candidate lines end here. In doubt it says
        no, as for numbers that are not written as they were.
        """
        root: Field | None = None
        if self.validator is not None:
            definition = self.definition or self.validator.recognise(value, kind).definition
            if definition is not None and isinstance(value, dict):
                definition = self.validator.branch(definition, value).definition
            root = self.validator.contract.fields(definition) if definition else None
        values: list[_Value] = []
        if not self._gather(value, "", root, values):
            return False
        asked = self.detector.asked([text for text, _, _ in values])
        find = self.detector.find
        try:
            for (text, name, data_class), among in zip(values, asked, strict=True):
                if (among or name) and find(text, name=name, data_class=data_class, among=among):
                    return False
        except RuleTimeoutError:
            return False
        return True

    def _gather(self, value: Any, name: str, described: Field | None, out: list[_Value]) -> bool:
        """Add what must be judged in a value to `out`; False where only places would tell."""
        if isinstance(value, dict):
            for key, below in value.items():
                known = described.below(key) if described else None
                if known is None and self.detector.find_in_name(key):
                    return False
                if not self._gather(below, key, known, out):
                    return False
            return True
        if isinstance(value, list):
            items = described.items if described else None
            return all(self._gather(below, name, items, out) for below in value)
        name, data_class = _judged_as(name, described)
        told = True
        if isinstance(value, str):
            out.append((value, name, data_class))
            told = data_class != "text" or value.lstrip()[:1] not in _OPENING
        elif data_class == "text" and value is not None and not isinstance(value, bool):
            out.append((str(value), name, data_class))
            told = isinstance(value, int) or abs(value) < _EXACT
        return told

    def plain(self, source: Text, start: int = 0) -> Iterator[Finding]:
        """Yield what a text that is no JSON holds, from the offset `start` on."""
        lines = Lines(source.text, source.line)
        text = source.text[start:]
        try:
            matches = self.detector.find(text)
        except RuleTimeoutError as error:
            line, _ = lines.place(start)
            yield INPUT_RULES["input/rule-timeout"].at(source.path, str(error), line=line)
            return
        yield from self._pii(_Document(source, lines, ()), [_Hit(None, text, start, (), matches)])

    def json(self, source: Text) -> Iterator[Finding]:
        """Yield what a JSON text breaks and holds; `source.whole` reads it as one document."""
        lines = Lines(source.text, source.line)
        position, first = 0, True
        while source.text[position:].strip(_BLANKS):
            try:
                nodes, end = read(source.text, position)
            except JsonTextError as error:
                yield self._not_json(source, lines, error, first=first)
                yield from self.plain(source, position)
                return
            if not first:
                yield _at(
                    "input/two-documents",
                    "another JSON value follows the first",
                    source,
                    lines.place(nodes[0].start),
                )
            for part in _documents(nodes) if source.whole else [nodes]:
                yield from self._document(_Document(source, lines, part))
            position, first = end, False

    def value(self, value: Any, definition: Definition, path: str) -> list[Finding]:
        """Return what an already parsed value breaks and holds as this definition."""
        text = orjson.dumps(value).decode()
        nodes, _ = read(text)
        document = _Document(Text(path, text, whole=True), Lines(text), nodes, value)
        if self.validator is not None:
            self._judge(document, self.validator, definition)
        return list(self._findings(document))

    def _not_json(
        self, source: Text, lines: Lines, error: JsonTextError, *, first: bool
    ) -> Finding:
        rule = _JSON[error.reason]
        if rule == "truncated" and source.ended and not source.whole:
            rule = "invalid-json"
        if rule == "invalid-json" and not first:
            rule = "two-documents"
        return _at(f"input/{rule}", f"not JSON: {error}", source, lines.place(error.offset))

    def _document(self, document: _Document) -> Iterator[Finding]:
        root = document.nodes[0]
        text = document.source.text[root.start : root.end]
        try:
            document.value = orjson.loads(text.encode("utf-8", "surrogatepass"))
            fault = None
        except orjson.JSONDecodeError as error:
            fault = error
        yield from self._malformed(document, fault)
        if self.validator is not None and fault is None:
            if root.kind == "object" or self.definition is not None:
                self._recognise(document, self.validator)
            else:
                yield _at(
                    "input/not-an-object",
                    f"expected a JSON object, found {_article(root.kind)}",
                    document.source,
                    document.lines.place(root.start),
                    pointer_of(root.pointer),
                )
        yield from self._findings(document)

    def _malformed(
        self, document: _Document, fault: orjson.JSONDecodeError | None
    ) -> Iterator[Finding]:
        source, lines = document.source, document.lines
        for node in document.nodes:
            if node.duplicate and node.key_at is not None:
                message = "this key stands twice in one object"
                place, pointer = lines.place(node.key_at), self._shown(document, node.pointer)
                yield _at("input/duplicate-key", message, source, place, pointer)
        numbers = [node for node in document.nodes if node.kind == "number"]
        infinite = [node for node in numbers if not math.isfinite(float(node.text))]
        for node in infinite:
            message = "a number that JSON does not have, or that no double can hold"
            place, pointer = lines.place(node.start), self._shown(document, node.pointer)
            yield _at("input/number", message, source, place, pointer)
        if fault is not None and not infinite:
            place = lines.place(document.nodes[0].start + fault.pos)
            yield _at("input/invalid-json", f"not JSON: {fault.msg}", source, place)

    def _recognise(self, document: _Document, validator: Validator) -> None:
        if self.definition is not None:
            self._judge(document, validator, self.definition)
            return
        recognised = validator.recognise(document.value, document.source.kind)
        document.definition = recognised.definition
        if recognised.violation is not None:
            document.violations = [recognised.violation]
        elif recognised.definition is not None:
            self._judge(document, validator, recognised.definition)

    def _judge(self, document: _Document, validator: Validator, definition: Definition) -> None:
        if isinstance(document.value, dict):
            recognised = validator.branch(definition, document.value)
            if recognised.definition is None:
                document.violations = [recognised.violation] if recognised.violation else []
                return
            definition = recognised.definition
        document.definition = definition
        document.violations = list(validator.violations(definition, document.value))

    def _findings(self, document: _Document) -> Iterator[Finding]:
        try:
            hits = list(self._hits(document))
        except RuleTimeoutError as error:
            place = document.lines.place(document.nodes[0].start)
            yield _at("input/rule-timeout", str(error), document.source, place)
            hits = []
        found = [*self._contract(document), *self._pii(document, hits)]
        yield from sorted(found, key=lambda f: (f.line or 0, f.column or 0, f.rule))

    def _hits(self, document: _Document) -> Iterator[_Hit]:
        top = len(document.nodes[0].pointer)
        root = self._root(document)
        broken = {violation.pointer for violation in document.violations}
        values: list[tuple[_Value, Node, bool]] = []
        for node in document.nodes:
            inner = node.pointer[top:]
            described = _field(root, inner)
            if node.key_at is not None and described is None:
                key = str(node.pointer[-1])
                if matches := self.detector.find_in_name(key):
                    yield _Hit(node, key, node.key_at + 1, node.pointer, matches)
            proven = described if inner not in broken else None
            values += _values(node, *_judged_as(node.name, proven))
        asked = self.detector.asked([text for (text, _, _), _, _ in values])
        for ((text, name, data_class), node, nested), among in zip(values, asked, strict=True):
            matches = self.detector.find(text, name=name, data_class=data_class, among=among)
            if matches:
                offset = node.start + (node.kind == "string" and not nested)
                yield _Hit(node, text, offset, node.pointer, matches, nested)

    def _root(self, document: _Document) -> Field | None:
        if document.definition is None or self.validator is None:
            return None
        return self.validator.contract.fields(document.definition)

    def _contract(self, document: _Document) -> Iterator[Finding]:
        places = {node.pointer: node for node in document.nodes}
        top = document.nodes[0].pointer
        for violation in document.violations:
            pointer = (*top, *violation.pointer)
            node = places.get(pointer) or places[top]
            at = node.key_at if violation.rule == "contract/unknown-field" else None
            line, column = document.lines.place(node.start if at is None else at)
            yield CONTRACT_RULES[violation.rule].at(
                document.source.path,
                violation.message,
                line=line,
                column=column,
                pointer=self._shown(document, pointer),
            )

    def _pii(self, document: _Document, hits: Sequence[_Hit]) -> Iterator[Finding]:
        echoes = sorted(
            {
                (hit.text[m.start : m.end], m.rule.pii_class)
                for hit in hits
                for m in hit.matches
                if m.end - m.start >= _MIN_ECHO
            },
            key=lambda echo: -len(echo[0]),
        )
        for hit in hits:
            spans = [(m.start, m.end, m.rule.pii_class) for m in hit.matches]
            for match in hit.matches:
                yield self._finding(document, hit, match, spans, echoes)

    def _finding(
        self,
        document: _Document,
        hit: _Hit,
        match: Match,
        spans: Sequence[tuple[int, int, str]],
        echoes: Sequence[tuple[str, str]],
    ) -> Finding:
        rule, value = match.rule, hit.text[match.start : match.end]
        shown = excerpt(hit.text, spans, match.start)
        for echo, label in echoes:
            shown = shown.replace(echo, f"<{label}>")
        pointer = None
        offset = hit.offset
        if hit.node is not None:
            pointer = self._shown(document, hit.pointer)
            if hit.pointer:
                shown = f"{self._shown_key(document, hit.pointer[-1])}: {shown}"
            plain = hit.node.end - hit.node.start - 2 * (hit.node.kind == "string")
            if not hit.nested and len(hit.node.text) == plain:
                offset += match.start
        else:
            offset += match.start
        line, column = document.lines.place(offset)
        message = rule.description + (" inside a JSON string" if hit.nested else "")
        place = f"{pointer or ''} {shown}"
        return Finding(
            rule=rule.id,
            category="pii",
            pii_class=rule.pii_class,
            severity=rule.severity,
            path=document.source.path,
            line=line,
            column=column,
            pointer=pointer,
            message=message,
            excerpt=shown,
            fingerprint=fingerprint(
                self._key, rule=rule.id, path=document.source.path, place=place, value=value
            ),
            help=rule.fix,
        )

    def _shown(self, document: _Document, pointer: Pointer) -> str:
        """Return a pointer as it may be shown: keys that hold personal data are masked in it."""
        return pointer_of(tuple(self._shown_key(document, part) for part in pointer))

    def _shown_key(self, document: _Document, part: str | int) -> str | int:
        if isinstance(part, int):
            return part
        shown = document.shown_keys.get(part)
        if shown is None:
            matches = self.detector.find_in_name(part)
            shown = f"<{matches[0].rule.pii_class}>" if matches else part
            document.shown_keys[part] = shown
        return shown


def _judged_as(name: str, described: Field | None) -> tuple[str, str]:
    """Return the name and the data class that a value is judged by: a described one by its class.

    The contract's lint has judged the names in it already.
    """
    if described is not None and described.data_class:
        return "", described.data_class
    return name, "text"


def _at(
    rule: str, message: str, source: Text, place: tuple[int, int], pointer: str | None = None
) -> Finding:
    line, column = place
    return INPUT_RULES[rule].at(source.path, message, line=line, column=column, pointer=pointer)


def _documents(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """Yield the elements of a top-level array as documents of their own; else the value itself."""
    if nodes[0].kind != "array":
        yield nodes
        return
    starts = [at for at, node in enumerate(nodes) if len(node.pointer) == 1]
    for start, end in zip(starts, [*starts[1:], len(nodes)], strict=False):
        yield nodes[start:end]


def _field(root: Field | None, pointer: Pointer) -> Field | None:
    for part in pointer:
        if root is None:
            return None
        root = root.below(part)
    return root


def _values(node: Node, name: str, data_class: str) -> Iterator[tuple[_Value, Node, bool]]:
    """Yield what must be judged in a node, and whether it stands in a JSON string within it."""
    if node.kind == "number" and data_class == "text":
        yield (node.text, name, data_class), node, False
    elif node.kind == "string":
        nested = _nested(node.text) if data_class == "text" else None
        if nested is None:
            yield (node.text, name, data_class), node, False
        for inner in nested or ():
            if inner.key_at is not None:
                yield (str(inner.pointer[-1]), "", "text"), node, True
            if inner.kind in {"string", "number"}:
                yield (inner.text, inner.name or name, "text"), node, True


def _nested(text: str) -> Sequence[Node] | None:
    """Return the nodes of a string that is itself a JSON object or array."""
    if text.lstrip()[:1] not in _OPENING:
        return None
    try:
        nodes, end = read(text)
    except JsonTextError:
        return None
    return nodes if not text[end:].strip() else None


def _article(kind: str) -> str:
    return {"array": "an array", "object": "an object"}.get(kind, f"a {kind}")
