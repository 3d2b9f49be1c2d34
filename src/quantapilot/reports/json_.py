"""The JSON report: for programs, shaped as `_schemas/report.schema.json` says, version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import orjson

from quantapilot import __version__

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter

SCHEMA_VERSION = "1"
TOOL = {"name": "quantapilot", "version": __version__}


class JsonReporter:
    """Writes one JSON object, its findings as they come, one a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._first = True

    def start(self) -> None:
        """Open the object and its findings."""
        self._out.write(f'{{"schema_version":"{SCHEMA_VERSION}","tool":{dumps(TOOL)},"findings":[')

    def add(self, finding: Finding) -> None:
        """Write one finding."""
        self._out.write(("\n" if self._first else ",\n") + finding_json(finding))
        self._first = False

    def finish(self, summary: Summary) -> None:
        """Close the findings and write the summary."""
        end = "" if self._first else "\n"
        self._out.write(f'{end}],"summary":{dumps(summary_fields(summary))}}}\n')


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the JSON reporter; it has no colours and is never quiet."""
    return JsonReporter(out)


def finding_json(finding: Finding) -> str:
    """Return a finding as one line of JSON, every field of the schema present."""
    return dumps(finding_fields(finding))


def finding_fields(finding: Finding) -> dict[str, object]:
    """Return a finding as the schema names its fields, every one present."""
    return {
        "rule": finding.rule,
        "category": finding.category,
        "class": finding.pii_class,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "pointer": finding.pointer,
        "message": finding.message,
        "excerpt": finding.excerpt,
        "fingerprint": finding.fingerprint,
        "help": finding.help,
    }


def summary_fields(summary: Summary) -> dict[str, object]:
    """Return what was checked and found as the schema names it; `elapsed_s` is in seconds."""
    return {
        "files": summary.files + summary.schemas,
        "documents": summary.documents + summary.examples,
        "bytes": summary.bytes,
        "findings": summary.findings,
        "allowed": summary.allowed,
        "accepted": summary.accepted,
        "by_rule": dict(sorted(summary.by_rule.items())),
        "by_class": dict(sorted(summary.by_class.items())),
        "elapsed_s": round(summary.elapsed_s, 3),
    }


def dumps(body: object) -> str:
    """Return one line of JSON; a byte of a file name that is not UTF-8 becomes a `?`."""
    try:
        return orjson.dumps(body).decode()
    except orjson.JSONEncodeError:
        return orjson.dumps(encodable(body)).decode()


def encodable(value: object) -> object:
    """Return a value with a `?` for each character that UTF-8 does not have."""
    # File names may hold bytes that are not UTF-8; Python keeps them as lone surrogates.
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [encodable(each) for each in value]
    return value
