"""Two versions of a contract: every definition, for those who read it and those who send it.

Each change is told once, at the definition where it stands, with the documents that it reaches.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from quantapilot.compat.branches import branches_of, is_events, noun, only_branches
from quantapilot.compat.causes import Difference, Spot
from quantapilot.compat.changes import Change, Comparison, Direction, OneWay, Witness, ordered
from quantapilot.compat.comparing import Versions, each_once
from quantapilot.compat.directions import (
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
from quantapilot.compat.uses import name_of, use_changes
from quantapilot.compat.versions import VersionHint, hints
from quantapilot.compat.witnesses import witness
from quantapilot.contract.catalog import Contract
from quantapilot.contract.positions import pointer_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from quantapilot.contract.catalog import Definition

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
    old = _as_called_in(new, old)
    comparing = _Comparing(old, new, direction)
    file = new.lifecycle_file if new.lifecycle is not None else old.lifecycle_file
    order = lifecycle_changes(old.lifecycle, new.lifecycle, file)
    changes = each_once([*comparing.found(), *order])
    told = ordered([comparing.with_reach(change) for change in changes])
    return ContractComparison(told, hints(old, new, told), comparing.kinds, len(comparing.common()))


def _as_called_in(new: Contract, old: Contract) -> Contract:
    """Return the older version with the files' newer names: it is `$id` that others know."""
    names = {schema["$id"]: file for file, schema in new.schemas.items()}
    called = {
        file: file if file in new.schemas else names.get(schema["$id"], file)
        for file, schema in old.schemas.items()
    }
    if len(set(called.values())) < len(called) or all(a == b for a, b in called.items()):
        return old
    renamed = {called[file]: schema for file, schema in old.schemas.items()}
    return Contract(renamed, old.lifecycle, old.lifecycle_file)


class _Comparing:
    """The comparison of two contracts."""

    def __init__(self, old: Contract, new: Contract, direction: Direction | None) -> None:
        self.old, self.new = old, new
        self.direction = direction
        self.then, self.now = side("old", old.schemas), side("new", new.schemas)
        shared = {
            (each.file, pointer_of(["$defs", name]))
            for name, each in new.definitions.items()
            if name in old.definitions and old.definitions[name].file == each.file
        }
        self.versions = Versions(self.then, self.now, shared.__contains__)
        self.wanted = self._wanted()
        self.graphs = references(old), references(new)
        self.kinds = self._kinds()
        self.unions = self._with_branches()

    def common(self) -> list[str]:
        """Return the definitions that both versions have."""
        return [name for name in self.new.definitions if name in self.old.definitions]

    def found(self) -> Iterator[Change]:
        """Yield the changes of the schemas."""
        yield from self._unions()
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
        """Return a change with the documents, requests and answers that it reaches."""
        if not change.pointer.startswith("/$defs/"):
            return change
        name = steps_of(change.pointer)[1]
        graph = self.graphs[1] if name in self.graphs[1] else self.graphs[0]
        # What reaches a branch reaches the union as well.
        ends = [end for end in graph if end in self.kinds and end not in {name, *self.unions}]
        reach = tuple(end for end in ends if name in reached(graph, [end]))
        return replace(change, reaches=reach)

    def _kinds(self) -> dict[str, str]:
        out: dict[str, str] = {}
        for contract in (self.old, self.new):
            for name, definition in contract.definitions.items():
                if definition.kind:
                    out[name] = definition.kind
                    for branch in branches_of(definition).values():
                        out[name_of(branch)] = definition.kind
                elif is_received(definition.schema):
                    out[name] = "requests"
                    out |= dict.fromkeys(answers(contract, name), "answers")
        return out

    def _with_branches(self) -> set[str]:
        return {
            name
            for contract in (self.old, self.new)
            for name, definition in contract.definitions.items()
            if definition.kind and branches_of(definition)
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
        yield from use_changes(then, now)
        if is_events(then) and is_events(now) and only_branches(then) and only_branches(now):
            # Its branches are compared by what the discriminator calls them.
            return
        plain = self.then.plain and self.now.plain
        same = then.file == now.file and exactly(then.schema, now.schema)
        if plain and same and _by_parts(now.schema):
            # Whatever it refers to is compared by itself.
            return
        one = self.then.root(then.file, ("$defs", name))
        two = self.now.root(now.file, ("$defs", name))
        spot = Spot(now.file, pointer_of(["$defs", name]))
        yield from self.versions.compared(one, two, spot, self._ways(self.wanted[name]), name)

    def _unions(self) -> Iterator[Change]:
        for name in self.common():
            then, now = self.old.definitions[name], self.new.definitions[name]
            before, after = branches_of(then), branches_of(now)
            for value in before:
                at = pointer_of(["$defs", name, "discriminator", "mapping", value])
                if value not in after:
                    message = f"{noun(then)} {value} removed"
                    seen = self._example(then, now, before[value])
                    yield Change(at, "breaking", "backward", message, seen, now.file, name)
                elif name_of(before[value]) != name_of(after[value]):
                    yield from self._other_branch(then, now, before[value], after[value], at)
            for value in after:
                if value not in before and is_events(now):
                    at = pointer_of(["$defs", name, "discriminator", "mapping", value])
                    message = f"event {value} added: readers pass over types that they don't know"
                    yield Change(at, "compatible", "forward", message, None, now.file, name)

    def _other_branch(
        self, then: Definition, now: Definition, before: str, after: str, at: str
    ) -> Iterator[Change]:
        one = self.old.definitions.get(name_of(before))
        two = self.new.definitions.get(name_of(after))
        if one is None or two is None:
            return
        left = self.then.root(one.file, ("$defs", one.name))
        right = self.now.root(two.file, ("$defs", two.name))
        ways = self._ways(self.wanted[now.name])
        spot = Spot(now.file, at, frozen=True)
        yield from self.versions.compared(left, right, spot, ways, then.name)

    def _example(self, then: Definition, now: Definition, branch: str) -> Witness | None:
        """Return a value of a branch that is gone."""
        known = self.old.definitions.get(name_of(branch))
        if known is None:
            return None
        part = self.then.root(known.file, ("$defs", known.name))
        whole = self.then.root(then.file, ("$defs", then.name))
        other = self.now.root(now.file, ("$defs", now.name))
        gone = Difference("", "", "", "", (whole, part), (other,))
        return witness(Inclusion(self.then, self.now), gone)

    def _removed(self) -> Iterator[Change]:
        gone = [name for name in self.old.definitions if name not in self.new.definitions]
        branches = {
            name_of(reference)
            for name in self.common()
            for value, reference in branches_of(self.old.definitions[name]).items()
            if value not in branches_of(self.new.definitions[name])
        }
        for name in _tops(self.graphs[0], gone, reached(self.graphs[0], branches)):
            definition = self.old.definitions[name]
            message = f"{name} removed{self._renamed(definition)}"
            at = pointer_of(["$defs", name])
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
        for name in _tops(self.graphs[1], new, set()):
            at = pointer_of(["$defs", name])
            file = self.new.definitions[name].file
            yield Change(at, "compatible", "forward", f"{name} added", None, file)


def _tops(graph: Mapping[str, set[str]], names: list[str], told: Iterable[str]) -> Iterator[str]:
    """Yield the definitions of a list that came or went not only with what refers to them."""
    covered = set(told)
    held = {name for other in names for name in graph[other] if name != other}
    # Of those that refer to each other in a circle, the first stands for all.
    for name in sorted(names, key=held.__contains__):
        if name not in covered:
            covered |= reached(graph, [name])
            yield name


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
