"""Schemas that say the same: annotations aside, and wherever their references lead."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.compat.equality import Equality, asserts, exactly
from quantapilot.compat.loading import side

NODE = {"properties": {"next": {"$ref": "#/$defs/n"}, "v": {"type": "integer"}}}


def equal(one: Any, other: Any) -> bool:
    left, right = side("old", {"s.json": one}), side("new", {"s.json": other})
    return Equality(left, right).equal(left.root("s.json"), right.root("s.json"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"type": "string", "title": "A"}, {"description": "B", "type": "string", "x-a": 1}, True),
        ({"properties": {"title": {}}}, {"properties": {}}, False),
        ({"const": {"title": "A"}}, {"const": {"title": "B"}}, False),
        ({"const": True}, {"const": 1}, False),
        ({"minimum": 1}, {"minimum": 1.0}, False),
        ({"enum": [1, 2]}, {"enum": [1, 2]}, True),
        ({"allOf": [{}]}, {"allOf": [{}, {}]}, False),
    ],
)
def test_annotations_make_no_difference_and_data_does(one: Any, other: Any, same: bool) -> None:
    assert equal(one, other) is same


def test_references_are_judged_by_what_they_lead_to() -> None:
    one = {"$ref": "#/$defs/n", "$defs": {"n": NODE}}
    assert equal(one, {"$ref": "#/$defs/n", "$defs": {"n": NODE}})
    renamed = {"properties": {"next": {"$ref": "#/$defs/m"}, "v": {"type": "integer"}}}
    assert equal(one, {"$ref": "#/$defs/m", "$defs": {"m": renamed}})
    other = {"properties": {"next": {"$ref": "#/$defs/n"}, "v": {"type": "number"}}}
    assert not equal(one, {"$ref": "#/$defs/n", "$defs": {"n": other}})


def test_what_was_taken_for_equal_on_the_way_to_a_difference_is_asked_again() -> None:
    defs = {
        "a": {"allOf": [{"$ref": "#/$defs/b"}, {"minimum": 1}]},
        "b": {"not": {"$ref": "#/$defs/a"}},
    }
    more = {**defs, "a": {"allOf": [{"$ref": "#/$defs/b"}, {"minimum": 2}]}}
    left, right = side("old", {"s.json": {"$defs": defs}}), side("new", {"s.json": {"$defs": more}})
    compared = Equality(left, right)
    for name in ("a", "b"):
        at = ("$defs", name)
        assert not compared.equal(left.root("s.json", at), right.root("s.json", at))


def test_json_values_are_the_same_by_type_and_whatever_the_order_of_members() -> None:
    assert exactly({"a": 1, "b": [True]}, {"b": [True], "a": 1})
    assert not exactly([True], [1])
    assert asserts("type")
    assert not asserts("title")
    assert not asserts("x-data-class")
