"""The fields of a definition: every place that its own schema describes, outer ones first.

What a field refers to is told where that is defined. So what stands inside one, however deep, ends
with the schema's own text, and a definition that contains itself is no special case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.documents.reference.model import Choice, Field, Limit
from quantapilot.documents.reference.naming import Part
from quantapilot.documents.reference.wording import closed, gist, limits, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.contract.catalog import Definition
    from quantapilot.documents.reference.model import Phrase
    from quantapilot.documents.reference.naming import Names

_ALTERNATIVES = (("oneOf", "exactly one of"), ("anyOf", "one or more of"))
_CONDITIONAL = (("then", "where the condition holds"), ("else", "where it does not hold"))


@dataclass(frozen=True, slots=True)
class _Member:
    """What the schema says of one member: in how many places, and for which of its names."""

    path: str
    parts: tuple[Part, ...]
    required: bool
    family: bool


def fields(names: Names, definition: Definition) -> tuple[Field, ...]:
    """Return every field of a definition."""
    part = names.root(definition)
    schema = part.schema if isinstance(part.schema, dict) else {}
    # A definition that only refers to another one is that one.
    parts = list(names.conjoined(part, own="properties" in schema))
    return tuple(_inside(names, parts, "", ""))


def own_type(names: Names, definition: Definition) -> Phrase:
    """Return what a document of a definition is."""
    part = names.root(definition)
    schema = part.schema
    if isinstance(schema, dict) and "type" not in schema and "allOf" in schema:
        known = names.keywords(part)
        schema = {**schema, "type": known["type"]} if "type" in known else schema
    return phrase(schema, lambda reference: names.named(reference, part.base))


def own_limits(names: Names, definition: Definition) -> tuple[Limit, ...]:
    """Return what narrows the documents of a definition as a whole."""
    part = names.root(definition)
    found = list(limits(part.schema))
    for keyword, words in _ALTERNATIVES:
        alternatives = _only_required(part.schema, keyword)
        if alternatives:
            found.append(Limit(f"needs {words}", alternatives, literal=True))
    if any(closed(each.schema) for each in names.conjoined(part)):
        found.append(Limit("other fields", ("are refused",)))
    return tuple(found)


def choices(names: Names, definition: Definition) -> tuple[tuple[Choice, ...], str]:
    """Return what a document of a definition can be, and the field that names which it is."""
    part = names.root(definition)
    schema = part.schema if isinstance(part.schema, dict) else {}
    named_by = schema.get("discriminator", {})
    if mapping := named_by.get("mapping"):
        found = [
            _choice(names, Part({"$ref": reference}, part.base), value)
            for value, reference in mapping.items()
        ]
        return tuple(found), named_by["propertyName"]
    for keyword, _ in _ALTERNATIVES:
        if schema.get(keyword) and not _only_required(schema, keyword):
            found = [_choice(names, Part(each, part.base)) for each in schema[keyword]]
            return tuple(found), ""
    return (), ""


def _choice(names: Names, part: Part, value: str = "") -> Choice:
    told = names.keywords(part).get("description", "")
    return Choice(
        phrase(part.schema, lambda reference: names.named(reference, part.base)), value, str(told)
    )


def _only_required(schema: Any, keyword: str) -> tuple[str, ...]:
    """Return the fields that alternatives ask for, where they say nothing else."""
    alternatives = schema.get(keyword, ()) if isinstance(schema, dict) else ()
    if all(isinstance(each, dict) and each.keys() == {"required"} for each in alternatives):
        return tuple(" and ".join(each["required"]) for each in alternatives)
    return ()


def _inside(names: Names, parts: Sequence[Part], path: str, note: str) -> Iterator[Field]:
    """Yield what stands inside a value: its members, its items, and those of its alternatives."""
    for member in _members(parts, path):
        yield from _told(names, member, note)
    for each in parts:
        yield from _items(names, each, path, note)
        for keyword, _ in _ALTERNATIVES:
            alternatives = each.schema.get(keyword, ())
            for at, inner in enumerate(alternatives, 1):
                if isinstance(inner, dict) and "$ref" not in inner:
                    told = f"in alternative {at} of {len(alternatives)}"
                    yield from _inside(names, _inline(names, inner, each), path, told)
        for keyword, told in _CONDITIONAL:
            if isinstance(each.schema.get(keyword), dict):
                inner = _inline(names, each.schema[keyword], each)
                yield from _inside(names, inner, path, told)


def _members(parts: Sequence[Part], path: str) -> list[_Member]:
    needed = {name for part in parts for name in part.schema.get("required", ())}
    found: dict[tuple[str, bool], list[Part]] = {}
    for part in parts:
        for keyword, family in (("properties", False), ("patternProperties", True)):
            for name, body in part.schema.get(keyword, {}).items():
                found.setdefault((name, family), []).append(Part(body, part.base, part.origin))
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            if isinstance(body := part.schema.get(keyword), dict):
                found.setdefault(("*", False), []).append(Part(body, part.base, part.origin))
    return [
        _Member(_path(path, name), tuple(bodies), name in needed, family)
        for (name, family), bodies in found.items()
    ]


def _items(names: Names, part: Part, path: str, note: str) -> Iterator[Field]:
    for at, body in enumerate(part.schema.get("prefixItems", ())):
        member = _Member(f"{path}[{at}]", (Part(body, part.base),), False, False)
        yield from _told(names, member, note)
    body = part.schema.get("items")
    # What the type has said whole needs no line of its own.
    if isinstance(body, dict) and body.keys() - {"$ref", "type", "description", "x-data-class"}:
        item = Part(body, part.base)
        # A list of objects says so; what they hold stands below it.
        if phrase(body, lambda _: "")[0].text == "object" and not {"description"} & body.keys():
            yield from _inside(names, _inline(names, body, item), f"{path}[]", note)
        else:
            yield from _told(names, _Member(f"{path}[]", (item,), False, False), note)


def _told(names: Names, member: _Member, note: str) -> Iterator[Field]:
    first = member.parts[0]
    known = names.keywords(first)
    refers = "$ref" in first.schema if isinstance(first.schema, dict) else False
    yield Field(
        path=member.path,
        type=phrase(first.schema, lambda reference: names.named(reference, first.base)),
        gist=gist(known) if refers else "",
        limits=tuple(dict.fromkeys(each for part in member.parts for each in limits(part.schema))),
        required=member.required,
        data_class=next(filter(None, map(names.data_class, member.parts)), ""),
        description=str(known.get("description", "")),
        origin=first.origin,
        family=member.family,
        note=note,
    )
    for part in member.parts:
        yield from _inside(names, _inline(names, part.schema, part), member.path, note)


def _inline(names: Names, schema: Any, outer: Part) -> list[Part]:
    """Return what holds at a place by its own text: what it refers to is told elsewhere."""
    part = Part(schema, outer.base, outer.origin)
    return list(names.conjoined(part, own=False, inherited=False))


def _path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
