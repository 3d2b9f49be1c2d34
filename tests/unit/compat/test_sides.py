"""One of two versions: where its schemas stand, and what engines say of them."""

from __future__ import annotations

import pytest

from quantapilot.compat.loading import side
from quantapilot.compat.schemas import compare
from quantapilot.compat.sides import matches

SCHEMA = {
    "$defs": {
        "day": {"type": "string", "format": "date"},
        "list": {"type": "array", "items": {"$ref": "#/$defs/day"}},
    }
}
OLD = side("old", {"s.json": SCHEMA})


def test_a_reference_leads_to_the_place_that_has_its_name_on_both_sides() -> None:
    item = OLD.root("s.json", ("$defs", "list")).below("items")
    new = side("new", {"s.json": SCHEMA})
    there = new.root("s.json", ("$defs", "list")).below("items")
    assert OLD.identity(OLD.followed(item)) == ("s.json", "/$defs/day")
    assert new.identity(new.followed(there)) == ("s.json", "/$defs/day")
    with pytest.raises(KeyError):
        OLD.root("s.json", ("$defs", "none"))


def test_schemas_of_a_place_hold_together_with_formats() -> None:
    day = OLD.root("s.json", ("$defs", "day"))
    short = side("old", {"s.json": {"maxLength": 3}}).root("s.json")
    assert OLD.accepts((day,))("2026-11-29")
    assert not OLD.accepts((day,))("2026-11-31")
    assert not OLD.accepts((day, short))("2026-11-29")
    assert OLD.accepts(())("anything")


def test_samples_conform_and_are_the_same_each_time() -> None:
    place = (OLD.root("s.json", ("$defs", "list")),)
    drawn = list(OLD.samples(OLD.body(place), 5))
    assert drawn == list(side("old", {"s.json": SCHEMA}).samples(OLD.body(place), 5))
    assert len(drawn) == 5
    assert all(map(OLD.accepts(place), drawn))
    assert list(OLD.samples(False, 5)) == []


def test_a_pattern_matches_as_the_validator_reads_it() -> None:
    assert matches("b", "abc")
    assert matches("^\\d+$", "12")
    assert not matches("^\\d+$", "١٢")
    assert matches("^(?!b)a", "a")


def test_a_pattern_with_one_repeat_after_the_other_is_read_to_its_end() -> None:
    assert not matches("^a+b*a+$", "a")
    assert compare({"enum": ["a"]}, {"pattern": "^a+b*a+$"}).verdict == "breaking"
