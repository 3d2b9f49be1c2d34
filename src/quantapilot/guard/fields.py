"""Fields beside a log's message: what may be kept of them, and what they are called.

A field's name can hold a value as well as its value can; neither is told where it does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from quantapilot.findings import LogRefusedError
from quantapilot.gate.redaction import DROPPED
from quantapilot.guard.lines import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.findings import Finding
    from quantapilot.guard.lines import LineCheck

SCALARS = frozenset({str, int, float, bool, type(None)})
# Modules whose values are written in one form, and hold nothing besides what it shows.
_VALUES = frozenset({"datetime", "decimal", "ipaddress", "pathlib", "uuid"})
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DEEP = 8
# Which rules hold, by the place that they hold in.
Problems = dict[str, list[str]]


def plain(value: Any, depth: int = 0) -> bool:
    """Tell whether a value is a number, a text, a time, an id, or made of such only.

    Any other object may hold more than the text of it shows.
    """
    kind = type(value)
    if kind in SCALARS or isinstance(value, (int, float)):
        return True
    if depth < _DEEP and kind in {list, tuple}:
        return all(plain(each, depth + 1) for each in value)
    if depth < _DEEP and kind is dict:
        return all(plain(part, depth + 1) for item in value.items() for part in item)
    return kind.__module__ in _VALUES


def judged(value: Any) -> Any:
    """Return what is judged of a value: itself where it is plain or a container, else its texts."""
    return value if isinstance(value, (dict, list, tuple)) or plain(value) else shown(value)


def told(problems: Problems) -> str:
    """Return in words which rules hold where."""
    return ", ".join(f"{rule} in {place}" for place, rules in problems.items() for rule in rules)


def refusal(check: LineCheck, problems: Problems, texts: Mapping[str, str]) -> LogRefusedError:
    """Return the error that tells which rules hold where, with masked findings of some texts."""
    findings: list[Finding] = []
    try:
        for place, text in texts.items():
            findings += check.findings(text, f"log record, {place}")
    except Exception:  # noqa: BLE001 the refusal stands without them
        findings = []
    return LogRefusedError(f"log record refused: {told(problems)}", findings)


def called(check: LineCheck, name: str) -> str:
    """Return what a field is called: by its name, unless that is none or holds something."""
    clean = name.isidentifier() and not check.rules(name)
    return f"field {name}" if clean else "a field"


def surely(check: LineCheck, text: str) -> str:
    """Return a text without what is found in it; a placeholder where it can't be checked."""
    try:
        return check.redacted(text)
    except Exception:  # noqa: BLE001 what can't be checked does not leave
        return DROPPED


def redacted_fields(check: LineCheck, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields without what is found in them; one whose name holds something is left out."""
    out = {}
    for name, value in fields.items():
        if check.rules(str(name)):
            continue
        given = judged(value)
        dirty = check.value_rules(str(name), given)
        out[name] = check.redacted_value(str(name), given) if dirty else value
    return out


def kept(check: LineCheck, name: str, value: Any) -> Any:
    """Return what stays of a field in a blocked record: a clean number or UUID; no other text."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind not in {int, float} and not (kind is str and _UUID.fullmatch(value)):
        return DROPPED
    try:
        return DROPPED if check.value_rules(name, value) else value
    except Exception:  # noqa: BLE001 what can't be checked does not leave
        return DROPPED
