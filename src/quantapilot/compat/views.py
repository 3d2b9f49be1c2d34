"""Views: what the schemas at one place say together, references and `allOf` followed.

A view may admit more than the schemas do, since not every keyword is understood here; it never
admits less. What is proven of a view is therefore proven of the schemas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quantapilot.compat.sides import Part, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.compat.sides import Place, Side

# JSON Schema's types, with `number` taken apart: 1.0 is an integer.
TYPES = frozenset({"null", "boolean", "object", "array", "integer", "fraction", "string"})
# Keywords that may evaluate properties or items of which a view does not know.
BRANCHING = ("anyOf", "oneOf", "if", "dependentSchemas")


@dataclass(frozen=True, slots=True)
class Closer:
    """What holds for members that are described nowhere else: `additionalProperties` and the like.

    Attributes:
        names, patterns: What describes members.
        body: What all others have to be.
    """

    names: frozenset[str]
    patterns: tuple[str, ...]
    body: Part

    def covers(self, name: str) -> bool:
        """Tell whether a member is described elsewhere."""
        return name in self.names or any(matches(pattern, name) for pattern in self.patterns)


@dataclass(slots=True)
class View:
    """What some schemas say together.

    Attributes:
        parts: All of them, of which those that are no objects are left out.
        references: The places that they refer to, by file and pointer.
        nothing: Whether one of them admits nothing.
    """

    parts: list[Part] = field(default_factory=list)
    references: set[tuple[str, str]] = field(default_factory=set)
    closers: list[Closer] = field(default_factory=list)
    nothing: bool = False

    def said(self, keyword: str) -> list[Any]:
        """Return the values that a keyword has."""
        return [part.schema[keyword] for part in self.parts if keyword in part.schema]

    def holding(self, keyword: str) -> Iterator[Part]:
        """Yield the parts that have a keyword."""
        return (part for part in self.parts if keyword in part.schema)

    @property
    def types(self) -> frozenset[str]:
        """Return the types of values that are admitted."""
        admitted = TYPES
        for said in self.said("type"):
            admitted &= types_of(said)
        for listed in [*self.said("enum"), *([value] for value in self.said("const"))]:
            admitted &= {type_of(value) for value in listed}
        return admitted

    def values(self) -> list[Any] | None:
        """Return the only values that there can be; None where they are not listed."""
        listed: list[list[Any]] = [[value] for value in self.said("const")]
        listed += self.said("enum")
        if listed:
            return min(listed, key=len)
        if self.types <= {"null", "boolean"}:
            return [v for v in (None, True, False) if type_of(v) in self.types]
        return None

    def required(self) -> set[str]:
        """Return the members that there must be."""
        needed = {name for said in self.said("required") for name in said}
        rest = list(needed)
        while rest:
            name = rest.pop()
            asked = {each for said in self.said("dependentRequired") for each in said.get(name, ())}
            rest += asked - needed
            needed |= asked
        return needed

    def names(self) -> list[str]:
        """Return the members that are described by name."""
        return list(dict.fromkeys(name for said in self.said("properties") for name in said))

    def families(self) -> list[str]:
        """Return the patterns that describe members."""
        said = self.said("patternProperties")
        return list(dict.fromkeys(pattern for each in said for pattern in each))

    def member(self, name: str) -> Place:
        """Return what a member of this name has to be."""
        found: list[Part] = []
        for part in self.parts:
            if name in part.schema.get("properties", ()):
                found.append(part.below("properties", name))
            found += [
                part.below("patternProperties", pattern)
                for pattern in part.schema.get("patternProperties", ())
                if matches(pattern, name)
            ]
        return (*found, *(each.body for each in self.closers if not each.covers(name)))

    def family(self, pattern: str) -> Place:
        """Return what members whose name matches a pattern have to be."""
        return tuple(
            part.below("patternProperties", pattern)
            for part in self.holding("patternProperties")
            if pattern in part.schema["patternProperties"]
        )

    def others(self) -> Place:
        """Return what members have to be that nothing describes."""
        return tuple(each.body for each in self.closers)

    def name_patterns(self) -> tuple[str, ...]:
        """Return patterns that the names of all members match."""
        named = [each for each in self.said("propertyNames") if isinstance(each, dict)]
        return tuple(each["pattern"] for each in named if "pattern" in each)

    @property
    def closed(self) -> bool:
        """Tell whether there are no members that nothing describes."""
        return any(each.body.schema is False for each in self.closers)

    def item(self, at: int) -> Place:
        """Return what the item of an array has to be."""
        found: list[Part] = []
        for part in self.parts:
            first = part.schema.get("prefixItems", ())
            if at < len(first):
                found.append(part.below("prefixItems", at))
            elif "items" in part.schema:
                found.append(part.below("items"))
        return tuple(found)

    def prefixes(self) -> int:
        """Return how many items are described one by one."""
        return max(map(len, self.said("prefixItems")), default=0)

    def most(self, keyword: str) -> Any:
        """Return the greatest value of a lower limit; None without one."""
        return max(self.said(keyword), default=None)

    def least(self, keyword: str) -> Any:
        """Return the least value of an upper limit; None without one."""
        return min(self.said(keyword), default=None)


def view(side: Side, place: Place) -> View:
    """Return what the parts of a place say together."""
    out = View()
    for part in expanded(side, place, out):
        out.parts.append(part)
        out.closers += _closers(side, part)
    return out


def expanded(side: Side, place: Place, into: View | None = None) -> Iterator[Part]:
    """Yield the schemas of a place that are objects, references and `allOf` followed."""
    into = into if into is not None else View()
    seen: set[tuple[str, str, str]] = set()
    rest = list(reversed(place))
    while rest:
        part = rest.pop()
        if part.key in seen or part.schema is True:
            continue
        seen.add(part.key)
        if part.schema is False:
            into.nothing = True
            continue
        yield part
        if "$ref" in part.schema:
            target = side.followed(part)
            into.references.add(side.identity(target))
            rest.append(target)
        rest += reversed(conjoined(part))


def conjoined(part: Part) -> list[Part]:
    """Return what holds beside a part by its `allOf`."""
    count = len(part.schema.get("allOf", ()))
    found = [part.below("allOf", at) for at in range(count)]
    if part.branch is not None:
        found[-1] = part.branch
    return found


def _closers(side: Side, part: Part) -> Iterator[Closer]:
    schema = part.schema
    if "additionalProperties" in schema:
        yield Closer(
            frozenset(schema.get("properties", ())),
            tuple(schema.get("patternProperties", ())),
            part.below("additionalProperties"),
        )
    if "unevaluatedProperties" in schema:
        told = evaluated(side, part)
        # What branches evaluate is not known: the object may be less closed than it seems.
        if told is not None:
            yield Closer(*told, part.below("unevaluatedProperties"))


def evaluated(
    side: Side, part: Part, *, certain: bool = False
) -> tuple[frozenset[str], tuple[str, ...]] | None:
    """Return names and patterns of the members that `unevaluatedProperties` passes over.

    Args:
        side: The side of the part.
        part: What has the keyword.
        certain: Leave out what only some values evaluate, instead of giving up.
    """
    names: set[str] = set()
    patterns: list[str] = []
    for each in expanded(side, (part,)):
        if not certain and any(keyword in each.schema for keyword in BRANCHING):
            return None
        if each is not part and each.schema.keys() & {
            "additionalProperties",
            "unevaluatedProperties",
        }:
            patterns.append("")
        if "additionalProperties" in each.schema and each is part:
            patterns.append("")
        names |= each.schema.get("properties", {}).keys()
        patterns += each.schema.get("patternProperties", ())
    return frozenset(names), tuple(patterns)


def types_of(said: Any) -> frozenset[str]:
    """Return the types that the keyword `type` admits."""
    listed = [said] if isinstance(said, str) else said
    out = {name for name in listed if name != "number"}
    return frozenset(out | {"integer", "fraction"} if "number" in listed else out)


def type_of(value: Any) -> str:
    """Return the type of a parsed value."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) or value.is_integer() else "fraction"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
