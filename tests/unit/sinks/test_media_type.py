"""What a sink says that it sends: a CloudEvent only where it is one."""

from __future__ import annotations

import pytest
from tests.emitting import CONFIG, PAYLOAD
from tests.orders import ORDERS_CONFIG, PAID

from quantapilot.emitter.checking import EventCheck
from quantapilot.sinks.sink import Message


def message(body: bytes) -> Message:
    return Message(1, "id", "type", "subject", body)


def test_events_of_our_contract_are_cloudevents() -> None:
    body = EventCheck(CONFIG, "/quantapilot/worker").entry(PAYLOAD, "run_started").body
    assert message(body).media_type == "application/cloudevents+json"


def test_events_of_another_contract_are_json() -> None:
    body = EventCheck(ORDERS_CONFIG, "checkout").entry(PAID, "paid").body
    assert message(body).media_type == "application/json"


@pytest.mark.parametrize(
    "body", [b'{"text":"\\"specversion\\":"}', b'{"specversions":1}', b'{"a":"specversion"}']
)
def test_a_text_that_only_names_the_attribute_makes_none(body: bytes) -> None:
    assert message(body).media_type == "application/json"
