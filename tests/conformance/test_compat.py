"""`qp diff` over the table of schema versions: no break is missed, and every one is shown."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from tests.schema_pairs import DIRECTIONS, Direction, Pair, engines, pairs

from quantapilot.compat.schemas import compare

if TYPE_CHECKING:
    from quantapilot.compat.changes import Comparison

PAIRS = pairs()
LABELLED = [(pair, direction) for pair in PAIRS for direction in DIRECTIONS]
BREAKING = [case for case in LABELLED if case[1] in case[0].breaks]
COMPATIBLE = [case for case in LABELLED if case[1] not in case[0].breaks]
PLACED = [case for case in BREAKING if case[0].at is not None]
# Of the verdicts, this share may be "unknown"; unknown counts as breaking.
UNDECIDED = 0.03


def said(value: object) -> str | None:
    return str(value) if isinstance(value, Pair) else None


@cache
def compared(name: str, direction: Direction) -> Comparison:
    pair = next(pair for pair in PAIRS if str(pair) == name)
    return compare(pair.old, pair.new, direction)


@pytest.mark.parametrize(("pair", "direction"), BREAKING, ids=said)
def test_no_break_is_called_compatible(pair: Pair, direction: Direction) -> None:
    assert compared(str(pair), direction).verdict != "compatible"


@pytest.mark.parametrize(("pair", "direction"), COMPATIBLE, ids=said)
def test_nothing_compatible_is_called_a_break(pair: Pair, direction: Direction) -> None:
    assert compared(str(pair), direction).verdict != "breaking"


@pytest.mark.parametrize(("pair", "direction"), BREAKING, ids=said)
def test_a_break_comes_with_a_value_that_both_engines_confirm(
    pair: Pair, direction: Direction
) -> None:
    comparison = compared(str(pair), direction)
    if comparison.verdict == "unknown":
        return
    witnesses = [change.witness for change in comparison.changes if change.kind == "breaking"]
    assert comparison.witness in witnesses
    for witness in witnesses:
        assert witness is not None
        kept, other = pair.versions(direction)
        assert witness.accepted_by == ("old" if direction == "backward" else "new")
        assert witness.refused_by == ("new" if direction == "backward" else "old")
        assert engines(kept)(witness.value) == [True, True]
        assert engines(other)(witness.value) == [False, False]


@pytest.mark.parametrize(("pair", "direction"), PLACED, ids=said)
def test_a_break_is_told_where_it_stands(pair: Pair, direction: Direction) -> None:
    told = [change.pointer for change in compared(str(pair), direction).told]
    assert any(f"{pointer}/".startswith(f"{pair.at}/") for pointer in told), told


@pytest.mark.parametrize("pair", PAIRS[::5], ids=str)
def test_both_directions_together_break_where_one_does(pair: Pair) -> None:
    verdicts = {compared(str(pair), direction).verdict for direction in DIRECTIONS}
    worst = next(v for v in ("breaking", "unknown", "compatible") if v in verdicts)
    assert compare(pair.old, pair.new, "full").verdict == worst


def test_almost_everything_is_decided() -> None:
    undecided = [
        f"{pair} ({direction})"
        for pair, direction in LABELLED
        if compared(str(pair), direction).verdict == "unknown"
    ]
    assert len(undecided) <= UNDECIDED * len(LABELLED), undecided
