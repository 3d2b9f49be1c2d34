"""Masking: whatever an excerpt shows, no part of a masked value is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.pii.mask import WINDOW, excerpt, mask, merge

# What must not show is written in capitals, so that no letter of it can come from elsewhere.
SHOWN = st.text(st.sampled_from("abc .,\n\té"), max_size=50)
HIDDEN = st.text(st.sampled_from("XYZ"), min_size=1, max_size=80)
PARTS = st.lists(st.tuples(SHOWN, HIDDEN), min_size=1, max_size=5)


def laid_out(parts: list[tuple[str, str]]) -> tuple[str, list[tuple[int, int, str]]]:
    text, spans = "", []
    for before, value in parts:
        text += before
        spans.append((len(text), len(text) + len(value), "token"))
        text += value
    return text + " end", spans


@given(PARTS, st.data())
def test_no_letter_of_a_masked_value_survives_in_an_excerpt(
    parts: list[tuple[str, str]], data: st.DataObject
) -> None:
    text, spans = laid_out(parts)
    focus = data.draw(st.integers(0, len(text) - 1))
    shown = excerpt(text, merge(data.draw(st.permutations(spans))), focus).text
    assert not set(shown) & set("XYZ")


@given(PARTS, st.data())
def test_a_span_cut_in_pieces_that_touch_or_overlap_hides_as_much(
    parts: list[tuple[str, str]], data: st.DataObject
) -> None:
    text, spans = laid_out(parts)
    pieces = []
    for start, end, label in spans:
        cut = data.draw(st.integers(start, end))
        lap = data.draw(st.integers(start, cut))
        pieces += [(start, cut, label), (lap, end, "email")]
    pieces = [piece for piece in pieces if piece[0] < piece[1]]
    for shown in (mask(text, pieces), excerpt(text, merge(pieces), spans[-1][0]).text):
        assert not set(shown) & set("XYZ")


@given(PARTS)
def test_everything_else_of_the_text_stays(parts: list[tuple[str, str]]) -> None:
    text, spans = laid_out(parts)
    assert mask(text, spans) == "".join(f"{before}<token>" for before, _ in parts) + " end"


@given(PARTS, st.data())
def test_an_excerpt_is_one_printable_line_of_about_the_window(
    parts: list[tuple[str, str]], data: st.DataObject
) -> None:
    text, spans = laid_out(parts)
    shown = excerpt(text, merge(spans), data.draw(st.integers(0, len(text) - 1))).text
    assert shown.isprintable()
    assert len(shown) <= 2 * WINDOW + 2 * len("...") + len("<token>") * len(spans) + WINDOW


@pytest.mark.parametrize(
    ("text", "spans", "focus", "shown"),
    [
        ("to SECRET now", [(3, 9, "email")], 3, "to <email> now"),
        ("SECRET", [(0, 6, "email")], 0, "<email>"),
        ("a" * 40 + "SECRET" + "b" * 40, [(40, 46, "ip")], 40,
         "..." + "a" * 32 + "<ip>" + "b" * 32 + "..."),
        ("SECRET" + "a" * 30 + "OTHER", [(0, 6, "ip"), (36, 41, "name")], 36,
         "<ip>" + "a" * 30 + "<name>"),
        ("to SECRET\x1b[31m", [(3, 9, "email")], 3, "to <email> [31m"),
        ("one\ntwo\tSECRET", [(8, 14, "ip")], 8, "one two <ip>"),
    ],
    ids=["middle", "whole", "far", "window inside another value", "escape code", "lines"],
)  # fmt: skip
def test_an_excerpt_shows_the_surroundings(
    text: str, spans: list[tuple[int, int, str]], focus: int, shown: str
) -> None:
    assert excerpt(text, merge(spans), focus).text.removeprefix("...") == shown.removeprefix("...")


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([(2, 5, "a"), (3, 8, "b")], "01<a>89"),
        ([(2, 8, "a"), (3, 5, "b")], "01<a>89"),
        ([(2, 5, "a"), (2, 8, "b")], "01<b>89"),
        ([(2, 5, "a"), (6, 8, "b")], "01<a>5<b>89"),
        ([], "0123456789"),
    ],
)
def test_overlapping_spans_become_one_mask(spans: list[tuple[int, int, str]], shown: str) -> None:
    assert mask("0123456789", spans) == shown


@given(PARTS, st.data())
def test_an_excerpt_points_to_the_mask_that_it_is_about(
    parts: list[tuple[str, str]], data: st.DataObject
) -> None:
    text, spans = laid_out(parts)
    at = data.draw(st.integers(0, len(spans) - 1))
    shown, start, length = excerpt(text, merge(spans), spans[at][0])
    assert shown[start : start + length] == "<token>"
    before = "".join(f"{shown}<token>" for shown, _ in parts[:at]) + parts[at][0]
    there = "".join(char if char.isprintable() else " " for char in before)
    assert there.endswith(shown[:start].removeprefix("..."))
