"""Events as text: refusals that stand where the text is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from tests.emitting import CONFIG, MAIL, PAYLOAD, RUN

from quantapilot.emitter.checking import EventCheck
from quantapilot.emitter.texts import entry_of
from quantapilot.findings import EventRefusedError

if TYPE_CHECKING:
    from quantapilot.findings import Finding

CHECK = EventCheck(CONFIG, "/quantapilot/worker")


def refused(text: str, name: str | None = "run_started", line: int = 1) -> tuple[Finding, ...]:
    with pytest.raises(EventRefusedError) as caught:
        entry_of(CHECK, "given.json", text, line, name)
    assert MAIL not in f"{caught.value} {caught.value.findings}"
    return caught.value.findings


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, int | None]]:
    return [(each.rule, each.line, each.column) for each in findings]


def test_a_payload_becomes_an_event() -> None:
    entry = entry_of(CHECK, "given.json", orjson.dumps(PAYLOAD).decode(), 1, "run_started")
    assert entry.subject == RUN


def test_an_event_is_taken_as_it_is() -> None:
    body = CHECK.entry(PAYLOAD, "run_started").body
    assert entry_of(CHECK, "given.json", body.decode(), 1, None).body == body


def test_a_finding_stands_where_the_payload_is_wrong() -> None:
    text = f'{{"run_id": "{RUN}",\n  "repo_url": "https://a.example/b",\n  "branch": "{MAIL}"}}'
    assert places(refused(text, line=7)) == [("pii/email", 9, 13)]


def test_a_finding_stands_where_the_event_is_wrong() -> None:
    data = orjson.dumps({**PAYLOAD, "branch": MAIL}).decode()
    text = f'{{"type": "quantapilot.run_started",\n"data": {data}}}'
    ((rule, line, column),) = places(refused(text, None))
    assert (rule, line) == ("pii/email", 2)
    assert column == text.splitlines()[1].index(f'"{MAIL}"') + 1


def test_what_an_attribute_lacks_stands_at_the_start() -> None:
    check = EventCheck(CONFIG)
    with pytest.raises(EventRefusedError) as caught:
        entry_of(check, "given.json", orjson.dumps(PAYLOAD).decode(), 3, "run_started")
    assert places(caught.value.findings) == [("contract/missing-field", 3, 1)]


def test_a_key_that_hides_another_is_refused() -> None:
    text = f'{{"run_id": "{RUN}", "branch": "{MAIL}", "branch": "main"}}'
    assert "input/duplicate-key" in {each.rule for each in refused(text)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "input/truncated"),
        ('{"a": 1,}', "input/invalid-json"),
        ("nonsense", "input/invalid-json"),
        ("[1]", "input/not-an-object"),
        ("3", "input/not-an-object"),
        ('{"a": 1} {"b": 2}', "input/two-documents"),
    ],
)
def test_what_is_no_object_is_refused_with_its_place(text: str, rule: str) -> None:
    findings = refused(text)
    assert rule in {each.rule for each in findings}
    assert all(each.line == 1 for each in findings)


@pytest.mark.parametrize("key", ["0", "~", "a/b", "9" * 5000, "\u0663"])
def test_a_field_of_any_name_is_found(key: str) -> None:
    text = orjson.dumps(PAYLOAD | {key: 1}).decode()
    column = text.rindex("1") + 1
    assert ("contract/unknown-field", 1, column) in places(refused(text))
