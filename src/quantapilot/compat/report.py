"""The report of a comparison: as text, as JSON, and as Markdown for a pull request."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.compat.contracts import ContractComparison
from quantapilot.reports.plain import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantapilot.compat.changes import Change, Comparison, Kind
    from quantapilot.compat.versions import VersionHint

SCHEMA_VERSION = "1.0.0"
_KINDS: tuple[Kind, ...] = ("breaking", "privacy", "unknown", "compatible")
_LONGEST, _MOST_SHOWN, _MOST_NAMES = 48, 400, 4
_COLOURS = {"breaking": "31", "privacy": "35", "unknown": "33", "compatible": "32"}


def as_text(comparison: Comparison, *, colour: bool = False) -> str:
    """Return a comparison for people: a block for each change, the verdict last."""
    lines: list[str] = []
    for change in comparison.changes:
        kind = change.kind
        word = f"\x1b[{_COLOURS[kind]}m{kind}\x1b[0m" if colour else kind
        lines.append(f"{word}  {printable(f'{change.file}#{change.pointer}')}")
        lines.append(f"    {printable(change.message)}")
        if change.witness:
            lines.append(f"    {witness_line(change)}")
        if change.reaches and kind != "compatible":
            lines.append(f"    reaches {reach(change, comparison)}")
        lines.append("")
    return "\n".join([*lines, *_verdict(comparison)]) + "\n"


def as_json(comparison: Comparison) -> str:
    """Return a comparison for programs; docs/compatibility.md says its shape."""
    told = Counter(change.kind for change in comparison.changes)
    report = {
        "schema_version": SCHEMA_VERSION,
        "verdict": comparison.verdict,
        "summary": {kind: told[kind] for kind in _KINDS},
        "changes": [_change(each) for each in comparison.changes],
        "versions": [_hint(each) for each in hints(comparison)],
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_markdown(comparison: Comparison) -> str:
    """Return a comparison as Markdown, for instance for the description of a pull request."""
    lines = ["\n".join(_verdict(comparison)), ""]
    if comparison.changes:
        lines += ["| change | where | what | shown by |", "|---|---|---|---|"]
    for change in comparison.changes:
        shown = f"{_cell(witness_line(change))}" if change.witness else ""
        where = _cell(f"{change.file}#{change.pointer}")
        lines.append(f"| {change.kind} | {where} | {_cell(change.message)} | {shown} |")
    return "\n".join(lines).rstrip("\n") + "\n"


FORMATS: Mapping[str, Callable[[Comparison], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def witness_line(change: Change) -> str:
    """Return in words what a change's value shows, long strings shortened."""
    if change.witness is None:
        return ""
    value = orjson.dumps(_shortened(change.witness.value)).decode()
    if len(value) > _MOST_SHOWN:
        value = f"{value[:_MOST_SHOWN]}… ({len(value):,} characters)"
    by, not_by = change.witness.accepted_by, change.witness.refused_by
    return f"accepted by {by}, refused by {not_by}: {printable(value)}"


def reach(change: Change, comparison: Comparison) -> str:
    """Return in words which documents a change reaches."""
    kinds = comparison.kinds if isinstance(comparison, ContractComparison) else {}
    events = [name for name in change.reaches if kinds.get(name) == "events"]
    rest = [name for name in change.reaches if name not in events]
    named = [counted(len(events), "event")] if len(events) > _MOST_NAMES else events
    shown = [*named, *rest]
    if len(shown) > _MOST_NAMES + 1:
        shown = [*shown[:_MOST_NAMES], f"{len(shown) - _MOST_NAMES} more"]
    return ", ".join(shown)


def hints(comparison: Comparison) -> tuple[VersionHint, ...]:
    """Return what the changes ask of the files' versions."""
    return comparison.hints if isinstance(comparison, ContractComparison) else ()


def _verdict(comparison: Comparison) -> list[str]:
    told = Counter(change.kind for change in comparison.changes)
    lines = [
        f"{each.file}: {each.key} {each.old} → at least {each.needed}, it is {each.new or 'none'}"
        for each in hints(comparison)
        if not each.enough
    ]
    summary = ", ".join(f"{told[kind]:,} {kind}" for kind in _KINDS if told[kind])
    if not summary:
        return [*lines, "compatible: every value is judged as before"]
    return [*lines, f"{comparison.verdict}: {counted(sum(told.values()), 'change')}, {summary}"]


def _change(change: Change) -> dict[str, Any]:
    shown = change.witness
    return {
        "kind": change.kind,
        "direction": change.direction,
        "file": change.file,
        "pointer": change.pointer,
        "message": change.message,
        "definition": change.definition or None,
        "reaches": list(change.reaches),
        "witness": shown
        and {
            "value": shown.value,
            "accepted_by": shown.accepted_by,
            "refused_by": shown.refused_by,
        },
    }


def _hint(hint: VersionHint) -> dict[str, Any]:
    return {
        "file": hint.file,
        "key": hint.key,
        "old": hint.old,
        "new": hint.new,
        "level": hint.level,
        "needed": hint.needed,
        "enough": hint.enough,
    }


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) <= _LONGEST:
            return value
        return f"{value[:12]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {_shortened(name): _shortened(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_shortened(below) for below in value]
    return value


def _cell(text: str) -> str:
    """Return a text as code in a table, where a backslash stands for itself but before a pipe."""
    text = printable(text).replace("|", "\\|")
    # GitHub Flavored Markdown, sections 4.10 and 6.1: a longer fence may hold shorter ones.
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    inner = f" {text} " if len(fence) > 1 else text
    return f"{fence}{inner}{fence}"
