"""Sides: the older and the newer schemas, each with its own validators and its own references.

Both sides may have the same addresses. So that no engine takes one for the other, each side gives
its files addresses of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from quantapilot.contract.catalog import BrokenContractError, Contract, absolute
from quantapilot.contract.positions import pointer_of
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import jsonschema_rs

Name = Literal["old", "new"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Data, in which nothing is a reference.
_DATA = frozenset({"const", "enum", "examples", "default"})
_BY_NAME = frozenset(
    {"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"}
)
_BESIDE = frozenset({"$ref", "$schema", "$id", "title", "description", "definitions", "$comment"})
_SEED = 7
# So long at most is one value searched.
_SECONDS = 2.0
# Whole numbers that the engine reads exactly.
_LEAST, _GREATEST = -(2**63), 2**64 - 1
# No contract nests as deep as this.
_DEEPEST = 200
# With one of them a schema means something else than what its keywords say where they stand.
_UNFOLLOWED = frozenset({"$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$id"})
# Dialects that mean the same by what is left of them without those keywords.
_OLDER = frozenset(
    {
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
    }
)
_OF_OLDER = frozenset({"dependencies", "additionalItems", "contentEncoding", "contentMediaType"})


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
        contract: The files, by their addresses on this side.
        files: The names of the files by those addresses.
        plain: Whether keywords mean what they say where they stand, as in JSON Schema 2020-12.
        alone: The one schema where they don't, so that only an engine follows it.
        patience: Seconds that may still go into the search for values. It takes far less, but where
            a pattern is hostile.
    """

    name: Name
    contract: Contract
    files: dict[str, str]
    plain: bool = True
    alone: Any = None
    patience: float = 20.0
    _registry: jsonschema_rs.Registry | None = None
    _judges: dict[object, Callable[[Any], bool]] = field(default_factory=dict)
    _canonical: dict[object, Any] = field(default_factory=dict)
    _bodies: dict[object, Any] = field(default_factory=dict)
    _samplers: dict[float, Any] = field(default_factory=dict)

    def root(self, file: str, pointer: tuple[str, ...] = ()) -> Part:
        """Return a schema by its file and its place in it.

        Raises:
            KeyError: There is none.
        """
        base = next(base for base, name in self.files.items() if name == file)
        if not self.plain:
            return Part(self.alone, base, "")
        return Part(self.contract.schemas[file], base, "").below(*pointer)

    def followed(self, part: Part) -> Part:
        """Return what a `$ref` names."""
        schema, base = self.contract.resolve(part.schema["$ref"], part.base)
        return Part(schema, base, _fragment(part.schema["$ref"]))

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
            import jsonschema_rs

            self._judges[key] = jsonschema_rs.validator_for(
                self.body(place), validate_formats=True, registry=self._known(), offline=True
            ).is_valid
        return self._judges[key]

    def canonical(self, place: Place) -> jsonschema_rs.CanonicalSchema | None:
        """Return the canonical form of a place; None where there is none."""
        key = frozenset(part.key for part in place)
        if key not in self._canonical:
            self._canonical[key] = self.canonical_of(self.body(place))
        form: jsonschema_rs.CanonicalSchema | None = self._canonical[key]
        return form

    def canonical_of(self, schema: Any) -> jsonschema_rs.CanonicalSchema | None:
        """Return the canonical form of a schema of this side; None where there is none."""
        import jsonschema_rs

        try:
            return jsonschema_rs.canonicalize(
                schema, validate_formats=True, registry=self._known(), offline=True
            )
        except (
            ValueError,
            jsonschema_rs.ReferencingError,
            jsonschema_rs.canonical.CanonicalizationError,
        ):
            return None

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

        seconds = min(self.patience, _SECONDS)
        if edges not in self._samplers:
            self._samplers[edges] = Sampler(  # noqa: S311
                self.contract, Random(_SEED), edges=edges, seconds=seconds
            )
        base = "" if alone else next(iter(self.files))
        for _ in range(number):
            try:
                yield self._samplers[edges].value(schema, base)
            except ContractError:
                return

    def _known(self) -> jsonschema_rs.Registry:
        if self._registry is None:
            import jsonschema_rs

            schemas = self.contract.schemas.values()
            self._registry = jsonschema_rs.Registry([(each["$id"], each) for each in schemas])
        return self._registry


def side(name: Name, schemas: Mapping[str, Any]) -> Side:
    """Return a side of some schema files, by their names.

    Raises:
        BrokenContractError: One is no valid JSON Schema, or a `$ref` leads nowhere.
    """
    for file, schema in schemas.items():
        _check(file, schema)
    plain = {file: _is_plain(schema) for file, schema in schemas.items()}
    if not all(plain.values()):
        _refuse_several(plain)
        return _alone(name, schemas)
    homes = {
        (schema.get("$id") if isinstance(schema, dict) else None) or f"urn:quantapilot:{at}": at
        for at, schema in enumerate(schemas.values())
    }
    moved: dict[str, Any] = {}
    files: dict[str, str] = {}
    for (file, schema), home in zip(schemas.items(), homes, strict=True):
        address = f"urn:{name}:{homes[home]}"
        body: dict[str, Any] = _moved(_as_object(schema), home, homes, name)
        moved[file] = {**body, "$id": address, "$schema": DIALECT}
        if "$defs" in body:
            definitions = {name: _as_object(each) for name, each in body["$defs"].items()}
            moved[file]["$defs"] = definitions
        files[address] = file
    try:
        return Side(name, Contract(moved), files)
    except BrokenContractError as error:
        if error.finding.rule != "contract/schema-reference":
            raise
        raise _led_nowhere(error, schemas) from error


def _as_object(schema: Any) -> dict[str, Any]:
    """Return a schema that is an object and says the same."""
    if isinstance(schema, dict):
        return schema
    return {} if schema else {"not": {}}


def _refuse_several(plain: Mapping[str, bool]) -> None:
    """Refuse several files of which one can't be followed by its keywords.

    Raises:
        BrokenContractError: There are several.
    """
    if len(plain) > 1:
        file = next(file for file, followed in plain.items() if not followed)
        words = ", ".join(sorted(_UNFOLLOWED))
        message = f"a folder can be compared only without {words} inside, and in one dialect"
        raise BrokenContractError(
            CONTRACT_RULES["contract/schema-invalid"].at(file, message, pointer="")
        )


def _alone(name: Name, schemas: Mapping[str, Any]) -> Side:
    import jsonschema_rs

    (file, schema), *_ = schemas.items()
    try:
        jsonschema_rs.validator_for(schema, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        rule = CONTRACT_RULES["contract/schema-reference"]
        raise BrokenContractError(rule.at(file, f"a reference leads nowhere: {error}")) from error
    return Side(name, Contract({}), {"": file}, plain=False, alone=schema)


def _check(file: str, schema: Any) -> None:
    import jsonschema_rs

    if _is_deep(schema):
        raise _invalid(file, f"nested deeper than {_DEEPEST} levels", "")
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        raise _invalid(file, error.message, pointer_of(error.instance_path)) from error
    except (ValueError, TypeError, jsonschema_rs.ReferencingError) as error:
        raise _invalid(file, "no schema that can be used", "") from error
    for pointer, message in _unusable(schema, "", ""):
        raise _invalid(file, message, pointer)


def _unusable(schema: Any, key: str, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield what the engine can't read, with its place."""
    if isinstance(schema, int) and not _LEAST <= schema <= _GREATEST:
        yield pointer, "a whole number of more than 64 bits"
    if isinstance(schema, list):
        for at, each in enumerate(schema):
            yield from _unusable(each, key if key in _DATA else "", f"{pointer}/{at}")
    if not isinstance(schema, dict):
        return
    data = key in _DATA
    patterns = [] if data or key in _BY_NAME - {"patternProperties"} else [schema.get("pattern")]
    patterns += schema if key == "patternProperties" else []
    for pattern in patterns:
        if isinstance(pattern, str) and not _is_pattern(pattern):
            step = pattern if key == "patternProperties" else "pattern"
            yield pointer + pointer_of([step]), f"no regular expression of ECMA-262: {pattern}"
    for name, below in schema.items():
        inner = key if data else "" if key in _BY_NAME else name
        yield from _unusable(below, inner, pointer + pointer_of([name]))


def _is_deep(schema: Any) -> bool:
    level = [schema]
    for _ in range(_DEEPEST):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _invalid(file: str, message: str, pointer: str) -> BrokenContractError:
    rule = CONTRACT_RULES["contract/schema-invalid"]
    return BrokenContractError(rule.at(file, f"no valid JSON Schema: {message}", pointer=pointer))


def _led_nowhere(error: BrokenContractError, schemas: Mapping[str, Any]) -> BrokenContractError:
    """Return the error with the reference as it was written."""
    finding = error.finding
    target: Any = schemas[finding.path]
    for step in (finding.pointer or "").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        target = target[int(key)] if isinstance(target, list) else target[key]
    rule = CONTRACT_RULES["contract/schema-reference"]
    message = f'"$ref" leads nowhere: {target}'
    return BrokenContractError(rule.at(finding.path, message, pointer=finding.pointer))


def _is_plain(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    dialect = schema.get("$schema", DIALECT).rstrip("#")
    if dialect != DIALECT and dialect not in _OLDER:
        return False
    old = dialect != DIALECT
    if old and not _is_common(schema):
        return False
    return not any(_unfollowed(value, key, old=old) for key, value in schema.items())


def _unfollowed(schema: Any, key: str, *, old: bool) -> bool:
    """Tell whether a schema can't be followed by its keywords."""
    if key in _DATA:
        return False
    if isinstance(schema, list):
        return any(_unfollowed(below, "", old=old) for below in schema)
    if not isinstance(schema, dict):
        return False
    names = key in _BY_NAME
    if not names and (_UNFOLLOWED & schema.keys() or (old and not _is_common(schema))):
        return True
    return any(_unfollowed(below, "" if names else n, old=old) for n, below in schema.items())


def _is_common(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema of an older dialect means the same in the one that is followed."""
    if _OF_OLDER & schema.keys() or isinstance(schema.get("items"), list):
        return False
    # What stands beside a reference was passed over.
    return "$ref" not in schema or schema.keys() <= _BESIDE


def _moved(
    schema: Any, home: str, homes: Mapping[str, int], name: Name, *, names: bool = False
) -> Any:
    if isinstance(schema, list):
        return [_moved(each, home, homes, name) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if names:
            out[key] = _moved(value, home, homes, name)
        elif key == "$ref" and isinstance(value, str):
            out[key] = _reference(absolute(home, value), homes, name)
        else:
            below = key in _BY_NAME
            out[key] = value if key in _DATA else _moved(value, home, homes, name, names=below)
    return out


def _reference(reference: str, homes: Mapping[str, int], name: Name) -> str:
    uri, _, fragment = reference.partition("#")
    moved = f"urn:{name}:{homes[uri]}" if uri in homes else uri
    return f"{moved}#{fragment}"


def _fragment(reference: str) -> str:
    from urllib.parse import unquote

    return unquote(reference.partition("#")[2])


@lru_cache(4096)
def _is_pattern(pattern: str) -> bool:
    try:
        matches(pattern, "")
    except ValueError:
        return False
    return True


@lru_cache(4096)
def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern matches a text, as the validator sees it."""
    import jsonschema_rs

    found: bool = jsonschema_rs.is_valid({"pattern": pattern}, text)
    return found
