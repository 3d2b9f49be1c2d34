"""`qp validate:api`: the gate over contract, examples, logs and events."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli.check import check_options, report, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
)
@click.option(
    "--engine",
    type=click.Choice(["jsonschema-rs", "reference"]),
    default="jsonschema-rs",
    show_default=True,
    help="JSON Schema engine.",
)
def validate_api(
    paths: Sequence[str],
    report_format: str,
    output: Path | None,
    config: Path | None,
    select: Sequence[str],
    ignore: Sequence[str],
    quiet: bool,
    kind: str,
    definition: str | None,
    engine: Engine,
) -> None:
    """Check contract, examples, logs and events for conformance and personal data.

    Without a PATH the logs and events that the configuration names are checked. '-' is standard
    input.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.project import Project

    project = Project(settings(config, select, ignore))
    summary = Summary()
    findings = _findings(
        project, summary, paths, None if kind == "auto" else kind, definition, engine, select, ignore
    )
    sys.exit(report(findings, summary, report_format=report_format, output=output, quiet=quiet))


def _findings(
    project: Project,
    summary: Summary,
    paths: Sequence[str],
    kind: str | None,
    as_name: str | None,
    engine: Engine,
    select: Sequence[str],
    ignore: Sequence[str],
) -> Iterator[Finding]:
    from quantapilot.contract.catalog import BrokenContractError
    from quantapilot.contract.validator import Validator
    from quantapilot.gate.contract import check_contract

    detector = project.detector()
    try:
        schemas = project.contract()
        contract = project.extended(schemas, detector)
    except BrokenContractError as error:
        # What can't be validated is still searched for personal data.
        gate = project.gate(project.inspector(detector), summary, select, ignore)
        yield from gate.report([error.finding])
        yield from gate.check(project.inputs(paths, kind))
        return
    definition = contract.named(as_name) if as_name else None
    if as_name and definition is None:
        known = ", ".join(contract.definitions)
        raise click.UsageError(f"no definition '{as_name}'; there are {known}")
    validator = Validator(contract, engine)
    inspector = project.inspector(detector, validator, definition)
    gate = project.gate(inspector, summary, select, ignore)
    if project.has_contract:
        judge = project.inspector(detector, Validator(schemas, engine))
        yield from gate.report(
            check_contract(
                project.files, schemas, judge, summary, lambda name: bool(detector.named(name))
            )
        )
    yield from gate.check(project.inputs(paths, kind))
