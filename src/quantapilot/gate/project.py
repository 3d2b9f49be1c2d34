"""A project: its configuration turned into the contract, the detector and the inputs of a check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.config import Config, shown
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ConfigError, ContractError, RuleError
from quantapilot.gate.check import Gate, Selection
from quantapilot.gate.excuses import Excuses
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.scanner import Limits
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import patterns, sources
from quantapilot.pii.candidate import DetectorSettings
from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.detector import Detector
from quantapilot.pii.examples import broken_examples
from quantapilot.pii.rules import load_own_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.validator import Validator
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.baseline import Baseline
    from quantapilot.gate.excuses import Accepting, Command
    from quantapilot.gate.order import StreamOrder
    from quantapilot.gate.workers import Workers
    from quantapilot.inputs.sources import Source

FINGERPRINT_KEY = "QP_FINGERPRINT_KEY"


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """Where a project keeps its contract."""

    schemas: Path
    generated: Path
    examples: Path
    documents: Path


@dataclass(frozen=True, slots=True)
class Project:
    """A configuration, the baseline that is used with it, and what follows from both."""

    config: Config
    baseline: Baseline | None = None

    @property
    def files(self) -> ContractFiles:
        """Return where the project keeps its contract."""
        root, config = self.config.root, self.config
        return ContractFiles(
            shown(root / config.schemas),
            shown(root / config.generated),
            shown(root / config.examples),
            shown(root / config.documents),
        )

    @property
    def has_contract(self) -> bool:
        """Tell whether the project has a schema folder of its own."""
        return self.files.schemas.is_dir()

    def contract(self) -> Contract:
        """Return the project's contract as its schemas say it, or as its models carry it.

        Raises:
            BrokenContractError: A schema can't be used.
            ContractError: There is no schema folder, and the models carry no contract.
        """
        from quantapilot.contract.catalog import load_contract, packaged_contract

        if self.has_contract:
            return load_contract(self.files.schemas)
        usual = Config()
        if self.config.schemas != usual.schemas and self.config.generated == usual.generated:
            # The packaged contract is another one than was meant.
            raise ContractError(f"{self.files.schemas}: no such folder, the setting 'schemas'")
        return packaged_contract(self.files.generated)

    def sound_contract(self) -> Contract:
        """Do as `contract` does, for those who read in it what only a valid schema holds.

        Raises:
            BrokenContractError: A schema can't be used, or is no JSON Schema.
            ContractError: There is no schema folder, and the package carries no contract.
        """
        if not self.has_contract:
            return self.contract()
        from quantapilot.contract.lint import sound_contract

        return sound_contract(self.files.schemas)

    def extended(self, contract: Contract, detector: Detector) -> Contract:
        """Return the contract with the project's own fields allowed in log records.

        Raises:
            ConfigError: A field's name asks for personal data, or stands in the contract already.
        """
        for name in self.config.fields:
            if detector.named(name):
                raise ConfigError(
                    f"the field '{name}' of [fields] asks for personal data by its name"
                )
        from quantapilot.contract.catalog import with_fields

        return with_fields(contract, self.config.fields)

    def detector(self) -> Detector:
        """Return the detector with the packaged rules and the project's own.

        Raises:
            RuleError: A rule file can't be used, or a rule does not keep its own examples.
        """
        packaged = compiled_rules()
        files = [shown(self.config.root / path) for path in self.config.rules]
        own = load_own_rules(files, packaged) if files else ()
        detector = Detector([*packaged, *own], self.detector_settings())
        for rule in own:
            for broken in broken_examples(detector, rule):
                raise RuleError(f"{rule.source}: rule '{rule.id}': {broken}")
        return detector

    def inspector(
        self,
        detector: Detector,
        validator: Validator | None = None,
        definition: Definition | None = None,
        *,
        hints: bool = False,
    ) -> Inspector:
        """Return the inspector that this project's fingerprints are made with.

        A baseline brings its own key: by it what is accepted is known again. With `hints`, findings
        bring ready-to-use repairs.
        """
        key = self.baseline.key if self.baseline else os.environ.get(FINGERPRINT_KEY, "").encode()
        return Inspector(detector, validator, definition, key or None, hints=hints)

    def gate(
        self,
        inspector: Inspector,
        summary: Summary,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        excuses: Excuses | None = None,
        *,
        order: StreamOrder | None = None,
        workers: Workers | None = None,
    ) -> Gate:
        """Return the gate with the project's limits and its selection of rules.

        Gates of one run share `excuses`; without them everything is reported. With `order`, the
        inputs are events of whole runs. `workers` look at the inputs, without them this process.
        """
        selection = Selection(tuple(select), (*self.config.ignore, *ignore))
        return Gate(
            inspector, summary, self.limits, selection, excuses, order=order, workers=workers
        )

    @property
    def limits(self) -> Limits:
        """Return the sizes over which nothing is looked at."""
        return Limits(self.config.max_line_bytes, self.config.max_document_bytes)

    def excuses(
        self,
        command: Command,
        detector: Detector,
        summary: Summary,
        paths: Sequence[str] = (),
        *,
        whole: bool = False,
        accepting: Accepting | None = None,
        telling: bool = True,
    ) -> Excuses:
        """Return the project's exceptions for one run of a command.

        Args:
            command: What runs.
            detector: Knows the rules.
            summary: Counts what is excused.
            paths: The paths that the run checks as a whole.
            whole: Whether it checks all that the configuration names.
            accepting: What accepts findings in place of the baseline.
            telling: Whether the run looks at its files as every other run does.
        """
        if accepting is None and self.baseline is not None:
            from quantapilot.gate.baseline import Acceptance

            accepting = Acceptance(self.baseline)
        return Excuses(
            self.config,
            command,
            summary,
            lambda: {*(rule.id for rule in detector.rules), *CONTRACT_RULES, *INPUT_RULES},
            accepting=accepting,
            folders=[path for path in paths if os.path.isdir(path)],  # noqa: PTH112
            whole=whole,
            telling=telling,
        )

    def inputs(self, paths: Sequence[str], kind: str | None = None) -> Iterator[Source | Finding]:
        """Yield the sources that paths stand for, or without any those of the configuration."""
        if paths:
            yield from sources(paths, self.config.exclude, kind, self.config.root)
            return
        root = shown(self.config.root)
        for name, globs in self.patterns(kind).items():
            yield from patterns(globs, root, name)

    def patterns(self, kind: str | None = None) -> dict[str, tuple[str, ...]]:
        """Return the configuration's patterns of files by their kind of documents."""
        config = self.config
        known = {"logs": config.logs, "events": config.events, "errors": config.errors}
        return {name: globs for name, globs in known.items() if kind in {None, name}}

    def detector_settings(self) -> DetectorSettings:
        """Return what the project tells the checks of its detector."""
        from ipaddress import ip_network

        networks = tuple(map(ip_network, self.config.internal_networks))
        defaults = DetectorSettings()
        return DetectorSettings(networks, self.config.phone_regions or defaults.phone_regions)
