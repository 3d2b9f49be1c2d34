"""Changes in words: on one line, and no longer than one reads."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.compat.wording import change, quoted, said, types


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        ("^a$", "^a$"),
        (["a", "b"], "a, b"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (True, "true"),
        ("a" * 61, "a" * 60 + "…"),
        (["a" * 80], "a" * 60 + "…"),
    ],
)
def test_what_a_keyword_says(value: Any, text: str) -> None:
    assert said(value) == text


def test_a_change_names_both_versions() -> None:
    assert change("maxLength", 5, None) == "maxLength 5 → none"
    assert (types(None), types("string"), types(["string", "null"])) == (
        *("any", "string", "string or null"),
    )
    assert (quoted("a"), quoted(None), quoted(1.5)) == ("'a'", "null", "1.5")
