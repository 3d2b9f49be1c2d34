"""Hints: below a finding, what to write instead, where to read on, how to excuse it.

They are made on request only, and hold what a finding may show: no value.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from quantapilot.inputs.sources import STDIN_LABEL
from quantapilot.pii.mask import mask
from quantapilot.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.catalog import Field
    from quantapilot.contract.positions import Pointer
    from quantapilot.findings import Finding
    from quantapilot.gate.document import Hit
    from quantapilot.pii.mask import Span

_LONGEST = 100
_NO_COMMENTS = frozenset({".json", ".jsonl", ".ndjson"})
_REASON = "why it may stand here"


def written_instead(hit: Hit, spans: Sequence[Span], key: str | None, shown: str) -> str:
    """Return what to write in the place of a value: the member of JSON, or the line.

    Args:
        hit: What was found.
        spans: Its matches as `merge` returns them.
        key: The member's key as it may be shown; None in plain text and in lists.
        shown: The excerpt, for a text that is too long to be shown whole.
    """
    masked = mask(hit.text, spans)
    if len(masked) > _LONGEST or not masked.isprintable():
        masked = shown
    if hit.pointer is None:
        return f"write   {masked}"
    value = json.dumps(masked, ensure_ascii=False)
    return f'write   "{key}": {value}' if key is not None else f"write   {value}"


def carries_ids(root: Field | None, parent: Pointer, present: Sequence[str]) -> str:
    """Return which fields beside a place may carry an id instead; empty where there are none."""
    found = root
    for part in parent:
        found = found.below(part) if found else None
    if found is None:
        return ""
    free = [
        name
        for name, field in found.properties.items()
        if field.data_class == "identifier" and name not in present
    ]
    return f"or send an opaque id in {', '.join(free)}" if free else ""


def hinted(finding: Finding) -> Finding:
    """Return a finding with all its hints: those it brings, and those of its rule and place."""
    hints = [*finding.hints, f"read    qp explain {finding.rule}"]
    if finding.category == "pii" and finding.path != STDIN_LABEL and not is_url(finding.path):
        hints += _excuse(finding)
    return replace(finding, hints=tuple(hints))


def _excuse(finding: Finding) -> list[str]:
    # What stands in an archive can't excuse itself.
    comments = PurePath(finding.path).suffix.lower() not in _NO_COMMENTS and "!" not in finding.path
    if finding.pointer is None and comments:
        return [f"excuse  qp:allow[{finding.rule}] {_REASON} (a comment on this line)"]
    # A key that is masked names no place.
    pointer = finding.pointer if finding.pointer and "<" not in finding.pointer else None
    table = {"path": finding.path, "pointer": pointer, "rule": finding.rule, "reason": _REASON}
    lines = [f"        {key} = {json.dumps(value)}" for key, value in table.items() if value]
    return ["excuse  [[tool.quantapilot.allow]]", *lines]
