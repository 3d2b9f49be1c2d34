"""The declared order is checked itself: what it names must be there, and what is there be named."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.emitting import CONTRACT, ROOT

from quantapilot.contract.catalog import BrokenContractError, Contract, load_contract
from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.contract.lifecycle_lint import lint_lifecycle

DECLARED: dict[str, Any] = json.loads((ROOT / "_schemas" / "run.lifecycle.json").read_text("utf-8"))
PAUSED = "quantapilot.run_paused"


def found(declared: Any) -> list[str]:
    contract = Contract(CONTRACT.schemas, declared)
    findings = list(lint_lifecycle(contract, Path("_schemas" if declared is not None else "gone")))
    assert all(each.rule == "contract/schema-invalid" and each.unchecked for each in findings)
    assert all(each.path == str(Path("_schemas", "run.lifecycle.json")) for each in findings)
    return [f"{each.pointer}: {each.message}" for each in findings]


def changed(**parts: Any) -> dict[str, Any]:
    return {**deepcopy(DECLARED), **parts}


def with_states(**states: Any) -> dict[str, Any]:
    return changed(states={**DECLARED["states"], **states})


def test_the_order_of_this_project_is_sound() -> None:
    assert found(DECLARED) == []
    assert found(None) == []


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            changed(start={"quantapilot.run_begun": "running"}, constant=[]),
            {
                "/start/quantapilot.run_begun": "no event of the contract has the type "
                "'quantapilot.run_begun'",
                "/states": "no state takes the event 'quantapilot.run_started', which tells of a "
                "run",
            },
        ),
        (
            with_states(failed={"on": {"quantapilot.run_started": "running"}}),
            {
                "/states/failed/on/quantapilot.run_started": "'quantapilot.run_started' begins a "
                "run, so no state can take it"
            },
        ),
        (
            with_states(failed={"on": {PAUSED: "asleep"}}),
            {f"/states/failed/on/{PAUSED}": "there is no state 'asleep'"},
        ),
        (with_states(lost={}), {"/states/lost": "no event leads to the state 'lost'"}),
        (changed(run="/data/run"), {"/run": "no event has a field at '/data/run'"}),
        (
            changed(constant=["/data/correlation_id", "/data/tenant"]),
            {"/constant/1": "no event has a field at '/data/tenant'"},
        ),
        (
            changed(
                pairs=[
                    {"opens": "quantapilot.gate_requested", "closes": PAUSED, "by": "/data/gate"}
                ]
            ),
            {"/pairs/0/by": "run_paused has no field at '/data/gate'"},
        ),
        (
            changed(pairs=[{"opens": PAUSED, "closes": PAUSED, "by": "/data/reason"}]),
            {"/pairs/0/closes": "run_paused closes what it opens itself, so it could never come"},
        ),
    ],
    ids=["event", "restart", "state", "unreachable", "run", "constant", "pair", "same"],
)
def test_what_does_not_fit_is_told_with_its_place(
    declared: dict[str, Any], told: dict[str, str]
) -> None:
    assert found(declared) == [f"{pointer}: {message}" for pointer, message in told.items()]


def test_an_event_that_no_state_takes_is_told() -> None:
    states = deepcopy(DECLARED["states"])
    del states["running"]["on"]["quantapilot.documentation_generated"]
    event = "quantapilot.documentation_generated"
    told = f"/states: no state takes the event '{event}', which tells of a run"
    assert found(changed(states=states)) == [told]


@pytest.mark.parametrize(
    ("declared", "pointer"),
    [
        ([], ""),
        ({"run": "/data/run_id"}, ""),
        (changed(run="run_id"), "/run"),
        (changed(states={"running": {"on": ["a"]}}), "/states/running/on"),
        (changed(pairs=[{"opens": "a", "closes": "b"}]), "/pairs/0"),
        (changed(after={}), ""),
    ],
)
def test_what_is_not_written_as_an_order_is_told(declared: Any, pointer: str) -> None:
    told = found(declared)
    assert [each.partition(": ")[0] for each in told] == [pointer] * len(told)
    assert told
    assert "an order of events is not written so" in told[0]


def test_a_finding_names_line_and_column(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas"))
    file = folder / "run.lifecycle.json"
    file.write_text(json.dumps(changed(run="/data/run"), indent=2), "utf-8")
    (finding,) = lint_lifecycle(load_contract(folder), folder)
    line = file.read_text("utf-8").splitlines()[(finding.line or 0) - 1]
    assert line[(finding.column or 0) - 1 :].startswith('"/data/run"')


def test_a_file_that_holds_nothing_is_told(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas"))
    (folder / "run.lifecycle.json").write_text("null", "utf-8")
    (finding,) = lint_lifecycle(load_contract(folder), folder)
    assert 'is not of type "object"' in finding.message
    (folder / "run.lifecycle.json").unlink()
    assert not list(lint_lifecycle(load_contract(folder), folder))


def test_the_file_may_have_any_name_before_its_ending(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas"))
    (folder / "run.lifecycle.json").rename(folder / "order.lifecycle.json")
    contract = load_contract(folder)
    assert contract.lifecycle_file == "order.lifecycle.json"
    assert Lifecycle(contract).start == {"quantapilot.run_started": "running"}


def test_two_orders_of_one_contract_are_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas"))
    shutil.copy(folder / "run.lifecycle.json", folder / "z.lifecycle.json")
    with pytest.raises(BrokenContractError, match=r"run\.lifecycle\.json does already") as refused:
        load_contract(folder)
    assert refused.value.finding.path == str(folder / "z.lifecycle.json")
