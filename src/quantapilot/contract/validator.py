"""Validation: what a document breaks of its definition, said without its values.

Two engines answer alike: `jsonschema-rs`, which is fast, and the reference engine `jsonschema`.
The discriminator is followed before validating, so that a message is about the branch that was
meant. Messages are made here from keyword and limit; what an engine says of values is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from quantapilot.contract.catalog import Definition, Field
from quantapilot.contract.copies import Copies
from quantapilot.contract.engines import engine
from quantapilot.contract.flat import flattened
from quantapilot.contract.shape import kind_of, required, shape, written
from quantapilot.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.contract.catalog import Contract

Engine = Literal["jsonschema-rs", "reference"]
Pointer = tuple[str | int, ...]

_RULES = {
    "additionalProperties": "unknown-field",
    "unevaluatedProperties": "unknown-field",
    "required": "missing-field",
    "type": "type",
    "format": "format",
    "pattern": "pattern",
    "enum": "enum",
    "const": "enum",
    "minLength": "range",
    "maxLength": "range",
    "minimum": "range",
    "maximum": "range",
    "exclusiveMinimum": "range",
    "exclusiveMaximum": "range",
    "minItems": "range",
    "maxItems": "range",
}
_DEEPEST = 100
# A longer word is no misspelt name; to compare it would take time and tell nothing. Nor is each of
# many unknown fields compared.
_LONGEST_NAME = 64
_MOST_ASKED = 32
_RANGES = {
    "minLength": "is shorter than {} characters",
    "maxLength": "is longer than {} characters",
    "minimum": "is less than {}",
    "maximum": "is greater than {}",
    "exclusiveMinimum": "is not greater than {}",
    "exclusiveMaximum": "is not less than {}",
    "minItems": "has fewer than {} items",
    "maxItems": "has more than {} items",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a document breaks: the rule, where, and in words without its values.

    `hint` is the end of the message that follows from how a key or value was written; where that
    must not show, the hint must not either.
    """

    rule: str
    pointer: Pointer
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Which definition a document claims; `violation` says why it is none that there is."""

    definition: Definition | None
    violation: Violation | None = None


class _Errors(Protocol):
    """An engine's answer: keyword, its value, and the path of what breaks it."""

    def __call__(self, document: Any) -> Iterator[tuple[str, Any, Pointer]]: ...


@dataclass(frozen=True, slots=True)
class _Compiled:
    is_valid: Callable[[Any], bool]
    errors: _Errors


class Validator:
    """Validates documents against one contract; definitions are compiled on first use."""

    def __init__(
        self, contract: Contract, engine: Engine = "jsonschema-rs", *, copies: bool = False
    ) -> None:
        """Take the contract.

        Args:
            contract: Where the definitions stand.
            engine: What validates.
            copies: Whether the attributes of events that repeat a part of the payload are compared
                with it, which no schema can say.

        Raises:
            MissingExtraError: The engine `reference` was asked for and is not installed.
        """
        self.contract = contract
        self._compile = _rust(contract) if engine == "jsonschema-rs" else _reference(contract)
        self._compiled: dict[str, _Compiled] = {}
        self._copies = Copies(contract) if copies else None
        self._recognisers = [
            (document.schema["x-document"]["recognised_by"], document)
            for document in contract.documents
        ]

    def recognise(self, document: dict[str, Any], kind: str | None = None) -> Recognised:
        """Return the definition that a document claims, discriminators followed.

        Args:
            document: A parsed JSON object.
            kind: Takes only definitions of this kind (`events`, `logs`, `errors`).
        """
        for key, definition in self._recognisers:
            if key in document if kind is None else definition.kind == kind:
                return self.branch(definition, document)
        known = ", ".join(f"'{key}' ({found.kind})" for key, found in self._recognisers)
        message = f"no document of the contract; what tells them apart: {known}"
        message += self._nearest(document)
        return Recognised(None, Violation("contract/unknown-document", (), message))

    def _nearest(self, document: dict[str, Any]) -> str:
        """Return, in words, which definition shares most fields with a document that is none."""
        best: tuple[tuple[int, int], Definition, list[str]] | None = None
        for _, definition in self._recognisers:
            properties = self.contract.fields(definition).properties
            shared = len(properties.keys() & document.keys())
            lacking = [n for n in required(self.contract, definition) if n not in document]
            rank = shared, -len(lacking)
            if shared and (best is None or rank > best[0]):
                best = rank, definition, lacking
        if best is None or not best[2]:
            return ""
        _, definition, lacking = best
        unknown = document.keys() - self.contract.fields(definition).properties.keys()
        asked = sorted(unknown)[:_MOST_ASKED]
        meant = next((near for key in asked if (near := _near(key, lacking))), "")
        return f"; nearest is {definition.name}, without its {', '.join(map(repr, lacking))}{meant}"

    def branch(self, definition: Definition, document: dict[str, Any]) -> Recognised:
        """Return the branch of a discriminated union that a document names, or the definition."""
        discriminator = definition.schema.get("discriminator")
        if not discriminator:
            return Recognised(definition)
        key = discriminator["propertyName"]
        if key not in document:
            message = f"required field '{key}' is missing"
            return Recognised(None, Violation("contract/missing-field", (), message))
        branch = self.contract.branch(definition, document[key])
        if branch is None:
            near = _near(document[key], discriminator["mapping"])
            message = f"no event of the contract has this type{near}"
            return Recognised(None, Violation("contract/unknown-event", (key,), message))
        return Recognised(branch)

    def judge(self, kind: str | None = None) -> Callable[[dict[str, Any]], bool]:
        """Return the function that tells whether a document is recognised and conforms.

        It is the hot path of the gate: validators stand in one table by the discriminator's value,
        and are compiled when a document first asks for them.
        """
        cases: list[tuple[str, Definition, str | None, dict[Any, Callable[[Any], bool]]]] = [
            (key, definition, definition.schema.get("discriminator", {}).get("propertyName"), {})
            for key, definition in self._recognisers
            if kind in {None, definition.kind}
        ]
        anything = kind is not None
        copies = self._copies or None

        def conforms(document: dict[str, Any]) -> bool:
            for key, definition, named_by, table in cases:
                if anything or key in document:
                    value = document.get(named_by) if named_by else None
                    try:
                        is_valid = table[value]
                    except (KeyError, TypeError):
                        branch = self.branch(definition, document).definition
                        if branch is None:
                            return False
                        is_valid = table[value] = self.compiled(branch).is_valid
                    if not is_valid(document):
                        return False
                    return copies is None or copies.differing(document) is None
            return False

        return conforms

    def is_valid(self, definition: Definition, document: Any) -> bool:
        """Tell whether a document conforms to a definition."""
        return self.compiled(definition).is_valid(document)

    def compiled(self, definition: Definition) -> _Compiled:
        """Return the compiled validator of a definition."""
        found = self._compiled.get(definition.name)
        if found is None:
            found = self._compiled[definition.name] = self._compile(definition)
        return found

    def violations(self, definition: Definition, document: Any) -> Iterator[Violation]:
        """Yield what a document breaks of a definition; nothing when it conforms."""
        yield from self._broken(definition, document)
        if self._copies and isinstance(document, dict):
            differing = self._copies.differing(document)
            if differing is not None:
                yield Violation("contract/copy", (differing.name,), differing.told)

    def _broken(self, definition: Definition, document: Any) -> Iterator[Violation]:
        seen: set[tuple[str, Pointer]] = set()
        errors = self.compiled(definition).errors
        try:
            found = list(errors(document))
        except (ValueError, RecursionError):
            # The engines follow a document only so deep; no contract nests as deep as that.
            found = list(errors(_cut(document, _DEEPEST)))
        for keyword, limit, path in found:
            for violation in self._explain(definition, document, keyword, limit, path):
                if (violation.message, violation.pointer) not in seen:
                    seen.add((violation.message, violation.pointer))
                    yield violation
        if not seen:
            # Whatever an engine refuses is refused, also where the reason can't be made out here.
            for keyword, _, path in found[:1]:
                yield _unexplained(keyword, path)

    def _explain(
        self, definition: Definition, document: Any, keyword: str, limit: Any, path: Pointer
    ) -> Iterator[Violation]:
        rule = f"contract/{_RULES.get(keyword, 'value')}"
        if rule == "contract/unknown-field":
            found, there = self._field(definition, path), _at(document, path)
            free = [name for name in found.properties if name not in there]
            for key in there:
                if found.below(key) is None:
                    near = _near(key, free)
                    message = "not an allowed field"
                    message += "" if near else f"; allowed are {', '.join(found.properties)}"
                    yield Violation(rule, (*path, key), message, near)
        elif rule == "contract/missing-field":
            for name in limit:
                if name not in _at(document, path):
                    expected = shape(self.contract, definition, (*path, name))
                    expected = f"; expected {expected}" if expected else ""
                    yield Violation(rule, path, f"required field '{name}' is missing{expected}")
        else:
            value, expected = _at(document, path), shape(self.contract, definition, path)
            near = _near(value, limit) if keyword == "enum" else ""
            yield Violation(rule, path, _message(keyword, limit, value, expected), near)

    def _field(self, definition: Definition, path: Pointer) -> Field:
        found: Field | None = self.contract.fields(definition)
        for part in path:
            found = found.below(part) if found else None
        return found or Field()


def _unexplained(keyword: str, path: Pointer) -> Violation:
    rule = f"contract/{_RULES.get(keyword, 'value')}"
    return Violation(rule, path, f"breaks '{keyword}' of its schema")


def _message(keyword: str, limit: Any, value: Any, expected: str) -> str:
    if keyword in _RANGES:
        said = _RANGES[keyword].format(limit)
        return said.removesuffix("s") if limit == 1 and said.endswith("s") else said
    if keyword == "const":
        return f"must be {written(limit)}"
    match keyword:
        case "type":
            said = f"is {kind_of(value)}"
            expected = expected or " or ".join(limit if isinstance(limit, list) else [limit])
        case "format":
            said = f"is no {limit}"
        case "pattern":
            said = "does not match its pattern"
            expected = expected or limit
        case "enum":
            said = "is none of the listed values"
        case _:
            return f"breaks '{keyword}' of its schema"
    return f"{said}; expected {expected}" if expected else said


def _cut(value: Any, depth: int) -> Any:
    """Return a document whose containers below `depth` levels are empty."""
    if isinstance(value, dict):
        return {key: _cut(below, depth - 1) for key, below in value.items()} if depth else {}
    if isinstance(value, list):
        return [_cut(below, depth - 1) for below in value] if depth else []
    return value


def _near(word: object, known: Any) -> str:
    from difflib import get_close_matches

    if not isinstance(word, str) or len(word) > _LONGEST_NAME:
        return ""
    near = get_close_matches(word, [each for each in known if isinstance(each, str)], n=1)
    return f", did you mean '{near[0]}'?" if near else ""


def _at(document: Any, path: Pointer) -> Any:
    for part in path:
        document = document[part]
    return document


def _rust(contract: Contract) -> Callable[[Definition], _Compiled]:
    import jsonschema_rs

    registry = jsonschema_rs.Registry([(s["$id"], s) for s in contract.schemas.values()])

    def compiled(definition: Definition) -> _Compiled:
        schema = flattened(contract, definition) or {"$ref": definition.uri}
        validator = engine(schema, registry, "<masked>")

        def errors(document: Any) -> Iterator[tuple[str, Any, Pointer]]:
            for error in validator.iter_errors(document):
                keyword = error.kind.name
                limit = [error.kind.value] if keyword == "required" else error.kind.value
                yield keyword, limit, tuple(error.instance_path)

        return _Compiled(validator.is_valid, errors)

    return compiled


def _reference(contract: Contract) -> Callable[[Definition], _Compiled]:
    try:
        from jsonschema import Draft202012Validator
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012
    except ImportError as error:
        raise MissingExtraError("reference", "--engine reference") from error

    resources = [
        (s["$id"], Resource.from_contents(s, default_specification=DRAFT202012))
        for s in contract.schemas.values()
    ]
    registry: Registry[Any] = Registry().with_resources(resources)

    def compiled(definition: Definition) -> _Compiled:
        validator = Draft202012Validator(
            {"$ref": definition.uri},
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )

        def errors(document: Any) -> Iterator[tuple[str, Any, Pointer]]:
            for error in validator.iter_errors(document):
                yield str(error.validator), error.validator_value, tuple(error.absolute_path)

        return _Compiled(validator.is_valid, errors)

    return compiled
