"""What tests of mocks share: this project's contract, and a second one that is nothing like it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tests.emitting import CONFIG

from quantapilot.config import Config
from quantapilot.contract.catalog import Contract
from quantapilot.contract.validator import Validator
from quantapilot.gate.project import Project
from quantapilot.mock import Mock

if TYPE_CHECKING:
    from quantapilot.gate.inspector import Inspector

_ID = "https://shop.example/orders.schema.json"


def object_of(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def event(kind: str, body: str) -> dict[str, Any]:
    told = {
        "type": {"const": kind, "x-data-class": "status"},
        "no": {"type": "string", "pattern": "^ev-[0-9]{2,8}$", "x-data-class": "identifier"},
        "order": {"$ref": "#/$defs/OrderNo"},
        "at": {"type": "string", "format": "date-time", "x-data-class": "timestamp"},
        "body": {"$ref": f"#/$defs/{body}"},
    }
    return object_of(["type", "no", "order", "at", "body"], **told)


DEFINITIONS: dict[str, Any] = {
    "OrderNo": {"type": "string", "pattern": "^ord-[0-9]{2,8}$", "x-data-class": "identifier"},
    "Item": object_of(
        ["article", "pieces"],
        article={"type": "string", "maxLength": 40, "x-data-class": "technical"},
        pieces={"type": "integer", "minimum": 1, "multipleOf": 6, "x-data-class": "aggregate"},
        price={"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
        sizes={
            "type": "array",
            "items": {"enum": ["s", "m", "l"]},
            "uniqueItems": True,
            "maxItems": 3,
        },
    ),
    "Placed": object_of(
        ["order_no", "items"],
        order_no={"$ref": "#/$defs/OrderNo"},
        customer={"type": "string", "format": "uuid", "x-data-class": "identifier"},
        items={"type": "array", "items": {"$ref": "#/$defs/Item"}, "minItems": 1, "maxItems": 4},
        note={"type": "string", "maxLength": 60, "x-data-class": "text"},
    ),
    "HoldAsked": object_of(
        ["order_no", "hold"],
        order_no={"$ref": "#/$defs/OrderNo"},
        hold={"enum": ["stock", "credit"], "x-data-class": "status"},
    ),
    "HoldLifted": object_of(
        ["order_no", "hold"],
        order_no={"$ref": "#/$defs/OrderNo"},
        hold={"enum": ["stock", "credit"], "x-data-class": "status"},
        customer={"type": "string", "format": "uuid", "x-data-class": "identifier"},
    ),
    "Shipped": object_of(["order_no"], order_no={"$ref": "#/$defs/OrderNo"}),
    "PlacedEvent": event("shop.placed", "Placed"),
    "HoldAskedEvent": event("shop.hold_asked", "HoldAsked"),
    "HoldLiftedEvent": event("shop.hold_lifted", "HoldLifted"),
    "ShippedEvent": event("shop.shipped", "Shipped"),
    "OrderEvent": {
        "x-document": {
            "kind": "events",
            "recognised_by": "no",
            "payload": "body",
            "copies": {"order": "/body/order_no"},
        },
        "discriminator": {
            "propertyName": "type",
            "mapping": {
                "shop.placed": "#/$defs/PlacedEvent",
                "shop.hold_asked": "#/$defs/HoldAskedEvent",
                "shop.hold_lifted": "#/$defs/HoldLiftedEvent",
                "shop.shipped": "#/$defs/ShippedEvent",
            },
        },
        "oneOf": [
            {"$ref": "#/$defs/PlacedEvent"},
            {"$ref": "#/$defs/HoldAskedEvent"},
            {"$ref": "#/$defs/HoldLiftedEvent"},
            {"$ref": "#/$defs/ShippedEvent"},
        ],
    },
}
LIFECYCLE: dict[str, Any] = {
    "run": "/order",
    "constant": ["/body/customer"],
    "start": {"shop.placed": "open"},
    "states": {
        "open": {
            "on": {
                "shop.hold_asked": "open",
                "shop.hold_lifted": "open",
                "shop.shipped": "done",
            }
        },
        "done": {},
    },
    "pairs": [{"opens": "shop.hold_asked", "closes": "shop.hold_lifted", "by": "/body/hold"}],
}


def contract_of(definitions: dict[str, Any], lifecycle: Any = None) -> Contract:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _ID,
        "$defs": definitions,
    }
    return Contract({"orders.schema.json": schema}, lifecycle)


@cache
def ours() -> Mock:
    """Return a mock of this project's contract."""
    return Mock(config=CONFIG)


def shop(seed: int = 0, lifecycle: Any = LIFECYCLE) -> Mock:
    """Return a mock of the second contract."""
    return Mock(contract_of(DEFINITIONS, lifecycle), config=Config(), seed=seed)


def inspector_of(contract: Contract) -> Inspector:
    """Return what judges documents of a contract, made apart from the mock that makes them."""
    project = Project(Config())
    return project.inspector(project.detector(), Validator(contract))
