"""The inspector: the close look at one text, after the fast pass could not prove it clean.

It reads the text with places, asks the contract and the detector about every value and every
key, and makes the findings. Without a contract it searches only: how a text is written is then
no fault, and what can't be read as JSON is searched as plain text.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.positions import JsonTextError, Lines, Node, pointer_of, read, span
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import RuleTimeoutError
from quantapilot.gate.document import Document, Hit, Text
from quantapilot.gate.masking import Masking
from quantapilot.gate.neighbours import tells_names, told_name
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.pii.fold import base64_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.contract.catalog import Definition, Field
    from quantapilot.contract.positions import Pointer
    from quantapilot.contract.validator import Validator
    from quantapilot.findings import Finding
    from quantapilot.gate.outline import Focus, Outline
    from quantapilot.pii.detector import Detector, Match
    from quantapilot.pii.mask import Excerpt

_JSON = {"syntax": "invalid-json", "end": "truncated", "depth": "too-deep"}
_KINDS = {"array": "an array", "string": "a string", "number": "a number"}
# What JSON within a string begins with, and base64 of it.
_OPENING = frozenset('{["')
_OPENING_CODED = frozenset("eWI")
# How many strings deep JSON is opened.
_STRINGS_DEEP = 4
_BLANKS = " \t\r\n"
# Below it every float is written with all its digits.
_EXACT = 1e15
# How deep the fast pass follows a document; deeper ones get the close look.
_SHALLOW = 64

# A text to judge, the name it stands under, its data class.
_Value = tuple[str, str, str]
# The same with the nodes on the way to it, and whether it is the last one's key.
_Placed = tuple[_Value, "tuple[Node, ...]", bool]
# Where a value stands, the value, and what holds in it.
Found = tuple["Pointer", str, "list[Match]"]


class Inspector:
    """Looks closely at texts, with a contract or, as `qp scan` does, for personal data only.

    Args:
        detector: Finds personal data.
        validator: Judges documents by the contract; None leaves the contract out.
        definition: Takes every document as this definition instead of recognising it.
        key: Secret for fingerprints over values; without it they cover the place only.
        hints: Whether findings bring ready-to-use repairs.
    """

    def __init__(
        self,
        detector: Detector,
        validator: Validator | None = None,
        definition: Definition | None = None,
        key: bytes | None = None,
        *,
        hints: bool = False,
    ) -> None:
        self.detector = detector
        self.validator = validator
        self.definition = definition
        self.key = key
        self.hints = hints

    def search(self, value: Any, kind: str | None = None) -> list[Found] | None:
        """Return what a parsed document holds that conforms and hides no key.

        It asks what `json` asks, without places: most candidate lines end here, with nothing.
        None means that the text itself must be read, as where a string holds JSON in turn.
        """
        root: Field | None = None
        if self.validator is not None:
            definition = self.definition or self.validator.recognise(value, kind).definition
            if definition is not None and isinstance(value, dict):
                definition = self.validator.branch(definition, value).definition
            root = self.validator.contract.fields(definition) if definition else None
        values: list[tuple[_Value, Pointer]] = []
        if not self._gather(value, (), "", root, values):
            return None
        asked = self.detector.asked([text for (text, _, _), _ in values])
        found: list[Found] = []
        find = self.detector.find
        try:
            for ((text, name, data_class), pointer), among in zip(values, asked, strict=True):
                if among is None or among or name:
                    matches = find(text, name=name, data_class=data_class, among=among)
                    if matches:
                        found.append((pointer, text, matches))
        except RuleTimeoutError:
            return None
        return found

    def found(self, source: Text, found: Sequence[Found]) -> list[Finding]:
        """Return the findings of what `search` found in the document that a text holds."""
        if self.hints:
            # They need the document's definition.
            return list(self.json(source))
        hits: list[Hit] = []
        for pointer, text, matches in found:
            start, end = span(source.text, pointer)
            quote = source.text[start] == '"'
            exact = len(text) == end - start - 2 * quote
            hits.append(Hit(text, start + quote, matches, pointer, exact))
        document = Document(source, Lines(source.text, source.line), hits=hits)
        findings = Masking(document, self.detector, self.key).findings()
        return sorted(findings, key=lambda each: (each.line or 0, each.column or 0, each.rule))

    def plain(self, source: Text, start: int = 0) -> Iterator[Finding]:
        """Yield what a text that is no JSON holds, from the offset `start` on."""
        lines = Lines(source.text, source.line)
        text = source.text[start:]
        try:
            matches = self.detector.find(text)
        except RuleTimeoutError as error:
            yield _at("input/rule-timeout", str(error), source, lines.place(start))
            return
        document = Document(source, lines, hits=[Hit(text, start, matches)])
        yield from Masking(document, self.detector, self.key, self._ids(document)).findings()

    def json(self, source: Text) -> Iterator[Finding]:
        """Yield what a JSON text breaks and holds; `source.whole` reads it as one document."""
        lines = Lines(source.text, source.line)
        position, first = 0, True
        while source.text[position:].strip(_BLANKS):
            try:
                nodes, end = read(source.text, position)
            except JsonTextError as error:
                if self.validator is not None:
                    yield self._not_json(source, lines, error, first=first)
                yield from self.plain(source, position)
                return
            if not first and self.validator is not None:
                place = lines.place(nodes[0].start)
                message = "another JSON value follows the first"
                yield _at("input/two-documents", message, source, place)
            for part in documents(nodes) if source.whole else [nodes]:
                yield from self._document(Document(source, lines, part))
            position, first = end, False

    def value(self, value: Any, definition: Definition, path: str) -> list[Finding]:
        """Return what an already parsed value breaks and holds as this definition."""
        text = orjson.dumps(value).decode()
        nodes, _ = read(text)
        document = Document(Text(path, text, whole=True), Lines(text), nodes, value)
        if self.validator is not None:
            self._judge(document, self.validator, definition)
        return self._findings(document, None)

    def _not_json(
        self, source: Text, lines: Lines, error: JsonTextError, *, first: bool
    ) -> Finding:
        rule = _JSON[error.reason]
        if rule == "truncated" and source.ended and not source.whole:
            rule = "invalid-json"
        if rule == "invalid-json" and not first:
            rule = "two-documents"
        return _at(f"input/{rule}", f"not JSON: {error}", source, lines.place(error.offset))

    def _document(self, document: Document) -> list[Finding]:
        root = document.nodes[0]
        text = document.source.text[root.start : root.end]
        fault: orjson.JSONDecodeError | None = None
        try:
            document.value = orjson.loads(text.encode("utf-8", "surrogatepass"))
        except orjson.JSONDecodeError as error:
            fault = error
        found: list[Finding] = []
        if self.validator is not None and fault is None:
            if root.kind == "object" or self.definition is not None:
                self._recognise(document, self.validator)
            else:
                message = f"expected a JSON object, found {_KINDS.get(root.kind, 'a literal')}"
                place, pointer = document.lines.place(root.start), pointer_of(root.pointer)
                found.append(_at("input/not-an-object", message, document.source, place, pointer))
        return [*found, *self._findings(document, fault)]

    def _recognise(self, document: Document, validator: Validator) -> None:
        if self.definition is not None:
            self._judge(document, validator, self.definition)
            return
        recognised = validator.recognise(document.value, document.source.kind)
        document.definition = recognised.definition
        if recognised.violation is not None:
            document.violations = [recognised.violation]
        elif recognised.definition is not None:
            self._judge(document, validator, recognised.definition)

    def _judge(self, document: Document, validator: Validator, definition: Definition) -> None:
        if isinstance(document.value, dict):
            recognised = validator.branch(definition, document.value)
            if recognised.definition is None:
                document.violations = [recognised.violation] if recognised.violation else []
                return
            definition = recognised.definition
        document.definition = definition
        document.violations = list(validator.violations(definition, document.value))

    def _findings(self, document: Document, fault: orjson.JSONDecodeError | None) -> list[Finding]:
        found: list[Finding] = []
        try:
            document.hits = list(self.hits(document))
        except RuleTimeoutError as error:
            place = document.lines.place(document.nodes[0].start)
            found.append(_at("input/rule-timeout", str(error), document.source, place))
        masking = Masking(document, self.detector, self.key, self._ids(document))
        if self.validator is not None:
            found += self._malformed(document, masking, fault)
            found += self._contract(document, masking)
        found += masking.findings()
        return sorted(found, key=lambda each: (each.line or 0, each.column or 0, each.rule))

    def _ids(self, document: Document) -> Callable[[Pointer], str] | None:
        """Return what tells of a value's place which fields beside it may carry an id instead."""
        if not self.hints:
            return None
        from quantapilot.gate.hints import carries_ids

        if document.definition is None or self.validator is None:
            return lambda _: ""
        root = self.validator.contract.fields(document.definition)
        top = len(document.nodes[0].pointer)
        beside: dict[Pointer, list[str]] = {}
        for node in document.nodes:
            if node.pointer:
                beside.setdefault(node.pointer[:-1], []).append(str(node.pointer[-1]))
        return lambda pointer: carries_ids(root, pointer[top:-1], beside.get(pointer[:-1], ()))

    def _malformed(
        self, document: Document, masking: Masking, fault: orjson.JSONDecodeError | None
    ) -> Iterator[Finding]:
        source, lines, root = document.source, document.lines, document.nodes[0]
        outline = _outline(document, masking)
        infinite = False
        for node in document.nodes:
            if node.duplicate and node.key_at is not None:
                message = "this key stands twice in one object"
                place, pointer = lines.place(node.key_at), masking.pointer(node.pointer)
                shown = outline().around(node, "key")
                yield _at("input/duplicate-key", message, source, place, pointer, shown=shown)
            if node.kind == "number" and not math.isfinite(float(node.text)):
                infinite = True
                message = "a number that JSON does not have, or that no double can hold"
                place, pointer = lines.place(node.start), masking.pointer(node.pointer)
                shown = outline().around(node, "value")
                yield _at("input/number", message, source, place, pointer, shown=shown)
        if fault is not None and not infinite:
            place = lines.place(root.start + fault.pos)
            yield _at("input/invalid-json", f"not JSON: {fault.msg}", source, place)

    def _contract(self, document: Document, masking: Masking) -> Iterator[Finding]:
        places = {node.pointer: node for node in document.nodes}
        top = document.nodes[0].pointer
        outline = _outline(document, masking)
        for violation in document.violations:
            pointer = (*top, *violation.pointer)
            node = places.get(pointer) or places[top]
            unknown = violation.rule == "contract/unknown-field" and node.key_at is not None
            focus: Focus = "key" if unknown else "value"
            if violation.rule in {"contract/missing-field", "contract/unknown-document"}:
                focus = "inside"
            shown = outline().around(node, focus)
            key = pointer[-1] if pointer else 0
            hint = violation.hint if masking.key(key) == key else ""
            start = node.key_at if unknown and node.key_at is not None else node.start
            line, column = document.lines.place(start)
            yield CONTRACT_RULES[violation.rule].at(
                document.source.path,
                violation.message + hint,
                line=line,
                column=column,
                pointer=masking.pointer(pointer),
                excerpt=shown.text,
                caret=(shown.start, shown.length),
            )

    def hits(self, document: Document) -> Iterator[Hit]:
        """Yield what the values and keys of a document with nodes hold.

        Raises:
            RuleTimeoutError: A rule did not finish.
        """
        top = len(document.nodes[0].pointer)
        root: Field | None = None
        if document.definition is not None and self.validator is not None:
            root = self.validator.contract.fields(document.definition)
        broken = {violation.pointer for violation in document.violations}
        values: list[_Placed] = []
        before: Node | None = None
        for node in document.nodes:
            inner = node.pointer[top:]
            described = _field(root, inner)
            if node.key_at is not None and described is None:
                key = str(node.pointer[-1])
                if matches := self.detector.find_in_name(key):
                    yield Hit(key, node.key_at + 1, matches, node.pointer, path=(node,), key=True)
            proven = described if inner not in broken else None
            values += _values(node, *_judged_as(told_name(before, node) or node.name, proven))
            before = node
        asked = self.detector.asked([value[0] for value, _, _ in values])
        told: set[tuple[int, str]] = set()
        for (value, path, is_key), among in zip(values, asked, strict=True):
            (text, name, data_class), node, deeper = value, path[0], len(path) > 1
            matches = self.detector.find(text, name=name, data_class=data_class, among=among)
            if deeper:
                # Base64 is searched as it stands too.
                matches = [each for each in matches if (node.start, each.rule.id) not in told]
            if matches:
                told |= {(node.start, each.rule.id) for each in matches if not deeper}
                quote = node.kind == "string" and not deeper
                plain = len(node.text) == node.end - node.start - 2 * quote
                exact = plain and not deeper
                offset = node.start + quote
                yield Hit(text, offset, matches, node.pointer, exact, deeper, path, is_key)

    def _gather(
        self,
        value: Any,
        pointer: Pointer,
        name: str,
        described: Field | None,
        out: list[tuple[_Value, Pointer]],
    ) -> bool:
        """Add what must be judged in a value to `out`; False where only the text would tell."""
        if isinstance(value, dict):
            if len(pointer) > _SHALLOW or tells_names(value):
                return False
            for key, below in value.items():
                known = described.below(key) if described else None
                if known is None and self.detector.find_in_name(key):
                    return False
                if not self._gather(below, (*pointer, key), key, known, out):
                    return False
            return True
        if isinstance(value, list):
            items = described.items if described else None
            return (
                len(pointer) <= _SHALLOW
                and not tells_names(value)
                and all(
                    self._gather(below, (*pointer, at), name, items, out)
                    for at, below in enumerate(value)
                )
            )
        name, data_class = _judged_as(name, described)
        told = True
        if isinstance(value, str):
            if self.detector.searches(data_class):
                out.append(((value, name, data_class), pointer))
            told = data_class != "text" or not _may_open(value)
        elif data_class == "text" and value is not None and not isinstance(value, bool):
            out.append(((str(value), name, data_class), pointer))
            told = isinstance(value, int) or abs(value) < _EXACT
        return told


def _judged_as(name: str, described: Field | None) -> tuple[str, str]:
    """Return the name and the data class that a value is judged by: a described one by its class.

    The contract's lint has judged the names in it already.
    """
    if described is not None and described.data_class:
        return "", described.data_class
    return name, "text"


def _at(
    rule: str,
    message: str,
    source: Text,
    place: tuple[int, int],
    pointer: str | None = None,
    *,
    shown: Excerpt | None = None,
) -> Finding:
    line, column = place
    return INPUT_RULES[rule].at(
        source.path,
        message,
        line=line,
        column=column,
        pointer=pointer,
        excerpt=shown.text if shown else None,
        caret=(shown.start, shown.length) if shown else None,
    )


def _outline(document: Document, masking: Masking) -> Callable[[], Outline]:
    """Return what makes the document's outline when it is first asked for."""

    @cache
    def made() -> Outline:
        # Imported here: most documents break nothing.
        from quantapilot.gate.outline import Outline

        return Outline(document.nodes, masking.key)

    return made


def documents(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
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


def _values(node: Node, name: str, data_class: str, depth: int = 0) -> Iterator[_Placed]:
    """Yield what must be judged in a node, and the way there through JSON in strings."""
    if node.kind == "number" and data_class == "text":
        yield (node.text, name, data_class), (node,), False
    elif node.kind == "string":
        opens = data_class == "text" and depth < _STRINGS_DEEP and _may_open(node.text)
        decoded = base64_text(node.text) if opens else None
        inside = nested(decoded or node.text) if opens else None
        if inside is None or decoded is not None:
            yield (node.text, name, data_class), (node,), False
        for inner in inside or ():
            if inner.key_at is not None:
                yield (str(inner.pointer[-1]), "", "text"), (node, inner), True
            for value, path, key in _values(inner, inner.name or name, "text", depth + 1):
                yield value, (node, *path), key


def _may_open(text: str) -> bool:
    """Tell whether a string may hold JSON, as it is or in base64."""
    return text.lstrip()[:1] in _OPENING or (
        text[:1] in _OPENING_CODED and base64_text(text) is not None
    )


def nested(text: str) -> Sequence[Node] | None:
    """Return the nodes of a string that is itself JSON: an object, an array or a string."""
    if text.lstrip()[:1] not in _OPENING:
        return None
    try:
        nodes, end = read(text)
    except JsonTextError:
        return None
    return nodes if not text[end:].strip() else None
