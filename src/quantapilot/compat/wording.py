"""Words for changes: what a keyword said before, and what it says now."""

from __future__ import annotations

from typing import Any

import orjson

_LONGEST = 60


def change(keyword: str, old: Any, new: Any) -> str:
    """Return a keyword's change as `keyword old → new`; None where it is not there."""
    return f"{keyword} {said(old)} → {said(new)}"


def said(value: Any) -> str:
    """Return a value of a schema in words, on one line."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return short(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return short(", ".join(value))
    return short(orjson.dumps(value).decode())


def types(value: Any) -> str:
    """Return the value of the keyword `type` in words."""
    if value is None:
        return "any"
    return " or ".join(value) if isinstance(value, list) else str(value)


def short(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def quoted(value: Any) -> str:
    """Return a JSON value as one names it."""
    return f"'{value}'" if isinstance(value, str) else orjson.dumps(value).decode()
