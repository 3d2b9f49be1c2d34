"""The JSONL report: a finding a line as it is found, the summary last, for streams and `jq`.

Shaped as `#/$defs/ReportLine` in `_schemas/report.schema.json`. A report without its last line
was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from quantapilot.reports.json_ import (
    SCHEMA_VERSION,
    TOOL,
    dumps,
    finding_fields,
    summary_fields,
)

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary
    from quantapilot.reports import Reporter


class JsonlReporter:
    """Writes one JSON object a line; `type` tells findings from the summary."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def start(self) -> None:
        """Begin with nothing: the first finding is the first line."""

    def add(self, finding: Finding) -> None:
        """Write one finding, with the fields that it has in the JSON report."""
        self._out.write(dumps({"type": "finding", **finding_fields(finding)}) + "\n")

    def finish(self, summary: Summary) -> None:
        """Write the version of the shape, the tool and the summary."""
        head = {"type": "summary", "schema_version": SCHEMA_VERSION, "tool": TOOL}
        self._out.write(dumps({**head, **summary_fields(summary)}) + "\n")


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the JSONL reporter; it has no colours and is never quiet."""
    return JsonlReporter(out)
