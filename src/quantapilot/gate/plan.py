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
    from quantapilot.config import Config
    from quantapilot.contract.catalog import Contract
    from quantapilot.contract.validator import Engine
    from quantapilot.gate.project import Project
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


def plan_of(project: Project, inspector: Inspector, engine: Engine = "jsonschema-rs") -> Plan:
    """Return the plan by which inputs are looked at elsewhere as an inspector does here."""
    validator, definition = inspector.validator, inspector.definition
    return Plan(
        inspector.detector.rules,
        project.detector_settings(),
        project.limits,
        validator.contract if validator else None,
        definition.name if definition else None,
        engine,
        inspector.key,
        inspector.hints,
    )


def plan_for(config: Config, *, contract: bool = False) -> Plan:
    """Return the plan of a project for programs that bring their own machines.

    Args:
        config: The project's settings, as `quantapilot.config.load_config` reads them.
        contract: Whether documents are held to the project's contract, as `qp validate:api` does;
            else they are searched for personal data, as `qp scan` does.

    Raises:
        BrokenContractError: A schema of the contract can't be used.
        ConfigError: A field of the project's own can't be one.
        ContractError: There is no contract.
        RuleError: A rule file of the project can't be used.
    """
    from quantapilot.gate.project import Project

    project = Project(config)
    detector = project.detector()
    validator = None
    if contract:
        from quantapilot.contract.validator import Validator

        validator = Validator(project.extended(project.sound_contract(), detector))
    return plan_of(project, project.inspector(detector, validator))
