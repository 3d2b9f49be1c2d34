"""JSON with places: the same values as any parser reads, and every place points at its text."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quantapilot.contract.positions import (
    MAX_DEPTH,
    JsonTextError,
    Lines,
    Node,
    locate,
    read,
    span,
    string_offsets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None), max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec=None), max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)
LAYOUTS: tuple[dict[str, Any], ...] = (
    {},
    {"separators": (",", ":")},
    {"indent": 2},
    {"indent": "\t", "ensure_ascii": False},
    {"separators": (" ,\r\n ", "\t: "), "ensure_ascii": False},
)
ALMOST_JSON = st.text(
    st.sampled_from('{}[]:,"\\/ \n\t0123456789.eE+-truefalsnbINityu\u00a0\u0661é'), max_size=24
)


def walk(value: Any, pointer: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    yield pointer, value
    if isinstance(value, dict):
        for key, below in value.items():
            yield from walk(below, (*pointer, key))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield from walk(below, (*pointer, at))


def value_of(node: Node, text: str) -> Any:
    match node.kind:
        case "string":
            return node.text
        case "number" | "literal":
            return json.loads(node.text)
    return json.loads(text[node.start : node.end])


def test_the_reader_takes_lone_surrogates_as_json_does() -> None:
    nodes, _ = read(r'"\ud800"')
    assert nodes[0].text == "\ud800"


@given(VALUES, st.sampled_from(LAYOUTS))
def test_values_and_pointers_are_those_of_any_parser(value: Any, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout)
    nodes, end = read(text)
    assert end == len(text)
    assert [(node.pointer, value_of(node, text)) for node in nodes] == list(walk(value))


@given(VALUES, st.sampled_from(LAYOUTS))
def test_every_place_points_at_its_value_and_its_key(value: Any, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout)
    for node in read(text)[0]:
        written = text[node.start : node.end]
        assert written == written.strip()
        assert json.loads(written) == value_of(node, text)
        if node.pointer and isinstance(node.pointer[-1], str):
            assert node.key_at is not None
            key, _ = json.JSONDecoder().raw_decode(text, node.key_at)
            assert key == node.pointer[-1]
        else:
            assert node.key_at is None


@given(ALMOST_JSON)
@example("01")
@example("1.")
@example(".5")
@example("-")
@example("+1")
@example("1e")
@example("[1,]")
@example('{"a":1,}')
@example('{"a" 1}')
@example("{1:2}")
@example('["a" "b"]')
@example("[NaN,-Infinity]")
@example("-NaN")
@example("Infinit")
@example("nul")
@example('"\\x"')
@example('"\\u12"')
@example("{}{}")
@example("\u00a0{}")
@example("{}\u00a0")
@example("")
def test_texts_are_refused_exactly_where_the_standard_library_refuses_them(text: str) -> None:
    try:
        wanted = json.loads(text, strict=False)
    except json.JSONDecodeError:
        wanted = ...
    try:
        nodes, end = read(text)
        found = value_of(nodes[0], text) if not text[end:].strip(" \t\r\n") else ...
    except JsonTextError as error:
        found, end = ..., error.offset
    assert 0 <= end <= len(text)
    assert found == wanted or (found != found and wanted != wanted)  # noqa: PLR0124  # NaN


@given(VALUES, st.sampled_from(LAYOUTS), st.data())
def test_a_text_cut_anywhere_is_said_to_end_too_early(
    value: Any, layout: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps([value, -1.5, True, "\u00e9"], **layout)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(JsonTextError) as caught:
        read(cut)
    assert caught.value.reason == "end"


@pytest.mark.parametrize(
    ("text", "offset"),
    [("[1,,2]", 3), ('{"a":x}', 5), ('{"a",1}', 4), ("[1 2]", 3), ("{'a':1}", 1), ('["\\x"]', 1)],
)
def test_an_error_is_placed_where_the_text_goes_wrong(text: str, offset: int) -> None:
    with pytest.raises(JsonTextError) as caught:
        read(text)
    assert (caught.value.offset, caught.value.reason) == (offset, "syntax")


def test_nesting_is_read_down_to_its_limit_and_refused_below() -> None:
    nodes, end = read("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert (len(nodes), end) == (MAX_DEPTH, 2 * MAX_DEPTH)
    for text in ("[" * (MAX_DEPTH + 1), '{"a":' * 100_000):
        with pytest.raises(JsonTextError) as caught:
            read(text)
        assert caught.value.reason == "depth"


def test_both_values_of_a_duplicate_key_are_seen_and_the_second_is_marked() -> None:
    nodes, _ = read('{"a":1,"b":{"a":2},"\\u0061":3}')
    assert [
        (node.pointer, node.text, node.duplicate) for node in nodes if node.kind == "number"
    ] == [
        (("a",), "1", False),
        (("b", "a"), "2", False),
        (("a",), "3", True),
    ]


def test_a_value_is_named_by_the_nearest_key_above() -> None:
    names = {node.text: node.name for node in read('["0",{"a":["1",{"b":"2"}]}]')[0]}
    assert (names["0"], names["1"], names["2"]) == ("", "a", "b")


def test_reading_goes_on_behind_the_first_value() -> None:
    text = '{"a":1} [2] '
    _, end = read(text)
    nodes, last = read(text, end)
    assert [node.text for node in nodes] == ["", "2"]
    assert text[last:] == " "


def test_numbers_that_json_does_not_have_are_read_so_that_their_neighbours_are_seen() -> None:
    nodes, _ = read('[NaN,-Infinity,1e999,"x"]')
    assert [node.kind for node in nodes[1:]] == ["number", "number", "number", "string"]
    assert not any(math.isfinite(float(node.text)) for node in nodes[1:4])


def test_a_node_does_not_show_its_text() -> None:
    nodes, _ = read('"alice@example.com"')
    assert "alice" not in repr(nodes)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ((), (1, 1)),
        (("a",), (2, 8)),
        (("a", 1), (2, 13)),
        (("b", "c"), (3, 13)),
        (("b", "nowhere", "else"), (3, 7)),
        (("a", 7), (2, 8)),
    ],
)
def test_locate_gives_line_and_column_of_a_pointer_or_its_nearest_parent(
    pointer: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    text = '{\n  "a": [10, 20],\n"b":  {"c": 3}\n}'
    assert locate(text, pointer) == place


@given(st.text(st.sampled_from("ab\n\ré"), max_size=30), st.integers(1, 50))
def test_lines_and_columns_count_from_one_in_characters(text: str, first: int) -> None:
    lines = Lines(text, first)
    for offset in range(len(text) + 1):
        before = text[:offset]
        column = offset - (before.rfind("\n") + 1) + 1
        assert lines.place(offset) == (first + before.count("\n"), column)


@given(VALUES, st.sampled_from(LAYOUTS))
def test_the_way_to_one_value_leads_where_reading_everything_does(
    value: Any, layout: dict[str, Any]
) -> None:
    text = json.dumps({"a": [value, {"b": value}], "c": value}, **layout)
    nodes, _ = read(text)
    for node in nodes:
        assert span(text, node.pointer) == (node.start, node.end)


@given(st.text(), st.booleans(), st.text("[{ ,"))
def test_each_character_of_a_string_is_traced_to_where_it_is_written(
    value: str, ascii_only: bool, before: str
) -> None:
    text = before + json.dumps(value, ensure_ascii=ascii_only) + '"'
    offsets = string_offsets(text, len(before))
    assert text[offsets[-1]] == '"'
    units = [text[start:end] for start, end in pairwise(offsets)]
    decoded = [json.loads(f'"{unit}"') for unit in units]
    assert decoded == list(value)
