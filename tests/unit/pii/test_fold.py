"""Folding: whatever a value is spelled like, its plain form is seen and leads back to its place."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.pii.fold import base64_text, views

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
    "percent-encoded twice": quote(quote(MAIL, safe=""), safe=""),
    "percent-encoded by units": MAIL.replace("@", "%u0040"),
    "entities": "".join(f"&#{ord(char)};" for char in MAIL),
    "a named entity": MAIL.replace("@", "&commat;"),
    "an entity without its end": MAIL.replace("@", "&#64"),
    "escapes": "".join(f"\\u{ord(char):04x}" for char in MAIL),
    "escapes in JSON in JSON": MAIL.replace("@", "\\\\u0040"),
    "escapes in braces": MAIL.replace("@", "\\u{40}"),
    "base64 of UTF-16": b64encode(MAIL.encode("utf-16-le")).decode(),
    "two-digit escapes": MAIL.replace("@", "\\x40"),
    "escapes of two units": mathematical(MAIL).encode("unicode_escape").decode(),
    "a regular expression": MAIL.replace(".", "\\.").replace("@", "\\@"),
    "base64": b64encode(MAIL.encode()).decode(),
    "base64 for URLs without padding": urlsafe_b64encode(MAIL.encode()).decode().rstrip("="),
    "base64 twice": b64encode(b64encode(MAIL.encode())).decode(),
    "colours": f"\x1b[1m{MAIL[:3]}\x1b[0m{MAIL[3:]}",
    "control characters": "\x02".join(MAIL),
    "Cyrillic letters that look alike": MAIL.replace("a", "а").replace("c", "с"),
    "a Greek letter that looks alike": MAIL.replace("o", "ο"),
    "small capitals": MAIL.replace("a", "ᴀ").replace("e", "ᴇ"),
    "defanged": MAIL.replace(".", "[.]").replace("@", "[at]"),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_has_the_plain_form_and_leads_back_to_all_of_it(name: str) -> None:
    written = SPELLINGS[name]
    text = f"to {written}, later"
    plain = [view for view in views(text) if MAIL in view.text]
    assert plain
    at = plain[0].text.index(MAIL)
    start, end = plain[0].span(at, at + len(MAIL))
    assert text[:start].rstrip("\u200b").removesuffix("\x1b[1m") == "to "
    assert text[end:].lstrip("\u0332") == ", later"


@pytest.mark.parametrize("dash", "‐‑‒–—―−﹘﹣－")
def test_every_dash_is_one(dash: str) -> None:
    assert "123-45-6789" in [view.text for view in views(f"123{dash}45{dash}6789")]


@pytest.mark.parametrize("zero", "٠۰०০௦０𝟎")
def test_digits_of_every_script_are_digits(zero: str) -> None:
    text = "".join(chr(ord(zero) + int(digit)) for digit in "123456789")
    assert "123456789" in [view.text for view in views(text)]


@pytest.mark.parametrize("space", "\u00a0\u1680\u2003\u2009\u202f\u205f\u3000\u2028\u2800")
def test_every_space_is_one(space: str) -> None:
    assert "Alice Smith" in [view.text for view in views(f"Alice{space}Smith")]


def test_a_letter_and_its_mark_become_one_letter() -> None:
    forms = [view.text for view in views("Jose\u0301 Garci\u0301a")]
    assert "José García" in forms


@pytest.mark.parametrize(
    "text",
    [
        "Олена Коваль та Docker-контейнер",
        "готово за 10мс",
        "mTLSсертифікат",
        "Η εργασία ολοκληρώθηκε",
        "José García",
        "李雷",
    ],
)
def test_words_of_another_alphabet_stay_as_they_are(text: str) -> None:
    assert [view.text for view in views(text)] == [text]


@pytest.mark.parametrize(
    ("query", "read"),
    [("?q=Alice+Smith&x=a+b", "?q=Alice Smith&x=a b"), ("GET /?a=1+2 HTTP", "GET /?a=1 2 HTTP")],
)
def test_a_plus_sign_in_a_query_is_a_space(query: str, read: str) -> None:
    assert read in [view.text for view in views(query)]


@pytest.mark.parametrize(
    "text",
    [
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "550e8400-e29b-41d4-a716-446655440000",
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
        "ENTERPRISE",
        "endsWith",
        "IntRange",
        "",
        "aGk=",
        b64encode(b"\xff" + MAIL.encode()).decode(),
        b64encode(MAIL.encode() + b"\x00").decode(),
    ],
)
def test_what_is_no_base64_of_text_is_not_read_so(text: str) -> None:
    assert base64_text(text) is None
    assert [view.text for view in views(text)] == [text]


@given(st.text(min_size=12).filter(str.isascii) | st.just(json.dumps({"a": [1]}, indent=4)))
def test_base64_of_printable_text_is_read(text: str) -> None:
    code = b64encode(text.encode()).decode()
    if text.isprintable():
        assert base64_text(code) == text
        assert base64_text(code.rstrip("=")) == text


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
