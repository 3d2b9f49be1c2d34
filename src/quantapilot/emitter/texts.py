"""Events as text: read with what hides in it, and refusals that name line and column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.positions import JsonTextError, locate
from quantapilot.findings import EventRefusedError
from quantapilot.gate.check import shows_all
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.emitter.checking import EventCheck
    from quantapilot.findings import Finding
    from quantapilot.outbox.ports import Entry


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
    refused: Sequence[Finding] = ()
    message = ""
    try:
        return check.entry(event, name, label)
    except EventRefusedError as error:
        message, refused = str(error), error.findings
    inside = check.envelopes.payload if name is not None else ""
    raise EventRefusedError(message, [_placed(each, text, line, inside) for each in refused])


def _placed(finding: Finding, text: str, first: int, inside: str) -> Finding:
    """Return a finding of an event where it stands in the text that the event was made of."""
    parts = [
        part.replace("~1", "/").replace("~0", "~")
        for part in (finding.pointer or "").split("/")[1:]
    ]
    if inside and parts[:1] == [inside]:
        parts = parts[1:]
    try:
        line, column = locate(text, [int(part) if part.isdecimal() else part for part in parts])
    except JsonTextError:
        line, column = 1, 1
    return replace(finding, line=first + line - 1, column=column)
