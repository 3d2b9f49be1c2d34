"""The order of a run's events, told from the lifecycle of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.documents.reference.model import Order, Pair, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract


def order(contract: Contract) -> Order | None:
    """Return how a run goes, or None where the contract does not declare it.

    Raises:
        ContractError: It declares an order that can't be used.
    """
    if contract.lifecycle is None:
        return None
    Lifecycle(contract)  # it says what is wrong with one that can't be used
    declared: Mapping[str, Any] = contract.lifecycle
    start = tuple(declared["start"].items())
    on = {name: tuple(state.get("on", {}).items()) for name, state in declared["states"].items()}
    near = list(dict.fromkeys(state for _, state in start))
    for name in near:  # grows while it is walked
        near += [state for _, state in on[name] if state not in near]
    near = list(dict.fromkeys([*near, *on]))
    events = dict.fromkeys(event for event, _ in (*start, *(each for n in near for each in on[n])))
    return Order(
        title=str(declared.get("title", "The order of events")),
        description=str(declared.get("description", "")),
        run=declared["run"],
        start=start,
        states=tuple(State(name, on[name]) for name in near),
        events=tuple(events),
        pairs=tuple(
            Pair(each["opens"], each["closes"], each["by"]) for each in declared.get("pairs", ())
        ),
        constant=tuple(declared.get("constant", ())),
        definitions=_definitions(contract),
    )


def _definitions(contract: Contract) -> dict[str, str]:
    """Return the definitions of documents by the value that their discriminator has."""
    found: dict[str, str] = {}
    for document in contract.documents:
        for value in document.schema.get("discriminator", {}).get("mapping", {}):
            branch = contract.branch(document, value)
            if branch is not None:
                found[value] = branch.name
    return found
