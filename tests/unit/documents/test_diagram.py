"""The picture of a run: whatever the lifecycle, nothing covers anything, nothing is left out."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from tests.small_contracts import LIFECYCLE, shop

from quantapilot.contract.catalog import Contract
from quantapilot.documents.reference.diagram import diagram
from quantapilot.documents.reference.order import order

LOOPS: dict[str, Any] = {
    "run": "/id",
    "start": {"begin": "a", "restore": "c"},
    "states": {
        "a": {"on": {"go": "b", "jump": "c", **{f"step {at}": "a" for at in range(6)}}},
        "b": {"on": {"back": "a", "over": "c", **{f"e{at}": "d" for at in range(7)}}},
        "c": {"on": {"under": "b", "<end>": "d"}},
        "d": {},
        "alone": {"on": {"lost": "d"}},
    },
}


def drawn(lifecycle: dict[str, Any]) -> Element:
    told = order(Contract(shop().schemas, lifecycle))
    assert told is not None
    picture = diagram(told, str, "How it goes", "arrow")
    assert picture is not None
    return fromstring(picture)


def numbers(each: Element, *names: str) -> list[float]:
    return [float(each.attrib[name]) for name in names]


@pytest.mark.parametrize("lifecycle", [LIFECYCLE, LOOPS], ids=["shop", "loops"])
def test_states_lie_apart_and_within_the_picture(lifecycle: dict[str, Any]) -> None:
    picture = drawn(lifecycle)
    width, height = numbers(picture, "width", "height")
    boxes = [numbers(each, "x", "y", "width", "height") for each in picture.iter("rect")]
    assert len(boxes) == len(lifecycle["states"])
    for x, y, wide, high in boxes:
        assert 0 <= x < x + wide <= width
        assert 0 <= y < y + high <= height
    for (x1, y1, w1, h1), (x2, y2, w2, h2) in combinations(boxes, 2):
        assert x1 + w1 < x2 or x2 + w2 < x1 or y1 + h1 < y2 or y2 + h2 < y1


def test_every_way_from_one_state_to_another_is_a_line() -> None:
    picture = drawn(LOOPS)
    ways = {("", to) for to in LOOPS["start"].values()}
    ways |= {
        (name, to)
        for name, state in LOOPS["states"].items()
        for to in state.get("on", {}).values()
        if name != to
    }
    lines = [each.attrib["d"] for each in picture.iter("path") if "d" in each.attrib]
    assert len(lines) - 1 == len(ways)  # one is the arrow's head
    assert not any(re.search(r"nan|inf", line) for line in lines)


def test_events_stand_at_their_line_and_what_stays_in_the_state() -> None:
    texts = [each.text for each in drawn(LOOPS).iter("tspan")]
    assert {"go", "jump", "back", "over", "under", "<end>", "step 5", "lost"} <= set(texts)
    assert [text for text in texts if text and text.startswith("e")] == ["e0", "e1", "e2"]
    assert "4 more" in texts


def test_the_picture_says_what_it_is_to_those_who_do_not_see_it() -> None:
    picture = drawn(LIFECYCLE)
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-label"] == "How it goes"


def test_too_many_states_are_left_to_the_table() -> None:
    states: dict[str, Any] = {f"s{at}": {"on": {"next": f"s{at + 1}"}} for at in range(40)}
    lifecycle = {"run": "/id", "start": {"begin": "s0"}, "states": {**states, "s40": {}}}
    told = order(Contract(shop().schemas, lifecycle))
    assert told is not None
    assert diagram(told, str, "", "arrow") is None
