"""The fields of a report, read back: a report is an input like any other, and may hold anything.

What is taken is what `_schemas/report.schema.json` says. Within version 1 of that shape fields are
only ever added, so that those which are not known are passed over.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from quantapilot.errors import QuantaPilotError
from quantapilot.findings import PII_CLASSES, Finding, Summary
from quantapilot.reports.json_ import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# No greater whole number is the same in every program that reads JSON (RFC 7493, section 2.2).
_GREATEST = 2**53 - 1
_RULE = re.compile(r"(?:pii|contract|input)/[a-z0-9-]+")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")  # RFC 6901, section 3


class ReportFaultError(QuantaPilotError):
    """A report, or the rest of one, can't be read; the text holds nothing of it.

    `line` is the line that is at fault, where it has lines. `cut_off` tells that the report ends
    before its summary.
    """

    def __init__(self, message: str, line: int | None = None, *, cut_off: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.cut_off = cut_off


def finding_of(fields: object, line: int | None = None, *, within: str = "") -> Finding:
    """Return the finding whose fields these are.

    Args:
        fields: The fields, as `json_.finding_fields` returns them.
        line: The line that they stand on.
        within: Where else they stand, such as `row 3`.

    Raises:
        ReportFaultError: They are not those of a finding.
    """
    if not isinstance(fields, dict):
        raise _fault("no object", line, within)
    for name, (holds, what) in _FINDING.items():
        if name not in fields:
            raise _fault(f"field '{name}' is missing", line, within)
        if not holds(fields[name]):
            raise _fault(f"field '{name}' is not {what}", line, within)
    if fields["category"] != fields["rule"].partition("/")[0]:
        raise _fault("field 'category' is not that of the rule", line, within)
    return Finding(
        rule=fields["rule"],
        category=fields["category"],
        severity=fields["severity"],
        path=fields["path"],
        message=fields["message"],
        help=fields["help"],
        fingerprint=fields["fingerprint"],
        pii_class=fields["class"],
        line=fields["line"],
        column=fields["column"],
        pointer=fields["pointer"],
        excerpt=fields["excerpt"],
    )


def check_head(head: Mapping[str, Any], line: int | None = None) -> None:
    """Refuse what is no report of the shape that is known here.

    Raises:
        ReportFaultError: Another program, or another version of this one, wrote it.
    """
    tool = head.get("tool")
    if not isinstance(tool, dict) or tool.get("name") != "quantapilot":
        raise ReportFaultError("it does not say that quantapilot wrote it", line)
    if head.get("schema_version") != SCHEMA_VERSION:
        raise ReportFaultError(f"its shape is not version {SCHEMA_VERSION}", line)


def summary_of(fields: object, found: Summary, line: int | None = None) -> Summary:
    """Return what a report says was checked.

    Args:
        fields: The fields of its summary, as `json_.summary_fields` returns them.
        found: Counts the findings that the report holds.
        line: The line that they stand on.

    Raises:
        ReportFaultError: They are not those of a summary, or count other findings.
    """
    if not isinstance(fields, dict):
        raise ReportFaultError("its summary is no object", line)
    for name, (holds, what) in _SUMMARY.items():
        if not holds(fields.get(name)):
            raise ReportFaultError(f"field '{name}' of its summary is not {what}", line)
    counted = (fields["findings"], fields.get("by_rule"), fields.get("by_class"))
    if counted != (found.findings, dict(found.by_rule), dict(found.by_class)):
        raise ReportFaultError("its summary does not count the findings that it holds", line)
    return Summary(
        files=fields["files"],
        documents=fields["documents"],
        bytes=fields["bytes"],
        allowed=fields["allowed"],
        accepted=fields["accepted"],
        elapsed_s=fields["elapsed_s"],
    )


def _fault(message: str, line: int | None, within: str) -> ReportFaultError:
    return ReportFaultError(f"{within}: {message}" if within else message, line)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _whole(value: object, least: int = 0) -> bool:
    # A truth value is a whole number to Python.
    return type(value) is int and least <= value <= _GREATEST


def _seconds(value: object) -> bool:
    return _whole(value) or (isinstance(value, float) and isfinite(value) and value >= 0)


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _or_null(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or holds(value)


_PLACE = (_or_null(lambda value: _whole(value, 1)), "a whole number from 1 on, or null")
_COUNT = (_whole, "a whole number")

# Field -> what it holds, and how that is told.
_FINDING: dict[str, tuple[Callable[[object], bool], str]] = {
    "rule": (_matches(_RULE), "the id of a rule"),
    "category": (lambda value: value in ("pii", "contract", "input"), "pii, contract or input"),
    "class": (_or_null(lambda value: value in PII_CLASSES), "a class of personal data, or null"),
    "severity": (lambda value: value in ("error", "warning"), "error or warning"),
    "path": (_text, "a text"),
    "line": _PLACE,
    "column": _PLACE,
    "pointer": (_or_null(_matches(_POINTER)), "an RFC 6901 pointer, or null"),
    "message": (_text, "a text"),
    "excerpt": (_or_null(_text), "a text, or null"),
    "fingerprint": (_matches(_FINGERPRINT), "32 hexadecimal digits"),
    "help": (_text, "a text"),
}
_SUMMARY: dict[str, tuple[Callable[[object], bool], str]] = {
    "files": _COUNT,
    "documents": _COUNT,
    "bytes": _COUNT,
    "findings": _COUNT,
    "allowed": _COUNT,
    "accepted": _COUNT,
    "elapsed_s": (_seconds, "a number of seconds"),
}
