"""Groups: what a definition is for, by what its schema says of itself and by who refers to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from quantapilot.documents.reference.model import Call, Entry, Group, Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from quantapilot.contract.catalog import Definition
    from quantapilot.documents.reference.naming import Names

_KINDS = {
    "events": ("Events", "What is told while something happens, each as it stands on the wire."),
    "logs": ("Log records", "What one line of a log may hold."),
    "errors": ("Errors", "What is answered when something went wrong."),
}
_STEPS = {
    "items": "[]",
    "prefixItems": "[]",
    "additionalProperties": "*",
    "unevaluatedProperties": "*",
}
_NAMED = ("properties", "patternProperties", "dependentSchemas")


def call(names: Names, definition: Definition) -> Call | None:
    """Return the operation that a definition is the body of."""
    operation = _operation(definition)
    if operation is None:
        return None
    base = names.root(definition).base
    answers = operation.get("answers", {}).items()
    return Call(
        method=str(operation.get("method", "")).upper(),
        path=str(operation.get("path", "")),
        answers=tuple((str(status), names.named(to, base) if to else "") for status, to in answers),
        errors=names.named(operation["errors"], base) if operation.get("errors") else "",
    )


def uses(names: Names) -> dict[str, tuple[Use, ...]]:
    """Return where each definition is referred to, in the order of the files."""
    found: dict[str, dict[Use, None]] = {name: {} for name in names.definitions}
    for user, definition in names.definitions.items():
        part = names.root(definition)
        for reference, path in _references(part.schema, ""):
            name = names.named(reference, part.base)
            if name:
                found[name][Use(user, path)] = None
    return {name: tuple(used) for name, used in found.items()}


def groups(names: Names, used: Mapping[str, Sequence[Use]]) -> tuple[Group, ...]:
    """Return every definition in one group; what says what it is for comes first."""
    taking = _Taking(names)
    taking.take("requests", "Requests", "What you send, and what is answered.", _requests(names))
    received = [
        Entry(name)
        for name, each in names.definitions.items()
        if _said(each, "x-direction") == "in" and _operation(each) is None
    ]
    taking.take("received", "Other messages you send", "What is taken from you besides.", received)
    documents = {name: each for name, each in names.definitions.items() if each.kind}
    kinds = dict.fromkeys(each.kind or "" for each in documents.values())
    payloads: list[Entry] = []
    for kind in sorted(kinds, key=[*_KINDS, *kinds].index):
        title, note = _KINDS.get(kind, (kind.capitalize(), ""))
        entries: list[Entry] = []
        for name, document in documents.items():
            if document.kind == kind:
                entries += _document(names, name, document)
                payloads += _payloads(names, document)
        taking.take(kind if kind in _KINDS else f"kind-{kind}", title, note, entries)
        if kind == "events":
            taking.take("payloads", "Event payloads", "What an event tells.", payloads)
    taking.take("answers", "Answers", "What a request is answered with.", _answers(names))
    alone = [
        Entry(name)
        for name, each in names.definitions.items()
        if not any(use.name != name for use in used[name]) and _holds_fields(names, each)
    ]
    taking.take("others", "Other documents", "Nothing else refers to them.", alone)
    rest = [Entry(name) for name in names.definitions]
    taking.take("types", "Shared types", "What the definitions above are made of.", rest)
    return tuple(taking.groups)


@dataclass(slots=True)
class _Taking:
    """Groups as they are filled: a definition stays in the first that asks for it."""

    names: Names
    groups: list[Group] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def take(self, key: str, title: str, note: str, entries: Iterable[Entry]) -> None:
        mine: list[Entry] = []
        for each in entries:
            if each.name in self.taken or each.name not in self.names.definitions:
                continue
            self.taken.add(each.name)
            known = self.names.keywords(self.names.root(self.names.definitions[each.name]))
            mine.append(replace(each, description=str(known.get("description", ""))))
        if mine:
            self.groups.append(Group(key, title, note, tuple(mine)))


def _requests(names: Names) -> Iterator[Entry]:
    for name, definition in names.definitions.items():
        made = call(names, definition)
        if made is not None:
            related = [each for each in made.answers if each[1]]
            related += [("errors", made.errors)] if made.errors else []
            yield Entry(name, f"{made.method} {made.path}".strip(), tuple(related))


def _answers(names: Names) -> Iterator[Entry]:
    for definition in names.definitions.values():
        made = call(names, definition)
        if made is not None:
            yield from (Entry(name) for _, name in (*made.answers, ("", made.errors)) if name)


def _document(names: Names, name: str, document: Definition) -> Iterator[Entry]:
    """Yield a document, what it may be, and what all of those take over."""
    yield Entry(name)
    bases: dict[str, None] = {}
    for value, branch in _branches(names, document):
        payload = _payload(names, document, names.definitions[branch])
        yield Entry(branch, value, (("payload", payload),) if payload else ())
        part = names.root(names.definitions[branch])
        bases.update(dict.fromkeys(each.origin for each in names.conjoined(part) if each.origin))
    yield from map(Entry, bases)


def _payloads(names: Names, document: Definition) -> Iterator[Entry]:
    for value, branch in _branches(names, document):
        if payload := _payload(names, document, names.definitions[branch]):
            yield Entry(payload, value, (("on the wire", branch),))


def _branches(names: Names, document: Definition) -> Iterator[tuple[str, str]]:
    """Yield what a document may be, each with the value that names it."""
    mapping = document.schema.get("discriminator", {}).get("mapping", {})
    base = names.root(document).base
    references = list(mapping.items()) or [
        ("", each["$ref"])
        for keyword in ("oneOf", "anyOf")
        for each in document.schema.get(keyword, ())
        if isinstance(each, dict) and "$ref" in each
    ]
    for value, reference in references:
        if name := names.named(reference, base):
            yield value, name


def _payload(names: Names, document: Definition, branch: Definition) -> str:
    """Return the definition of what stands in the field that a document names for its payload."""
    key = document.schema["x-document"].get("payload")
    for part in names.conjoined(names.root(branch)) if key else ():
        body = part.schema.get("properties", {}).get(key)
        if isinstance(body, dict) and "$ref" in body:
            return names.named(body["$ref"], part.base)
    return ""


def _holds_fields(names: Names, definition: Definition) -> bool:
    known = names.keywords(names.root(definition))
    told_by = {"properties", "patternProperties", "oneOf", "anyOf"}
    return known.get("type") == "object" or bool(known.keys() & told_by)


def _operation(definition: Definition) -> Mapping[str, Any] | None:
    operation = _said(definition, "x-operation")
    return operation if isinstance(operation, dict) else None


def _said(definition: Definition, keyword: str) -> Any:
    return definition.schema.get(keyword) if isinstance(definition.schema, dict) else None


def _references(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every reference inside a schema with the place in a document that it describes."""
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each, path)
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key == "$ref" and isinstance(value, str):
            yield value, path
        elif key in _NAMED and isinstance(value, dict):
            for name, body in value.items():
                yield from _references(body, f"{path}.{name}" if path else name)
        elif key in _STEPS:
            step = _STEPS[key]
            inside = f"{path}{step}" if step == "[]" or not path else f"{path}.{step}"
            yield from _references(value, inside)
        elif key not in {"const", "enum", "default", "examples", "discriminator"}:
            yield from _references(value, path)
