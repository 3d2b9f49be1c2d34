"""Validation: what a document breaks, said in the words of the contract and never in its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.validator import Validator
from quantapilot.errors import MissingExtraError

if TYPE_CHECKING:
    from quantapilot.contract.validator import Engine

CONTRACT = load_contract(Path(__file__).parents[3] / "_schemas")
FAST = Validator(CONTRACT)
BOTH = (FAST, Validator(CONTRACT, "reference"))
RUN = "550e8400-e29b-41d4-a716-446655440000"
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "hi"}
EVENT = {
    "specversion": "1.0",
    "id": "f7b4a3f6-7e7f-4591-9c6c-f1199a32c726",
    "source": "/quantapilot/factory",
    "type": "quantapilot.run_failed",
    "time": "2025-08-19T06:00:52.176Z",
    "subject": RUN,
    "dataschema": "https://quantapilot.example/_schemas/api.schema.json#/$defs/RunFailed",
    "data": {"run_id": RUN, "error_code": "TESTS_FAILED", "message": "two tests failed"},
}
ERROR = {"error_code": "REPO_CLONE_FAILED", "message": "Repository clone failed"}
CODE = "a string of at most 64 characters that matches ^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$"
TEXT = "a string of 1 to 2,000 characters"
UUID = "a lower-case UUID of version 3, 4, 5 or 7"
LACKS = "required field '{}' is missing"

engines = pytest.mark.parametrize("validator", BOTH, ids=["jsonschema-rs", "reference"])


def broken(validator: Validator, name: str, document: Any) -> list[tuple[str, str, str]]:
    found = validator.violations(CONTRACT.definitions[name], document)
    return sorted((v.rule, "/".join(map(str, v.pointer)), v.message + v.hint) for v in found)


# --- recognition ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "name"),
    [(EVENT, "RunFailedEvent"), (RECORD, "LogRecord"), (ERROR, "ErrorResponse"),
     ({**RECORD, "event": "run_failed"}, "LogRecord"), ({**ERROR, "level": "error"}, "LogRecord")],
)  # fmt: skip
def test_a_document_is_recognised_by_the_field_that_tells_it(
    document: dict[str, Any], name: str
) -> None:
    found = FAST.recognise(document)
    assert found.violation is None
    assert found.definition is CONTRACT.definitions[name]


def test_a_kind_takes_only_its_own_definitions() -> None:
    assert FAST.recognise(RECORD, "errors").definition is CONTRACT.definitions["ErrorResponse"]
    assert FAST.recognise(EVENT, "logs").definition is CONTRACT.definitions["LogRecord"]
    assert not FAST.judge("errors")(RECORD)
    assert FAST.judge("logs")(RECORD)


def test_an_unknown_document_is_told_what_would_tell_it() -> None:
    found = FAST.recognise({"note": "x"})
    assert found.definition is None
    assert found.violation is not None
    assert found.violation.rule == "contract/unknown-document"
    for word in ("'specversion' (events)", "'level' (logs)", "'error_code' (errors)"):
        assert word in found.violation.message


@pytest.mark.parametrize("value", ["quantapilot.run_fialed", 5, None, [], "alice@example.com"])
def test_an_unknown_type_of_event_is_named_without_its_value(value: object) -> None:
    found = FAST.recognise({**EVENT, "type": value})
    assert found.violation is not None
    assert (found.violation.rule, found.violation.pointer) == ("contract/unknown-event", ("type",))
    assert str(value) not in found.violation.message or value is None
    near = "did you mean 'quantapilot.run_failed'?"
    assert (near in found.violation.message) == (value == "quantapilot.run_fialed")


def test_an_event_without_a_type_misses_a_field() -> None:
    found = FAST.recognise({key: value for key, value in EVENT.items() if key != "type"})
    assert found.violation is not None
    assert found.violation.rule == "contract/missing-field"


@pytest.mark.parametrize(
    "document",
    [EVENT, RECORD, ERROR, {}, {"note": 1}, {**EVENT, "type": "x"}, {**EVENT, "type": 5},
     {**EVENT, "data": {}}, {**RECORD, "level": "loud"}, {"specversion": "1.0"}],
)  # fmt: skip
def test_the_fast_verdict_is_that_of_the_close_look(document: dict[str, Any]) -> None:
    recognised = FAST.recognise(document)
    clean = recognised.definition is not None and not list(
        FAST.violations(recognised.definition, document)
    )
    assert FAST.judge()(document) == clean == BOTH[1].judge()(document)


# --- violations -------------------------------------------------------------------------------


@engines
@pytest.mark.parametrize(
    ("name", "document", "wanted"),
    [
        ("RunFailed", EVENT["data"], []),
        ("LogRecord", {**RECORD, "projct_id": "x"},
         [("contract/unknown-field", "projct_id",
           "not an allowed field, did you mean 'project_id'?")]),
        ("RunCompleted", {"run_id": RUN, "zzz": 1},
         [("contract/unknown-field", "zzz", "not an allowed field; allowed are run_id")]),
        ("RunFailed", {"run_id": RUN},
         [("contract/missing-field", "", f"{LACKS.format('error_code')}; expected {CODE}"),
          ("contract/missing-field", "", f"{LACKS.format('message')}; expected {TEXT}")]),
        ("RunFailed", {**ERROR, "run_id": RUN, "message": 5},
         [("contract/type", "message", f"is a number; expected {TEXT}")]),
        ("RunFailed", {**ERROR, "run_id": RUN, "message": ""},
         [("contract/range", "message", "is shorter than 1 character")]),
        ("RunFailed", {**ERROR, "run_id": RUN, "message": "x" * 2001},
         [("contract/range", "message", "is longer than 2000 characters")]),
        ("DocumentationGenerated", {"run_id": RUN, "docs_branch": "docs", "pr_number": 0},
         [("contract/range", "pr_number", "is less than 1")]),
        ("RunFailed", [], [("contract/type", "", "is an array; expected an object")]),
        ("Timestamp", "yesterday", [("contract/format", "",
           "is no date-time; expected a date and time with offset (RFC 3339)")]),
        ("RunAccepted", {"run_id": "7c9e6679-7425-10de-944b-e07fc1f90ae7"},
         [("contract/pattern", "run_id", f"does not match its pattern; expected {UUID}")]),
        ("RunFailed", {"run_id": RUN, "message": "hi", "error_code": "A", "mesage": "hi"},
         [("contract/unknown-field", "mesage",
           "not an allowed field; allowed are run_id, error_code, message")]),
        ("ErrorResponse", {**ERROR, "status": 99},
         [("contract/range", "status", "is less than 100")]),
        ("ErrorResponse", {**ERROR, "status": "ok"},
         [("contract/type", "status", "is a string; expected an integer of 100 to 599")]),
    ],
    ids=["clean", "near field", "unknown field", "missing fields", "type", "too short", "too long",
         "too small", "no object", "format", "pattern",
         "near field that is there", "below", "integer"],
)  # fmt: skip
def test_each_violation_has_its_rule_its_place_and_its_repair(
    validator: Validator, name: str, document: Any, wanted: list[tuple[str, str, str]]
) -> None:
    assert broken(validator, name, document) == wanted


@engines
def test_all_that_is_broken_is_said_at_once_each_once(validator: Validator) -> None:
    document = {**EVENT, "time": "now", "extra": 1, "data": {"run_id": RUN, "message": 5}}
    found = broken(validator, "RunFailedEvent", document)
    assert {(rule, pointer) for rule, pointer, _ in found} == {
        ("contract/format", "time"),
        ("contract/unknown-field", "extra"),
        ("contract/missing-field", "data"),
        ("contract/type", "data/message"),
    }
    assert len(found) == len(set(found))


SECRET = "alice.secret@example.com"


@engines
@pytest.mark.parametrize("name", ["RunFailedEvent", "LogRecord", "ErrorResponse", "RunStarted"])
def test_no_value_and_no_unknown_name_stands_in_a_message(validator: Validator, name: str) -> None:
    documents: list[Any] = [SECRET, [SECRET], {SECRET: SECRET}]
    for document in (EVENT, RECORD, ERROR):
        documents += [{**document, key: SECRET} for key in document]
        documents += [{**document, key: {SECRET: SECRET}} for key in document]
    for document in documents:
        for _, _, message in broken(validator, name, document):
            assert "alice" not in message


def test_an_enumeration_lists_what_is_allowed() -> None:
    messages = [m for _, _, m in broken(FAST, "LogRecord", {**RECORD, "level": "loud"})]
    levels = "debug, info, warn, warning, error, critical, fatal, DEBUG and 13 more"
    assert messages == [f"is none of the listed values; expected one of: {levels}"]


@engines
def test_a_value_like_a_listed_one_is_answered_with_the_nearest(validator: Validator) -> None:
    ((_, _, message),) = broken(validator, "LogRecord", {**RECORD, "level": "waring"})
    assert message.endswith(", did you mean 'warning'?")
    assert "waring" not in message


@pytest.mark.parametrize("engine", ["jsonschema-rs", "reference"])
def test_a_text_where_numbers_are_listed_is_told_the_numbers(engine: Engine) -> None:
    status = {"enum": [0, 10, None, "gone"], "description": "How it went."}
    schema = {"$id": "https://a.example/s", "$defs": {"Left": {"properties": {"state": status}}}}
    contract = Contract({"a.schema.json": schema})
    judged = Validator(contract, engine).violations(contract.definitions["Left"], {"state": "goen"})
    (found,) = judged
    assert found.message + found.hint == (
        "is none of the listed values; expected one of: 0, 10, null, gone, did you mean 'gone'?"
    )


def test_an_unknown_document_is_told_its_nearest_definition_and_what_it_lacks() -> None:
    found = FAST.recognise({"eror_code": "TESTS_FAILED", "message": "x"}).violation
    assert found is not None
    assert found.message.endswith(
        "; nearest is ErrorResponse, without its 'error_code', did you mean 'error_code'?"
    )
    event = {key: value for key, value in EVENT.items() if key != "specversion"}
    found = FAST.recognise(event).violation
    assert found is not None
    assert found.message.endswith("; nearest is Event, without its 'specversion'")


@pytest.mark.parametrize("depth", [100, 300, 1000])
def test_depth_alone_breaks_no_verdict(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    assert not FAST.judge()({**RECORD, "message": value})
    assert broken(FAST, "LogRecord", {**RECORD, "message": value}) == [
        ("contract/type", "message", "is an array; expected a string of at most 16,384 characters")
    ]


def test_a_keyword_without_a_rule_of_its_own_is_still_said() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.org/a",
        "$defs": {"A": {"multipleOf": 5, "title": "A"}},
    }
    contract = Contract({"a.schema.json": schema})
    for engine in ("jsonschema-rs", "reference"):
        found = list(Validator(contract, _engine(engine)).violations(contract.definitions["A"], 7))
        assert [(v.rule, v.message) for v in found] == [
            ("contract/value", "breaks 'multipleOf' of its schema")
        ]


def _engine(name: str) -> Engine:
    return "reference" if name == "reference" else "jsonschema-rs"


def test_an_engine_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingExtraError, match=r"quantapilot-contract\[reference\]"):
        Validator(CONTRACT, "reference")


def test_what_an_engine_refuses_is_refused_even_where_the_reason_is_hard_to_tell() -> None:
    schema = {
        "$id": "https://example.org/no-dialect-named",
        "$defs": {
            "A": {
                "allOf": [
                    {"properties": {"a": {}}, "additionalProperties": False},
                    {"properties": {"b": {}}},
                ]
            }
        },
    }
    contract = Contract({"a.schema.json": schema})
    for engine in ("jsonschema-rs", "reference"):
        validator = Validator(contract, _engine(engine))
        found = list(validator.violations(contract.definitions["A"], {"b": 1}))
        assert [v.rule for v in found] == ["contract/unknown-field"]
