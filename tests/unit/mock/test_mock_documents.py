"""Sample documents: they conform, hold nothing, look friendly, and are the same every time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.emitting import CONFIG, CONTRACT
from tests.mocking import DEFINITIONS, contract_of, inspector_of, object_of, ours, shop

from quantapilot.config import Config
from quantapilot.errors import ContractError, UnknownNameError
from quantapilot.mock import Mock

SHOP = contract_of(DEFINITIONS)
OURS_JUDGED = inspector_of(CONTRACT)
SHOP_JUDGED = inspector_of(SHOP)


def members_of(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        below = [members_of(part, f"{path}/{name}") for name, part in value.items()]
        return {f"{path}/{name}" for name in value}.union(*below)
    if isinstance(value, list):
        return set().union(*(members_of(part, f"{path}/*") for part in value))
    return set()


@pytest.mark.parametrize("name", CONTRACT.definitions)
def test_every_definition_of_the_contract_has_clean_samples(name: str) -> None:
    mock = Mock(config=CONFIG, seed=f"of {name}")
    definition = CONTRACT.definitions[name]
    for _ in range(8):
        assert OURS_JUDGED.value(mock.document(name), definition, name) == []


@pytest.mark.parametrize("name", DEFINITIONS)
def test_samples_of_another_contract_conform_to_it(name: str) -> None:
    mock = shop()
    for _ in range(20):
        assert SHOP_JUDGED.value(mock.document(name), SHOP.definitions[name], name) == []


@settings(max_examples=25, deadline=None)
@given(
    least=st.integers(0, 300),
    room=st.integers(0, 40),
    data_class=st.sampled_from(["text", "technical", "identifier", None]),
)
def test_texts_of_any_length_are_made(least: int, room: int, data_class: str | None) -> None:
    said = {"type": "string", "minLength": least, "maxLength": least + room}
    note = said | ({"x-data-class": data_class} if data_class else {})
    contract = contract_of({"Note": object_of(["note"], note=note)})
    made = Mock(contract, config=Config(), seed=least).document("Note")
    assert least <= len(made["note"]) <= least + room


def test_what_it_makes_reads_as_people_write() -> None:
    event = ours().event("documentation_generated")
    assert event["time"].startswith(("2026-01-05T", "2026-01-06T"))
    assert event["source"].startswith("/")
    assert 1 <= event["data"]["pr_number"] <= 999
    address = ours().document("RunRequest")["repo_url"]
    assert address.startswith("https://")
    assert ".example." in address
    assert ours().document("Text").endswith(".")


def test_an_event_repeats_its_payload_in_its_envelope() -> None:
    for name in ("run_started", "quantapilot.gate_decision", "RunFailed", "run-paused"):
        event = ours().event(name)
        assert event["subject"] == event["data"]["run_id"]
        assert list(event)[:4] == ["specversion", "id", "source", "type"]
        assert list(event)[-1] == "data"
    assert ours().event("run_failed")["dataschema"].endswith("#/$defs/RunFailed")
    assert all(event["order"] == event["body"]["order_no"] for event in [shop().event("placed")])


def test_events_within_a_document_hang_together_too() -> None:
    definitions = DEFINITIONS | {
        "Page": object_of(
            ["events"],
            events={"type": "array", "items": {"$ref": "#/$defs/OrderEvent"}, "minItems": 2},
        )
    }
    page = Mock(contract_of(definitions), config=Config()).document("Page")
    assert all(event["order"] == event["body"]["order_no"] for event in page["events"])


def test_payload_and_event_are_told_apart() -> None:
    mock = ours()
    assert set(mock.document("RunResumed")) == {"run_id"}
    assert set(mock.payload("run_resumed")) == {"run_id"}
    assert mock.event("run_resumed")["type"] == "quantapilot.run_resumed"
    assert mock.any("RunResumed")["type"] == "quantapilot.run_resumed"
    assert mock.document("Event")["specversion"] == "1.0"


def test_equal_seeds_make_equal_samples_whatever_was_made_in_between() -> None:
    first, second = shop(3), shop(3)
    made = [first.event("placed") for _ in range(3)]
    second.document("Item")
    again = [second.event("placed")]
    second.run()
    again += [second.event("placed"), second.event("placed")]
    assert again == made
    assert made[0] != made[1]
    assert shop(4).event("placed") != made[0]


def test_optional_members_and_all_listed_values_come_up() -> None:
    mock = shop()
    placed = [mock.document("Placed") for _ in range(100)]
    found = set().union(*map(members_of, placed))
    assert found == {
        "/order_no",
        "/customer",
        "/items",
        "/note",
        "/items/*/article",
        "/items/*/pieces",
        "/items/*/price",
        "/items/*/sizes",
    }
    items = [item for each in placed for item in each["items"]]
    assert {size for item in items for size in item.get("sizes", ())} == {"s", "m", "l"}
    assert {len(each["items"]) for each in placed} == {1, 2, 3, 4}
    assert any(item.get("price", 0) is None for item in items)
    assert any("customer" not in each for each in placed)


def test_every_field_and_value_of_a_log_record_comes_up() -> None:
    mock = Mock(config=CONFIG, seed="coverage")
    records = [mock.document("LogRecord") for _ in range(200)]
    described = CONTRACT.definitions["LogRecord"].schema["properties"]
    assert set(described) <= set().union(*records)
    for name in ("level", "status"):
        assert {each.get(name) for each in records} - {None} == set(described[name]["enum"])
    open_ = {name for each in records for name in each if name not in described}
    assert any(name.endswith("_count") for name in open_)


def test_examples_that_the_schema_gives_are_preferred() -> None:
    colour = {"type": "string", "examples": ["teal", "sand"], "x-data-class": "technical"}
    port = {"type": "integer", "default": 5432, "x-data-class": "technical"}
    mock = Mock(
        contract_of({"Paint": object_of(["colour", "port"], colour=colour, port=port)}),
        config=Config(),
    )
    made = [mock.document("Paint") for _ in range(20)]
    assert {each["colour"] for each in made} == {"teal", "sand"}
    assert {each["port"] for each in made} == {5432}


def test_an_example_that_names_somebody_is_not_used() -> None:
    note = {"type": "string", "examples": ["Ask alice@example.com"], "x-data-class": "text"}
    contract = contract_of({"Note": object_of(["note"], note=note)})
    made = Mock(contract, config=Config()).document("Note")
    assert inspector_of(contract).value(made, contract.definitions["Note"], "Note") == []


def test_numbers_and_days_are_plausible_by_their_names() -> None:
    whole, number = {"type": "integer"}, {"type": "number"}
    properties = {
        "due": {"type": "string", "format": "date"},
        "opens": {"type": "string", "format": "time"},
        "link": {"type": "string", "format": "uri"},
        "year": whole,
        "port": whole,
        "done_pct": whole,
        "wait_ms": whole,
        "made_at": {**whole, "x-data-class": "timestamp"},
        "status": {**whole, "minimum": 100, "maximum": 599},
        "far": {**whole, "minimum": 40_000},
    }
    mock = Mock(
        contract_of({"Sheet": object_of(list(properties), **properties, price=number)}),
        config=Config(),
    )
    made = mock.document("Sheet")
    assert made["due"] == "2026-01-05" or made["due"] == "2026-01-06"
    assert made["opens"].endswith("Z")
    assert made["link"].startswith("https://")
    assert made["year"] == 2026
    assert 8000 <= made["port"] < 9000
    assert made["done_pct"] in range(0, 101, 5)
    assert 10 <= made["wait_ms"] < 5010
    assert 1_767_000_000 < made["made_at"] < 1_768_000_000
    assert made["status"] in {200, 404, 409, 429, 500, 503}
    assert made["far"] >= 40_000


def test_a_definition_that_only_personal_data_fits_is_told() -> None:
    mail = {"type": "string", "format": "email", "x-data-class": "text"}
    mock = Mock(contract_of({"Contact": object_of(["mail"], mail=mail)}), config=Config())
    with pytest.raises(ContractError, match=r"orders.*: Contact: .*pii/email at '/mail"):
        mock.document("Contact")


def test_a_schema_that_nothing_fits_is_told_with_its_file() -> None:
    never = {"type": "integer", "minimum": 2, "maximum": 1}
    mock = Mock(contract_of({"Never": object_of(["n"], n=never)}), config=Config())
    with pytest.raises(ContractError, match=r"orders\.schema\.json: Never: "):
        mock.document("Never")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("run_startd", "did you mean 'run_started'?"),
        ("LogRecrd", "did you mean 'LogRecord'?"),
        ("log-recrd", "did you mean 'log_record'?"),
        ("zzz", "there are run_started, "),
    ],
)
def test_a_name_that_stands_for_nothing_is_told_with_the_nearest(name: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        ours().any(name)
    assert told in str(caught.value)


def test_only_events_have_a_payload() -> None:
    with pytest.raises(UnknownNameError, match="no event 'LogRecord'"):
        ours().payload("LogRecord")
    with pytest.raises(UnknownNameError, match="no event 'LogRecord'"):
        ours().event("LogRecord")
    with pytest.raises(UnknownNameError, match="no definition or event 'Runn'"):
        ours().document("Runn")


def test_an_unnamed_payload_is_none_of_its_own() -> None:
    inside = object_of(["n"], n={"type": "integer"})
    said = object_of(["kind", "body"], kind={"const": "a.b"}, body=inside)
    union = {
        "x-document": {"kind": "events", "recognised_by": "kind", "payload": "body"},
        "discriminator": {"propertyName": "kind", "mapping": {"a.b": "#/$defs/B"}},
        "oneOf": [{"$ref": "#/$defs/B"}],
    }
    mock = Mock(contract_of({"B": said, "Any": union}), config=Config())
    assert mock.event("b")["body"].keys() == {"n"}
    with pytest.raises(UnknownNameError, match="the payload of 'b' is no definition"):
        mock.payload("b")


def test_a_property_that_takes_anything_is_filled() -> None:
    contract = contract_of({"Free": object_of(["any"], any=True, never=False)})
    mock = Mock(contract, config=Config())
    made = [mock.document("Free") for _ in range(30)]
    assert {type(each["any"]) for each in made} > {int, str}
    assert all(each.keys() == {"any"} for each in made)


def test_a_run_and_its_events_are_known_by_name_only_where_there_are_such() -> None:
    assert ours().knows("run_started")
    assert ours().knows("log_record")
    assert not ours().knows("run")
