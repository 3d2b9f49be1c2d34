"""A trigger, judged before it leaves: by the contract and by every rule on personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.contract.validator import Validator
from quantapilot.errors import ContractError
from quantapilot.findings import RefusedError
from quantapilot.gate.check import Selection
from quantapilot.gate.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.config import Config

_DEFINITION = "RunRequest"


def must_be_sendable(request: Mapping[str, str], config: Config) -> None:
    """Refuse a trigger that the gateway would have to refuse.

    Args:
        request: Its fields.
        config: The project's settings: where its contract and its own rules stand.

    Raises:
        RefusedError: It breaks the contract or holds personal data.
        ContractError: The contract can't be used, or knows no triggers.
    """
    project = Project(config)
    contract = project.contract()
    definition = contract.named(_DEFINITION)
    if definition is None:
        raise ContractError(f"the contract has no {_DEFINITION}, so that nothing can be triggered")
    inspector = project.inspector(project.detector(), Validator(contract))
    selection = Selection(ignore=config.ignore)
    findings = [
        each
        for each in inspector.value(dict(request), definition, "request")
        if each.unchecked or each.rule in selection
    ]
    if any(each.severity == "error" for each in findings):
        raise RefusedError("the trigger may not leave", findings)
