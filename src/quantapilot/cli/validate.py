"""`qp validate:api`: the gate over contract, examples, logs and events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli import candidates
from quantapilot.cli.check import CheckOptions, check_options, report, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.validator import Engine
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.project import Project


@click.command("validate:api")
@check_options
@click.option(
    "--kind",
    type=click.Choice(["auto", "events", "logs", "errors"]),
    default="auto",
    show_default=True,
    help="What the documents are.",
)
@click.option(
    "--as",
    "definition",
    metavar="DEF",
    help="Check each document as this definition, such as RunFailed or run_failed.",
    shell_complete=candidates.definitions,
)
@click.option(
    "--engine",
    type=click.Choice(["jsonschema-rs", "reference"]),
    default="jsonschema-rs",
    show_default=True,
    help="JSON Schema engine.",
)
def validate_api(kind: str, definition: str | None, engine: Engine, **given: Any) -> None:
    """Check contract, examples, logs and events for conformance and personal data.

    Without a PATH the logs and events that the configuration names are checked. '-' is standard
    input.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.project import Project

    options = CheckOptions(**given)
    project = Project(settings(options))
    summary = Summary()
    only = None if kind == "auto" else kind
    findings = _findings(project, summary, options, only, definition, engine)
    sys.exit(report(findings, summary, options))


def _findings(  # noqa: PLR0917
    project: Project,
    summary: Summary,
    options: CheckOptions,
    kind: str | None,
    as_name: str | None,
    engine: Engine,
) -> Iterator[Finding]:
    from quantapilot.contract.catalog import BrokenContractError
    from quantapilot.contract.validator import Validator
    from quantapilot.gate.proof import Proof

    detector = project.detector()
    inputs = project.inputs(options.paths, kind)
    # Made before the contract is read: a change while it is checked must ask for a new check.
    proof = Proof(project, engine, (*options.select, "not", *options.ignore))
    chosen = (options.select, options.ignore)
    try:
        schemas = project.contract()
        contract = project.extended(schemas, detector)
    except BrokenContractError as error:
        gate = project.gate(project.inspector(detector), summary, *chosen)
        yield from gate.report([error.finding])
        yield from gate.check(inputs)
        return
    definition = _named(contract, as_name) if as_name else None
    validator = Validator(contract, engine)
    inspector = project.inspector(detector, validator, definition, hints=options.hints)
    if project.has_contract and not (options.paths and proof.known):
        # Imported here: a payload beside a contract that is proven does not pay for it.
        from quantapilot.gate.contract import check_contract, unusable

        judge = project.inspector(detector, Validator(schemas, engine))
        checked = check_contract(
            project.files, schemas, judge, summary, lambda name: bool(detector.named(name))
        )
        clean = True
        for finding in project.gate(judge, summary, *chosen).report(checked):
            clean = False
            if unusable(finding):
                # What can't be validated is still searched for personal data.
                inspector = project.inspector(detector, hints=options.hints)
            yield finding
        if clean:
            proof.remember()
    yield from project.gate(inspector, summary, *chosen).check(inputs)


def _named(contract: Contract, name: str) -> Definition:
    definition = contract.named(name)
    if definition is None:
        from difflib import get_close_matches

        from quantapilot.contract.catalog import snake

        spelt = {snake(known): known for known in contract.definitions}
        near = get_close_matches(snake(name.replace("-", "_")), spelt, n=1)
        meant = [word if name == name.lower() else spelt[word] for word in near]
        hint = f", did you mean '{meant[0]}'?" if meant else ""
        hint = hint or f"; there are {', '.join(contract.definitions)}"
        raise click.UsageError(f"no definition '{name}'{hint}")
    return definition
