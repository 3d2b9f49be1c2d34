"""The grammar: one RE2 pattern that runs over lines which conform, without parsing them.

It is derived from the schemas and narrower than they are: every line it matches is one JSON object
that conforms and has no key twice, and a line it stops at is proven nothing of and goes to the
validator. So it need not know all of JSON Schema: what it can't write down it leaves out.

A pattern needs one order of members, which JSON leaves free and schemas don't say. It is learned
from documents that the validator has accepted.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from quantapilot.contract.catalog import ecma
from quantapilot.contract.flat import absolute_references, conjunction, flattened
from quantapilot.contract.positions import line_spans
from quantapilot.contract.value_patterns import LONG, NotWrittenError, value_pattern
from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from quantapilot.contract.catalog import Definition
    from quantapilot.contract.validator import Validator

Shape = tuple[str, ...]
# How many members and orders a definition may have, and how often all of it is compiled.
_MOST_KEYS, _MOST_ORDERS = 400, 4
_COMPILED_AT_MOST = 12
_REMEMBERED = 10_000
_MEMORY = 24 << 20
_OBJECT = {"type", "properties", "patternProperties", "additionalProperties", "required"}
_KEY = lazy(r"[A-Za-z0-9_.@$-]{1,64}")


@dataclass(slots=True)
class _Order:
    """The members seen in one object of a definition, in an order that all of them keep."""

    keys: Shape = ()
    follows: dict[str, set[str]] = field(default_factory=dict)

    def with_(self, shape: Shape) -> _Order | None:
        """Return the order with one more sequence of members; None where the two contradict."""
        rest = iter(self.keys)
        if all(key in rest for key in shape):
            return self
        follows = {key: set(before) for key, before in self.follows.items()}
        for key in shape:
            follows.setdefault(key, set())
        for before, after in pairwise(shape):
            follows[after].add(before)
        try:
            keys = tuple(TopologicalSorter(follows).static_order())
        except CycleError:
            return None
        known = len(keys) <= _MOST_KEYS and all(map(_KEY.fullmatch, keys))
        return _Order(keys, follows) if known else None


# The orders of the objects of a document, by their place in it.
_Orders = dict[Shape, _Order]


class Grammar:
    """Tells, of the lines of a block, which it can't prove to conform; learns from those that do.

    Where RE2 is missing it proves nothing, and every line goes to the validator.
    """

    def __init__(self, validator: Validator, kind: str | None = None) -> None:
        self._validator = validator
        self._contract = validator.contract
        self._kind = kind
        self._documents = [d for d in self._contract.documents if kind in {None, d.kind}]
        self._orders: dict[str, list[_Orders]] = {}
        self._seen: set[tuple[str, tuple[tuple[Shape, Shape], ...]]] = set()
        self._pattern: Any = None
        self._longest = 0
        self._stale = False
        self._left = _COMPILED_AT_MOST

    def learn(self, document: dict[str, Any]) -> None:
        """Remember in which order a document that conforms has its members."""
        if not self._left:
            return
        definition = self._validator.recognise(document, self._kind).definition
        shapes = tuple(_shapes(document, ()))
        if definition is None or (definition.name, shapes) in self._seen:
            return
        if len(self._seen) < _REMEMBERED:
            self._seen.add((definition.name, shapes))
        known = self._orders.setdefault(definition.name, [])
        for at, orders in enumerate([*known, {}][:_MOST_ORDERS]):
            learned = {path: orders.get(path, _Order()).with_(s) for path, s in shapes}
            if None not in learned.values():
                if any(order is not orders.get(path) for path, order in learned.items()):
                    known[at : at + 1] = [cast("_Orders", {**orders, **learned})]
                    self._stale = True
                return

    def unproven(self, data: bytes) -> list[tuple[int, int]]:
        """Return the spans of the lines, newlines left out, that are not proven to conform."""
        if self._stale and self._left:
            self._left -= 1
            self._stale = False
            self._pattern, self._longest = self._compiled()
        out: list[tuple[int, int]] = []
        if self._pattern is None:
            return line_spans(data)
        position, size = 0, len(data)
        match, find = self._pattern.match, data.find
        while position < size:
            end = match(data, position).end()
            out += _longer(data, position, end, self._longest)
            if end >= size:
                break
            stop = find(b"\n", end)
            stop = size if stop < 0 else stop
            out.append((end, stop))
            position = stop + 1
        return out

    def _compiled(self) -> tuple[Any, int]:
        """Return the pattern of all that was learned, and how long a line may be for it to hold."""
        lines: list[str] = []
        limits: list[int] = []
        for name, known in self._orders.items():
            schema = self._schema(self._contract.definitions[name])
            if schema is None:
                continue
            for orders in known:
                if self._recognised(name, schema, orders[()].keys):
                    with suppress(NotWrittenError):
                        lines.append(self._object(schema, orders, (), limits))
        if not lines:
            return None, 0
        try:
            import re2
        except ImportError:
            self._left = 0
            return None, 0
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = _MEMORY
        options.log_errors = False
        options.never_capture = True
        options.longest_match = True
        try:
            pattern = re2.compile(rf"(?:(?:{'|'.join(lines)})\r?\n)*".encode(), options)
        except re2.error:
            return None, 0
        return pattern, min(limits, default=sys.maxsize)

    def _schema(self, definition: Definition) -> dict[str, Any] | None:
        base = self._contract.schemas[definition.file]["$id"]
        flat = flattened(self._contract, definition)
        return conjunction(self._contract, [flat or absolute_references(definition.schema, base)])

    def _object(
        self,
        schema: Mapping[str, Any],
        orders: _Orders,
        path: Shape,
        limits: list[int],
    ) -> str:
        if not schema.keys() <= _OBJECT or schema.get("type") != "object" or path not in orders:
            raise NotWrittenError
        required = set(schema.get("required", ()))
        members: list[tuple[str, bool]] = []
        for key in orders[path].keys:
            try:
                value = self._value(schema, key, orders, (*path, key), limits)
            except NotWrittenError:
                if key in required:
                    raise
                continue
            members.append((f'"{re.escape(key)}": ?{value}', key in required))
            required.discard(key)
        if required:
            raise NotWrittenError
        return _joined(members)

    def _value(
        self,
        schema: Mapping[str, Any],
        key: str,
        orders: _Orders,
        path: Shape,
        limits: list[int],
    ) -> str:
        parts = [schema["properties"][key]] if key in schema.get("properties", ()) else []
        for pattern, part in schema.get("patternProperties", {}).items():
            if ecma(pattern).search(key):
                parts.append(part)
        below = conjunction(self._contract, parts) if parts else None
        if below is None:
            raise NotWrittenError
        if below.get("type") == "object":
            return self._object(below, orders, path, limits)
        if isinstance(longest := below.get("maxLength"), int) and longest >= LONG:
            limits.append(longest)
        return value_pattern(below)

    def _recognised(self, name: str, schema: Mapping[str, Any], keys: Shape) -> bool:
        """Tell whether whatever the definition's pattern matches is recognised as just that."""
        required = schema.get("required", ())
        for document in self._documents:
            recognised_by = document.schema["x-document"]["recognised_by"]
            discriminator = document.schema.get("discriminator")
            branches = {document.name}
            if discriminator:
                references = discriminator["mapping"].values()
                branches = {reference.rpartition("/")[2] for reference in references}
            if name in branches:
                told = not discriminator or discriminator["propertyName"] in required
                return bool(told and (self._kind or recognised_by in required))
            if self._kind or recognised_by in keys:
                return False
        return False


def _shapes(document: Mapping[str, Any], path: Shape) -> Iterator[tuple[Shape, Shape]]:
    """Yield the members of each object in a document, by its place."""
    yield path, tuple(document)
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _shapes(value, (*path, key))


def _joined(members: Sequence[tuple[str, bool]]) -> str:
    """Return the pattern of an object with these members in order; True marks the required ones."""
    first = next((at for at, (_, required) in enumerate(members) if required), None)
    if first is None:
        raise NotWrittenError
    out = [f"(?:{member}, ?)?" for member, _ in members[:first]]
    out.append(members[first][0])
    out += [f", ?{m}" if required else f"(?:, ?{m})?" for m, required in members[first + 1 :]]
    return r"\{" + "".join(out) + r"\}"


def _longer(data: bytes, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the lines of `data[start:end]` that are longer than `longest` bytes."""
    while end - start > longest:
        last = data.rfind(b"\n", start, start + longest + 1)
        if last < 0:
            last = data.find(b"\n", start)
            yield start, last
        start = last + 1
