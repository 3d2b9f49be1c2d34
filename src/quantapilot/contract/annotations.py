"""Annotations: what a schema says to this toolkit beyond JSON Schema, and how it is written.

They are described as JSON Schema themselves, so that a misspelt one is told with its place, and
never passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantapilot.contract.roles import USUAL

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = {"type": "string", "minLength": 1}
_POINTER = {"type": "string", "pattern": "^(?:/(?:[^/~]|~[01])*)+$"}
_REFERENCE = {"type": "string", "pattern": "#/\\$defs/[^/]+$"}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


# Annotation -> the schema of its value. `x-data-class` is judged with the field it stands at.
ANNOTATIONS: Final[dict[str, dict[str, Any]]] = {
    "x-document": _object(
        ("kind", "recognised_by"),
        kind={"enum": ["events", "logs", "errors"]},
        recognised_by=_NAME,
        **{role: _NAME for usual in USUAL.values() for role in usual},
        id_prefix={"type": "string", "pattern": "^[a-z](?:[a-z_]{0,61}[a-z])?$"},
        copies={"type": "object", "additionalProperties": _POINTER},
    ),
    "x-operation": _object(
        ("method", "path", "answers"),
        method={"enum": ["GET", "PUT", "POST", "DELETE", "PATCH"]},
        path={"type": "string", "pattern": "^/"},
        answers={
            "type": "object",
            "propertyNames": {"pattern": "^[1-5][0-9]{2}$"},
            "minProperties": 1,
            "additionalProperties": _REFERENCE,
        },
        errors=_REFERENCE,
    ),
    "x-direction": {"enum": ["in", "out"]},
    "x-version": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+(?:[-+].+)?$"},
    "discriminator": _object(
        ("propertyName", "mapping"),
        propertyName=_NAME,
        mapping={"type": "object", "minProperties": 1, "additionalProperties": _REFERENCE},
    ),
}


def misused(schema: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where the annotations of one schema, not of those in it, are not as they should be.

    Each is told by its place in the schema, and in words.
    """
    named = ANNOTATIONS.keys() & schema.keys() if isinstance(schema, dict) else ()
    if not named:
        return
    # Imported here: whoever reads the packaged contract does not pay for it.
    import jsonschema_rs

    for name in sorted(named):
        validator = jsonschema_rs.Draft202012Validator(ANNOTATIONS[name], mask="<value>")
        for error in validator.iter_errors(schema[name]):
            place = (name, *error.instance_path)
            yield place, f"'{place[-1]}' is not as '{name}' has to be: {_why(error.kind)}"


def _why(kind: Any) -> str:
    """Return, in words, what an annotation breaks; what stands in a schema may be shown."""
    if kind.name == "additionalProperties":
        return f"it has no {', '.join(map(repr, kind.unexpected))}"
    value = kind.value if kind.name != "required" else repr(kind.value)
    return f"{kind.name} {value}"
