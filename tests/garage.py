"""A third contract: of a parking garage, flat events, listed numbers, two kinds of pairs."""

from __future__ import annotations

from typing import Any

from quantapilot.contract.catalog import Contract

_KINDS = ("in", "bay/taken", "bay/left", "plug/taken", "plug/left", "out")
STAY = "S00000042"


def _event(kind: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "msg": {"type": "string", "pattern": "^m[0-9]{4,9}$", "x-data-class": "identifier"},
        "what": {"const": kind, "x-data-class": "status"},
        "ts": {"type": "string", "format": "date-time", "x-data-class": "timestamp"},
        "by": {"type": "string", "pattern": "^G[0-9]$", "x-data-class": "technical"},
        "layout": {"const": 0, "x-data-class": "status"},
        "stay": {"type": "string", "pattern": "^S[0-9]{8}$", "x-data-class": "identifier"},
    }
    if "/" in kind:
        properties["no"] = {"type": "integer", "minimum": 1, "maximum": 3, "x-data-class": "status"}
    if kind == "out":
        properties["state"] = {"enum": [0, 10, 20], "x-data-class": "status"}
        row = {"type": "array", "items": {"type": "integer", "x-data-class": "aggregate"}}
        properties["free"] = {"type": "array", "items": {**row, "maxItems": 4}, "maxItems": 3}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name != "free"],
        "additionalProperties": False,
    }


def _name(kind: str) -> str:
    return kind.title().replace("/", "")


_MAPPING = {f"garage/{kind}": f"#/$defs/{_name(kind)}" for kind in _KINDS}
DEFINITIONS: dict[str, Any] = {_name(kind): _event(f"garage/{kind}") for kind in _KINDS} | {
    "Message": {
        "x-document": {
            "kind": "events",
            "recognised_by": "what",
            "id": "msg",
            "time": "ts",
            "source": "by",
            "subject": "stay",
        },
        "discriminator": {"propertyName": "what", "mapping": _MAPPING},
        "oneOf": [{"$ref": reference} for reference in _MAPPING.values()],
    }
}
LIFECYCLE: dict[str, Any] = {
    "run": "/stay",
    "start": {"garage/in": "inside"},
    "states": {
        "inside": {
            "on": {
                **{f"garage/{kind}": "inside" for kind in _KINDS if "/" in kind},
                "garage/out": "gone",
            }
        },
        "gone": {},
    },
    # A bay and a plug of the same number are two things.
    "pairs": [
        {"opens": "garage/bay/taken", "closes": "garage/bay/left", "by": "/no"},
        {"opens": "garage/plug/taken", "closes": "garage/plug/left", "by": "/no"},
    ],
}
GARAGE = Contract(
    {
        "garage.schema.json": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://garage.example/garage.schema.json",
            "$defs": DEFINITIONS,
        }
    },
    LIFECYCLE,
)
