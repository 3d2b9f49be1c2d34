"""Events as text: read with what hides in it, and refusals that name line and column."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from quantapilot.contract.positions import JsonTextError, Lines, pointer_of, read
from quantapilot.errors import UnsearchableError
from quantapilot.findings import EventRefusedError
from quantapilot.gate.beginning import opening_of
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.scanner import shows_all
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.emitter.checking import EventCheck
    from quantapilot.findings import Finding
    from quantapilot.outbox.ports import Entry


def documents(label: str, stream: BinaryIO, most: int) -> Iterator[tuple[str, int, str]]:
    """Yield the JSON documents of a stream as they come: one a line, or one in all.

    Each with the label and the number of its first line; bytes that are not UTF-8 stay told apart.

    Args:
        label: What errors and findings say that they stand in.
        stream: Where they come from.
        most: The most bytes that one may have.

    Raises:
        UnsearchableError: One has more; nothing of it is yielded.
    """

    def next_line(number: int) -> bytes:
        return bounded(stream.readline(most + 1), number)

    def bounded(data: bytes, number: int) -> bytes:
        if len(data) > most:
            raise UnsearchableError(
                f"{label}:{number}: a document of more than {most:,} bytes, the project's "
                "max_document_bytes; nothing of it, or behind it, was emitted"
            )
        return data

    first = 1
    line = next_line(first)
    while line and not line.strip():
        first, line = first + 1, next_line(first + 1)
    if line and opening_of(line) != "line":
        rest = stream.read(most + 1 - len(line))
        yield label, first, bounded(line + rest, first).decode("utf-8", "surrogateescape")
        return
    while line:
        if line.strip():
            yield label, first, line.decode("utf-8", "surrogateescape")
        first, line = first + 1, next_line(first + 1)


def parsed(check: EventCheck, label: str, text: str, line: int) -> dict[str, Any]:
    """Return the JSON object that a text is.

    Args:
        check: Brings the rules and the contract.
        label: What findings say that it stands in.
        text: A JSON document.
        line: The number of its first line.

    Raises:
        EventRefusedError: It is not UTF-8, no JSON object, or names a key twice.
    """
    value: Any = None
    broken = _not_utf8(label, text, line)
    if broken is not None:
        raise EventRefusedError(f"{label} may not leave: it is not UTF-8", [broken])
    raw = text.encode()
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    else:
        if isinstance(value, dict) and shows_all(value, raw):
            return value
    searching = Inspector(check.inspector.detector, check.inspector.validator)
    found = searching.json(Text(label, text, line, whole=True))
    told = [each for each in found if each.category == "input"]
    if told or not isinstance(value, dict):
        raise EventRefusedError(f"{label} may not leave: it is no JSON object", told)
    return value


def _not_utf8(label: str, text: str, line: int) -> Finding | None:
    """Return the finding of a text that was made of bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return INPUT_RULES["input/invalid-utf8"].at(
            label,
            "bytes that are not UTF-8",
            line=line + text.count("\n", 0, error.start),
            column=error.start - text.rfind("\n", 0, error.start),
        )
    return None


def entry_of(check: EventCheck, label: str, text: str, line: int, name: str | None) -> Entry:
    """Return the event that a text holds, as it is stored and sent.

    Args:
        check: Judges it.
        label: What findings say that it stands in.
        text: A JSON document: a payload where `name` is given, else an event.
        line: The number of its first line.
        name: The type of event that the payload makes.

    Raises:
        EventRefusedError: It may not leave; its findings stand where the text is wrong.
        UnknownNameError: No event has this name.
    """
    event = parsed(check, label, text, line)
    with placing(check, label, text, line, name):
        return check.entry(event, name, label)


@contextmanager
def placing(
    check: EventCheck, label: str, text: str, line: int, name: str | None
) -> Iterator[None]:
    """Have the findings of an event that is refused within stand where its text is wrong.

    Raises:
        EventRefusedError: It was refused.
    """
    refused: Sequence[Finding] = ()
    message = ""
    try:
        yield
    except EventRefusedError as error:
        message, refused = str(error), error.findings
    else:
        return
    # Outside the handler: what was refused is none of the cause's business.
    inside = "" if name is None else check.envelopes.place_of(name)
    raise EventRefusedError(message, _placed(refused, label, text, line, inside))


def _placed(
    findings: Sequence[Finding], label: str, text: str, first: int, inside: str
) -> list[Finding]:
    """Return the findings of an event where they stand in the text that it was made of."""
    lines, starts = Lines(text, first), {"": 0}
    with suppress(JsonTextError):
        starts = {pointer_of(node.pointer): node.start for node in read(text)[0]}
    placed = []
    for each in findings:
        pointer = each.pointer or ""
        if inside and f"{pointer}/".startswith(f"{inside}/"):
            pointer = pointer.removeprefix(inside)
        while pointer not in starts:
            pointer = pointer.rpartition("/")[0]
        line, column = lines.place(starts[pointer])
        placed.append(replace(each, path=label, line=line, column=column))
    return placed
