"""Patterns that wait for their first use answer as compiled ones do."""

from __future__ import annotations

import re

import pytest

from quantapilot.patterns import lazy


def test_a_waiting_pattern_answers_as_a_compiled_one() -> None:
    waiting, compiled = (
        lazy(r"(?P<word>[a-z]+)", re.IGNORECASE),
        re.compile(r"[a-z]+", re.IGNORECASE),
    )

    for text in ("", "1 Two three", "four"):
        assert waiting.findall(text) == compiled.findall(text)
        assert bool(waiting.fullmatch(text)) == bool(compiled.fullmatch(text))
    assert waiting.sub("-", "a1b") == "-1-"
    assert waiting.groupindex == {"word": 1}


def test_a_pattern_is_compiled_when_it_is_first_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def compile_(source: str, flags: int) -> re.Pattern[str]:
        compiled.append(source)
        return original(source, flags)

    original = re.compile
    monkeypatch.setattr(re, "compile", compile_)
    first, _second = lazy("first"), lazy("second")

    assert first.search("the first")
    assert first.search("first again")
    assert compiled == ["first"]


def test_a_broken_pattern_is_told_when_it_is_asked() -> None:
    broken = lazy("(")

    with pytest.raises(re.error):
        broken.search("")
