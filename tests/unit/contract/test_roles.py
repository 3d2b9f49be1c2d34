"""Roles: a contract says which of its fields hold the id, the time and the like."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.roles import USUAL, document, keys, roles

ROOT = Path(__file__).parents[3]
OURS = load_contract(ROOT / "_schemas")
ORDERS = load_contract(ROOT / "examples" / "contracts" / "orders" / "schemas")


def named(contract: Contract, kind: str) -> dict[str, str]:
    found = document(contract, kind)
    assert found is not None
    return roles(found)


def test_our_contract_has_the_usual_names() -> None:
    assert named(OURS, "events") == USUAL["events"]
    assert named(OURS, "logs") == USUAL["logs"]


def test_another_contract_names_its_own() -> None:
    events, logs = named(ORDERS, "events"), named(ORDERS, "logs")
    assert (events["id"], events["time"], events["payload"]) == ("eventId", "occurredAt", "order")
    assert (logs["time"], logs["level"], logs["message"]) == ("at", "severity", "text")
    assert events["schema"] == "dataschema", "what it does not name has the usual one"


def test_errors_have_no_roles() -> None:
    assert named(OURS, "errors") == {}


def test_a_contract_without_a_kind_has_no_document_of_it() -> None:
    assert document(Contract({}), "events") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("subject", ("subject",)),
        ("/order/orderId", ("order", "orderId")),
        ("/a~1b/c~0d", ("a/b", "c~d")),
    ],
)
def test_a_field_is_named_by_itself_or_by_a_pointer(name: str, expected: tuple[str, ...]) -> None:
    assert keys(name) == expected
