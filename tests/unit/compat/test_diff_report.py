"""The report of a comparison: what people read, and what programs do."""

from __future__ import annotations

import json

from markdown_it import MarkdownIt

from quantapilot.compat.changes import Change, Comparison, Witness
from quantapilot.compat.contracts import ContractComparison
from quantapilot.compat.report import as_json, as_markdown, as_text
from quantapilot.compat.versions import VersionHint

EVENTS = tuple(f"E{at}Event" for at in range(9))
COMPARISON = ContractComparison(
    (
        Change(
            "/$defs/A/properties/reason/maxLength",
            "privacy",
            "forward",
            "maxLength 2000 → none; text may be longer than before",
            Witness({"ok": True, "reason": "a" * 2001}, "new", "old"),
            "api.schema.json",
            "A",
            (*EVENTS, "Accepted"),
        ),
        Change("/$defs/B", "breaking", "backward", "B | removed", None, "api.schema.json"),
        Change(
            "/$defs/C/pattern", "unknown", "forward", "pattern a\x1b → b", None, "c.schema.json"
        ),
        Change("/$defs/D", "compatible", "forward", "D added", None, "api.schema.json"),
    ),
    (VersionHint("api.schema.json", "x-version", "0.1.0", "0.1.0", "major", "0.2.0"),),
    dict.fromkeys(EVENTS, "events"),
)


def test_people_read_each_change_with_its_value_and_the_verdict_last() -> None:
    assert as_text(COMPARISON) == (
        "privacy  api.schema.json#/$defs/A/properties/reason/maxLength\n"
        "    maxLength 2000 → none; text may be longer than before\n"
        "    accepted by new, refused by old: "
        '{"ok":true,"reason":"aaaaaaaaaaaa… (2,001 characters)"}\n'
        "    reaches 9 events, Accepted\n"
        "\n"
        "breaking  api.schema.json#/$defs/B\n"
        "    B | removed\n"
        "\n"
        "unknown  c.schema.json#/$defs/C/pattern\n"
        "    pattern a\\x1b → b\n"
        "\n"
        "compatible  api.schema.json#/$defs/D\n"
        "    D added\n"
        "\n"
        "api.schema.json: x-version 0.1.0 → at least 0.2.0, it is 0.1.0\n"
        "breaking: 4 changes, 1 breaking, 1 privacy, 1 unknown, 1 compatible\n"
    )
    assert "\x1b[31mbreaking\x1b[0m  " in as_text(COMPARISON, colour=True)


def test_programs_get_whole_values() -> None:
    report = json.loads(as_json(COMPARISON))
    assert report["verdict"] == "breaking"
    assert report["summary"] == {"breaking": 1, "privacy": 1, "unknown": 1, "compatible": 1}
    assert len(report["changes"][0]["witness"]["value"]["reason"]) == 2001
    assert report["changes"][1]["witness"] is None
    assert report["versions"][0]["needed"] == "0.2.0"


def test_markdown_stays_a_table_whatever_stands_in_it() -> None:
    lines = as_markdown(COMPARISON).splitlines()
    assert lines[3].startswith("| change | where |")
    assert "| breaking | `api.schema.json#/$defs/B` | `B \\| removed` |  |" in lines


def test_markdown_shows_patterns_as_they_are() -> None:
    pattern = r"pattern ^(a|`b`|``)\|\\d$ → `"
    change = Change("/pattern", "breaking", "backward", pattern, None, "a|b.json")
    tables = MarkdownIt().enable("table").parse(as_markdown(Comparison((change,))))
    cells = [token.children for token in tables if token.type == "inline"]
    shown = [child.content for cell in cells for child in cell or () if child.type == "code_inline"]
    assert shown == ["a|b.json#/pattern", pattern]


def test_no_change_is_one_line() -> None:
    assert as_text(Comparison()) == "compatible: every value is judged as before\n"
    assert as_markdown(Comparison()) == "compatible: every value is judged as before\n"
