"""The grammar proves no line that the validator refuses, and most of those that it accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.test_engines_agree import EXAMPLES, cases

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.grammar import Grammar
from quantapilot.contract.positions import line_spans
from quantapilot.contract.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
VALIDATOR = Validator(load_contract(ROOT / "_schemas"))
CONFORMS = VALIDATOR.judge()
DOCUMENTS = [name for name in EXAMPLES if name in {"Event", "LogRecord", "ErrorResponse"}]
LINES = [
    line
    for file in sorted(ROOT.glob("examples/*/*.jsonl"))
    for line in file.read_bytes().splitlines()
]
CLEAN = [line for line in LINES if CONFORMS(orjson.loads(line))]


def taught(documents: Iterable[Any]) -> Grammar:
    grammar = Grammar(VALIDATOR)
    for document in documents:
        if isinstance(document, dict) and CONFORMS(document):
            grammar.learn(document)
    return grammar


def proves(grammar: Grammar, line: bytes) -> bool:
    return grammar.unproven(line + b"\n") == []


def holds(line: bytes) -> bool:
    """Tell whether a line is one JSON object that conforms, with every key once."""
    pairs: list[list[str]] = []

    def together(members: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append([key for key, _ in members])
        return dict(members)

    try:
        orjson.loads(line)
        document = json.loads(line, object_pairs_hook=together)
    except ValueError:
        return False
    once = all(len(keys) == len(set(keys)) for keys in pairs)
    return once and isinstance(document, dict) and CONFORMS(document)


ON_EXAMPLES = taught(orjson.loads(line) for line in CLEAN)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_bent_document_is_proven_that_does_not_conform(name: str) -> None:
    bent = [case.value for case in cases(name)]
    grammar = taught([*EXAMPLES[name]["valid"], *bent])
    for value in bent:
        for separators in ((",", ":"), (", ", ": ")):
            line = json.dumps(value, ensure_ascii=False, separators=separators)
            raw = line.encode("utf-8", "surrogatepass")
            assert not proves(grammar, raw) or holds(raw), raw[:300]


@settings(max_examples=3000, deadline=None)
@given(
    st.sampled_from(CLEAN),
    st.integers(0, 2000),
    st.integers(0, 12),
    st.one_of(
        st.binary(max_size=3),
        st.sampled_from([b'"', b"\\", b"\\u0041", b"\n", b"\r", b"\x00", b"\x7f", b"\xff", b"\xc3",
                         b"\xed\xa0\x80", b"null", b"-0", b"1e9", b"}", b',"level":"info"', b" ",
                         b"-02-30", b":60Z", b"2", b"\xe2\x80\xa8"]),
    ),
)  # fmt: skip
def test_no_line_with_other_bytes_in_it_is_proven_unless_it_conforms(
    line: bytes, at: int, cut: int, put: bytes
) -> None:
    at %= len(line)
    other = line[:at] + put + line[at + cut :]
    for start, stop in proven(ON_EXAMPLES, other + b"\n"):
        assert holds(other[start:stop])


def proven(grammar: Grammar, data: bytes) -> list[tuple[int, int]]:
    unproven = set(grammar.unproven(data))
    return [found for found in line_spans(data) if found not in unproven]


@pytest.mark.parametrize("line", CLEAN[:: len(CLEAN) // 60])
def test_no_member_may_stand_twice(line: bytes) -> None:
    document = orjson.loads(line)
    for key, value in document.items():
        member = json.dumps({key: value}, separators=(",", ":"))[1:-1].encode()
        assert not proves(ON_EXAMPLES, line[:-1] + b"," + member + b"}")
        assert not proves(ON_EXAMPLES, b"{" + member + b"," + line[1:])


def test_no_required_member_may_be_missing() -> None:
    for line in CLEAN[:: len(CLEAN) // 100]:
        document = orjson.loads(line)
        for key in document:
            less = {name: value for name, value in document.items() if name != key}
            raw = orjson.dumps(less)
            assert not proves(ON_EXAMPLES, raw) or holds(raw)


def test_a_line_longer_than_a_field_may_be_is_left_to_the_validator() -> None:
    event = next(orjson.loads(line) for line in CLEAN if b'"reason"' in line)
    for length in (1, 1990, 2000, 2001, 5000):
        event["data"]["reason"] = "x" * length
        raw = orjson.dumps(event)
        assert not proves(ON_EXAMPLES, raw) or holds(raw)
        around = CLEAN[0] + b"\n" + raw + b"\n" + CLEAN[1] + b"\n"
        assert holds(raw) or (len(CLEAN[0]) + 1, len(CLEAN[0]) + 1 + len(raw)) in (
            ON_EXAMPLES.unproven(around)
        )


def test_nearly_every_line_of_a_factory_is_proven() -> None:
    data = b"\n".join(CLEAN) + b"\n"
    assert len(ON_EXAMPLES.unproven(data)) < 0.03 * len(CLEAN)


def test_members_in_another_order_are_learned_too() -> None:
    documents = [orjson.loads(line) for line in CLEAN[:400]]
    turned = [dict(reversed(document.items())) for document in documents]
    grammar = taught([*documents, *turned])
    lines = [orjson.dumps(document) for document in (*documents, *turned)]
    assert sum(proves(grammar, line) for line in lines) > 0.9 * len(lines)


def test_a_line_without_its_end_and_blank_lines_are_left_to_the_validator() -> None:
    line = CLEAN[0]
    assert ON_EXAMPLES.unproven(line) == [(0, len(line))]
    assert ON_EXAMPLES.unproven(line + b"\n\n" + line + b"\n") == [(len(line) + 1, len(line) + 1)]
    assert ON_EXAMPLES.unproven(b"") == []


def test_a_document_of_another_kind_is_not_proven() -> None:
    grammar = Grammar(VALIDATOR, "events")
    for line in CLEAN:
        document = orjson.loads(line)
        if "specversion" in document:
            grammar.learn(document)
    assert [line for line in CLEAN if proves(grammar, line) and b"specversion" not in line] == []
    assert any(proves(grammar, line) for line in CLEAN)


def test_nothing_is_proven_before_anything_was_learned() -> None:
    data = CLEAN[0] + b"\n" + CLEAN[1] + b"\n"
    assert Grammar(VALIDATOR).unproven(data) == line_spans(data)
