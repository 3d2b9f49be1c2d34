"""Which lines one pass over raw bytes may not call clean, because it can't see what they hold."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantapilot.pii.detector import Detector
from quantapilot.pii.fold import is_symbol, views
from quantapilot.pii.prefilter import OPAQUE
from quantapilot.pii.rules import load_rules

DETECTOR = Detector(load_rules())
PATTERN = re.compile(OPAQUE.encode("ascii"))


def _opaque(text: str) -> bool:
    return PATTERN.search(text.encode()) is not None


def test_every_character_that_folding_changes_makes_a_line_opaque_but_for_dashes() -> None:
    everything = (chr(code) for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000)
    hidden = [c for c in everything if len(list(views(c))) > 1 and not _opaque(c)]

    assert hidden == list("\u2010\u2011\u2012\u2013\u2014\u2015")


@pytest.mark.parametrize(
    "text",
    [
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        '{"run_id":"550e8400-e29b-41d4-a716-446655440000","span":"00f067aa0ba902b7"}',
        '"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6"',
        '{"status":"completed","event":"quantapilot.documentation_generated"}',
        '{"level":"CRITICAL","error_code":"REPO_CLONE_FAILED"}',
        "2025-08-19T06:00:11.917Z INFO step done",
        "C:\\\\build\\\\out",
    ],
)
def test_ids_hashes_and_words_do_not(text: str) -> None:
    assert not _opaque(text)


@pytest.mark.parametrize(
    "text", ["übersicht", "готово", "完了", "→ done ✓", "a…b", "“ok”", "50 °C"]
)
def test_other_scripts_and_symbols_alone_do_not(text: str) -> None:
    assert not _opaque(text)


@pytest.mark.parametrize(
    "text",
    [
        r"\u0061",
        r"https:\/\/x",
        "%40",
        "&#64;",
        "&commat;",
        "a\u200bb",
        "ａ",
        r"\x40",
        "%u0040",
        "%D0%9E",
        "a\x01",
        "\x1b[1m",
        "аlice",
        "alicе",
        "a[.]b",
        "=Alice+Smith",
        r"a\@b",
        '"YWxpY2VAZXhhbXBsZS5jb20="',
        " ZGF0YTogYWxpY2U=",
        '"OC44LjguOA"',
        "0J7Qu9C10L3QsA==",
        "ewogICJhIjogMQp9",
        "YWxpY2UgaXMgaGVyZSBub3c",
    ],
)
def test_escapes_and_look_alikes_do(text: str) -> None:
    assert _opaque(text)


def test_a_symbol_is_never_folded() -> None:
    symbols = [chr(code) for code in range(0x80, 0x3000) if is_symbol(chr(code))]

    assert symbols
    assert all(len(list(views(symbol))) == 1 for symbol in symbols)


PLAIN = ["alice", "@", "example", ".com", "8.8", ".4.4", "+44 20 7946", " 0958", "Alice", "Smith"]
NAMES = ["email", "first_name=", " Smith", "reviewer: ", "=", "?q=", "+", '"', "\n", " ", "-", "."]
TRICKS = ["%40", "%2540", "%20", "&#64;", "&period;", "\\u0040", "\\\\u002e", "\\n", '\\"', "[.]"]
SIGNS = [
    "\u200b",
    "\u0301",
    "\x1b[0m",
    "\x01",
    "а",
    "е",
    "ａ",
    "４",
    "٤",
    "。",
    "[at]",
    "\\U00000040",
]
CODES = ["YWxpY2VAZXhhbXBsZS5jb20=", "OC44LjguOA"]
PIECES = st.sampled_from([*PLAIN, *PLAIN, *NAMES, *TRICKS, *SIGNS, *CODES])


@settings(
    max_examples=600, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.lists(PIECES, min_size=2, max_size=9).map("".join))
def test_whatever_is_found_in_a_form_of_a_text_makes_its_line_a_candidate(text: str) -> None:
    if not DETECTOR.find(text):
        return
    lines = [json.dumps({"note": text}, ensure_ascii=escaped) for escaped in (False, True)]
    lines += [json.dumps({"a": json.dumps({"b": text}, ensure_ascii=False)}, ensure_ascii=False)]
    lines += [] if "\n" in text else [text]
    for line in lines:
        assert DETECTOR.candidates(line.encode()) == [0]
