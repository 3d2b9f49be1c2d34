"""Contracts that are none of ours, for documents: a small one, and one that is odd in every way."""

from __future__ import annotations

from typing import Any

from quantapilot.contract.catalog import Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)> | `a` *b*"

_SHOP: dict[str, Any] = {
    "$schema": DIALECT,
    "$id": "https://shop.example/shop.schema.json",
    "title": "Shop",
    "description": "Orders of a shop, told as they go. `parcel` is what is sent.",
    "x-version": "2.1.0",
    "$defs": {
        "OrderId": {
            "description": "Names one order.",
            "type": "string",
            "pattern": "^(?:o|p)-[0-9]{1,9}$",
            "x-data-class": "identifier",
        },
        "Placed": {
            "description": "An order was placed.",
            "type": "object",
            "properties": {
                "order": {"$ref": "#/$defs/OrderId", "description": "Which one."},
                "lines": {
                    "description": "What was ordered.",
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 50,
                    "uniqueItems": True,
                    "items": {
                        "type": "object",
                        "properties": {
                            "sku": {
                                "description": "The article.",
                                "type": "string",
                                "maxLength": 20,
                                "x-data-class": "technical",
                            },
                            "pieces": {
                                "description": "How many.",
                                "type": "integer",
                                "minimum": 1,
                                "x-data-class": "aggregate",
                            },
                        },
                        "required": ["sku"],
                        "additionalProperties": False,
                    },
                },
                "note": {
                    "description": "Words for the packer.",
                    "type": ["string", "null"],
                    "x-data-class": "text",
                },
            },
            "required": ["order", "lines"],
            "additionalProperties": False,
        },
        "Sent": {
            "description": "The parcel has left.",
            "type": "object",
            "properties": {"order": {"$ref": "#/$defs/OrderId", "description": "Which one."}},
            "required": ["order"],
            "additionalProperties": False,
        },
        "Envelope": {
            "description": "What every event carries.",
            "type": "object",
            "properties": {
                "at": {
                    "description": "When.",
                    "type": "string",
                    "format": "date-time",
                    "x-data-class": "timestamp",
                }
            },
            "required": ["at"],
        },
        "PlacedEvent": {
            "description": "`placed` with its envelope.",
            "allOf": [{"$ref": "#/$defs/Envelope"}],
            "type": "object",
            "properties": {
                "kind": {
                    "description": "The type.",
                    "const": "shop.placed",
                    "x-data-class": "status",
                },
                "body": {"$ref": "#/$defs/Placed", "description": "What was placed."},
            },
            "required": ["kind", "body"],
            "unevaluatedProperties": False,
        },
        "SentEvent": {
            "description": "`sent` with its envelope.",
            "allOf": [{"$ref": "#/$defs/Envelope"}],
            "type": "object",
            "properties": {
                "kind": {
                    "description": "The type.",
                    "const": "shop.sent",
                    "x-data-class": "status",
                },
                "body": {"$ref": "#/$defs/Sent", "description": "What was sent."},
            },
            "required": ["kind", "body"],
            "unevaluatedProperties": False,
        },
        "Message": {
            "description": "Any event.",
            "x-document": {"kind": "events", "recognised_by": "kind", "payload": "body"},
            "discriminator": {
                "propertyName": "kind",
                "mapping": {
                    "shop.placed": "#/$defs/PlacedEvent",
                    "shop.sent": "#/$defs/SentEvent",
                },
            },
            "oneOf": [{"$ref": "#/$defs/PlacedEvent"}, {"$ref": "#/$defs/SentEvent"}],
        },
        "OrderRequest": {
            "description": "Places an order.",
            "x-operation": {
                "method": "post",
                "path": "/orders",
                "answers": {"201": "#/$defs/OrderAnswer", "204": None},
                "errors": "#/$defs/Fault",
            },
            "type": "object",
            "properties": {"order": {"$ref": "#/$defs/OrderId", "description": "Which one."}},
            "required": ["order"],
            "additionalProperties": False,
        },
        "OrderAnswer": {
            "description": "It was taken.",
            "type": "object",
            "properties": {"order": {"$ref": "#/$defs/OrderId", "description": "Which one."}},
            "additionalProperties": False,
        },
        "Fault": {
            "description": "It was not.",
            "x-document": {"kind": "errors", "recognised_by": "code"},
            "type": "object",
            "properties": {
                "code": {
                    "description": "Why.",
                    "enum": ["GONE", "BUSY"],
                    "x-data-class": "status",
                }
            },
            "required": ["code"],
            "additionalProperties": False,
        },
    },
}
LIFECYCLE: dict[str, Any] = {
    "title": "How an order goes",
    "description": "From the basket to the door.",
    "run": "/body/order",
    "constant": ["/body/shop"],
    "start": {"shop.placed": "open"},
    "states": {"gone": {}, "open": {"on": {"shop.placed": "open", "shop.sent": "gone"}}},
    "pairs": [{"opens": "shop.placed", "closes": "shop.sent", "by": "/body/order"}],
}
SHOP_EXAMPLES: dict[str, Any] = {
    "$comment": "Made up.",
    "OrderId": {
        "valid": ["o-1", "p-22"],
        "invalid": [{"value": "x", "rules": ["contract/pattern"], "why": "no such shape"}],
    },
    "Placed": {
        "valid": [{"order": "o-1", "lines": [{"sku": "cup"}]}],
        "invalid": [
            {
                "value": {
                    "order": "o-1",
                    "lines": [{"sku": "cup"}],
                    "note": "for alice@example.com",
                    "owner_name": "Alice Smith",
                },
                "rules": ["contract/unknown-field", "pii/email", "pii/name-field"],
                "why": "whose it is, as alice@example.com",
            }
        ],
    },
}

# Nothing in it is said the plain way, and much of it is markup somewhere.
_ODD: dict[str, Any] = {
    "$schema": DIALECT,
    "$id": "https://odd.example/odd.schema.json",
    "title": HOSTILE,
    "description": HOSTILE,
    "$defs": {
        "Tree": {
            "description": HOSTILE,
            "type": "object",
            "properties": {
                "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                "twin": {"allOf": [{"$ref": "#/$defs/Tree"}], "description": "# not a heading"},
                "deep": {
                    "type": "object",
                    "properties": {
                        "a": {
                            "type": "object",
                            "properties": {"b": {"type": "array", "items": {"type": "array",
                                "items": {"enum": [1, None, "x|y", "", HOSTILE]}}}},
                        }
                    },
                },
                "any": True,
                "none": False,
                "odd name\n|`": {"type": "string", "pattern": "^(?:a|\\|)`$", "default": "a"},
            },
            "patternProperties": {"^x-|<b>": {"type": ["number", "null"], "multipleOf": 0.5}},
            "additionalProperties": {"type": "boolean", "readOnly": True},
            "dependentRequired": {"kids": ["twin"]},
            "minProperties": 1,
        },
        "a tuple": {
            "prefixItems": [{"type": "string", "maxLength": 1}, {"$ref": "#/$defs/Tree"}],
            "items": {"oneOf": [{"type": "integer"}, {"$ref": "#/$defs/README"}]},
        },
        "README": {"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}], "type": "object"},
        "Readme": {
            "oneOf": [
                {"type": "object", "properties": {"x": {"const": 1}}, "required": ["x"]},
                {"type": "object", "properties": {"y": {"exclusiveMinimum": 0}}},
                {"$ref": "more.schema.json#/$defs/Twig"},
            ],
            "if": {"required": ["x"]},
            "then": {"properties": {"z": {"type": "string"}}},
            "not": {"required": ["q"]},
        },
        "Same": {"$ref": "#/$defs/Tree"},
        "Anything": {},
        "main": {"type": "string", "format": "hostname", "minLength": 3, "maxLength": 3},
    },
}  # fmt: skip
_MORE: dict[str, Any] = {
    "$schema": DIALECT,
    "$id": "https://odd.example/more.schema.json",
    "$ref": "#/$defs/Twig",
    "$defs": {
        "Twig": {
            "type": "object",
            "properties": {"file": {"$ref": "odd.schema.json"}, "self": {"$ref": "#"}},
        }
    },
}
ODD_EXAMPLES: dict[str, Any] = {
    "Tree": {
        "valid": [{HOSTILE: HOSTILE, "fence": "```\n</code>"}],
        "invalid": [{"value": HOSTILE, "rules": ["contract/type", HOSTILE], "why": HOSTILE}],
    },
    "main": {"valid": [], "invalid": [{"value": "x" * 5000, "rules": ["contract/range"]}]},
    "gone": {"valid": [1]},
}


def shop(*, lifecycle: bool = True) -> Contract:
    """Return the small contract: two events, a request, errors, and an order of events."""
    return Contract({"shop.schema.json": _SHOP}, LIFECYCLE if lifecycle else None)


def odd() -> Contract:
    """Return a contract without events, operations or order, whose texts are hostile."""
    return Contract({"odd.schema.json": _ODD, "more.schema.json": _MORE})
