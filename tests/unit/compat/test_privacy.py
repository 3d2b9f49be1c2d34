"""Places that may hold more than before, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.compat.schemas import compare

ID = {"type": "string", "format": "uuid", "x-data-class": "identifier"}
TEXT = {"type": "string", "maxLength": 9, "x-data-class": "text"}
CLOSED = {"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}
UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def private(old: Any, new: Any) -> list[str]:
    then, now = ({"properties": {"x": each, "y": TEXT}} for each in (old, new))
    return [change.message for change in compare(then, now).changes if change.kind == "privacy"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (ID, {**ID, "x-data-class": "technical"}, "x-data-class identifier → technical"),
        ({**TEXT, "x-data-class": "status"}, TEXT, "x-data-class status → text"),
        (TEXT, {"type": "string", "maxLength": 9}, "x-data-class text → none"),
        (
            ID,
            {"type": "string", "x-data-class": "identifier"},
            "format uuid → none; an identifier is no longer proven to be one",
        ),
        (TEXT, {**TEXT, "maxLength": 10}, "maxLength 9 → 10; text may be longer than before"),
        (
            CLOSED,
            {**CLOSED, "patternProperties": {"^x_": {}}},
            "the family of members ^x_ added; an open family of members: ^x_",
        ),
    ],
)
def test_a_place_that_may_hold_more_is_told(old: Any, new: Any, message: str) -> None:
    assert private(old, new) == [message]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (TEXT, {**TEXT, "x-data-class": "technical"}),
        (ID, {"type": "string", "pattern": UUID, "x-data-class": "identifier"}),
        (ID, {"enum": ["a", "b"], "x-data-class": "identifier"}),
        (TEXT, {"type": "string", "pattern": "^[a-z]{1,9}$", "x-data-class": "text"}),
    ],
)
def test_a_place_that_is_proven_in_another_way_is_not(old: Any, new: Any) -> None:
    assert private(old, new) == []
