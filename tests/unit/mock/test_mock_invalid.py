"""Invalid documents: each breaks the rule that it names, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from tests.emitting import CONFIG, CONTRACT
from tests.mocking import DEFINITIONS, contract_of, inspector_of, object_of, ours, shop

from quantapilot.config import Config
from quantapilot.contract.positions import pointer_of
from quantapilot.errors import UnknownNameError
from quantapilot.mock import Invalid, Mock

JUDGE = inspector_of(CONTRACT)
SHOP = contract_of(DEFINITIONS)


def rules_of(value: Any, name: str) -> set[str]:
    return {each.rule for each in JUDGE.value(value, CONTRACT.definitions[name], name)}


@pytest.mark.parametrize(
    ("name", "judged", "rules"),
    [
        (
            "gate_decision",
            "Event",
            {"enum", "format", "missing-field", "pattern", "range", "type", "unknown-event"}
            | {"unknown-field"},
        ),
        (
            "LogRecord",
            "LogRecord",
            {"enum", "format", "missing-field", "pattern", "range", "type", "unknown-field"},
        ),
        (
            "RunRequest",
            "RunRequest",
            {"format", "missing-field", "pattern", "range", "type", "unknown-field"},
        ),
        ("RunId", "RunId", {"format", "pattern", "type"}),
    ],
)
def test_each_rule_of_the_contract_is_broken_alone(name: str, judged: str, rules: set[str]) -> None:
    found = list(ours().invalid(name, "contract/*"))
    assert {each.rule for each in found} - {"contract/copy"} == {f"contract/{r}" for r in rules}
    for each in found:
        assert rules_of(each.value, judged) == {each.rule}
        assert each.why


def test_each_class_of_personal_data_is_put_into_a_text() -> None:
    found = list(ours().invalid("RunPaused", "pii/*"))
    assert len(found) > 200
    assert {"pii/email", "pii/phone", "pii/iban", "pii/token-jwt"} <= {each.rule for each in found}
    for each in found[::10]:
        assert rules_of(each.value, "Event") == {each.rule}
    texts = [each for each in found if each.pointer == "/data/reason"]
    assert len(texts) > len(found) * 0.9


def test_the_pointer_names_what_was_changed() -> None:
    (found,) = ours().invalid("RunResumed", "contract/missing-field")
    *above, last = found.pointer.split("/")[1:]
    holder = found.value
    for step in above:
        holder = holder[step]
    assert last not in holder


def test_several_of_a_rule_stand_at_different_places() -> None:
    found = list(ours().invalid("run_started", "contract/missing-field", count=4))
    assert len({each.pointer for each in found}) == 4


def test_one_rule_is_made_by_its_id_or_the_end_of_it() -> None:
    for asked in ("pii/email", "email"):
        (found,) = ours().invalid("RunFailed", asked)
        assert found.rule == "pii/email"


def test_a_payload_is_broken_without_its_envelope() -> None:
    (found,) = ours().invalid_payload("gate_decision", "contract/type")
    assert "specversion" not in found.value
    assert rules_of(found.value, "GateDecision") == {"contract/type"}


def test_a_rule_that_can_not_be_broken_there_is_left_out() -> None:
    assert list(ours().invalid("RunId", "contract/missing-field")) == []
    assert list(ours().invalid("RunId", "contract/drift")) == []


def test_an_unknown_rule_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'pii/emial', did you mean 'pii/email'"):
        ours().invalid("RunFailed", "pii/emial")


def test_equal_seeds_break_alike() -> None:
    first, second = (
        list(Mock(config=CONFIG, seed=2).invalid("run_failed", "contract/*")) for _ in range(2)
    )
    assert first == second


def test_documents_of_another_contract_are_broken_too() -> None:
    judge = inspector_of(SHOP)
    found = list(shop().invalid_payload("Placed", "contract/*"))
    assert {each.rule for each in found} >= {
        "contract/enum",
        "contract/format",
        "contract/missing-field",
        "contract/pattern",
        "contract/range",
        "contract/type",
        "contract/unknown-field",
        "contract/value",
    }
    for each in found:
        told = {f.rule for f in judge.value(each.value, SHOP.definitions["Placed"], "Placed")}
        assert told == {each.rule}


def test_numbers_lists_and_listed_numbers_are_broken() -> None:
    properties = {
        "few": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3},
        "level": {"enum": [1, 2, 3]},
        "on": {"const": True},
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    }
    contract = contract_of({"Sheet": object_of(list(properties), **properties)})
    mock = Mock(contract, config=Config())
    ranges = {each.pointer for each in mock.invalid("Sheet", "contract/range", count=9)}
    assert ranges == {"/few", "/share"}
    listed = {each.pointer for each in mock.invalid("Sheet", "contract/enum", count=9)}
    assert {"/level", "/on"} <= listed


def test_it_is_told_as_the_command_writes_it() -> None:
    found = Invalid("contract/type", "is null", {"n": None}, pointer_of(("n",)))
    assert found.told == {
        "rule": "contract/type",
        "pointer": "/n",
        "why": "is null",
        "value": {"n": None},
    }
    assert Invalid("contract/order", "no", [], line=3).told["line"] == 3
