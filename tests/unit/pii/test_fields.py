"""Field names: all spellings of a name count as one, and only what it is the name of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.pii.fields import FieldIndex, hints_pattern, pairs, words
from quantapilot.pii.rules import load_rules

RULES = load_rules()
INDEX = FieldIndex(RULES)
HINTS = sorted({hint for rule in RULES for hint in rule.fields})


def called(name: str) -> set[str]:
    return {rule.id for rule in INDEX.rules_for(name)}


@pytest.mark.parametrize(
    "name",
    ["user_email", "userEmail", "UserEmail", "user-email", "user.email", "USER_EMAIL",
     "user email", "user_email_2", "user_emails", "userEmails", "$user_email", "email"],
)  # fmt: skip
def test_every_spelling_of_a_name_calls_for_the_same_rules(name: str) -> None:
    assert called(name) == called("user_email")
    assert "pii/email-field" in called(name)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("user_email", ("user", "email")),
        ("HTTPServerName", ("http", "server", "name")),
        ("clientIP", ("client", "ip")),
        ("ip4_addresses", ("ip", "addresse")),
        ("address", ("address",)),
        ("ids", ("ids",)),
        ("2fa", ("fa",)),
        ("прізвище", ("прізвище",)),
        ("", ()),
        ("___", ()),
    ],
)
def test_a_name_is_its_words(name: str, wanted: tuple[str, ...]) -> None:
    assert words(name) == wanted


@pytest.mark.parametrize(
    "name",
    ["token_count", "email_sent", "phone_type", "message", "run_id", "passwordless", "ip_version"],
)
def test_a_name_whose_head_is_something_else_calls_for_nothing(name: str) -> None:
    assert called(name) == set()


def test_every_hint_is_met_run_together_in_snake_case_and_behind_other_words() -> None:
    for hint in HINTS:
        wanted = {rule.id for rule in RULES if hint in rule.fields}
        snake = "_".join(hint)
        for name in (snake, "".join(hint), f"old_{snake}", snake.upper()):
            assert wanted <= called(name), name


def test_the_most_specific_hint_comes_first() -> None:
    rules = INDEX.rules_for("aws_secret_access_key")
    assert rules[0].id == "pii/token-aws-secret"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("user=bob", [("user", "bob")]),
        ("user: bob, age=5", [("user", "bob"), ("age", "5")]),
        ("user='bob the builder' x", [("user", "bob the builder")]),
        ('{"user": "bob the builder"}', [("user", "bob the builder")]),
        ("user.name = bob;", [("user.name", "bob")]),
        ("a=1&b=2", []),
        ("aa=1&bb=2", [("aa", "1"), ("bb", "2")]),
        ("key==", [("key", "=")]),
        ("no pair here", []),
        ("12:30:45", []),
        ("user=", []),
    ],
)
def test_pairs_in_a_text_are_names_with_values(text: str, wanted: list[tuple[str, str]]) -> None:
    assert [(name, text[start:end]) for name, start, end in pairs(text)] == wanted


@given(
    st.sampled_from(HINTS),
    st.sampled_from(["_", "-", " ", ""]),
    st.sampled_from([str, str.upper, str.title]),
    st.sampled_from(['":', "=", ": ", '" : ', "s=", "2="]),
)
def test_the_pattern_of_hints_meets_every_raw_spelling(
    hint: tuple[str, ...], joint: str, case: type[str], sign: str
) -> None:
    assert re.search(hints_pattern([hint]), case(joint.join(hint)) + sign + "x")


def test_the_pattern_of_hints_meets_no_other_name() -> None:
    pattern = hints_pattern([("api", "token")])
    for text in ("api_tok=", "token=", "api tokenizer=", "api\ntoken="):
        assert not re.search(pattern, text)
