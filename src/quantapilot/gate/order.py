"""The order of whole runs in what is checked: all inputs of a call are one stream of events.

An event takes part where its type and its run can be read, whatever else is wrong with it: a
broken line must not have good ones told behind it.
"""

from __future__ import annotations

from bisect import bisect_right
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

    from quantapilot.contract.order import Break, Order
    from quantapilot.contract.positions import Node, Pointer
    from quantapilot.findings import Finding
    from quantapilot.gate.inspector import Inspector
    from quantapilot.inputs.blocks import Block
    from quantapilot.pii.mask import Excerpt


class StreamOrder:
    """Holds the events of all inputs to the order of their runs, and makes the findings."""

    def __init__(self, order: Order, inspector: Inspector) -> None:
        """Take what judges the order, and what knows what may be shown of an event."""
        self._order = order
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
        take, loads, broken = self._order.take, orjson.loads, orjson.JSONDecodeError
        for at, line in zip(count(first), block.data.split(b"\n"), strict=False):
            try:
                event = loads(line)
            except broken:
                if line.strip():
                    yield from self.text(self._text(line, at))
                continue
            if type(event) is dict and (fault := take(event, at)) is not None:
                text = self._text(line, at)
                yield self._finding(text, read(text.text)[0], fault)

    def text(self, text: Text) -> Iterator[Finding]:
        """Yield the faults of the documents in a text, as far as it can be read."""
        begins = self._begins[-1]
        lines = Lines(text.text, text.line)
        for nodes in _documents(text):
            at = begins + lines.place(nodes[0].start)[0]
            self._last = max(self._last, at)
            if (fault := self._order.take(self._event(nodes), at)) is not None:
                yield self._finding(text, nodes, fault)

    def _text(self, line: bytes, at: int) -> Text:
        number = at - self._begins[-1]
        return Text(self._paths[-1], line.decode("utf-8", "replace"), number)

    def _event(self, nodes: Sequence[Node]) -> dict[str, Any]:
        """Return what counts of an event that is known by its nodes."""
        top = nodes[0].pointer
        event: dict[str, Any] = {}
        for node in nodes:
            place = node.pointer[len(top) :]
            if place in self._order.places and node.kind in {"string", "number"}:
                inside = event
                for key in place[:-1]:
                    inside = inside.setdefault(str(key), {})
                inside[str(place[-1])] = node.text
        return event

    def _finding(self, text: Text, nodes: Sequence[Node], fault: Break) -> Finding:
        pointer = (*nodes[0].pointer, *fault.place)
        node = next((each for each in nodes if each.pointer == pointer), nodes[0])
        document = Document(text, Lines(text.text, text.line), nodes)
        place = document.lines.place(node.start)
        try:
            document.hits = list(self._inspector.hits(document))
        except RuleTimeoutError:
            return self._at(text, fault, place, pointer)
        keys = Masking(document, self._inspector.detector).key
        return self._at(text, fault, place, pointer, Outline(nodes, keys).around(node, "value"))

    def _at(
        self,
        text: Text,
        fault: Break,
        place: tuple[int, int],
        pointer: Pointer,
        shown: Excerpt | None = None,
    ) -> Finding:
        return CONTRACT_RULES["contract/order"].at(
            text.path,
            fault.text(self._where(fault.at)),
            line=place[0],
            column=place[1],
            pointer=pointer_of(pointer),
            excerpt=shown.text if shown else None,
            caret=(shown.start, shown.length) if shown else None,
            known_as=fault.text(),
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
