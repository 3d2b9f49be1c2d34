"""Sides: the older and the newer schemas, each with its own validators and its own references."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from quantapilot.compat.dialects import DIALECT, refers
from quantapilot.compat.engines import Form
from quantapilot.contract.catalog import led_to
from quantapilot.contract.engines import engine
from quantapilot.contract.positions import followed, pointer_of
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import jsonschema_rs

    from quantapilot.contract.catalog import Contract

Name = Literal["old", "new"]

_SEED = 7
# So long at most is one value searched.
_SECONDS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One schema of a side: in which file it stands, and where.

    Attributes:
        schema: The schema.
        base: The address of its file on this side.
        pointer: RFC 6901 pointer in that file.
        tag: What tells it apart from the schema that stands there, where it was made of that.
        branch: What holds beside its own keywords.
    """

    schema: Any
    base: str
    pointer: str
    tag: str = ""
    branch: Part | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes it one part."""
        return self.base, self.pointer, self.tag

    def below(self, *steps: str | int) -> Part:
        """Return the schema that stands below it."""
        target = self.schema
        for step in steps:
            target = target[step]
        return Part(
            target, self.base, self.pointer + pointer_of(steps), self.tag and f"{self.tag}/"
        )


# Schemas that all hold.
Place = tuple[Part, ...]


@dataclass(slots=True)
class Side:
    """One of two versions of some schema files.

    Attributes:
        name: Which of the two.
        given: The files by their names, as they were given.
        contract: The files, by their addresses on this side.
        files: The names of the files by those addresses.
        plain: Whether keywords mean what they say where they stand, as in JSON Schema 2020-12; if
            not, only an engine can follow the files.
        patience: Seconds that may still go into the search for values. Hostile patterns take them.
    """

    name: Name
    given: Mapping[str, Any]
    contract: Contract
    files: dict[str, str]
    plain: bool = True
    patience: float = 20.0
    _registry: jsonschema_rs.Registry | None = None
    _judges: dict[object, Callable[[Any], bool]] = field(default_factory=dict)
    _canonical: dict[object, Form] = field(default_factory=dict)
    _bodies: dict[object, Any] = field(default_factory=dict)
    _samplers: dict[float, Any] = field(default_factory=dict)

    def root(self, file: str, pointer: tuple[str, ...] = ()) -> Part:
        """Return a schema by its file and its place in it.

        Raises:
            KeyError, TypeError, ValueError, IndexError: There is none.
        """
        base = next(base for base, name in self.files.items() if name == file)
        if self.plain:
            return Part(self.contract.schemas[file], base, "").below(*pointer)
        place = pointer_of(pointer)
        body = followed(self.given[file], place)
        if pointer and refers(body):
            # It needs what stands elsewhere, so that it stays where it is.
            body = {"$ref": f"{base}#{quote(place)}"}
        elif pointer and isinstance(body, dict):
            body = {"$schema": self.given[file].get("$schema", DIALECT), **body}
        return Part(body, base, place)

    def followed(self, part: Part) -> Part:
        """Return what a `$ref` names."""
        schema, base = self.contract.resolve(part.schema["$ref"], part.base)
        return Part(schema, base, led_to(part.base, part.schema["$ref"])[1])

    def identity(self, part: Part) -> tuple[str, str]:
        """Return file and place, by which a part is the same on both sides."""
        return self.files[part.base], part.pointer

    def body(self, place: Place) -> Any:
        """Return one schema that says what all parts of a place say."""
        key = frozenset(part.key for part in place)
        if key not in self._bodies:
            bodies = [part.schema for part in place if part.schema is not True]
            together: Any = {"allOf": bodies} if bodies else True
            self._bodies[key] = bodies[0] if len(bodies) == 1 else together
        return self._bodies[key]

    def accepts(self, place: Place) -> Callable[[Any], bool]:
        """Return what tells whether a value conforms, formats included."""
        key = frozenset(part.key for part in place)
        if key not in self._judges:
            self._judges[key] = engine(self.body(place), self._known()).is_valid
        return self._judges[key]

    def canonical(self, place: Place) -> Form:
        """Return the canonical form of a place."""
        key = frozenset(part.key for part in place)
        if key not in self._canonical:
            self._canonical[key] = self.canonical_of(self.body(place))
        return self._canonical[key]

    def canonical_of(self, schema: Any) -> Form:
        """Return the canonical form of a schema of this side."""
        return Form(schema, self._known())

    def samples(
        self, schema: Any, number: int, *, edges: float = 0.3, alone: bool = False
    ) -> Iterator[Any]:
        """Yield values that conform to a schema of this side, as far as some are found.

        Args:
            schema: The schema; its references are those of this side.
            number: How many.
            edges: Share of the values that are at a limit.
            alone: Whether references without an address lead into the schema itself.
        """
        from quantapilot.contract.sampling import Sampler

        if edges not in self._samplers:
            random = Random(_SEED)  # noqa: S311
            self._samplers[edges] = Sampler(self.contract, random, edges=edges, seconds=_SECONDS)
        base = "" if alone else next(iter(self.files))
        for _ in range(number):
            try:
                yield self._samplers[edges].value(schema, base)
            except ContractError:
                return

    def _known(self) -> jsonschema_rs.Registry:
        if self._registry is None:
            import jsonschema_rs

            held = self.contract.schemas if self.plain else self.given
            self._registry = jsonschema_rs.Registry([(at, held[f]) for at, f in self.files.items()])
        return self._registry


@lru_cache(4096)
def is_pattern(text: str) -> bool:
    """Tell whether a text is a regular expression that the validator can read."""
    try:
        matches(text, "")
    except ValueError:
        return False
    return True


@lru_cache(4096)
def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern matches a text, as the validator sees it."""
    return engine({"pattern": pattern}).is_valid(text)
