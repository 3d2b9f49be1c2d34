"""Folding: whatever a value is spelled like, its plain form is seen and leads back to its place."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.pii.fold import views

MAIL = "alice@example.com"
TEXTS = st.text(st.sampled_from("ab1@.%４ａ\u200b\u0301é–\u2028𝐚ﬁ→") | st.characters(), max_size=24)


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def mathematical(text: str) -> str:
    return "".join(chr(0x1D41A + ord(c) - ord("a")) if c.isalpha() else c for c in text)


SPELLINGS = {
    "plain": MAIL,
    "full width": full_width(MAIL),
    "mathematical letters": mathematical(MAIL),
    "zero-width space": "\u200b".join(MAIL),
    "soft hyphens": "\u00ad".join(MAIL),
    "zero-width joiners": "\u200d".join(MAIL),
    "a mark on each letter": "".join(char + "\u0332" for char in MAIL),
    "a BOM within": MAIL.replace("@", "\ufeff@"),
    "one byte percent-encoded": MAIL.replace("@", "%40"),
    "all percent-encoded": "".join(f"%{ord(char):02x}" for char in MAIL),
    "full width, percent-encoded": quote(full_width(MAIL)),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_has_the_plain_form_and_leads_back_to_all_of_it(name: str) -> None:
    written = SPELLINGS[name]
    text = f"to {written}, later"
    plain = [view for view in views(text) if MAIL in view.text]
    if name == "full width, percent-encoded":
        assert any(full_width(MAIL) in view.text for view in views(text))
        return
    assert plain
    at = plain[0].text.index(MAIL)
    start, end = plain[0].span(at, at + len(MAIL))
    assert text[:start].rstrip("\u200b") == "to "
    assert text[end:].lstrip("\u0332") == ", later"


@pytest.mark.parametrize("dash", "‐‑‒–—―−﹘﹣－")
def test_every_dash_is_one(dash: str) -> None:
    assert "123-45-6789" in [view.text for view in views(f"123{dash}45{dash}6789")]


@pytest.mark.parametrize("text", ["a plain text", "100 % plain", "", "a → b"])
def test_a_plain_text_has_one_form(text: str) -> None:
    assert [view.text for view in views(text)] == [text]


def test_the_text_as_it_is_comes_first_and_no_form_twice() -> None:
    for text in SPELLINGS.values():
        forms = [view.text for view in views(text)]
        assert forms[0] == text
        assert len(forms) == len(set(forms))


@given(TEXTS)
def test_spans_stay_in_the_text_and_in_order(text: str) -> None:
    for view in views(text):
        before = 0
        for at in range(len(view.text)):
            start, end = view.span(at, at + 1)
            assert 0 <= start <= end <= len(text)
            assert start >= before
            before = start
        if view.text:
            assert view.span(0, len(view.text))[1] <= len(text)


@given(TEXTS)
def test_a_span_that_holds_an_untouched_character_holds_it_in_the_text_too(text: str) -> None:
    for view in views(text):
        for at, char in enumerate(view.text):
            if char in "ab1@" and char in text:
                start, end = view.span(at, at + 1)
                piece = text[start:end]
                assert piece
                assert char in piece or any(
                    c > "\x7f" or c == "%" or c in "0123456789abcdefABCDEF" for c in piece
                )


def test_a_percent_sign_that_encodes_nothing_stays() -> None:
    assert [view.text for view in views("100%zz %4")] == ["100%zz %4"]


def test_bytes_that_are_no_text_hide_nothing_behind_them() -> None:
    text = "%ff%fe alice%40example.com"
    assert any(MAIL in view.text for view in views(text))


def test_a_form_does_not_show_its_text() -> None:
    assert "alice" not in repr(list(views(full_width(MAIL) + MAIL)))
