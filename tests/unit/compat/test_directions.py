"""For whom a definition has to stay compatible, by what refers to it."""

from __future__ import annotations

from typing import Any

from quantapilot.compat.directions import answers, directions, reached, references
from quantapilot.contract.catalog import Contract


def refers(*names: str) -> dict[str, Any]:
    return {"properties": {name: {"$ref": f"#/$defs/{name}"} for name in names}}


CONTRACT = Contract(
    {
        "a.schema.json": {
            "$id": "https://x.example/a",
            "$defs": {
                "Order": {
                    **refers("Item"),
                    "x-operation": {
                        "method": "POST",
                        "path": "/orders",
                        "answers": {"202": "#/$defs/Receipt"},
                        "errors": "#/$defs/Failure",
                    },
                },
                "Hook": {**refers("Item"), "x-direction": "in"},
                "Item": refers("Price"),
                "Price": {},
                "Receipt": refers("Price"),
                "Failure": {},
                "Event": {**refers("Note"), "x-document": {"kind": "events"}},
                "Note": {"x-example": {"$ref": "#/$defs/Hook"}},
                "Alone": {},
            },
        }
    }
)


def test_what_is_received_stays_valid_and_what_is_sent_stays_known() -> None:
    ways = directions(CONTRACT)
    received, sent = ({n for n in ways if way in ways[n]} for way in ("backward", "forward"))
    assert received == {"Order", "Hook", "Item", "Price"}
    assert sent == {"Receipt", "Failure", "Price", "Event", "Note", "Alone"}


def test_what_stands_in_an_extension_refers_to_nothing() -> None:
    assert references(CONTRACT)["Note"] == set()
    assert list(answers(CONTRACT, "Order")) == ["Receipt", "Failure"]
    assert list(answers(CONTRACT, "Hook")) == []


def test_definitions_in_a_circle_are_reached_once() -> None:
    graph = {"a": {"b"}, "b": {"a", "c"}, "c": set[str](), "d": set[str]()}
    assert reached(graph, ["a", "none"]) == {"a", "b", "c"}
