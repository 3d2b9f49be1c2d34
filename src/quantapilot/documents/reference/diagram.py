"""The order of a run as a picture: states from left to right, as far as they are from the start.

Lines only lead from one column to another, each with its events written where it meets the state on
its right; what leaves a state as it is stands in the state. So nothing covers anything, whatever
the lifecycle. The table beside it says the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantapilot.documents.reference.anchors import link
from quantapilot.documents.reference.markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from quantapilot.documents.reference.markup import Child
    from quantapilot.documents.reference.model import Order

_MOST_STATES = 16
_MOST_EVENTS = 4
_LINE = 16.0
_CHAR = 6.7
_PADDING = 12.0
_BETWEEN = 28.0
_ROOM = 56.0
_START = ""


@dataclass(slots=True)
class _Box:
    """A state in the picture, or the dot that a run begins at."""

    name: str
    stays: tuple[str, ...] = ()
    last: bool = False
    left: list[_Line] = field(default_factory=list)
    right: list[_Line] = field(default_factory=list)
    beside: list[_Line] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        if self.name == _START:
            return 14.0
        longest = max(len(self.name) * 1.15, *map(len, self.stays), 6)
        return longest * _CHAR + 2 * _PADDING

    @property
    def height(self) -> float:
        if self.name == _START:
            return 14.0
        own = _LINE * (1 + len(self.stays)) + (8 if self.stays else 0) + 2 * _PADDING
        sides = [sum(map(_room, self.left)), len(self.right) * _LINE + 8, len(self.beside) * 40.0]
        return max(own, *sides, 40.0)


@dataclass(slots=True)
class _Line:
    """The events that lead from one state to another."""

    source: _Box
    target: _Box
    events: list[str]
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        more = len(self.events) - _MOST_EVENTS
        kept = self.events[: _MOST_EVENTS - 1] if more > 0 else self.events
        return [*kept, f"{more + 1} more"] if more > 0 else list(kept)

    @property
    def width(self) -> float:
        return max(map(len, self.words)) * _CHAR


def diagram(order: Order, short: Callable[[str], str], label: str, arrow: str) -> Markup | None:
    """Return the picture as SVG, or None where there are too many states to see anything.

    Args:
        order: How a run goes.
        short: Returns the name that an event has in the picture.
        label: What the picture shows, for those who do not see it.
        arrow: The id that its arrowhead takes in the page.
    """
    if len(order.states) > _MOST_STATES:
        return None
    columns = _columns(order)
    lines = _lines(order, {box.name: box for column in columns for box in column}, short)
    width, height = _placed(columns, lines)
    layers = {id(box): at for at, column in enumerate(columns) for box in column}
    drawn = [_drawn(line, layers, f"url({link(arrow)})") for line in lines]
    states = [_state(box) for column in columns for box in column]
    return element(
        "svg", _arrow(arrow), *drawn, *states,
        role="img", aria_label=label, viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}", height=f"{height:.0f}",
    )  # fmt: skip


def _arrow(anchor: str) -> Markup:
    head = element(
        "marker", element("path", d="M0 0 8 4 0 8z"),
        id=anchor, viewBox="0 0 8 8", refX="7", refY="4", markerWidth="8", markerHeight="8",
        orient="auto",
    )  # fmt: skip
    return element("defs", head)


def _columns(order: Order) -> list[list[_Box]]:
    """Return the states by their distance from the start; those that nothing leads to come last."""
    on = {state.name: [to for _, to in state.on] for state in order.states}
    far: dict[str, int] = {}
    near = [state for _, state in order.start]
    distance = 1
    while near:
        far.update({name: distance for name in near if name not in far})
        near = [to for name in near for to in on[name] if to not in far]
        distance += 1
    columns: dict[int, list[_Box]] = defaultdict(list, {0: [_Box(_START)]})
    for state in order.states:
        columns[far.get(state.name, distance)].append(_Box(state.name, last=state.last))
    return [columns[at] for at in sorted(columns)]


def _lines(order: Order, boxes: Mapping[str, _Box], short: Callable[[str], str]) -> list[_Line]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event, to in order.start:
        found[_START, to].append(short(event))
    for state in order.states:
        for event, to in state.on:
            found[state.name, to].append(short(event))
    for (name, to), events in found.items():
        if name == to:
            boxes[name].stays = tuple(events)
    return [
        _Line(boxes[name], boxes[to], events)
        for (name, to), events in found.items()
        if name != to
    ]  # fmt: skip


def _placed(columns: Sequence[Sequence[_Box]], lines: Iterable[_Line]) -> tuple[float, float]:
    """Give every state its place and every line its ends; return the size of the picture."""
    layers = {id(box): at for at, column in enumerate(columns) for box in column}
    for line in lines:
        first, second = layers[id(line.source)], layers[id(line.target)]
        if first == second:
            line.source.beside.append(line)
            line.target.beside.append(line)
            continue
        left, right = _sides(line, layers)
        left.right.append(line)
        right.left.append(line)
    heights = [sum(b.height for b in c) + _BETWEEN * (len(c) - 1) for c in columns]
    height, x = max(heights) + 2 * _BETWEEN, 4.0
    for column, tall in zip(columns, heights, strict=True):
        labels = [line.width for box in column for line in box.left]
        x += (max(labels) + _ROOM) if labels else 0.0
        y = (height - tall) / 2
        for box in column:
            box.x, box.y = x, y
            y += box.height + _BETWEEN
        beside = [line.width for box in column for line in box.beside]
        x += max(box.width for box in column) + (max(beside) + _ROOM if beside else 0.0)
    for box in (box for column in columns for box in column):
        _ports(box, layers)
    return x + 4.0, height


def _ports(box: _Box, layers: Mapping[int, int]) -> None:
    """Give the lines of a state their ends at its sides, in the order of where they come from."""
    at = box.y + (box.height - sum(map(_room, box.left))) / 2
    for line in sorted(box.left, key=lambda each: _sides(each, layers)[0].y):
        at += _room(line)
        line.ends["right"] = (box.x, at - 6)
    step = box.height / (len(box.right) + 1)
    ordered = sorted(box.right, key=lambda each: (_sides(each, layers)[1].y, each.target is box))
    for number, line in enumerate(ordered, 1):
        line.ends["left"] = (box.x + box.width, box.y + step * number)
    for number, line in enumerate(box.beside, 1):
        end = "from" if line.source is box else "to"
        y = box.y + box.height / (len(box.beside) + 1) * number
        line.ends[end] = (box.x + box.width, y)


def _drawn(line: _Line, layers: Mapping[int, int], arrow: str) -> Markup:
    if "from" in line.ends:
        (x1, y1), (x2, y2) = line.ends["from"], line.ends["to"]
        out = max(x1, x2) + 34
        label, anchor = (out - 4, (y1 + y2) / 2 - _LINE * (len(line.words) - 1) / 2 + 4), "start"
        curve = f"M{x1:.1f} {y1:.1f}C{out:.1f} {y1:.1f} {out:.1f} {y2:.1f} {x2 + 2:.1f} {y2:.1f}"
    else:
        (x1, y1), (x2, y2) = line.ends["left"], line.ends["right"]
        flat = min(x2 - x1, line.width + 22)
        bend, middle = x2 - flat, (x1 + x2 - flat) / 2
        label = (x2 - 12, y2 - 6 - _LINE * (len(line.words) - 1))
        anchor = "end"
        there = f"{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f}"
        back = f"{middle:.1f} {y2:.1f} {middle:.1f} {y1:.1f}"
        if layers[id(line.source)] < layers[id(line.target)]:
            curve = f"M{x1:.1f} {y1:.1f}C{there} {bend:.1f} {y2:.1f}H{x2 - 2:.1f}"
        else:
            curve = f"M{x2:.1f} {y2:.1f}H{bend:.1f}C{back} {x1 + 2:.1f} {y1:.1f}"
    return joined(
        [
            element("path", class_="line", d=curve, marker_end=arrow),
            _texts(line.words, *label, class_="event", text_anchor=anchor),
        ]
    )


def _state(box: _Box) -> Markup:
    middle = f"{box.x + box.width / 2:.1f}"
    if box.name == _START:
        return element("circle", class_="start", cx=middle, cy=f"{box.y + 7:.1f}", r="7")
    top = box.y + (box.height - _LINE * len(box.stays) - (8 if box.stays else 0)) / 2 + 5
    inside: list[Child] = [
        element(
            "rect", class_="state last" if box.last else "state", x=f"{box.x:.1f}",
            y=f"{box.y:.1f}", width=f"{box.width:.1f}", height=f"{box.height:.1f}", rx="6",
        ),
        element("text", box.name, class_="name", x=middle, y=f"{top:.1f}", text_anchor="middle"),
    ]  # fmt: skip
    if box.stays:
        y = top + _LINE + 8
        inside.append(_texts(box.stays, float(middle), y, class_="event", text_anchor="middle"))
    return joined(inside)


def _texts(lines: Sequence[str], x: float, y: float, **attributes: str) -> Markup:
    spans = [
        element("tspan", each, x=f"{x:.1f}", y=f"{y + _LINE * at:.1f}")
        for at, each in enumerate(lines)
    ]
    return element("text", *spans, **attributes)


def _sides(line: _Line, layers: Mapping[int, int]) -> tuple[_Box, _Box]:
    first, second = line.source, line.target
    return (first, second) if layers[id(first)] < layers[id(second)] else (second, first)


def _room(line: _Line) -> float:
    return _LINE * len(line.words) + 14
