"""Added lines: which numbers are in their ranges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quantapilot.inputs.lines import AddedLines


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4)), max_size=20))
def test_a_line_is_added_when_a_range_holds_it(steps: list[tuple[int, int]]) -> None:
    at, ranges = 1, []
    for gap, count in steps:
        ranges.append((at + gap, count))
        at += gap + count
    lines = AddedLines.of(ranges)
    wanted = {line for start, count in ranges for line in range(start, start + count)}
    assert {line for line in range(at + 10) if line in lines} == wanted
    assert bool(lines) == bool(wanted)
