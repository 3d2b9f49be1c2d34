"""The chain: whatever is changed of an event changes its hash, and so does where it stands."""

from __future__ import annotations

import pytest

from quantapilot.outbox.chain import link, row_sum

BEFORE = b"b" * 16
EVENT = ("id", "type", "subject")
SAME = link(BEFORE, 1, EVENT, 5, b"body")


@pytest.mark.parametrize(
    "other",
    [
        link(b"c" * 16, 1, EVENT, 5, b"body"),
        link(BEFORE, 2, EVENT, 5, b"body"),
        link(BEFORE, 1, ("i", "dtype", "subject"), 5, b"body"),
        link(BEFORE, 1, ("id", "typesub", "ject"), 5, b"body"),
        link(BEFORE, 1, ("id", "type", "subjec"), 5, b"tbody"),
        link(BEFORE, 1, EVENT, 6, b"body"),
        link(BEFORE, 1, EVENT, 5, b"Body"),
    ],
)
def test_no_change_keeps_the_hash(other: bytes) -> None:
    assert len(other) == 16
    assert other != SAME


def test_a_text_with_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        link(BEFORE, 1, ("\ud800", "type", "subject"), 5, b"")


def test_a_checksum_tells_values_apart() -> None:
    assert row_sum("a", 1, None) == row_sum("a", 1, None)
    assert len({row_sum("a", 1, None), row_sum("a", 2, None), row_sum("a", 1, "None!")}) == 3
