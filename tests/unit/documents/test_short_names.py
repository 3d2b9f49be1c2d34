"""Short names of events: what all begin with is left out, and a name is never left empty."""

from __future__ import annotations

import pytest

from quantapilot.documents.reference.short import shortened


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["a.run_started", "a.run_failed"], ["run_started", "run_failed"]),
        (["a.b.c", "a.b.d.e"], ["c", "d.e"]),
        (["a.b", "c.d"], ["a.b", "c.d"]),
        (["a.b", "a.b.c"], ["b", "b.c"]),
        (["a.only"], ["a.only"]),
        (["a.x", "a.y", "POST /a.json", "plain", ""], ["x", "y", "POST /a.json", "plain", ""]),
        ([], []),
    ],
)
def test_what_all_events_begin_with_is_left_out(names: list[str], short: list[str]) -> None:
    assert [shortened(names)[name] for name in names] == short
