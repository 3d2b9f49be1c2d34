"""Redaction: texts with every found value replaced, so that a scan of what comes out is clean.

Values are replaced where they stand: all else of a text stays as it was written, and JSON stays
JSON. What was written is searched again until nothing is found; what resists is replaced in
larger and larger parts, at last as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.positions import JsonTextError, Lines, read, string_offsets
from quantapilot.gate.document import Document, Text
from quantapilot.gate.inspector import documents, nested
from quantapilot.gate.pseudonym import placeholder
from quantapilot.pii.fold import base64_text
from quantapilot.pii.mask import merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.contract.positions import Node, Pointer
    from quantapilot.gate.check import Selection
    from quantapilot.gate.document import Hit
    from quantapilot.gate.inspector import Inspector
    from quantapilot.inputs.blocks import Shape

DROPPED = "<redacted>"
# Rounds in which spans are replaced, and after them those in which whole values and lines are.
_ROUNDS_OF_SPANS = 4
_ROUNDS = 8
_BLANKS = " \t\r\n"
# What a byte that is no UTF-8 is read as, and what the rules see of it.
_LOST = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")
_PLACEHOLDER = re.compile(r"<(?:email|phone|name|token|national_id|ip)(?:#[a-z]+|-key)>")


@dataclass(frozen=True, slots=True, repr=False)
class Edit:
    """A part of a text that is replaced; `pii_class` is that of the value found in it."""

    start: int
    end: int
    new: str
    pii_class: str | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text after redaction, and for each value that was replaced its line and its class."""

    data: bytes
    values: Sequence[tuple[int, str]]


class Redaction:
    """Replaces what an inspector without a contract finds in texts.

    Args:
        inspector: Finds what is to be replaced.
        selection: The rules that count.
        key: Secret for pseudonyms; without it values are replaced by their class alone.
    """

    def __init__(
        self, inspector: Inspector, selection: Selection, key: bytes | None = None
    ) -> None:
        self._inspector = inspector
        self._selection = selection
        self._key = key

    def redacted(self, data: bytes, shape: Shape, *, line: int = 1) -> Redacted:
        """Return a line, or with the shape `json` a whole document, without what is found in it.

        Args:
            data: The text, without the end of the line.
            shape: What the input is that it comes from.
            line: The number of its first line.

        Raises:
            RuleTimeoutError: A rule did not finish on it.
        """
        text = data.decode("utf-8", "surrogateescape")
        values: list[tuple[int, str]] = []
        for number in range(_ROUNDS):
            edits = self._edits(text, shape, whole=number >= _ROUNDS_OF_SPANS)
            if not edits:
                break
            lines = Lines(text, line)
            values += [
                (lines.place(edit.start)[0], edit.pii_class) for edit in edits if edit.pii_class
            ]
            text = _applied(text, edits)
        else:
            text = dropped(text)
        written = text.encode("utf-8", "surrogateescape")
        read_by_scan = written.decode("utf-8", "replace")
        if len(read_by_scan) != len(text) and self._edits(read_by_scan, shape, whole=False):
            # Bytes that are no UTF-8 are read one by one here, and in groups there.
            written = dropped(text).encode()
        return Redacted(written, values)

    def _edits(self, text: str, shape: Shape, *, whole: bool) -> Sequence[Edit]:
        shown = text if text.isascii() else text.translate(_LOST)
        edits, complete, container = self._in_json(text, shown, shape, whole=whole)
        if complete and (container or shape != "text"):
            return edits or ([] if container else self._in_text(text, shown, whole=whole))
        # A scan reads such a line as JSON or as plain text, by the name of the file it is in.
        return self._in_text(text, shown, whole=whole) or edits

    def _in_json(
        self, text: str, shown: str, shape: Shape, *, whole: bool
    ) -> tuple[Sequence[Edit], bool, bool]:
        """Return the edits of JSON values, whether they are all there is, and one container."""
        edits: list[Edit] = []
        position, count, kind = 0, 0, ""
        lines, strings = Lines(shown), _Strings(shown)
        source = Text("", shown, whole=shape == "json")
        while shown[position:].strip(_BLANKS):
            try:
                nodes, end = read(shown, position)
            except JsonTextError as error:
                if error.reason == "depth":
                    # No parser of its depth tells what is a number and what is in a string.
                    found = [each.pii_class for each in self._plain(text, shown, 0, whole=True)]
                    whole_text = Edit(0, len(text), dropped(text), found[0] if found else None)
                    return [whole_text] if found else [], True, True
                if position:
                    edits += self._plain(text, shown, position, whole=whole)
                return _in_order(edits), False, False
            for part in documents(nodes) if source.whole else [nodes]:
                for hit in self._inspector.hits(Document(source, lines, part)):
                    edits += self._of_hit(strings, hit, whole=whole)
            if edits or "<" in shown:
                edits += _renamed(strings, nodes, ())
            position, count, kind = end, count + 1, nodes[0].kind
        return _in_order(edits), True, count == 1 and kind in {"object", "array"}

    def _in_text(self, text: str, shown: str, *, whole: bool) -> Sequence[Edit]:
        return _in_order(self._plain(text, shown, 0, whole=whole))

    def _plain(self, text: str, shown: str, start: int, *, whole: bool) -> Iterator[Edit]:
        matches = self._inspector.detector.find(shown[start:])
        spans = merge(
            (start + each.start, start + each.end, each.rule.pii_class)
            for each in matches
            if each.rule.id in self._selection
        )
        for begin, end, label in spans:
            if whole:
                first = text.rfind("\n", 0, begin) + 1
                last = text.find("\n", end)
                yield Edit(first, last if last >= 0 else len(text), DROPPED, label)
            else:
                yield Edit(begin, end, placeholder(label, shown[begin:end], self._key), label)

    def _of_hit(self, strings: _Strings, hit: Hit, *, whole: bool) -> Iterator[Edit]:
        matches = [each for each in hit.matches if each.rule.id in self._selection]
        if not matches:
            return
        outer = hit.path[0]
        spans = merge((each.start, each.end, each.rule.pii_class) for each in matches)
        offsets = None if whole else _offsets(strings, hit)
        if offsets is not None:
            for start, end, label in spans:
                new = self._placeholder(label, hit.text[start:end], key=hit.key)
                yield Edit(offsets[start], offsets[end], _escaped(new, len(hit.path) - 1), label)
            return
        label = spans[0][2]
        new = self._placeholder(label, hit.text, key=hit.key)
        if hit.key and outer.key_at is not None and len(hit.path) == 1:
            offsets = strings.offsets((), outer.key_at)
            yield Edit(offsets[0], offsets[-1], new, label)
        elif outer.kind == "number" or whole or _coded(outer):
            yield Edit(outer.start, outer.end, f'"{new}"', label)
        else:
            # A number in a string that is JSON.
            inner = hit.path[-1]
            places = strings.inside(hit.path[:-1])
            quoted = _escaped(f'"{new}"', len(hit.path) - 1)
            yield Edit(places[inner.start], places[inner.end], quoted, label)

    def _placeholder(self, label: str, value: str, *, key: bool) -> str:
        if key and self._key is None:
            # A key `<email>` would be a field's name, under which any value counts as an address.
            return f"<{label}-key>"
        return placeholder(label, value, self._key)


def dropped(text: str) -> str:
    """Return what stands for a text of which nothing may stay: JSON where the text is JSON."""
    try:
        value: Any = orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        kind = text.lstrip()[:1]
        value = {"{": {}, "[": []}.get(kind)
        if value is None or not _reads(text):
            return DROPPED
    if isinstance(value, dict):
        return f'{{"redacted":"{DROPPED}"}}'
    return f'["{DROPPED}"]' if isinstance(value, list) else f'"{DROPPED}"'


def _reads(text: str) -> bool:
    try:
        _, end = read(text)
    except JsonTextError as error:
        return error.reason == "depth"
    return not text[end:].strip(_BLANKS)


def _offsets(strings: _Strings, hit: Hit) -> Sequence[int] | None:
    """Return where the characters of a hit's text stand in the source; None where they do not."""
    if not hit.path:
        return None
    last = hit.path[-1]
    if _coded(hit.path[0]) and len(hit.path) > 1:
        return None
    if hit.key:
        return None if last.key_at is None else strings.offsets(hit.path[:-1], last.key_at)
    return strings.offsets(hit.path[:-1], last.start) if last.kind == "string" else None


class _Strings:
    """Where the characters of strings, and of strings in strings, stand in a text.

    A string in which many others are found is followed through its escapes once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._followed: dict[tuple[int, ...], Sequence[int]] = {}

    def offsets(self, path: Sequence[Node], quote: int) -> Sequence[int]:
        """Return where each character of a string stands in the text, and last where it ends.

        Args:
            path: The strings that it stands in, outermost first.
            quote: Where it begins in the last of them, or in the text.
        """
        places = self.inside(path)
        return [places[at] for at in string_offsets(path[-1].text if path else self._text, quote)]

    def inside(self, path: Sequence[Node]) -> Sequence[int]:
        """Return where each character of the last of some strings stands in the text."""
        if not path:
            return range(len(self._text) + 1)
        starts = tuple(node.start for node in path)
        if starts not in self._followed:
            self._followed[starts] = self.offsets(path[:-1], path[-1].start)
        return self._followed[starts]


def _coded(node: Node) -> bool:
    return node.kind == "string" and base64_text(node.text) is not None


def _escaped(new: str, depth: int) -> str:
    for _ in range(depth):
        new = orjson.dumps(new).decode()[1:-1]
    return new


def _renamed(strings: _Strings, nodes: Sequence[Node], path: tuple[Node, ...]) -> Iterator[Edit]:
    """Yield new names for keys that became alike by redaction, in strings that are JSON too."""
    taken: dict[Pointer, set[str]] = {}
    numbers: dict[tuple[Pointer, str], int] = {}
    for node in nodes:
        if node.duplicate and node.key_at is not None:
            name = str(node.pointer[-1])
            if found := _PLACEHOLDER.search(name):
                if not taken:
                    for each in nodes:
                        taken.setdefault(each.pointer[:-1], set()).add(str(each.pointer[-1:]))
                parent = node.pointer[:-1]
                number = numbers.get((parent, name), 2)
                while True:
                    label = f"{found[0][:-1]}-{number}>"
                    number += 1
                    new = name[: found.start()] + label + name[found.end() :]
                    if str((new,)) not in taken[parent]:
                        break
                numbers[parent, name] = number
                taken[parent].add(str((new,)))
                places = strings.offsets(path, node.key_at)
                yield Edit(places[found.start()], places[found.end()], label)
        elif node.kind == "string" and "<" in node.text and not _coded(node):
            yield from _renamed(strings, nested(node.text) or (), (*path, node))


def _in_order(edits: Iterator[Edit] | Sequence[Edit]) -> list[Edit]:
    """Return edits in order of place, of overlapping ones the one that begins first, widened."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda each: (each.start, -each.end)):
        if kept and edit.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Edit(last.start, max(last.end, edit.end), last.new, last.pii_class)
        else:
            kept.append(edit)
    return kept


def _applied(text: str, edits: Sequence[Edit]) -> str:
    out: list[str] = []
    position = 0
    for edit in edits:
        out += [text[position : edit.start], edit.new]
        position = edit.end
    return "".join([*out, text[position:]])
