"""The limits of an outbox are those that its page tells."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from quantapilot.outbox.limits import Limits

PAGE = Path(__file__).parents[3] / "docs" / "outbox.md"
SHOWN = {
    "events": "1,000,000",
    "bytes": "1 GiB",
    "wait": "30 s",
    "keep": "7 days",
    "queue": "100,000",
    "queue_bytes": "256 MiB",
}


def test_every_limit_is_told_with_its_default() -> None:
    text = PAGE.read_text("utf-8")
    assert [field.name for field in fields(Limits)] == list(SHOWN)
    assert [name for name, value in SHOWN.items() if f"| `{name}` | {value} |" not in text] == []
    assert Limits() == Limits(10**6, 2**30, 30, 7 * 24 * 3600, 10**5, 256 * 2**20)
