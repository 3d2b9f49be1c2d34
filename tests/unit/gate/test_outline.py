"""Outlines: the offending line of a document, pointed to, and no value in it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from quantapilot.contract.positions import Node, read
from quantapilot.gate.outline import Outline

TEXT = '{"run": "x", "err": {"n": [1, null, true]}, "many": 5}'


def outline(text: str) -> tuple[Outline, dict[tuple[str | int, ...], Node]]:
    nodes, _ = read(text)
    return Outline(nodes, lambda part: part), {node.pointer: node for node in nodes}


def pointed(text: str, pointer: tuple[str | int, ...], focus: str) -> tuple[str, str]:
    made, nodes = outline(text)
    shown = made.around(nodes[pointer], focus)  # type: ignore[arg-type]
    return shown.text, shown.text[shown.start : shown.start + shown.length]


def test_a_key_a_value_or_the_inside_is_pointed_to() -> None:
    line = '{"run": <string>, "err": <object>, "many": <number>}'
    assert pointed(TEXT, ("err",), "key") == (line, "err")
    assert pointed(TEXT, ("many",), "value") == (line, "<number>")
    assert pointed(TEXT, (), "inside") == (line, "{")
    assert pointed(TEXT, ("err",), "inside") == ('{"n": <array>}', "{")
    assert pointed(TEXT, ("err", "n", 1), "value") == ("[<number>, <null>, <boolean>]", "<null>")
    assert pointed("5", (), "inside") == ("<number>", "<number>")


def test_a_long_document_is_cut_around_the_place() -> None:
    text = json.dumps({f"key_{number}": number for number in range(1000)})
    shown, what = pointed(text, ("key_500",), "key")
    assert what == "key_500"
    assert shown.startswith("... ")
    assert shown.endswith(", ...")
    assert len(shown) < 150
    assert len(pointed(text, (), "inside")[0]) < 150
    assert len(pointed(json.dumps({"k" * 5000: 1}), ("k" * 5000,), "key")[0]) < 150


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(10_000) | st.text("XYZ", min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=30,
)


@given(VALUES)
def test_no_part_of_a_value_is_in_an_outline(value: object) -> None:
    made, nodes = outline(json.dumps(value))
    for node in nodes.values():
        for focus in ("key", "value", "inside"):
            if focus != "key" or node.key_at is not None:
                shown = made.around(node, focus)
                assert not set(shown.text) & set("XYZ0123456789")
                assert 0 <= shown.start < shown.start + shown.length <= len(shown.text)
