"""Types of event: by which names they go, and what they hold."""

from __future__ import annotations

from typing import Any

import pytest
from tests.emitting import CONTRACT
from tests.orders import ORDERS_CONTRACT

from quantapilot.contract.catalog import Contract
from quantapilot.contract.events import EventTypes, short
from quantapilot.errors import ContractError, UnknownNameError


def contract_of(*types: str, **document: Any) -> Contract:
    """Return a contract with events of some types, all of which tell the same."""
    definitions: dict[str, Any] = {"Stay": {"type": "object", "properties": {"no": {}}}}
    for at, name in enumerate(types):
        properties = {"what": {"const": name}, "body": {"$ref": "#/$defs/Stay"}}
        definitions[f"Message{at}"] = {"type": "object", "properties": properties}
    mapping = {name: f"#/$defs/Message{at}" for at, name in enumerate(types)}
    definitions["Message"] = {
        "x-document": {"kind": "events", "recognised_by": "what", "payload": "body", **document},
        "discriminator": {"propertyName": "what", "mapping": mapping},
    }
    return Contract({"a.schema.json": {"$id": "https://a.example/a", "$defs": definitions}})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("order.paid", "paid"),
        ("garage/charge-begun", "charge-begun"),
        ("urn:garage:entered", "entered"),
        ("https://garage.example/events#left", "left"),
        ("order.paid.v1", "paid"),
        ("order.paid.2.1", "paid"),
        ("paid", "paid"),
        ("v1", "v1"),
        ("", ""),
    ],
)
def test_a_type_is_called_by_its_last_part_that_is_no_version(name: str, said: str) -> None:
    assert short(name) == said


@pytest.mark.parametrize("name", ["charge-begun", "CHARGE_BEGUN", "Message1", "message1"])
def test_an_event_goes_by_its_type_the_last_part_or_a_definition(name: str) -> None:
    types = EventTypes(contract_of("garage/entered", "garage/charge-begun"))
    found = types.named(name)
    assert found is not None
    assert found.name == "garage/charge-begun"
    assert types.names == ["entered", "charge-begun"]


def test_a_name_that_several_events_have_is_nobodys() -> None:
    types = EventTypes(contract_of("order.paid.v1", "order.paid.v2", "refund.made"))
    assert types.names == ["paid.v1", "paid.v2", "made"]
    for name, several in (("paid", 2), ("Stay", 3)):
        with pytest.raises(UnknownNameError, match="several events go by the name") as caught:
            types.named(name)
        assert str(caught.value).count(",") == several - 1
    found = types.named("order.paid.v2")
    assert found is not None
    assert found.definition.name == "Message1"


def test_one_name_may_be_the_end_of_another() -> None:
    types = EventTypes(contract_of("paid", "order.paid"))
    assert types.names == ["paid", "order.paid"]
    found = types.named("paid")
    assert found is not None
    assert found.name == "paid"


def test_an_event_tells_what_it_holds() -> None:
    paid = EventTypes(ORDERS_CONTRACT).named("paid")
    assert paid is not None
    assert paid.payload is ORDERS_CONTRACT.definitions["OrderPaid"]
    assert not paid.flat
    assert list(paid.fields) == ["eventId", "eventType", "occurredAt", "producer", "order"]


def test_an_event_without_a_member_for_its_payload_is_flat() -> None:
    kind = EventTypes(contract_of("garage/entered", payload="told")).by_name["garage/entered"]
    assert kind.flat
    assert kind.payload is None


def test_members_stand_in_the_order_of_cloud_events_whatever_they_are_called() -> None:
    mixed = ["order", "note", "occurredAt", "producer", "eventType", "eventId"]
    assert EventTypes(ORDERS_CONTRACT).ordered(mixed) == [
        "eventId", "producer", "eventType", "occurredAt", "note", "order",
    ]  # fmt: skip
    assert EventTypes(CONTRACT).ordered(["data", "id", "specversion"])[0] == "specversion"


def test_a_contract_without_events_that_a_type_tells_apart_is_told() -> None:
    with pytest.raises(ContractError, match="no events that a type tells apart"):
        EventTypes(Contract({}))
