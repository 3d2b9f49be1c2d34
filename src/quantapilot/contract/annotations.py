"""Annotations: what a schema says to this toolkit beyond JSON Schema.

How each is written is described as JSON Schema itself. What it means is checked by code: fields
that it names are there, references lead to definitions. So a misspelt one is told with its place,
and never passed over. `x-data-class` is judged with the field it stands at, by the lint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantapilot.contract.roles import USUAL, keys
from quantapilot.contract.shape import listed, members, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantapilot.contract.catalog import Contract, Definition

    # Where in a schema, and what is wrong there.
    Misuse = tuple[tuple[str | int, ...], str]

_NAME = {"type": "string", "minLength": 1}
_POINTER = {"type": "string", "pattern": "^(?:/(?:[^/~]|~[01])*)+$"}
_REFERENCE = {"type": "string", "pattern": "#/\\$defs/[^/]+$"}
# The role whose field may lie deeper in an event; the others are members of the document.
_DEEPER = "subject"
# What `x-document` may say of events besides their roles.
_OF_EVENTS = frozenset({"copies", "id_prefix"})


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


# Annotation -> the schema of its value.
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


def misused(contract: Contract) -> Iterator[tuple[str, Misuse]]:
    """Yield where annotations of a contract are not as they should be, with the file.

    How they are written comes first: what one means is told only where all are written rightly.
    """
    wrong = False
    for file, schema in contract.schemas.items():
        bodies = schema.get("$defs", {})
        places = [((), schema), *((("$defs", name), body) for name, body in bodies.items())]
        for above, body in places:
            for place, message in miswritten(body):
                wrong = True
                yield file, ((*above, *place), message)
    for definition in () if wrong else contract.definitions.values():
        for place, message in misleading(contract, definition):
            yield definition.file, (("$defs", definition.name, *place), message)


def miswritten(schema: Mapping[str, Any]) -> Iterator[Misuse]:
    """Yield where annotations of one schema, not of those in it, are not written as they should."""
    for name in sorted(schema):
        if name in ANNOTATIONS:
            yield from _against(ANNOTATIONS[name], name, schema[name])
        elif name.startswith("x-") and (meant := _meant(name)):
            yield (name,), f"there is no '{name}', did you mean '{meant}'?"


def misleading(contract: Contract, definition: Definition) -> Iterator[Misuse]:
    """Yield where annotations of a definition name fields, or definitions, that are not there.

    How they are written is not judged here, nor is the schema around them.
    """
    schema = definition.schema
    operation = schema.get("x-operation", {})
    references = [(("answers", each), to) for each, to in operation.get("answers", {}).items()]
    errors = [(("errors",), operation["errors"])] if "errors" in operation else []
    for place, reference in (*references, *errors):
        if _referred(contract, definition, reference) is None:
            yield ("x-operation", *place), f"'{reference}' leads to no definition"
    if "discriminator" in schema:
        yield from _branches(contract, definition, schema["discriminator"])
    if "x-document" in schema:
        for role, message in _document(contract, definition, schema["x-document"]):
            yield ("x-document", *role), message


def _against(described: dict[str, Any], name: str, value: Any) -> Iterator[Misuse]:
    # Imported here: whoever reads the packaged contract does not pay for it.
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator(described, mask="<value>")
    for error in validator.iter_errors(value):
        place = (name, *error.instance_path)
        yield place, f"'{place[-1]}' {_why(error.kind)}"


def _why(kind: Any) -> str:
    """Return, in words, what an annotation breaks; what stands in a schema may be shown."""
    if kind.name == "propertyNames":
        return f"has a name that is wrong: it {_why(kind.error.kind)}"
    said = {
        "additionalProperties": lambda: f"has no {', '.join(map(repr, kind.unexpected))}",
        "required": lambda: f"lacks '{kind.property}'",
        "enum": lambda: f"must be one of: {listed(kind.value)}",
        "pattern": lambda: f"must match {kind.value}",
        "type": lambda: f"must be of the type {' or '.join(kind.types)}",
    }
    return said[kind.name]() if kind.name in said else "must not be empty"


def _meant(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [each for each in ANNOTATIONS if each.startswith("x-")], 1, 0.85)
    return near[0] if near else ""


def _referred(contract: Contract, definition: Definition, reference: str) -> Definition | None:
    try:
        _, uri = contract.resolve(reference, contract.schemas[definition.file]["$id"])
    except (KeyError, TypeError):
        return None
    found = contract.definitions.get(reference.rpartition("/")[2])
    return found if found and found.uri.startswith(f"{uri}#") else None


def _branches(
    contract: Contract, definition: Definition, said: Mapping[str, Any]
) -> Iterator[Misuse]:
    told_by = said["propertyName"]
    for value, reference in said["mapping"].items():
        place = ("discriminator", "mapping", value)
        branch = _referred(contract, definition, reference)
        if branch is None:
            yield place, f"'{value}' leads to no definition"
            continue
        field = _fields(contract, branch)
        if field is not None and told_by not in field:
            yield place, f"'{branch.name}' has no field '{told_by}', which tells what it is"
        elif field is not None and field[told_by].get("const", value) != value:
            const = written(field[told_by]["const"])
            yield place, f"'{value}' leads to {branch.name}, whose '{told_by}' is {const}"


def _document(
    contract: Contract, definition: Definition, said: Mapping[str, Any]
) -> Iterator[Misuse]:
    kind = said["kind"]
    named = {"recognised_by", *USUAL.get(kind, ())}
    for role, name in said.items():
        if role in named:
            deeper = name.startswith("/") and role != _DEEPER
            if deeper or not _there(contract, definition, name):
                yield (role,), f"'{role}' names a field that {definition.name} lacks: '{name}'"
        elif role != "kind" and not (kind == "events" and role in _OF_EVENTS):
            yield (role,), f"documents of the kind '{kind}' have no '{role}'"
    for name, pointer in said.get("copies", {}).items():
        for each in (name, pointer):
            if not _there(contract, definition, each):
                told = f"'copies' names a field that {definition.name} lacks: '{each}'"
                yield ("copies", name), told


def _fields(contract: Contract, definition: Definition) -> dict[str, dict[str, Any]] | None:
    """Return the members of a definition; None where it is no JSON Schema, as the lint tells."""
    try:
        return members(contract, definition)
    except (TypeError, AttributeError):
        return None


def _there(contract: Contract, definition: Definition, name: str) -> bool:
    try:
        field = contract.fields(definition)
    except (TypeError, AttributeError):
        return True
    for key in keys(name):
        below = field.below(key)
        if below is None:
            return False
        field = below
    return True
