"""The close look: it opens what hides a value, judges a field by its class, and shows nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.config import Config
from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.project import Project
from quantapilot.pii import windows
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from quantapilot.findings import Finding

CONTRACT = load_contract(Path(__file__).parents[3] / "_schemas")
DETECTOR = Detector(load_rules())
SCAN = Inspector(DETECTOR)
GATE = Inspector(DETECTOR, Validator(CONTRACT))
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "hi"}
MAIL = "alice.jones@example.com"


def look(
    value: Any, inspector: Inspector = SCAN, *, whole: bool = False, kind: str | None = None
) -> list[Finding]:
    text = value if isinstance(value, str) else json.dumps(value)
    return list(inspector.json(Text("a.jsonl", text, whole=whole, kind=kind)))


def rules(found: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.pointer) for finding in found]


def shown(found: list[Finding]) -> str:
    return "\n".join(repr(finding) for finding in found)


# --- where a value hides ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nested", "rule"),
    [
        ({"to": MAIL}, "pii/email"),
        ([["x", MAIL]], "pii/email"),
        ({MAIL: 1}, "pii/email"),
        ({"operator_name": "Alice Jones"}, "pii/name-field"),
        ({"ssn": 123456789}, "pii/us-ssn-bare"),
        ({"a": json.dumps({"to": MAIL})}, "pii/email"),
        ({"a": json.dumps({"operator_name": "Alice Jones"})}, "pii/name-field"),
        ({"a": json.dumps({MAIL: 1})}, "pii/email"),
    ],
    ids=[
        "value",
        "array",
        "key",
        "named value",
        "named number",
        "twice",
        "twice named",
        "twice key",
    ],
)
def test_json_in_a_string_is_opened(nested: Any, rule: str) -> None:
    found = look({"message": json.dumps(nested)})
    assert rules(found) == [(rule, "/message")]
    assert (found[0].line, found[0].column) == (1, 13)
    assert "alice" not in shown(found).lower()
    assert "123456789" not in shown(found)


def test_a_string_that_is_no_whole_json_is_a_text() -> None:
    found = look({"message": f'{{"to": "{MAIL}"'})
    assert rules(found) == [("pii/email", "/message")]


@pytest.mark.parametrize(
    "written",
    [
        MAIL.replace("@", "\\u0040"),
        MAIL.replace("a", "\\u0061"),
        MAIL.replace("example", "\uff45xample"),
        MAIL.replace("@", "\u200b@"),
        MAIL.replace("@", "%40"),
        f"https:\\/\\/x.example\\/{MAIL}",
    ],
    ids=ascii,
)
def test_no_spelling_hides_a_value(written: str) -> None:
    found = look(f'{{"message":"to {written}"}}')
    assert rules(found) == [("pii/email", "/message")]
    assert "jones" not in shown(found)


def test_every_finding_of_a_line_is_reported_in_order_of_place() -> None:
    found = look({"b": f"{MAIL} +1 415 555 2671", "a": f"to {MAIL}", "c": "8.8.8.8"})
    assert rules(found) == [
        ("pii/email", "/b"),
        ("pii/phone", "/b"),
        ("pii/email", "/a"),
        ("pii/ip-v4", "/c"),
    ]
    assert [f.column for f in found] == sorted(f.column or 0 for f in found)


def test_each_value_of_a_duplicate_key_is_looked_at() -> None:
    text = f'{{"message":"{MAIL}","message":"ok","message":"8.8.8.8"}}'
    assert [finding.rule for finding in look(text)] == ["pii/email", "pii/ip-v4"]
    judged = [finding.rule for finding in look(text, GATE)]
    assert judged.count("input/duplicate-key") == 2
    assert {"pii/email", "pii/ip-v4"} <= set(judged)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f'{{"a":"{MAIL}"}}', 7),
        (f'{{"a":"to {MAIL}"}}', 10),
        (f'{{"é":"é {MAIL}"}}', 9),
        (f'{{"a": {{"b": [1, "{MAIL}"]}}}}', 18),
    ],
)
def test_a_column_counts_characters_up_to_the_value(text: str, column: int) -> None:
    assert [(f.line, f.column) for f in look(text)] == [(1, column)]


def test_a_line_number_counts_from_where_the_text_stands() -> None:
    text = Text("a.jsonl", f'{{"a":"{MAIL}"}}', line=41)
    assert [f.line for f in SCAN.json(text)] == [41]
    assert [f.line for f in SCAN.plain(Text("a.txt", f"x\n{MAIL}", line=41))] == [42]


# --- nothing is shown -------------------------------------------------------------------------

VALUES = {
    "pii/email": MAIL,
    "pii/phone": "+1 415 555 2671",
    "pii/us-ssn": "123-45-6789",
    "pii/ip-v4": "173.234.31.186",
    "pii/token-github-classic": "ghp_Q7W8E9R1T2Y3U4I5abcdefghijklmnopk7m3",
}


@pytest.mark.parametrize("value", VALUES.values())
def test_a_key_that_holds_a_value_is_masked_everywhere(value: str) -> None:
    found = look({value: {"inner": {"x": MAIL}}, "z": [{value: 1}]}, GATE)
    assert found
    assert value not in shown(found)
    assert any(f.pointer and f.pointer.endswith(">/inner/x") for f in found)


def test_a_key_that_stands_twice_is_masked_too() -> None:
    found = look(f'{{"{MAIL}":1,"{MAIL}":2}}', GATE)
    assert "input/duplicate-key" in {finding.rule for finding in found}
    assert "alice" not in shown(found)


@given(
    st.lists(st.sampled_from(list(VALUES.values())), min_size=1, max_size=3),
    st.lists(st.sampled_from(["a", "operator", "x y", "é", "\t", "\n", "{", '"']), max_size=6),
    st.data(),
)
def test_no_excerpt_holds_a_value_found_in_the_same_document(
    values: list[str], words: list[str], data: st.DataObject
) -> None:
    parts = data.draw(st.permutations([*values, *values, *words]))
    text = data.draw(st.sampled_from([" and ", "; then ", " or - "])).join(parts)
    for found in (look({"message": text, "b": values[0]}), look({"a": [text]}, GATE)):
        for finding in found:
            for value in values:
                assert value not in repr(finding)


def test_a_value_that_one_field_gives_away_is_masked_where_no_rule_would_find_it() -> None:
    found = look({"operator_name": "zorblax", "message": "zorblax wrote to 8.8.8.8"})
    assert ("pii/ip-v4", "/message") in rules(found)
    assert "zorblax" not in shown(found)


def test_a_key_that_repeats_a_value_is_masked_too() -> None:
    found = look({"operator_name": "Zorblax Vuu", "Zorblax Vuu": MAIL}, GATE)
    assert ("pii/name-field", "/operator_name") in rules(found)
    assert "Zorblax" not in shown(found)


def test_a_finding_in_plain_text_shows_its_surroundings_only() -> None:
    found = list(SCAN.plain(Text("a.txt", "x" * 100 + f" to {MAIL}, later " + "y" * 100)))
    assert [f.pointer for f in found] == [None]
    assert found[0].excerpt is not None
    assert "to <email>, later " in found[0].excerpt
    assert len(found[0].excerpt) < 100


# --- data classes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"message": "called +1 415 555 2671"}, [("pii/phone", "/message")]),
        ({"path": "/home/alice.jones/x.py"}, [("pii/home-folder", "/path")]),
        ({"branch": "fix/1-415-555-2671"}, []),
        ({"tokens_prompt": 4155552671}, []),
        ({"duration_ms": 4155552671}, []),
        ({"run_id": "550e8400-e29b-41d4-a716-446655440000"}, []),
        ({"run_id": "2f5b8e6a-1d3c-5e4f-9a0b-1c2d3e4f5a6b"},
         [("pii/uuid-name-based", "/run_id")]),
    ],
    ids=str,
)  # fmt: skip
def test_the_class_of_a_field_decides_which_rules_run(
    changes: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    assert rules(look({**RECORD, **changes}, GATE)) == wanted


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("timestamp", "call +1 415 555 2671", "pii/phone"),
        ("run_id", "+1 415 555 2671", "pii/phone"),
        ("duration_ms", "123-45-6789", "pii/us-ssn"),
        ("level", "from 173.234.31.186", "pii/ip-v4"),
        ("tokens_total", MAIL, "pii/email"),
    ],
)
def test_a_value_that_breaks_its_proof_is_judged_by_every_rule(
    field: str, value: str, rule: str
) -> None:
    found = rules(look({**RECORD, field: value}, GATE))
    assert (rule, f"/{field}") in found
    assert any(name.startswith("contract/") for name, _ in found)


def test_an_undescribed_field_is_judged_by_its_name() -> None:
    found = rules(look({**RECORD, "operator_name": "Alice Jones"}, GATE))
    assert found == [
        ("contract/unknown-field", "/operator_name"),
        ("pii/name-field", "/operator_name"),
    ]


def test_a_described_field_is_not_judged_by_its_name() -> None:
    events = Path(__file__).parents[3] / "examples" / "events" / "events.jsonl"
    for event in events.read_text("utf-8").splitlines()[:20]:
        assert look(event, GATE) == []


def test_a_document_is_judged_as_the_definition_that_was_asked_for() -> None:
    inspector = Inspector(DETECTOR, Validator(CONTRACT), CONTRACT.named("RunCompleted"))
    assert rules(look(RECORD, inspector)) == [
        ("contract/missing-field", ""),
        ("contract/unknown-field", "/timestamp"),
        ("contract/unknown-field", "/level"),
        ("contract/unknown-field", "/message"),
    ]
    one = Inspector(DETECTOR, Validator(CONTRACT), CONTRACT.named("Text"))
    assert look('"a sentence"', one) == []
    assert rules(
        look('"5"', Inspector(DETECTOR, Validator(CONTRACT), CONTRACT.named("RunId")))
    ) == [
        ("contract/format", ""),
        ("contract/pattern", ""),
    ]


def test_each_element_of_a_document_is_a_document() -> None:
    found = look([RECORD, {**RECORD, "message": MAIL}, {**RECORD, "x": 1}, 5], GATE, whole=True)
    assert rules(found) == [
        ("pii/email", "/1/message"),
        ("contract/unknown-field", "/2/x"),
        ("input/not-an-object", "/3"),
    ]


def test_an_empty_array_holds_no_document() -> None:
    assert look("[]", whole=True) == []


def test_an_example_is_judged_as_its_definition_and_by_every_rule() -> None:
    definition = CONTRACT.definitions["RunFailed"]
    good = {
        "run_id": "550e8400-e29b-41d4-a716-446655440000", "error_code": "A", "message": "failed",
    }  # fmt: skip
    assert GATE.value(good, definition, "examples.json") == []
    bad = GATE.value({**good, "message": MAIL, "x": 1}, definition, "examples.json")
    assert sorted(rules(bad)) == [("contract/unknown-field", "/x"), ("pii/email", "/message")]
    assert {finding.path for finding in bad} == {"examples.json"}


# --- the rest ---------------------------------------------------------------------------------


SLOW = """
[[rules]]
id = "pii/slow"
class = "token"
description = "Slow"
severity = "error"
why = "It is slow."
fix = "Make it fast."
pattern = '(?:z|zz|zzz)+!'
match = ["z!"]
no_match = ["a"]
"""


def test_a_text_a_rule_does_not_finish_on_is_unchecked_and_the_next_one_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "slow.toml").write_text(SLOW, "utf-8")
    config = Config(root=tmp_path, rules=(Path("slow.toml"),))
    monkeypatch.setattr(windows, "_TIMEOUT_S", 0.01)
    inspector = Inspector(Project(config).detector())
    slow = "z!" + "z" * 20_000
    for found in (
        look({"message": slow}, inspector),
        list(inspector.plain(Text("a.txt", slow))),
        look({slow: 1}, inspector),
    ):
        assert [finding.rule for finding in found] == ["input/rule-timeout"]
        assert "zzz" not in shown(found)
    assert rules(look({"message": MAIL}, inspector)) == [("pii/email", "/message")]


def test_fingerprints_cover_values_only_with_a_key() -> None:
    keyed = Inspector(DETECTOR, key=b"secret")
    other = MAIL.replace("alice", "bob")

    def prints(inspector: Inspector) -> list[str]:
        return [look({"m": value}, inspector)[0].fingerprint for value in (MAIL, other)]

    assert len(set(prints(SCAN))) == 1
    assert len(set(prints(keyed))) == 2
    assert not set(prints(keyed)) & set(prints(Inspector(DETECTOR, key=b"other")))
