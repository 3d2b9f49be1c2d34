"""Which lines one pass over raw bytes may not call clean, because it can't see what they hold."""

from __future__ import annotations

import re

import pytest

from quantapilot.pii.fold import is_symbol, views
from quantapilot.pii.prefilter import OPAQUE

PATTERN = re.compile(OPAQUE.encode("ascii"))


def _opaque(text: str) -> bool:
    return PATTERN.search(text.encode()) is not None


def test_every_character_that_folding_changes_makes_a_line_opaque_but_for_dashes() -> None:
    everything = (chr(code) for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000)
    hidden = [c for c in everything if len(list(views(c))) > 1 and not _opaque(c)]

    assert hidden == list("\u2010\u2011\u2012\u2013\u2014\u2015")


@pytest.mark.parametrize(
    "text", ["übersicht", "готово", "完了", "→ done ✓", "a…b", "“ok”", "50 °C"]
)
def test_other_scripts_and_symbols_alone_do_not(text: str) -> None:
    assert not _opaque(text)


@pytest.mark.parametrize(
    "text", [r"\u0061", r"https:\/\/x", "%40", "&#64;", "&commat;", "a\u200bb", "ａ"]
)
def test_escapes_and_look_alikes_do(text: str) -> None:
    assert _opaque(text)


def test_a_symbol_is_never_folded() -> None:
    symbols = [chr(code) for code in range(0x80, 0x3000) if is_symbol(chr(code))]

    assert symbols
    assert all(len(list(views(symbol))) == 1 for symbol in symbols)
