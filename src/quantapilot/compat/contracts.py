"""Two versions of a contract: every definition, for those who read it and those who send it.

Each change is told once, at the definition where it stands, with the documents that it reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from quantapilot.compat.causes import Difference, Spot
from quantapilot.compat.changes import Change, Comparison, Direction, OneWay, Witness, ordered
from quantapilot.compat.comparing import Versions, each_once
from quantapilot.compat.directions import (
    OPERATION,
    answers,
    directions,
    is_received,
    reached,
    references,
)
from quantapilot.compat.equality import Equality, exactly
from quantapilot.compat.inclusion import Inclusion
from quantapilot.compat.lifecycles import lifecycle_changes
from quantapilot.compat.loading import side
from quantapilot.compat.schemas import says_something
from quantapilot.compat.sides import Side
from quantapilot.compat.versions import VersionHint, level_of, needed
from quantapilot.compat.witnesses import witness
from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.contract.catalog import Contract, Definition

EVENTS = "events"
_TURNING = frozenset(
    {"not", "if", "oneOf", "contains", "unevaluatedProperties", "unevaluatedItems"}
)


@dataclass(frozen=True, slots=True)
class ContractComparison(Comparison):
    """What changed between two versions of a contract.

    Attributes:
        hints: What the changes ask of the versions of the files.
        kinds: Kinds of the documents, by definition; branches have the kind of their union.
        compared: How many definitions both versions have.
    """

    hints: tuple[VersionHint, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    compared: int = 0


def compare_contracts(
    old: Contract, new: Contract, direction: Direction | None = None
) -> ContractComparison:
    """Return what changed between two versions of a contract.

    Args:
        old: The older version.
        new: The newer one.
        direction: The direction for all definitions; without one, what a definition is for
            decides: what we receive stays valid, what we send stays known.

    Raises:
        BrokenContractError: A schema of one of them is no valid JSON Schema.
    """
    comparing = _Comparing(old, new, direction)
    file = new.lifecycle_file if new.lifecycle is not None else old.lifecycle_file
    order = lifecycle_changes(old.lifecycle, new.lifecycle, file)
    changes = each_once([*comparing.found(), *order])
    told = ordered([comparing.with_reach(change) for change in changes])
    return ContractComparison(
        told, _hints(old, new, told), comparing.kinds(), len(comparing.common())
    )


class _Comparing:
    """The comparison of two contracts."""

    def __init__(self, old: Contract, new: Contract, direction: Direction | None) -> None:
        self.old, self.new = old, new
        self.direction = direction
        self.then, self.now = side("old", old.schemas), side("new", new.schemas)
        shared = {
            (each.file, f"/$defs/{name}")
            for name, each in new.definitions.items()
            if name in old.definitions and old.definitions[name].file == each.file
        }
        self.versions = Versions(self.then, self.now, shared.__contains__)
        self.wanted = self._wanted()
        self.graphs = references(old), references(new)

    def common(self) -> list[str]:
        return [name for name in self.new.definitions if name in self.old.definitions]

    def found(self) -> Iterator[Change]:
        unions = list(self._unions())
        yield from unions
        yield from self._removed()
        yield from self._added()
        for name in self.common():
            yield from self._definition(name)
        for file in self.new.schemas:
            if file in self.old.schemas and says_something(self.new.schemas[file]):
                spot, ways = Spot(file, ""), self._ways({"forward"})
                one, two = self.then.root(file), self.now.root(file)
                yield from self.versions.compared(one, two, spot, ways)
        for file in self.old.schemas:
            if file not in self.new.schemas:
                yield Change("", "breaking", "forward", f"{file} removed", None, file)

    def with_reach(self, change: Change) -> Change:
        name = change.pointer.split("/")[2] if change.pointer.startswith("/$defs/") else ""
        graph = self.graphs[1] if name in self.graphs[1] else self.graphs[0]
        known = self.kinds()
        ends = [end for end in graph if end in known and name in reached(graph, [end])]
        unions = {end for end in ends if end in self._with_branches()}
        # What reaches a branch reaches the union as well.
        reach = tuple(end for end in ends if end != name and end not in unions)
        return replace(change, reaches=reach) if name else change

    def kinds(self) -> dict[str, str]:
        out: dict[str, str] = {}
        for contract in (self.old, self.new):
            for name, definition in contract.definitions.items():
                if definition.kind:
                    out[name] = definition.kind
                    for branch in _mapping_of(definition).values():
                        out[branch.rpartition("/")[2]] = definition.kind
                elif is_received(definition.schema):
                    out[name] = "requests"
                    out |= dict.fromkeys(answers(contract, name), "answers")
        return out

    def _with_branches(self) -> set[str]:
        return {
            name
            for contract in (self.old, self.new)
            for name, definition in contract.definitions.items()
            if definition.kind and _mapping_of(definition)
        }

    def _wanted(self) -> dict[str, set[OneWay]]:
        out: dict[str, set[OneWay]] = {}
        for contract in (self.old, self.new):
            for name, ways in directions(contract).items():
                out[name] = out.get(name, set()) | ways
        return out

    def _ways(self, ways: set[OneWay]) -> set[OneWay]:
        if self.direction is None:
            return ways
        return {"backward", "forward"} if self.direction == "full" else {self.direction}

    def _definition(self, name: str) -> Iterator[Change]:
        then, now = self.old.definitions[name], self.new.definitions[name]
        yield from _roles(then, now)
        if _is_events(then) and _is_events(now) and _only_branches(then) and _only_branches(now):
            # Its branches are compared by what the discriminator calls them.
            return
        plain = self.then.plain and self.now.plain
        same = then.file == now.file and exactly(then.schema, now.schema)
        if plain and same and _by_parts(now.schema):
            # Whatever it refers to is compared by itself.
            return
        one = self.then.root(then.file, ("$defs", name))
        two = self.now.root(now.file, ("$defs", name))
        spot = Spot(now.file, f"/$defs/{name}")
        yield from self.versions.compared(one, two, spot, self._ways(self.wanted[name]), name)

    def _unions(self) -> Iterator[Change]:
        for name in self.common():
            then, now = self.old.definitions[name], self.new.definitions[name]
            before, after = _mapping_of(then), _mapping_of(now)
            for value in before:
                at = f"/$defs/{name}/discriminator/mapping" + pointer_of([value])
                if value not in after:
                    message = f"{_noun(then)} {value} removed"
                    seen = self._example(then, now, before[value])
                    yield Change(at, "breaking", "backward", message, seen, now.file, name)
                elif _name(before[value]) != _name(after[value]):
                    yield from self._other_branch(then, now, before[value], after[value], at)
            for value in after:
                if value not in before and _is_events(now):
                    at = f"/$defs/{name}/discriminator/mapping" + pointer_of([value])
                    message = f"event {value} added: readers pass over types that they don't know"
                    yield Change(at, "compatible", "forward", message, None, now.file, name)

    def _other_branch(
        self, then: Definition, now: Definition, before: str, after: str, at: str
    ) -> Iterator[Change]:
        one, two = self.old.definitions.get(_name(before)), self.new.definitions.get(_name(after))
        if one is None or two is None:
            return
        left = self.then.root(one.file, ("$defs", one.name))
        right = self.now.root(two.file, ("$defs", two.name))
        ways = self._ways(self.wanted[now.name])
        spot = Spot(now.file, at, frozen=True)
        yield from self.versions.compared(left, right, spot, ways, then.name)

    def _example(self, then: Definition, now: Definition, branch: str) -> Witness | None:
        """Return a value of a branch that is gone."""
        known = self.old.definitions.get(_name(branch))
        if known is None:
            return None
        part = self.then.root(known.file, ("$defs", known.name))
        whole = self.then.root(then.file, ("$defs", then.name))
        other = self.now.root(now.file, ("$defs", now.name))
        of = Inclusion(self.then, self.now)
        gone = Difference("", "", "", "", (whole, part), (other,), ())
        return witness(of, gone)

    def _removed(self) -> Iterator[Change]:
        gone = [name for name in self.old.definitions if name not in self.new.definitions]
        graph = self.graphs[0]
        branches = {
            _name(reference)
            for name in self.common()
            for value, reference in _mapping_of(self.old.definitions[name]).items()
            if value not in _mapping_of(self.new.definitions[name])
        }
        told = reached(graph, branches)
        held = {name for other in gone for name in graph[other] if name != other}
        for name in gone:
            if name in told or name in held:
                # It went with what referred to it.
                continue
            definition = self.old.definitions[name]
            message = f"{name} removed{self._renamed(definition)}"
            at = f"/$defs/{name}"
            seen = self._any_of(definition)
            yield Change(at, "breaking", "backward", message, seen, definition.file, name)

    def _any_of(self, definition: Definition) -> Witness | None:
        """Return a value of a definition that is gone: no other one takes its place."""
        part = self.then.root(definition.file, ("$defs", definition.name))
        found = next(self.then.samples(self.then.body((part,)), 1, edges=0.0), None)
        return None if found is None else Witness(found, "old", "new")

    def _renamed(self, definition: Definition) -> str:
        for name, other in self.new.definitions.items():
            if name not in self.old.definitions and self.then.plain and self.now.plain:
                one = self.then.root(definition.file, ("$defs", definition.name))
                two = self.now.root(other.file, ("$defs", name))
                if Equality(self.then, self.now).equal(one, two):
                    return f"; {name} says the same: is it its new name?"
        return ""

    def _added(self) -> Iterator[Change]:
        new = [name for name in self.new.definitions if name not in self.old.definitions]
        held = {name for other in new for name in self.graphs[1][other] if name != other}
        for name in new:
            if name not in held:
                definition = self.new.definitions[name]
                at = f"/$defs/{name}"
                yield Change(at, "compatible", "forward", f"{name} added", None, definition.file)


def _by_parts(schema: Any) -> bool:
    """Tell whether what a schema refers to can be compared instead of it.

    It can't be below what turns more into less, nor where the names that are described elsewhere
    count.
    """
    if isinstance(schema, list):
        return all(map(_by_parts, schema))
    if not isinstance(schema, dict):
        return True
    reference = schema.get("$ref", "#/$defs/")
    if "#/$defs/" not in str(reference):
        return False
    if not isinstance(reference, str) or "/" in reference.partition("#/$defs/")[2]:
        return False
    return not _TURNING & schema.keys() and all(map(_by_parts, schema.values()))


def _roles(then: Definition, now: Definition) -> Iterator[Change]:
    """Yield what changed in what a definition is for."""
    at = f"/$defs/{now.name}"
    before, after = then.schema.get("x-document"), now.schema.get("x-document")
    for key in ("kind", "recognised_by", "payload"):
        one, two = _of(before, key), _of(after, key)
        if before and one != two:
            message = f"x-document {key} {one or 'none'} → {two or 'none'}"
            place = f"{at}/x-document/{key}"
            yield Change(place, "breaking", "backward", message, None, now.file)
    operation, other = then.schema.get(OPERATION), now.schema.get(OPERATION)
    if operation and not other:
        message = f"{OPERATION} {_called(operation)} removed"
        yield Change(f"{at}/{OPERATION}", "breaking", "backward", message, None, now.file)
    elif operation:
        yield from _operation(operation, other, f"{at}/{OPERATION}", now.file)


def _operation(old: Any, new: Any, at: str, file: str) -> Iterator[Change]:
    for key in ("method", "path"):
        if _of(old, key) != _of(new, key):
            message = f"{key} {_of(old, key)} → {_of(new, key)}"
            yield Change(f"{at}/{key}", "breaking", "backward", message, None, file)
    before, after = _of(old, "answers") or {}, _of(new, "answers") or {}
    for status in before:
        if status not in after:
            message = f"answer {status} removed"
            yield Change(f"{at}/answers/{status}", "breaking", "forward", message, None, file)
        elif _name(before[status]) != _name(after[status]):
            message = f"answer {status} {_name(before[status])} → {_name(after[status])}"
            yield Change(f"{at}/answers/{status}", "breaking", "forward", message, None, file)
    for status in after:
        if status not in before:
            message = f"answer {status} added"
            yield Change(f"{at}/answers/{status}", "compatible", "forward", message, None, file)


def _hints(old: Contract, new: Contract, changes: tuple[Change, ...]) -> tuple[VersionHint, ...]:
    out: list[VersionHint] = []
    pairs = [
        (file, "x-version", old.schemas[file], schema)
        for file, schema in new.schemas.items()
        if file in old.schemas
    ]
    if isinstance(old.lifecycle, Mapping) and isinstance(new.lifecycle, Mapping):
        pairs.append((new.lifecycle_file, "version", dict(old.lifecycle), dict(new.lifecycle)))
    for file, key, then, now in pairs:
        before, after = then.get(key), now.get(key)
        if before is None or exactly({**then, key: None}, {**now, key: None}):
            continue
        level = level_of(each.kind for each in changes if each.file == file)
        out.append(VersionHint(file, key, before, after, level, needed(before, level)))
    return tuple(out)


def _mapping_of(definition: Definition) -> Mapping[str, str]:
    discriminator = definition.schema.get("discriminator")
    found = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    return found if isinstance(found, dict) else {}


def _is_events(definition: Definition) -> bool:
    return definition.kind == EVENTS and bool(_mapping_of(definition))


def _only_branches(definition: Definition) -> bool:
    """Tell whether a union says nothing but its branches, each of them with its name."""
    said = {
        keyword: value
        for keyword, value in definition.schema.items()
        if says_something({keyword: value})
    }
    branches = [each.get("$ref") for each in said.get("oneOf", ()) if isinstance(each, dict)]
    return said.keys() == {"oneOf"} and sorted(map(str, branches)) == sorted(
        set(_mapping_of(definition).values())
    )


def _noun(definition: Definition) -> str:
    return "event" if definition.kind == EVENTS else "branch"


def _name(reference: str) -> str:
    return str(reference).rpartition("/")[2]


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _called(operation: Any) -> str:
    return f"{_of(operation, 'method')} {_of(operation, 'path')}"


__all__ = ["ContractComparison", "Side", "compare_contracts"]
