"""Sampling: values that conform to a schema, drawn by a random generator.

Mocks, counterexamples and tests need values of any contract. A schema says which values conform,
not always how to make one: what is drawn is validated, and drawn anew where it does not conform.
The same generator gives the same values on every machine.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import ecma, led_to
from quantapilot.contract.flat import absolute_references
from quantapilot.contract.positions import followed
from quantapilot.contract.sampled_patterns import matching
from quantapilot.contract.sampled_scalars import Draw, number, string
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from quantapilot.contract.catalog import Contract, Definition

# A schema, and the address that its references are seen from.
Part = tuple[Any, str]
# The same, of objects only, references followed.
Flat = list[tuple["Mapping[str, Any]", str]]

_TRIES = 60
# So many values are drawn for one, with all that is inside it and all that did not conform.
_BUDGET = 20_000
_ROOT = "urn:quantapilot:sampled"
# From this depth on nothing is added that need not be there; beyond the other, nothing at all.
_SPARE, _DEEPEST = 12, 24
# How likely a member is that need not be there, above the depth from which on it is less likely.
_SHARE, _LESS_FROM = 0.5, 4
_TYPES = ("object", "array", "string", "number", "boolean", "null")
_TOLD_BY = {
    "object": {"properties", "required", "patternProperties", "additionalProperties"}
    | {"propertyNames", "minProperties", "maxProperties", "unevaluatedProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"pattern", "format", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


class UnsampledError(ContractError):
    """No value was found that a schema admits; the text says of which."""


class Sampler:
    """Draws values that conform to the schemas of a contract, or to any other."""

    def __init__(self, contract: Contract, random: Random, *, edges: float = 0.0) -> None:
        """Take the contract.

        Args:
            contract: Where references lead; `Contract({})` for schemas that refer to themselves.
            random: What values are drawn by; one of Hypothesis shrinks them.
            edges: Share, from 0 to 1, of the values that are at a limit.
        """
        self._contract = contract
        self._random = random
        self._edges = edges
        self._roots: dict[str, Any] = {}
        self._left = 0
        self._judges: dict[tuple[tuple[int, str], ...], tuple[Any, Callable[[Any], bool]]] = {}

    def document(self, definition: Definition) -> Any:
        """Return a value of a definition.

        Raises:
            UnsampledError: None was found.
        """
        base = self._contract.schemas[definition.file]["$id"]
        try:
            return self.value(definition.schema, base)
        except UnsampledError as error:
            raise UnsampledError(f"{definition.file}: {definition.name}: {error}") from error

    def value(self, schema: Any, base: str = "") -> Any:
        """Return a value that conforms to a schema (JSON Schema 2020-12).

        Args:
            schema: The schema.
            base: The `$id` of the file that its references are seen from; without one they are
                seen from the schema itself.

        Raises:
            UnsampledError: None was found.
        """
        if not base:
            base = schema.get("$id", _ROOT) if isinstance(schema, dict) else _ROOT
            if self._roots.get(base) is not schema:
                self._roots = {base: schema}
                self._judges.clear()
        self._left = _BUDGET
        try:
            return self._value([(schema, base)], 0)
        except _EndlessError:
            raise UnsampledError("no value was found that ends, and conforms") from None
        except KeyError as error:
            raise UnsampledError("a reference leads nowhere") from error

    def _value(self, parts: list[Part], depth: int) -> Any:
        """Return a value that all of some schemas admit."""
        judge = self._judge(parts)
        for _ in range(_TRIES if depth <= _LESS_FROM else _TRIES // 10):
            self._left -= 1
            if self._left < 0 or depth > _DEEPEST:
                raise _EndlessError
            with suppress(_DeadEndError, UnsampledError):
                made = self._drawn(parts, depth)
                if judge(made):
                    return made
        raise UnsampledError("no value was found that conforms")

    def _drawn(self, parts: list[Part], depth: int) -> Any:
        flat = self._flat(parts)
        keywords = [schema for schema, _ in flat]
        for listed in ("const", "enum"):
            if found := [schema[listed] for schema in keywords if listed in schema]:
                return found[0] if listed == "const" else self._random.choice(found[0])
        draw = Draw(self._random, self._random.random() < self._edges)
        makers: dict[str, Callable[[], Any]] = {
            "object": lambda: self._object(flat, depth, draw),
            "array": lambda: self._array(flat, depth, draw),
            "string": lambda: string(draw, keywords),
            "integer": lambda: number(draw, keywords, whole=True),
            "number": lambda: number(draw, keywords, whole=False),
            "boolean": lambda: self._random.random() < 0.5,
            "null": lambda: None,
        }
        return makers[self._type(keywords)]()

    def _object(self, flat: Flat, depth: int, draw: Draw) -> dict[str, Any]:
        members = _Members(flat, draw, _share(draw, depth))
        return {name: self._value(members.parts(name), depth + 1) for name in members.names()}

    def _flat(self, parts: Sequence[Part]) -> Flat:
        """Return schemas that all hold, references followed and one branch of each union chosen."""
        out: Flat = []
        rest = list(reversed(parts))
        while rest:
            schema, base = rest.pop()
            if schema is True:
                continue
            if not isinstance(schema, dict):
                raise _DeadEndError
            out.append((schema, base))
            if len(out) > 200:
                raise _DeadEndError
            if "$ref" in schema:
                rest.append(self._resolved(schema["$ref"], base))
            rest += [(each, base) for each in reversed(schema.get("allOf", ()))]
            for union in ("anyOf", "oneOf"):
                if union in schema:
                    rest.append((self._random.choice(schema[union]), base))
            if "if" in schema:
                rest += [(each, base) for each in self._condition(schema)]
        return out

    def _condition(self, schema: Mapping[str, Any]) -> list[Any]:
        if self._random.random() < 0.5:
            return [schema["if"], schema.get("then", True)]
        return [schema.get("else", True)]

    def _resolved(self, reference: str, base: str) -> Part:
        uri, pointer = led_to(base, reference)
        if uri not in self._roots:
            return self._contract.resolve(reference, base)
        return followed(self._roots[uri], pointer), uri

    def _type(self, keywords: Sequence[Mapping[str, Any]]) -> str:
        admitted: set[str] | None = None
        for schema in keywords:
            if "type" in schema:
                said = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
                mine = {*said, "integer"} if "number" in said else set(said)
                admitted = mine if admitted is None else admitted & mine
        if admitted is None:
            told = {
                kind for kind, words in _TOLD_BY.items() if any(words & s.keys() for s in keywords)
            }
            admitted = told or set(_TYPES)
        elif "number" in admitted:
            admitted -= {"integer"}
        if not admitted:
            raise _DeadEndError
        return self._random.choice(sorted(admitted))

    def _array(self, flat: Flat, depth: int, draw: Draw) -> list[Any]:
        least = max((schema.get("minItems", 0) for schema, _ in flat), default=0)
        most = min((schema["maxItems"] for schema, _ in flat if "maxItems" in schema), default=None)
        longest = 3 if depth < _LESS_FROM else int(depth < _SPARE)
        wished = least + self._random.randint(0, longest)
        if draw.edge and most is not None and most <= 50:
            wished = self._random.choice((least, most))
        wanted = [
            (schema["contains"], base)
            for schema, base in flat
            if "contains" in schema
            for _ in range(schema.get("minContains", 1))
        ]
        length = max(wished if most is None else min(wished, most), len(wanted))
        made: list[Any] = []
        unique = any(schema.get("uniqueItems") for schema, _ in flat)
        for _ in range(length * _TRIES):
            item = self._value(self._items(flat, len(made)), depth + 1)
            if not (unique and item in made):
                made.append(item)
            if len(made) >= length:
                break
        for at, part in zip(
            self._random.sample(range(len(made)), len(wanted)), wanted, strict=True
        ):
            # What is asked for may be there already.
            with suppress(UnsampledError):
                made[at] = self._value([part, *self._items(flat, at)], depth + 1)
        return made

    def _items(self, flat: Flat, at: int) -> list[Part]:
        found: list[Part] = []
        for schema, base in flat:
            first = schema.get("prefixItems", ())
            if at < len(first):
                found.append((first[at], base))
            elif "items" in schema:
                found.append((schema["items"], base))
        return found

    def _judge(self, parts: Sequence[Part]) -> Callable[[Any], bool]:
        key = tuple((id(schema), base) for schema, base in parts)
        if key not in self._judges:
            # The schemas are held as well: as long as they live, their ids are theirs.
            self._judges[key] = ([schema for schema, _ in parts], self._compiled(parts))
        return self._judges[key][1]

    def _compiled(self, parts: Sequence[Part]) -> Callable[[Any], bool]:
        import jsonschema_rs

        known = {schema["$id"]: schema for schema in self._contract.schemas.values()}
        together = [
            absolute_references(schema, base) if isinstance(schema, dict) else schema
            for schema, base in parts
        ]
        try:
            registry = jsonschema_rs.Registry([*{**known, **self._roots}.items()])
            return jsonschema_rs.Draft202012Validator(
                {"allOf": together} if together else True,
                validate_formats=True,
                registry=registry,
                offline=True,
            ).is_valid
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise UnsampledError("a schema can't be used to draw values from") from error


def _share(draw: Draw, depth: int) -> float:
    """Return how likely a member is that need not be there."""
    if depth >= _SPARE:
        return 0.0
    if depth >= _LESS_FROM:
        return _SHARE / (depth - _LESS_FROM + 2)
    return draw.random.choice((0.0, 1.0)) if draw.edge else _SHARE


class _DeadEndError(Exception):
    """A way of making a value that leads to none; another may."""


class _EndlessError(Exception):
    """A value that would never be whole, or takes too long to find."""


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of one object: which there are, and what each has to be.

    `share`, from 0 to 1, is how likely each is that need not be there.
    """

    flat: Flat
    draw: Draw
    share: float

    def names(self) -> list[str]:
        random = self.draw.random
        known = list(dict.fromkeys(n for s, _ in self.flat for n in s.get("properties", ())))
        needed = {name for schema, _ in self.flat for name in schema.get("required", ())}
        share = self.share
        chosen = [name for name in known if name in needed or random.random() < share]
        chosen += sorted(needed - set(known))
        if share and random.random() < share:
            more = [*self._of_families(), *(self._others() if self._is_map() else ())]
            chosen += [name for name in more if name not in chosen]
        least = max((schema.get("minProperties", 0) for schema, _ in self.flat), default=0)
        for _ in range(_TRIES):
            if len(chosen) >= least:
                break
            more = [*known, *self._of_families(), *self._others()]
            chosen += [name for name in more[:least] if name not in chosen][: least - len(chosen)]
        return self._with_dependents(chosen)

    def _is_map(self) -> bool:
        return any(isinstance(s.get("additionalProperties"), dict) for s, _ in self.flat)

    def _with_dependents(self, names: list[str]) -> list[str]:
        out = list(names)
        for name in out:
            for schema, _ in self.flat:
                more = schema.get("dependentRequired", {}).get(name, ())
                out += [each for each in more if each not in out]
        return out

    def _of_families(self) -> list[str]:
        draw = replace(self.draw, edge=False)
        return [matching(draw, p) for s, _ in self.flat for p in s.get("patternProperties", ())]

    def _others(self) -> list[str]:
        named = [s["propertyNames"] for s, _ in self.flat if "propertyNames" in s]
        if named and isinstance(named[0], dict):
            return [*named[0].get("enum", [named[0].get("const", "")])]
        return [f"more{self.draw.random.randint(1, 99)}"]

    def parts(self, name: str) -> list[Part]:
        found: list[Part] = []
        for schema, base in self.flat:
            mine = [schema["properties"][name]] if name in schema.get("properties", ()) else []
            for pattern, body in schema.get("patternProperties", {}).items():
                if ecma(pattern).search(name):
                    mine.append(body)
            if not mine and "additionalProperties" in schema:
                mine.append(schema["additionalProperties"])
            found += [(each, base) for each in mine]
        return found
