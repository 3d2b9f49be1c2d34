"""Directions: for whom a definition has to stay compatible, by what refers to it.

What is sent to us has to stay valid; what we send has to be known to whoever reads it. A definition
that stands in both has to stay both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import led_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from quantapilot.compat.changes import OneWay
    from quantapilot.contract.catalog import Contract

OPERATION, DIRECTION = "x-operation", "x-direction"


def references(contract: Contract) -> dict[str, set[str]]:
    """Return by definition the names of those that its schema refers to."""
    by_uri = {definition.uri: name for name, definition in contract.definitions.items()}
    out: dict[str, set[str]] = {}
    for name, definition in contract.definitions.items():
        base = contract.schemas[definition.file]["$id"]
        out[name] = set(_named(definition.schema, base, by_uri))
    return out


def reached(graph: Mapping[str, set[str]], roots: Iterable[str]) -> set[str]:
    """Return some definitions and all that they refer to, over any number of steps."""
    seen: set[str] = set()
    rest = [name for name in roots if name in graph]
    while rest:
        name = rest.pop()
        if name not in seen:
            seen.add(name)
            rest += graph[name] - seen
    return seen


def directions(contract: Contract) -> dict[str, set[OneWay]]:
    """Return by definition the directions in which it has to stay compatible.

    `backward` holds for what we receive: the bodies of operations and what `x-direction` calls
    `in`. `forward` holds for documents, for answers, and for all that nothing received reaches.
    """
    graph = references(contract)
    taken = {name for name, each in contract.definitions.items() if is_received(each.schema)}
    received = reached(graph, taken)
    sent = {
        name
        for name, each in contract.definitions.items()
        if (each.kind and name not in taken) or name not in received
    }
    for name in taken:
        sent |= set(answers(contract, name))
    sent = reached(graph, sent)
    out: dict[str, set[OneWay]] = {name: set() for name in contract.definitions}
    for name in received:
        out[name].add("backward")
    for name in sent:
        out[name].add("forward")
    return out


def is_received(schema: Mapping[str, Any]) -> bool:
    """Tell whether a definition is what others send."""
    return OPERATION in schema or schema.get(DIRECTION) == "in"


def answers(contract: Contract, name: str) -> Iterator[str]:
    """Yield the definitions of what an operation answers."""
    operation = contract.definitions[name].schema.get(OPERATION)
    if isinstance(operation, dict):
        named = operation.get("answers")
        listed = [*(named.values() if isinstance(named, dict) else ()), operation.get("errors")]
        for reference in listed:
            if isinstance(reference, str):
                yield reference.rpartition("/")[2]


def _named(schema: Any, base: str, by_uri: Mapping[str, str]) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                uri, pointer = led_to(base, value)
                # What stands below a definition belongs to it.
                whole = "/".join(pointer.split("/")[:3])
                if (name := by_uri.get(f"{uri}#{whole}")) is not None:
                    yield name
            elif not key.startswith("x-"):
                yield from _named(value, base, by_uri)
    elif isinstance(schema, list):
        for each in schema:
            yield from _named(each, base, by_uri)
