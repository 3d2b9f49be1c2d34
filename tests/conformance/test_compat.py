"""`qp diff` over the table of schema versions: no break is missed, and every one is shown."""

from __future__ import annotations

import pytest
from tests.schema_pairs import DIRECTIONS, Direction, Pair, engines, pairs

from quantapilot.compat.schemas import compare

PAIRS = pairs()
LABELLED = [(pair, direction) for pair in PAIRS for direction in DIRECTIONS]
# Compatible all of them, but nothing here proves it; unknown counts as breaking.
UNDECIDED: frozenset[tuple[str, Direction]] = frozenset(
    {
        ("composition: fields of branches, closed after them", "forward"),
        ("families: family that refuses", "backward"),
        ("formats: uuid said in both branches", "forward"),
        ("patterns: pattern as an enum", "backward"),
        ("unions: union of closed objects to at most one field", "forward"),
    }
)


def said(value: object) -> str | None:
    return str(value) if isinstance(value, Pair) else None


@pytest.mark.parametrize(("pair", "direction"), LABELLED, ids=said)
def test_a_change_is_judged_as_it_is_and_a_break_shown_by_a_value_and_its_place(
    pair: Pair, direction: Direction
) -> None:
    comparison = compare(pair.old, pair.new, direction)
    breaks = direction in pair.breaks
    if (str(pair), direction) in UNDECIDED:
        assert not breaks
        assert comparison.verdict == "unknown"
        return
    assert comparison.verdict == ("breaking" if breaks else "compatible")
    if not breaks:
        return
    witnesses = [change.witness for change in comparison.changes if change.kind == "breaking"]
    assert comparison.witness in witnesses
    kept, other = map(engines, pair.versions(direction))
    for witness in witnesses:
        assert witness is not None
        assert witness.accepted_by == ("old" if direction == "backward" else "new")
        assert witness.refused_by == ("new" if direction == "backward" else "old")
        assert kept(witness.value) == [True, True]
        assert other(witness.value) == [False, False]
    if pair.at is not None:
        told = [change.pointer for change in comparison.told]
        assert any(f"{pointer}/".startswith(f"{pair.at}/") for pointer in told), told


@pytest.mark.parametrize("pair", PAIRS[::20], ids=str)
def test_both_directions_together_break_where_one_does(pair: Pair) -> None:
    verdicts = {compare(pair.old, pair.new, direction).verdict for direction in DIRECTIONS}
    worst = next(v for v in ("breaking", "unknown", "compatible") if v in verdicts)
    assert compare(pair.old, pair.new, "full").verdict == worst


def test_almost_everything_is_decided() -> None:
    assert len(LABELLED) >= 1000
    assert len(UNDECIDED) <= 0.03 * len(LABELLED)
