"""Whether what the schema folder says of the order of events fits its schemas and itself.

A misspelt event or state would refuse good runs, or let bad ones pass, without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from quantapilot.contract.events import short
from quantapilot.contract.lifecycle import told_by
from quantapilot.contract.lint import SchemaFile
from quantapilot.contract.model_schema import DIALECT
from quantapilot.contract.positions import steps_of
from quantapilot.contract.shape import members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.lint import Pointer
    from quantapilot.findings import Finding

_NAME = {"type": "string", "minLength": 1}
_PLACE = {"type": "string", "pattern": "^(/[^/]+)+$"}
_STATES = {"type": "object", "additionalProperties": _NAME}
_SHAPE = {
    "$schema": DIALECT,
    "type": "object",
    "properties": {
        "$schema": _NAME,
        "$id": _NAME,
        "$comment": _NAME,
        "title": _NAME,
        "description": _NAME,
        "version": _NAME,
        "run": _PLACE,
        "constant": {"type": "array", "items": _PLACE},
        "start": {**_STATES, "minProperties": 1},
        "states": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"on": _STATES, "description": _NAME},
                "additionalProperties": False,
            },
        },
        "pairs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"opens": _NAME, "closes": _NAME, "by": _PLACE},
                "required": ["opens", "closes", "by"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["run", "start", "states"],
    "additionalProperties": False,
}


def lint_lifecycle(contract: Contract, folder: Path) -> Iterator[Finding]:
    """Yield what is wrong with the order of events that a contract declares, if it does.

    Args:
        contract: The contract as loaded from `folder`; its schemas are sound.
        folder: Where its files stand; findings carry it in their paths.
    """
    declared, path = contract.lifecycle, folder / contract.lifecycle_file
    if declared is None and not path.is_file():
        return
    file = SchemaFile(path)
    shaped = True
    for told, pointer in _misshapen(declared):
        shaped = False
        yield file.finding("schema-invalid", told, pointer)
    if not shaped:
        return
    for told, pointer in (
        *_strangers(contract, declared),
        *_states(declared),
        *_places(contract, declared),
        *_never_taken(contract, declared),
    ):
        yield file.finding("schema-invalid", told, pointer)


_Told = tuple[str, "Pointer"]


def _misshapen(declared: Any) -> Iterator[_Told]:
    validator = jsonschema_rs.Draft202012Validator(_SHAPE, mask="<value>")
    for error in validator.iter_errors(declared):
        yield f"an order of events is not written so: {error.message}", tuple(error.instance_path)


def _said(declared: Mapping[str, Any]) -> Iterator[tuple[str, Pointer]]:
    """Yield each type of event that is named, and where."""
    for kind in declared["start"]:
        yield kind, ("start", kind)
    for state, body in declared["states"].items():
        for kind in body.get("on", ()):
            yield kind, ("states", state, "on", kind)
    for at, pair in enumerate(declared.get("pairs", ())):
        for end in ("opens", "closes"):
            yield pair[end], ("pairs", at, end)


def _strangers(contract: Contract, declared: Mapping[str, Any]) -> Iterator[_Told]:
    events = _events(contract)
    for kind, pointer in _said(declared):
        if kind not in events:
            yield f"no event of the contract has the type '{kind}'", pointer
        elif pointer[0] == "states" and kind in declared["start"]:
            yield f"'{kind}' begins a run, so no state can take it", pointer


def _states(declared: Mapping[str, Any]) -> Iterator[_Told]:
    states = declared["states"]
    leads: list[_Told] = [(to, ("start", kind)) for kind, to in declared["start"].items()]
    for state, body in states.items():
        leads += [(to, ("states", state, "on", kind)) for kind, to in body.get("on", {}).items()]
    for to, pointer in leads:
        if to not in states:
            yield f"there is no state '{to}'", pointer
    reached: set[str] = set()
    coming = list(declared["start"].values())
    while coming:
        state = coming.pop()
        if state not in reached:
            reached.add(state)
            coming += states.get(state, {}).get("on", {}).values()
    for state in states:
        if state not in reached:
            yield f"no event leads to the state '{state}'", ("states", state)


def _places(contract: Contract, declared: Mapping[str, Any]) -> Iterator[_Told]:
    """Yield the pointers that lead to nothing: where no event, or not each of a pair, has it."""
    events = _events(contract)
    taking = [events[kind] for kind, _ in _said(declared) if kind in events]
    asked: list[tuple[str, Pointer]] = [(declared["run"], ("run",))]
    asked += [(each, ("constant", at)) for at, each in enumerate(declared.get("constant", ()))]
    for place, pointer in asked:
        if taking and not any(_has(contract, event, place) for event in taking):
            yield f"no event has a field at '{place}'", pointer
    pairs = declared.get("pairs", ())
    for at, pair in enumerate(pairs):
        opening = {each["opens"] for each in pairs if each["closes"] == pair["closes"]}
        if opening == {pair["closes"]}:
            told = f"{short(pair['opens'])} closes what it opens itself, so it could never come"
            yield told, ("pairs", at, "closes")
        for kind in dict.fromkeys((pair["opens"], pair["closes"])):
            if kind in events and not _has(contract, events[kind], pair["by"]):
                yield f"{short(kind)} has no field at '{pair['by']}'", ("pairs", at, "by")


def _never_taken(contract: Contract, declared: Mapping[str, Any]) -> Iterator[_Told]:
    taken = {kind for kind, pointer in _said(declared) if pointer[0] != "pairs"}
    for kind, event in _events(contract).items():
        if kind not in taken and _has(contract, event, declared["run"]):
            yield f"no state takes the event '{kind}', which tells of a run", ("states",)


def _events(contract: Contract) -> dict[str, Definition]:
    """Return the definitions of a contract's events by their types."""
    found: dict[str, Definition] = {}
    name = told_by(contract)
    for each in contract.documents:
        if each.kind != "events":
            continue
        for kind in each.schema.get("discriminator", {}).get("mapping", {}):
            if (event := contract.branch(each, kind)) is not None:
                found[kind] = event
        if "discriminator" not in each.schema:
            kind = members(contract, each).get(name, {}).get("const")
            found.update({kind: each} if isinstance(kind, str) else {})
    return found


def _has(contract: Contract, event: Definition, pointer: str) -> bool:
    """Tell whether the contract describes a field of an event."""
    field = contract.fields(event)
    for key in steps_of(pointer):
        below = field.below(key)
        if below is None:
            return False
        field = below
    return True
