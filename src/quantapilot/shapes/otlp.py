"""OTLP in JSON: log records, spans and metrics of OpenTelemetry, with attributes as pairs.

An attribute is `{"key": "user.email", "value": {"stringValue": …}}`: its key names its value.
Source: the OpenTelemetry protocol (OTLP) 1.x, its protobuf files in their JSON encoding.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.positions import JsonTextError, read
from quantapilot.shapes.form import Lines
from quantapilot.shapes.json_lines import as_role
from quantapilot.shapes.members import Entry, Member, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from quantapilot.contract.positions import Node, Pointer
    from quantapilot.shapes.record import Record

REQUESTS = ("resourceLogs", "resourceSpans", "resourceMetrics")
# The keys of what holds more; another one is not OTLP's, and the document is read as it stands.
_HOLDERS = frozenset(
    {
        *REQUESTS,
        *("resource", "scope", "attributes", "value", "body", "status", "arrayValue", "values"),
        *("kvlistValue", "scopeLogs", "logRecords", "scopeSpans", "spans", "events", "links"),
        *("scopeMetrics", "metrics", "gauge", "sum", "histogram", "exponentialHistogram"),
        *("summary", "dataPoints", "exemplars", "filteredAttributes", "positive", "negative"),
        *("bucketCounts", "explicitBounds", "quantileValues", "entityRefs", "idKeys"),
        *("descriptionKeys", "metadata"),
    }
)
_TYPED = frozenset({"stringValue", "intValue", "doubleValue", "boolValue", "bytesValue"})
_INNER = _TYPED | {"arrayValue", "values"}
_SEVERITIES = ("trace", "debug", "info", "warn", "error", "fatal")
_NUMBERS = {str(at + 1): _SEVERITIES[at // 4] for at in range(24)}
# How many values of a request are searched together.
_TOGETHER = 256


def is_otlp(document: Mapping[str, object], *, logs: bool) -> bool:
    """Tell whether a parsed document is a request of OTLP, or with `logs` one of log records."""
    known = [key for key in document if key in REQUESTS]
    if len(document) != 1 or not known or not isinstance(document[known[0]], list):
        return False
    return known == ["resourceLogs"] or not logs


class OtlpLines(Lines):
    """Requests of OTLP, one a line: each log record as the contract's, all else searched."""

    def __init__(self, record: Record | None) -> None:
        self._record = record

    def entries(self, text: str) -> Sequence[Entry] | None:
        """Return the records of a request; None where it is none."""
        try:
            nodes, end = read(text)
        except JsonTextError:
            return None
        if text[end:].strip() or not _is_request(nodes):
            return None
        called = {
            node.pointer[:-1]: node.text
            for node in nodes
            if node.pointer[-1:] == ("key",) and node.kind == "string"
        }
        found: list[Entry] = []
        for prefix, group in groupby(nodes, lambda node: _record_of(node.pointer)):
            members = list(group)
            if self._record is not None and prefix:
                found.append(_judged(text, members, called, prefix, self._record))
            else:
                values = [_searched(text, node, called) for node in members if _scalar(node)]
                own = self._record is not None
                values = [each._replace(own=own) for each in values]
                found += (
                    Entry(values[at : at + _TOGETHER], members[0].start, prefix, judged=False)
                    for at in range(0, len(values), _TOGETHER)
                )
        return found


class OtlpDocument(OtlpLines):
    """A request of OTLP that goes over several lines."""

    def units(self, data: bytes, *, last: bool) -> tuple[Sequence[bytes], bytes]:
        """Return the whole request once no more follows."""
        return ([data], b"") if last and data else ([], data)


def _is_request(nodes: Sequence[Node]) -> bool:
    if len(nodes) < 2 or nodes[1].pointer[0] not in REQUESTS:
        return False
    for node in nodes:
        if node.duplicate or node.text in {"NaN", "Infinity", "-Infinity"}:
            return False
        step = node.pointer[-1] if node.pointer else 0
        if not _scalar(node) and isinstance(step, str) and step not in _HOLDERS:
            return False
    return True


def _scalar(node: Node) -> bool:
    return node.kind not in {"object", "array"}


def _record_of(pointer: Pointer) -> Pointer:
    """Return the pointer of the log record that a value stands in; empty where in none."""
    inside = len(pointer) > 5 and pointer[0] == REQUESTS[0] and pointer[4] == "logRecords"
    return pointer[:6] if inside else ()


def _searched(text: str, node: Node, called: Mapping[Pointer, str]) -> Member:
    pointer = node.pointer
    while pointer and (isinstance(pointer[-1], int) or pointer[-1] in _INNER):
        pointer = pointer[:-1]
    name = called.get(pointer[:-1]) if pointer[-1:] == ("value",) else None
    name = "body" if pointer[-1:] == ("body",) else name
    key_at = node.start if node.key_at is None else node.key_at
    key = quoted(node.name if name is None else name)
    return Member(key, text[node.start : node.end], key_at, node.start, node.pointer)


def _judged(
    text: str,
    nodes: Sequence[Node],
    called: Mapping[Pointer, str],
    prefix: Pointer,
    record: Record,
) -> Entry:
    """Return a log record as the contract's."""
    below = {node.pointer[len(prefix) :]: node for node in nodes}
    judged = dict(_roles(text, below, record)) | dict(_attributes(text, below, called, prefix))
    members = list(judged.values())
    for path, node in below.items():
        if _scalar(node) and not any(path[:size] in judged for size in (1, 3)):
            is_key = path[:1] == ("attributes",) and path[2:] == ("key",)
            if not is_key:
                members.append(_searched(text, node, called)._replace(own=True))
    return Entry(members, nodes[0].start, prefix)


def _roles(
    text: str, below: Mapping[Pointer, Node], record: Record
) -> Iterator[tuple[Pointer, Member]]:
    times = (("timeUnixNano",), ("observedTimeUnixNano",))
    levels = (("severityText",), ("severityNumber",))
    for role, paths in (("time", times), ("level", levels)):
        path = next((each for each in paths if each in below and below[each].text not in _NONE), ())
        if path:
            yield path, as_role(_plain(text, below[path]), role, record, _NUMBERS)
    if ("body",) in below:
        member = _value(text, below, ("body",))
        yield ("body",), member._replace(key=record.keys["message"])


_NONE = frozenset({"", "0"})


def _attributes(
    text: str, below: Mapping[Pointer, Node], called: Mapping[Pointer, str], prefix: Pointer
) -> Iterator[tuple[Pointer, Member]]:
    for path in below:
        if len(path) == 3 and path[0] == "attributes" and path[2] == "value":
            name = called.get((*prefix, *path[:2]))
            if name is not None:
                member = _value(text, below, path)
                key = below[(*path[:2], "key")]
                yield path, member._replace(key=quoted(name), key_at=key.start)


def _value(text: str, below: Mapping[Pointer, Node], path: Pointer) -> Member:
    """Return the member of a typed value: what it holds, without its type."""
    held = next((each for each in _TYPED if (*path, each) in below), None)
    if held is not None:
        member = _plain(text, below[(*path, held)])
        number = held == "intValue" and member.value[1:-1].removeprefix("-").isdecimal()
        quotes = member.value[:1] == '"'
        return member._replace(value=member.value[1:-1]) if number and quotes else member
    node = below[path]
    document = _untyped(orjson.loads(text[node.start : node.end]))
    return _plain(text, node)._replace(value=orjson.dumps(document).decode())


def _plain(text: str, node: Node) -> Member:
    key_at = node.start if node.key_at is None else node.key_at
    value = text[node.start : node.end]
    return Member(quoted(node.name), value, key_at, node.start, node.pointer)


def _untyped(value: Any) -> Any:
    """Return a value without the types of its parts."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, held),) = value.items()
    parts = held.get("values", []) if isinstance(held, dict) else held
    if kind == "arrayValue" and isinstance(parts, list):
        return [_untyped(each) for each in parts]
    if kind == "kvlistValue" and isinstance(parts, list):
        pairs = [each for each in parts if isinstance(each, dict)]
        if len(pairs) == len(parts) and all(isinstance(each.get("key"), str) for each in pairs):
            return {each["key"]: _untyped(each.get("value")) for each in pairs}
        return value
    return held if kind in _TYPED else value
