"""Small contracts as tests make them."""

from __future__ import annotations

from typing import Any

from quantapilot.contract.catalog import Contract


def contract(**files: dict[str, Any]) -> Contract:
    """Return a contract of the definitions of each file, by the file's name."""
    return Contract(
        {
            f"{name}.schema.json": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$id": f"https://example.com/{name}.schema.json",
                "title": f"The {name} file",
                "x-version": "2.1.0",
                "$defs": definitions,
            }
            for name, definitions in files.items()
        }
    )


def closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """Return the schema of a closed object."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


# An order service's events: a union over `kind`, each extending one envelope.
ORDERS: dict[str, Any] = {
    "Envelope": {
        "type": "object",
        "properties": {"id": {"type": "string"}},
        "required": ["id"],
    },
    "Placed": {
        "title": "Order placed",
        "description": "An order was placed.",
        "type": "object",
        "allOf": [{"$ref": "#/$defs/Envelope"}],
        "properties": {
            "kind": {"const": "order.placed"},
            "total": {"type": "integer", "description": "In cents.", "x-data-class": "aggregate"},
        },
        "required": ["kind", "total"],
        "unevaluatedProperties": False,
    },
    "Shipped": {
        "type": "object",
        "allOf": [{"$ref": "#/$defs/Envelope"}],
        "properties": {"kind": {"const": "order.shipped"}},
        "required": ["kind"],
        "unevaluatedProperties": False,
    },
    "OrderEvent": {
        "title": "Order event",
        "x-document": {"kind": "events", "recognised_by": "kind"},
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"order.placed": "#/$defs/Placed", "order.shipped": "#/$defs/Shipped"},
        },
        "oneOf": [{"$ref": "#/$defs/Placed"}, {"$ref": "#/$defs/Shipped"}],
    },
}
PLACED = {"id": "a", "kind": "order.placed", "total": 100}
SHIPPED = {"id": "a", "kind": "order.shipped"}
ORDER_EXAMPLES: dict[str, Any] = {
    "Placed": {"valid": [PLACED]},
    "OrderEvent": {
        "valid": [PLACED, SHIPPED],
        "invalid": [{"value": {"kind": "order.placed"}, "rules": ["contract/missing-field"]}],
    },
}
