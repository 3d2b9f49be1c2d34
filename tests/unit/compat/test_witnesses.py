"""Values that show a cause: verified on both sides, and no longer than they have to be."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.compat.schemas import compare

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def whole(inner: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["head", "rows"],
        "properties": {
            "head": {"enum": ["v1"]},
            "rows": {"type": "array", "minItems": 2, "items": inner},
            "note": {"type": "string"},
        },
    }


def shown(old: Any, new: Any) -> Any:
    witness = compare(old, new).witness
    assert witness is not None
    assert (witness.accepted_by, witness.refused_by) == ("old", "new")
    return witness.value


def test_a_cause_deep_inside_is_put_into_a_whole_value_that_holds_nothing_else() -> None:
    value = shown(whole(ITEM), whole({**ITEM, "required": ["id", "name"]}))
    assert value.keys() == {"head", "rows"}
    assert len(value["rows"]) == 2
    assert any("name" not in row for row in value["rows"])


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ({"maxProperties": 2}, {"maxProperties": 1}, {"more0": 0, "more1": 0}),
        ({}, {"type": "object", "minProperties": 1}, {}),
        ({"type": "array"}, {"type": "array", "uniqueItems": True}, [0, 0]),
        ({"type": "array"}, {"type": "array", "maxItems": 1}, [0, 0]),
        ({"propertyNames": {"maxLength": 2}}, {"propertyNames": {"maxLength": 1}}, {"aa": 0}),
        ({"minimum": 1}, {"minimum": 1.5}, 1),
        ({"type": "integer"}, {"type": "integer", "multipleOf": 2}, 1),
    ],
)
def test_the_value_is_the_plain_one_that_shows_the_cause(old: Any, new: Any, value: Any) -> None:
    assert shown(old, new) == value


def test_the_same_versions_are_shown_by_the_same_value() -> None:
    old, new = whole({"type": "number"}), whole({"type": "integer"})
    assert shown(old, new) == shown(old, new)


def test_without_a_value_nothing_is_claimed() -> None:
    change = compare({"pattern": r"(a)\1"}, {"pattern": r"(b)\1|(a)\2"}).told[0]
    assert (change.kind, change.witness) == ("unknown", None)
