"""`qp validate:api`: the gate over contract, examples, logs and events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.check import CheckOptions, check_options, project_of, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.validator import Engine
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.excuses import Accepting
    from quantapilot.gate.project import Project
    from quantapilot.inputs.sources import Source


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
    from quantapilot.gate.choice import chosen

    options = CheckOptions(**given)
    project = project_of(options)
    summary = Summary()
    only = None if kind == "auto" else kind
    inputs = chosen(project, options.choice, summary, only)
    findings = validated(project, summary, options, inputs, definition, engine)
    sys.exit(report(findings, summary, options))


def validated(  # noqa: PLR0917
    project: Project,
    summary: Summary,
    options: CheckOptions,
    inputs: Iterable[Source | Finding],
    as_name: str | None = None,
    engine: Engine = "jsonschema-rs",
    accepting: Accepting | None = None,
) -> Iterator[Finding]:
    """Yield what is wrong with contract, examples and inputs; `accepting` replaces the baseline.

    Raises:
        click.UsageError: There is no definition `as_name`.
    """
    from quantapilot.contract.catalog import BrokenContractError
    from quantapilot.contract.validator import Validator
    from quantapilot.gate.choice import Choice
    from quantapilot.gate.proof import Proof

    detector = project.detector()
    # Made before the contract is read: a change while it is checked must ask for a new check.
    proof = Proof(project, engine, (*options.select, "not", *options.ignore))
    excuses = project.excuses(
        "validate:api",
        detector,
        summary,
        options.choice.walked(),
        whole=options.choice == Choice(),
        accepting=accepting,
        telling=as_name is None,
    )
    chosen = (options.select, options.ignore, excuses)
    try:
        schemas = project.contract()
        contract = project.extended(schemas, detector)
    except BrokenContractError as error:
        gate = project.gate(project.inspector(detector), summary, *chosen)
        yield from gate.report([error.finding])
        yield from gate.check(inputs)
        return
    definition = _named(contract, as_name) if as_name else None
    inspector = project.inspector(detector, Validator(contract, engine), definition)
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
                inspector = project.inspector(detector)
            yield finding
        excuses.contract_ended(project.files)
        # What is excused here is found by a run without the exceptions.
        if clean and not (summary.allowed or summary.accepted):
            proof.remember()
    yield from project.gate(inspector, summary, *chosen).check(inputs)


def _named(contract: Contract, name: str) -> Definition:
    definition = contract.named(name)
    if definition is None:
        known = ", ".join(contract.definitions)
        raise click.UsageError(f"no definition '{name}'; there are {known}")
    return definition
