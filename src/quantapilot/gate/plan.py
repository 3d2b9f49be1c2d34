"""A plan: all that it takes to look at inputs in another process, or on another machine.

It travels as a pickle and holds rules and contract themselves, not where they are kept: so all
machines judge alike, whatever files they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot import __version__
from quantapilot.findings import Summary
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.scanner import Limits, Scanner
from quantapilot.pii.detector import Detector

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract
    from quantapilot.contract.validator import Engine
    from quantapilot.pii.candidate import DetectorSettings
    from quantapilot.pii.rules import Rule


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What inputs are looked at with.

    Attributes:
        rules: The detector's rules.
        settings: What the project tells its checks.
        limits: Sizes over which nothing is looked at.
        contract: What documents are held to; None only searches them.
        definition: Name of the definition that every document is taken as.
        engine: JSON Schema engine.
        key: Secret of fingerprints.
        hints: Whether findings bring ready-to-use repairs.
        version: Of the toolkit that made the plan.
    """

    rules: tuple[Rule, ...]
    settings: DetectorSettings
    limits: Limits
    contract: Contract | None = None
    definition: str | None = None
    engine: Engine = "jsonschema-rs"
    key: bytes | None = None
    hints: bool = False
    version: str = __version__

    def scanner(self) -> Scanner:
        """Return what looks at inputs by this plan."""
        detector = Detector(self.rules, self.settings)
        validator = definition = None
        if self.contract is not None:
            from quantapilot.contract.validator import Validator

            validator = Validator(self.contract, self.engine)
            definition = self.contract.named(self.definition) if self.definition else None
        inspector = Inspector(detector, validator, definition, self.key, hints=self.hints)
        return Scanner(inspector, Summary(), self.limits)
