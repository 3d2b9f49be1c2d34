"""Checking: whether an event may leave, and as which bytes.

An event that breaks the contract or holds personal data is refused; with what was found, masked,
and with nothing of the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.validator import Validator
from quantapilot.emitter.envelope import Envelopes
from quantapilot.errors import ContractError
from quantapilot.findings import EventRefusedError
from quantapilot.gate.check import Selection
from quantapilot.gate.payload import PayloadCheck
from quantapilot.gate.project import Project
from quantapilot.outbox.ports import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.config import Config
    from quantapilot.emitter.envelope import Model
    from quantapilot.findings import Finding

_TOLD = 3


class EventCheck:
    """Makes events of payloads and judges them; safe to share between threads."""

    def __init__(self, config: Config, source: str | None = None) -> None:
        """Take the project's settings.

        Args:
            config: Says where contract and own rules stand, and which rules don't count.
            source: What emits the events, as CloudEvents `source`; None where each says it.

        Raises:
            ContractError: The contract can't be used, or describes no events.
            RuleError: A rule file can't be used.
        """
        project = Project(config)
        contract = project.sound_contract()
        self.envelopes = Envelopes(contract, source)
        self.inspector = project.inspector(project.detector(), Validator(contract, copies=True))
        self._check = PayloadCheck(self.inspector, "events").check
        self._selection = Selection(ignore=config.ignore)
        self.contract = contract
        self._copies = self.envelopes.copies
        # What is the same in all events of a type need not be searched with each of them.
        clean = all(self.inspector.search(each) == [] for each in self.envelopes.constants)
        self._payload = f',"{self.envelopes.payload}":'.encode() if clean else b""

    def reports(self, rule: str) -> bool:
        """Tell whether events are refused for a rule."""
        return rule in self._selection

    def entry(
        self, event: Mapping[str, Any] | Model, name: str | None = None, place: str = "event"
    ) -> Entry:
        """Return an event as it is stored and sent.

        Args:
            event: A payload or an event, as a model or as JSON values; with `name` a payload.
            name: The type of event that a payload makes.
            place: What findings say that it stands in.

        Raises:
            EventRefusedError: It breaks the contract or holds personal data.
            UnknownNameError: No event has this name, or a payload as this model.
        """
        unwritable = ""
        filled: dict[str, Any] = {}
        try:
            filled, ours = self.envelopes.made(event, name)
            raw, findings = self._check(filled, place, self._payload if ours else b"")
        except ContractError as error:
            raw, findings, unwritable = b"", [], f"{place} may not leave: {error}"
        if findings:
            findings = [each for each in findings if each.unchecked or each.rule in self._selection]
            # What is wrong with a copy is told of what it is a copy of.
            findings = [each for each in findings if each.pointer not in self._copies] or findings
        if unwritable or findings:
            raise EventRefusedError(unwritable or told(findings), findings)
        of = self.envelopes
        return Entry(str(filled[of.id]), filled[of.told_by], of.subject_of(filled), raw)


def told(findings: Sequence[Finding]) -> str:
    """Return in one line what was found."""
    parts = [f"{each.rule} at {each.pointer or '/'}: {each.message}" for each in findings[:_TOLD]]
    more = len(findings) - _TOLD
    return f"{findings[0].path} may not leave: " + "; ".join(
        [*parts, f"and {more} more"] if more > 0 else parts
    )
