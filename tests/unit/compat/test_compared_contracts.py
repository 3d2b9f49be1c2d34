"""Two versions of a contract: who breaks, what may be personal from now on, told once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.compat.contracts import ContractComparison, compare_contracts
from quantapilot.compat.directions import directions
from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.validator import Validator

if TYPE_CHECKING:
    from quantapilot.compat.changes import Change

CONTRACT = load_contract(Path(__file__).parents[3] / "_schemas")
Edit = Callable[[dict[str, Any]], object]
TEXT = {"type": "string", "maxLength": 5, "x-data-class": "technical"}


def compared(edit: Edit, file: str = "api.schema.json", **more: Any) -> ContractComparison:
    schemas = copy.deepcopy(CONTRACT.schemas)
    edit(schemas[file]["$defs"])
    return compare_contracts(CONTRACT, Contract(schemas, more.get("lifecycle", CONTRACT.lifecycle)))


def told(edit: Edit) -> list[tuple[str, str]]:
    return [(change.pointer, change.kind) for change in compared(edit).changes]


def without_event(defs: dict[str, Any]) -> None:
    defs["Event"]["oneOf"].remove({"$ref": "#/$defs/RunResumedEvent"})
    del defs["Event"]["discriminator"]["mapping"]["quantapilot.run_resumed"]
    del defs["RunResumedEvent"], defs["RunResumed"]


def test_a_contract_is_compatible_with_itself_in_well_under_a_second() -> None:
    started = perf_counter()
    comparison = compare_contracts(CONTRACT, load_contract(Path(__file__).parents[3] / "_schemas"))
    assert comparison.changes == ()
    assert comparison.verdict == "compatible"
    assert comparison.hints == ()
    assert perf_counter() - started < 5


def test_what_is_received_and_what_is_sent_are_told_apart() -> None:
    ways = directions(CONTRACT)
    assert ways["RunRequest"] == {"backward"}
    assert ways["RunAccepted"] == ways["Event"] == ways["LogRecord"] == {"forward"}
    assert ways["BranchName"] == {"backward", "forward"}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda d: d["Text"].update(maxLength=4000), [("/$defs/Text/maxLength", "privacy")]),
        (lambda d: d["Text"].update(maxLength=9), [("/$defs/Text/maxLength", "compatible")]),
        (lambda d: d["RunId"].pop("format"), [("/$defs/RunId/format", "privacy")]),
        (
            lambda d: d["RunRequest"]["required"].append("correlation_id"),
            [("/$defs/RunRequest/required", "breaking")],
        ),
        (
            lambda d: d["RunStarted"]["required"].append("correlation_id"),
            [("/$defs/RunStarted/required", "compatible")],
        ),
        (
            lambda d: d["RunStarted"]["required"].remove("branch"),
            [("/$defs/RunStarted/required", "breaking")],
        ),
        (
            lambda d: d["RunRequest"]["properties"].update(more=TEXT),
            [("/$defs/RunRequest/properties/more", "compatible")],
        ),
        (
            lambda d: d["RunStarted"]["properties"].update(more=TEXT),
            [("/$defs/RunStarted/properties/more", "breaking")],
        ),
        (
            lambda d: d["RunRequest"]["x-operation"].update(path="/runs"),
            [("/$defs/RunRequest/x-operation/path", "breaking")],
        ),
        (
            lambda d: d["RunRequest"]["x-operation"].update(answers={}),
            [("/$defs/RunRequest/x-operation/answers/202", "breaking")],
        ),
        (
            lambda d: d["RunRequest"].pop("x-operation"),
            [("/$defs/RunRequest/x-operation", "breaking")],
        ),
        (
            lambda d: d["LogRecord"].update(additionalProperties=True),
            [("/$defs/LogRecord/additionalProperties", "privacy")],
        ),
        (
            lambda d: d["LogRecord"]["patternProperties"].update({"^x_": {"type": "number"}}),
            [("/$defs/LogRecord/patternProperties/^x_", "privacy")],
        ),
        (
            lambda d: d["RunStartedEvent"].pop("unevaluatedProperties"),
            [("/$defs/RunStartedEvent/unevaluatedProperties", "privacy")],
        ),
        (
            lambda d: d["GateName"].update({"x-data-class": "text"}),
            [("/$defs/GateName/x-data-class", "privacy")],
        ),
        (
            lambda d: d["LogRecord"]["x-document"].update(recognised_by="message"),
            [("/$defs/LogRecord/x-document/recognised_by", "breaking")],
        ),
        (lambda d: d.update(Later=TEXT), [("/$defs/Later", "compatible")]),
        (
            without_event,
            [("/$defs/Event/discriminator/mapping/quantapilot.run_resumed", "breaking")],
        ),
        (lambda d: d["RunId"].update(title="Id", description="Another."), []),
    ],
)
def test_a_change_is_told_once_where_it_stands(edit: Edit, expected: list[tuple[str, str]]) -> None:
    assert told(edit) == expected


def test_an_event_that_is_added_is_new_to_readers_and_breaks_nobody() -> None:
    schemas = copy.deepcopy(CONTRACT.schemas)
    without_event(schemas["api.schema.json"]["$defs"])
    comparison = compare_contracts(Contract(schemas, CONTRACT.lifecycle), CONTRACT)
    assert comparison.verdict == "compatible"
    assert comparison.changes[0].message.startswith("event quantapilot.run_resumed added")


def test_a_change_says_which_documents_it_reaches() -> None:
    (change,) = compared(lambda d: d["RunId"].pop("format")).changes
    assert {"RunAccepted", "LogRecord", "GateDecisionEvent"} <= set(change.reaches)
    assert "Event" not in change.reaches


def test_a_member_taken_from_the_envelope_is_told_at_the_envelope() -> None:
    def edit(defs: dict[str, Any]) -> None:
        del defs["EventEnvelope"]["properties"]["datacontenttype"]

    (change,) = compared(edit).told
    assert change.pointer == "/$defs/EventEnvelope/properties/datacontenttype"
    assert len(change.reaches) == 9


def test_a_definition_that_is_gone_says_its_new_name() -> None:
    schemas = json.loads(json.dumps(CONTRACT.schemas).replace('/Text"', '/Words"'))
    defs = schemas["api.schema.json"]["$defs"]
    defs["Words"] = defs.pop("Text")
    comparison = compare_contracts(CONTRACT, Contract(schemas, CONTRACT.lifecycle))
    gone = next(change for change in comparison.changes if change.pointer == "/$defs/Text")
    assert gone.message == "Text removed; Words says the same: is it its new name?"
    assert [change.pointer for change in comparison.told] == ["/$defs/Text"]


def test_definitions_that_refer_to_each_other_do_not_go_without_a_word() -> None:
    def circle(*names: str) -> Contract:
        """Return a contract whose definitions each refer to the next one, the last to the first."""
        properties = [{"x": {"$ref": f"#/$defs/{name}"}} for name in (*names[1:], *names[:1])]
        defs = dict(zip(names, ({"properties": each} for each in properties), strict=True))
        return Contract({"a.schema.json": {"$id": "https://x.example/a", "$defs": defs}})

    comparison = compare_contracts(circle("A", "B"), circle("C", "D", "E"))
    assert [(change.pointer, change.kind) for change in comparison.changes] == [
        ("/$defs/A", "breaking"),
        ("/$defs/C", "compatible"),
    ]


def test_a_name_may_hold_a_slash() -> None:
    def named(most: int) -> Contract:
        defs = {
            "a/b": {"maxLength": most},
            "Log": {"x-document": {"kind": "logs"}, "properties": {"x": {"$ref": "#/$defs/a~1b"}}},
        }
        return Contract({"a.schema.json": {"$id": "https://x.example/a", "$defs": defs}})

    (change,) = compare_contracts(named(4), named(5)).changes
    assert (change.pointer, change.reaches) == ("/$defs/a~1b/maxLength", ("Log",))


def test_the_version_has_to_rise_by_how_much_changed() -> None:
    (hint,) = compared(lambda d: d["RunId"].pop("format")).hints
    assert (hint.file, hint.needed, hint.enough) == ("api.schema.json", "0.2.0", False)
    (hint,) = compared(lambda d: d["RunId"].update(title="Id")).hints
    assert hint.level == "patch"


def test_an_order_that_forbids_more_breaks() -> None:
    order = copy.deepcopy(CONTRACT.lifecycle)
    del order["states"]["running"]["on"]["quantapilot.run_paused"]
    comparison = compared(lambda _: None, lifecycle=order)
    (change,) = comparison.changes
    assert change.file == "run.lifecycle.json"
    assert change.kind == "breaking"
    assert comparison.hints[0].needed == "2.0.0"


def test_every_value_is_one_that_both_engines_judge_as_it_says() -> None:
    def edit(defs: dict[str, Any]) -> None:
        without_event(defs)
        del defs["RunId"]["format"]
        del defs["EventEnvelope"]["properties"]["datacontenttype"]
        defs["GateDecision"]["properties"]["reason"] = {"type": "string", "x-data-class": "text"}
        defs["LogRecord"]["properties"]["progress"]["maximum"] = 200
        defs["RunRequest"]["properties"].pop("correlation_id")

    schemas = copy.deepcopy(CONTRACT.schemas)
    edit(schemas["api.schema.json"]["$defs"])
    new = Contract(schemas, CONTRACT.lifecycle)
    comparison = compare_contracts(CONTRACT, new)
    assert len(comparison.told) >= 6
    for change in comparison.told:
        assert judged(change, new) == {
            "old": change.witness and change.witness.accepted_by == "old",
            "new": change.witness and change.witness.accepted_by == "new",
        }


def judged(change: Change, new: Contract) -> dict[str, bool | None]:
    assert change.witness is not None, change
    out: dict[str, bool | None] = {}
    for version, contract in (("old", CONTRACT), ("new", new)):
        definition = contract.definitions[change.definition]
        rust = Validator(contract).is_valid(definition, change.witness.value)
        assert Validator(contract, "reference").is_valid(definition, change.witness.value) == rust
        out[version] = rust
    return out
