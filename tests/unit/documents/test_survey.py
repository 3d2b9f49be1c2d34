"""What is told of a contract: every definition in its group, every field in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from tests.contracts import contract as small
from tests.small_contracts import LIFECYCLE, ODD_EXAMPLES, SHOP_EXAMPLES, odd, shop

from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.documents.reference.model import Limit, Use, Words
from quantapilot.documents.reference.survey import survey
from quantapilot.documents.source import Source
from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from quantapilot.documents.reference.model import Field, Phrase, Reference

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def told() -> Reference:
    return survey(Source(shop(), SHOP_EXAMPLES))


@pytest.fixture(scope="module")
def strange() -> Reference:
    return survey(Source(odd(), ODD_EXAMPLES))


def words(phrase: Phrase) -> str:
    return "".join(each.text for each in phrase)


def field(reference: Reference, name: str, path: str) -> Field:
    return next(each for each in reference.definitions[name].fields if each.path == path)


def test_definitions_stand_in_the_group_that_says_what_they_are_for(told: Reference) -> None:
    assert {group.title: [entry.name for entry in group.entries] for group in told.groups} == {
        "Requests": ["OrderRequest"],
        "Events": ["Message", "PlacedEvent", "SentEvent", "Envelope"],
        "Event payloads": ["Placed", "Sent"],
        "Errors": ["Fault"],
        "Answers": ["OrderAnswer"],
        "Shared types": ["OrderId"],
    }
    assert (told.title, told.version) == ("Shop", "2.1.0")


def test_an_event_is_known_by_its_type_and_leads_to_its_payload(told: Reference) -> None:
    events = {entry.name: entry for entry in told.groups[1].entries}
    assert events["PlacedEvent"].label == "shop.placed"
    assert events["PlacedEvent"].related == (("payload", "Placed"),)
    assert told.groups[2].entries[1].related == (("on the wire", "SentEvent"),)


def test_a_request_tells_its_call_and_its_answers(told: Reference) -> None:
    call = told.definitions["OrderRequest"].call
    assert call is not None
    assert (call.method, call.path, call.errors) == ("POST", "/orders", "Fault")
    assert call.answers == (("201", "OrderAnswer"), ("204", ""))


def test_a_union_names_each_branch_by_its_value(told: Reference) -> None:
    union = told.definitions["Message"]
    assert union.chosen_by == "kind"
    assert [(each.value, each.type) for each in union.choices] == [
        ("shop.placed", (Words("PlacedEvent", "PlacedEvent"),)),
        ("shop.sent", (Words("SentEvent", "SentEvent"),)),
    ]


def test_a_field_tells_its_type_limits_class_and_whether_it_must_be_there(told: Reference) -> None:
    lines = field(told, "Placed", "lines")
    assert words(lines.type) == "array of objects"
    assert lines.limits == (Limit("items", ("1 to 50", "none twice")),)
    assert (lines.required, lines.data_class) == (True, "")
    order = field(told, "Placed", "order")
    assert order.type == (Words("OrderId", "OrderId"),)
    assert (order.gist, order.data_class) == ("string", "identifier")
    note = field(told, "Placed", "note")
    assert (words(note.type), note.required) == ("string or null", False)
    assert field(told, "Fault", "code").limits == (Limit("one of", ("GONE", "BUSY"), literal=True),)


def test_fields_inside_a_list_are_told_below_it(told: Reference) -> None:
    assert field(told, "Placed", "lines[].sku").required
    assert not field(told, "Placed", "lines[].pieces").required
    assert field(told, "Placed", "lines[].pieces").limits == (Limit("range", ("at least 1",)),)


def test_what_is_taken_over_says_from_where(told: Reference) -> None:
    at = field(told, "PlacedEvent", "at")
    assert (at.origin, at.required) == ("Envelope", True)
    assert at.limits == (Limit("format", ("a date and time with offset (RFC 3339)",)),)
    assert field(told, "PlacedEvent", "kind").origin == ""


def test_who_uses_a_definition_is_told_with_the_place(told: Reference) -> None:
    assert told.definitions["OrderId"].used_by == (
        Use("Placed", "order"),
        Use("Sent", "order"),
        Use("OrderRequest", "order"),
        Use("OrderAnswer", "order"),
    )
    assert Use("Message", "") in told.definitions["PlacedEvent"].used_by


def test_examples_that_are_refused_show_nothing_that_is_found(told: Reference) -> None:
    (refused,) = told.definitions["Placed"].invalid
    assert '"note": "for <email>"' in refused.text
    assert '"owner_name": "<name>"' in refused.text
    assert refused.why == "whose it is, as <email>"
    assert refused.marks == ("<email>", "<name>")
    assert told.rules["pii/email"] == "E-mail address"


def test_valid_examples_are_told_as_they_are(told: Reference) -> None:
    assert [each.text for each in told.definitions["OrderId"].valid] == ['"o-1"', '"p-22"']


def test_only_data_classes_that_are_used_are_explained(told: Reference) -> None:
    searched = {each.name: each.brief for each in told.classes}
    assert list(searched) == [
        "identifier", "technical", "aggregate", "timestamp", "status", "text",
    ]  # fmt: skip
    assert searched["text"] == "every rule"
    assert searched["timestamp"] == "not searched"
    assert survey(Source(odd(), {})).classes == ()


def test_free_text_is_told_where_it_stands_first() -> None:
    text = {"type": "string", "x-data-class": "text"}
    base = {"type": "object", "properties": {"id": {"type": "string"}, "why": text}}
    more = {"allOf": [{"$ref": "#/$defs/Base"}], "properties": {"note": text}}
    reference = survey(Source(small(a={"More": more, "Base": base}), {}))
    assert [
        (name, reference.definitions[name].fields[at].path) for name, at in reference.free_text
    ] == [("More", "note"), ("Base", "why")]
    assert survey(Source(odd(), {})).free_text == ()


def test_the_order_begins_at_the_start_whatever_the_file_says_first(told: Reference) -> None:
    order = told.order
    assert order is not None
    assert [(state.name, state.last) for state in order.states] == [("open", False), ("gone", True)]
    assert order.events == ("shop.placed", "shop.sent")
    assert order.definitions == {"shop.placed": "PlacedEvent", "shop.sent": "SentEvent"}
    assert order.constant == ("/body/shop",)
    assert survey(Source(shop(lifecycle=False), {})).order is None


def test_an_order_that_cannot_be_used_is_refused() -> None:
    broken = {**LIFECYCLE, "start": {"shop.placed": "nowhere"}}
    with pytest.raises(ContractError, match="nowhere"):
        survey(Source(Contract(shop().schemas, broken), {}))


def test_a_definition_that_holds_itself_is_told_once(strange: Reference) -> None:
    paths = [each.path for each in strange.definitions["Tree"].fields]
    assert paths == [
        "kids", "twin", "deep", "deep.a", "deep.a.b", "deep.a.b[]", "deep.a.b[][]", "any", "none",
        "odd name\n|`", "^x-|<b>", "*",
    ]  # fmt: skip
    assert field(strange, "Tree", "kids").type == (Words("array of "), Words("Tree", "Tree"))
    assert field(strange, "Tree", "twin").type == (Words("Tree", "Tree"),)
    assert words(field(strange, "Tree", "any").type) == "anything"
    assert words(field(strange, "Tree", "none").type) == "nothing"
    assert field(strange, "Tree", "^x-|<b>").family


def test_alternatives_say_which_one_a_field_belongs_to(strange: Reference) -> None:
    assert field(strange, "Readme", "x").note == "in alternative 1 of 3"
    assert field(strange, "Readme", "z").note == "where the condition holds"
    assert [words(each.type) for each in strange.definitions["Readme"].choices] == [
        "object", "object", "Twig",
    ]  # fmt: skip
    asked = Limit("needs one or more of", ("a", "b and c"), literal=True)
    assert asked in strange.definitions["README"].limits


def test_a_reference_to_a_whole_file_is_told_by_its_address(strange: Reference) -> None:
    assert field(strange, "Twig", "file").type == (Words("odd.schema.json"),)
    assert field(strange, "Twig", "self").type == (Words("Twig", "Twig"),)


def test_a_long_value_is_cut_and_says_how_long_it_is(strange: Reference) -> None:
    (refused,) = strange.definitions["main"].invalid
    assert len(refused.text) < 100
    assert "(5,000 characters)" in refused.text


def test_the_size_of_a_value_is_said_in_words(strange: Reference) -> None:
    assert Limit("length", ("at most 1 character",)) in field(strange, "a tuple", "[0]").limits
    assert Limit("length", ("3 characters",)) in strange.definitions["main"].limits
    assert Limit("fields", ("at least 1",)) in strange.definitions["Tree"].limits


def test_our_own_contract_is_told_whole() -> None:
    contract = load_contract(ROOT / "_schemas")
    examples = orjson.loads((ROOT / "_schemas" / "api.examples.json").read_bytes())
    reference = survey(Source(contract, examples))
    told = [entry.name for group in reference.groups for entry in group.entries]
    assert sorted(told) == sorted(contract.definitions)
    for name, definition in reference.definitions.items():
        properties = contract.definitions[name].schema.get("properties", {})
        assert {each.path for each in definition.fields} >= set(properties), name
        assert len(definition.valid) == len(examples[name]["valid"])
        assert len(definition.invalid) == len(examples[name]["invalid"])
        assert all(each.description for each in definition.fields if "[]" not in each.path), name
