"""The order of whole runs in what is checked: all inputs of a call are one stream of events.

An event takes part where its type and its run can be read, whatever else is wrong with it: a
broken line must not have good ones told behind it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.positions import JsonTextError, Lines, pointer_of, read
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import RuleTimeoutError
from quantapilot.gate.document import Document, Text
from quantapilot.gate.inspector import documents
from quantapilot.gate.masking import Masking
from quantapilot.gate.outline import Outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.contract.copies import Copies, Copy
    from quantapilot.contract.order import Break, Order
    from quantapilot.contract.positions import Node, Pointer
    from quantapilot.findings import Finding
    from quantapilot.gate.inspector import Inspector
    from quantapilot.inputs.blocks import Block
    from quantapilot.pii.mask import Excerpt


@dataclass(frozen=True, slots=True)
class _Told:
    """What is wrong with an event: the rule, where in the event, and in words.

    `known_as` are the words without what moves, such as line numbers.
    """

    rule: str
    place: tuple[str, ...]
    message: str
    known_as: str | None = None


class StreamOrder:
    """Holds the events of all inputs to the order of their runs, and makes the findings."""

    def __init__(self, order: Order, copies: Copies, inspector: Inspector) -> None:
        """Take what judges.

        Args:
            order: Judges the order.
            copies: Judges whether an event tells of one run only.
            inspector: Knows what may be shown of an event.
        """
        self._order = order
        self._differing = copies.differing
        self._places = order.places | copies.places
        self._inspector = inspector
        # The inputs so far, and in how many lines of the stream each begins.
        self._paths: list[str] = []
        self._begins: list[int] = []
        self._last = 0

    def begin(self, path: str) -> None:
        """Begin another input."""
        self._paths.append(path)
        self._begins.append(self._last)

    def lines(self, block: Block) -> Iterator[Finding]:
        """Yield the faults of a block of lines, each with one document."""
        first = self._begins[-1] + block.line
        self._last = first + block.ends
        take, differing = self._order.take, self._differing
        loads, broken = orjson.loads, orjson.JSONDecodeError
        for at, line in zip(count(first), block.data.split(b"\n"), strict=False):
            try:
                event = loads(line)
            except broken:
                if line.strip():
                    yield from self.text(self._text(line, at))
                continue
            if type(event) is not dict:
                continue
            fault, copy = take(event, at), differing(event)
            if fault is not None or copy is not None:
                text = self._text(line, at)
                yield from self._findings(text, read(text.text)[0], fault, copy)

    def text(self, text: Text) -> Iterator[Finding]:
        """Yield the faults of the documents in a text, as far as it can be read."""
        begins = self._begins[-1]
        lines = Lines(text.text, text.line)
        for nodes in _documents(text):
            at = begins + lines.place(nodes[0].start)[0]
            self._last = max(self._last, at)
            event = self._event(text, nodes)
            fault, copy = self._order.take(event, at), self._differing(event)
            yield from self._findings(text, nodes, fault, copy)

    def _text(self, line: bytes, at: int) -> Text:
        number = at - self._begins[-1]
        return Text(self._paths[-1], line.decode("utf-8", "replace"), number)

    def _event(self, text: Text, nodes: Sequence[Node]) -> dict[str, Any]:
        """Return an event; where no parser takes it, what counts of it is known by its nodes."""
        top = nodes[0]
        try:
            parsed: dict[str, Any] = orjson.loads(text.text[top.start : top.end])
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            return self._pieced(nodes)
        return parsed

    def _pieced(self, nodes: Sequence[Node]) -> dict[str, Any]:
        top = nodes[0].pointer
        event: dict[str, Any] = {}
        for node in nodes:
            place = node.pointer[len(top) :]
            if place in self._places and node.kind in {"string", "number"}:
                inside = event
                for key in place[:-1]:
                    inside = inside.setdefault(str(key), {})
                inside[str(place[-1])] = node.text
        return event

    def _findings(
        self, text: Text, nodes: Sequence[Node], fault: Break | None, copy: Copy | None
    ) -> Iterator[Finding]:
        if copy is not None:
            yield self._finding(text, nodes, _Told("contract/copy", (copy.name,), copy.told))
        if fault is not None:
            told = fault.text(self._where(fault.at))
            yield self._finding(
                text, nodes, _Told("contract/order", fault.place, told, fault.text())
            )

    def _finding(self, text: Text, nodes: Sequence[Node], told: _Told) -> Finding:
        pointer = (*nodes[0].pointer, *told.place)
        # Of a key that stands twice the last value counts.
        node = next((each for each in reversed(nodes) if each.pointer == pointer), nodes[0])
        document = Document(text, Lines(text.text, text.line), nodes)
        place = document.lines.place(node.start)
        try:
            document.hits = list(self._inspector.hits(document))
        except RuleTimeoutError:
            return self._at(text, told, place, pointer)
        keys = Masking(document, self._inspector.detector).key
        return self._at(text, told, place, pointer, Outline(nodes, keys).around(node, "value"))

    def _at(
        self,
        text: Text,
        told: _Told,
        place: tuple[int, int],
        pointer: Pointer,
        shown: Excerpt | None = None,
    ) -> Finding:
        return CONTRACT_RULES[told.rule].at(
            text.path,
            told.message,
            line=place[0],
            column=place[1],
            pointer=pointer_of(pointer),
            excerpt=shown.text if shown else None,
            caret=(shown.start, shown.length) if shown else None,
            known_as=told.known_as,
        )

    def _where(self, at: int) -> str:
        """Return where an event stands, as a message says it behind its type."""
        source = bisect_right(self._begins, at - 1) - 1
        number = at - self._begins[source]
        here = source == len(self._paths) - 1
        return f" at line {number}" if here else f" at {self._paths[source]}:{number}"


def _documents(text: Text) -> Iterator[Sequence[Node]]:
    """Yield the nodes of each document in a text, up to where it can't be read."""
    position = 0
    while text.text[position:].strip():
        try:
            nodes, position = read(text.text, position)
        except JsonTextError:
            return
        for each in documents(nodes) if text.whole else [nodes]:
            if each[0].kind == "object":
                yield each
