"""Sampling: values that conform to a schema, drawn by a random generator.

Mocks, counterexamples and tests need values of any contract. A schema says which values conform,
not always how to make one: what is drawn is validated, and drawn anew where it does not conform.
The same generator gives the same values on every machine.
"""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import absolute, within
from quantapilot.contract.engines import engine
from quantapilot.contract.flat import absolute_references
from quantapilot.contract.positions import pointer_of
from quantapilot.contract.sampled_arrays import Items
from quantapilot.contract.sampled_draw import DeadEndError, Draw, UnsampledError
from quantapilot.contract.sampled_numbers import number
from quantapilot.contract.sampled_objects import Members
from quantapilot.contract.sampled_schemas import Flattening, kind_of
from quantapilot.contract.sampled_texts import string

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.sampled_schemas import Flat, Part

    Path = tuple[str | int, ...]
    Key = tuple[tuple[int, str], ...]

__all__ = ["Sampler", "UnsampledError"]

_TRIES = 60
# So often nothing is found for some schemas, at whatever depth, until they are not tried again.
_ENOUGH = 3
# So many values are drawn for one, with all that is inside it and all that did not conform.
_BUDGET = 20_000
_ROOT = "urn:quantapilot:sampled"
# From this depth on nothing is added that need not be there; beyond the other, nothing at all.
_SPARE, _DEEPEST = 12, 24
# How likely a member is that need not be there, above the depth from which on it is less likely.
_SHARE, _LESS_FROM = 0.5, 4
_NONE = "no value was found that conforms"


class Sampler:
    """Draws values that conform to the schemas of a contract, or to any other."""

    def __init__(
        self, contract: Contract, random: Random, *, edges: float = 0.0, seconds: float = inf
    ) -> None:
        """Take the contract.

        Args:
            contract: Where references lead; `Contract({})` for schemas that refer to themselves.
            random: What values are drawn by; one of Hypothesis shrinks them.
            edges: Share, from 0 to 1, of the values that are at a limit.
            seconds: How long a value may be searched: patterns can be hostile.
        """
        self._contract = contract
        self._random = random
        self._edges = edges
        self._roots: dict[str, Any] = {}
        self._seconds = seconds
        self._until = inf
        self._left = 0
        # Schemas that nothing was found for, how often, and why.
        self._barren: dict[Key, tuple[int, str]] = {}
        self._judges: dict[Key, tuple[Any, Callable[[Any], bool]]] = {}
        self._flattening = Flattening(self._resolved, random)

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
            UnsampledError: None was found; the text says for which part of it, and why.
        """
        if not base:
            base = schema.get("$id", _ROOT) if isinstance(schema, dict) else _ROOT
            if self._roots.get(base) is not schema:
                self._roots = {base: schema}
                self._judges.clear()
        self._left = _BUDGET
        self._until = monotonic() + self._seconds
        self._barren.clear()
        try:
            return self._value([(schema, base)], ())
        except _EndlessError as error:
            raise UnsampledError(f"no value was found that ends, and conforms{error}") from None
        except KeyError as error:
            raise UnsampledError("a reference leads nowhere") from error

    def _value(self, parts: list[Part], path: Path) -> Any:
        """Return a value that all of some schemas admit; `path` says where it stands."""
        judge = self._judge(parts)
        key = _key(parts)
        failures, text = self._barren.get(key, (0, ""))
        if failures >= _ENOUGH:
            raise UnsampledError(text, anywhere=True)
        why: Exception | None = None
        anywhere = True
        for _ in range(_TRIES if len(path) <= _LESS_FROM else _TRIES // 10):
            self._left -= 1
            if self._left < 0 or monotonic() > self._until:
                raise _EndlessError(_told(path, why))
            if len(path) > _DEEPEST:
                raise UnsampledError("no value was found that ends, and conforms")
            try:
                made = self._drawn(parts, path)
            except DeadEndError as error:
                why = error
                continue
            except UnsampledError as error:
                why = error
                anywhere &= error.anywhere
                continue
            if judge(made):
                return made
        text = str(why) if isinstance(why, UnsampledError) else _NONE + _told(path, why)
        if anywhere:
            self._barren[key] = failures + 1, text
        raise UnsampledError(text, anywhere=anywhere)

    def _drawn(self, parts: list[Part], path: Path) -> Any:
        flat = self._flattening.flat(parts, ending=len(path) >= _LESS_FROM)
        keywords = [schema for schema, _ in flat]
        for listed in ("const", "enum"):
            if found := [schema[listed] for schema in keywords if listed in schema]:
                return found[0] if listed == "const" else _chosen(self._random, found[0])
        draw = Draw(self._random, self._random.random() < self._edges)
        makers: dict[str, Callable[[], Any]] = {
            "object": lambda: self._object(flat, path, draw),
            "array": lambda: self._array(flat, path, draw),
            "string": lambda: string(draw, keywords),
            "integer": lambda: number(draw, keywords, whole=True),
            "number": lambda: number(draw, keywords, whole=False),
            "boolean": lambda: self._random.random() < 0.5,
            "null": lambda: None,
        }
        return makers[kind_of(self._random, keywords)]()

    def _object(self, flat: Flat, path: Path, draw: Draw) -> dict[str, Any]:
        share = _share(draw, len(path))
        members = Members(flat, draw, share, lambda named: self._value(named, path))
        return {name: self._value(members.parts(name), (*path, name)) for name in members.names()}

    def _array(self, flat: Flat, path: Path, draw: Draw) -> list[Any]:
        more = 3 if len(path) < _LESS_FROM else int(len(path) < _SPARE)
        return Items(flat, draw, more, lambda at, of: self._value(of, (*path, at))).made()

    def _resolved(self, reference: str, base: str) -> Part:
        uri, _, fragment = absolute(base, reference).partition("#")
        if uri in self._roots:
            return within(self._roots[uri], fragment), uri
        return self._contract.resolve(reference, base)

    def _judge(self, parts: Sequence[Part]) -> Callable[[Any], bool]:
        key = _key(parts)
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
            return engine({"allOf": together} if together else {}, registry).is_valid
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            said = f"{error}".partition("\n")[0]
            raise UnsampledError(f"the schema can't be used to draw values from: {said}") from error


class _EndlessError(Exception):
    """A value that takes too long to find; the text says where."""


def _key(parts: Sequence[Part]) -> Key:
    """Return what some schemas are known by for as long as they are held."""
    return tuple((id(schema), base) for schema, base in parts)


def _told(path: Path, why: Exception | None) -> str:
    """Return, in words, where no value was found, and why."""
    at = f" at '{pointer_of(path)}'" if path else ""
    return f"{at}: {why}" if why else at


def _chosen(random: Random, values: Sequence[Any]) -> Any:
    if not values:
        raise DeadEndError("an empty enum lists nothing")
    return random.choice(values)


def _share(draw: Draw, depth: int) -> float:
    """Return how likely a member is that need not be there."""
    if depth >= _SPARE:
        return 0.0
    if depth >= _LESS_FROM:
        return _SHARE / (depth - _LESS_FROM + 2)
    return draw.random.choice((0.0, 1.0)) if draw.edge else _SHARE
