"""`qp validate:api`: the gate over contract, examples, logs and events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli import candidates
from quantapilot.cli.check import CheckOptions, check_options, course_of, project_of, report

if TYPE_CHECKING:
    from quantapilot.contract.validator import Engine


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
    "--events",
    is_flag=True,
    help="PATHs are the events of whole runs: check their order too.",
)
@click.option(
    "--engine",
    type=click.Choice(["jsonschema-rs", "reference"]),
    default="jsonschema-rs",
    show_default=True,
    help="JSON Schema engine.",
)
@click.option(
    "--compatible-with",
    metavar="REV",
    help="Check also that the contract stays compatible with that of the git revision REV.",
)
def validate_api(
    kind: str,
    definition: str | None,
    engine: Engine,
    *,
    events: bool,
    compatible_with: str | None,
    **given: Any,
) -> None:
    """Check contract, examples, logs and events for conformance and personal data.

    Without a PATH the logs and events that the configuration names are checked. '-' is standard
    input. With --events all inputs are one stream, in their order.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.choice import Choice, chosen
    from quantapilot.gate.runs import Terms, validated

    if events and (definition or kind not in {"auto", "events"}):
        other = "--as" if definition else f"--kind {kind}"
        raise click.UsageError(f"--events and {other} exclude each other")
    kind = "events" if events else kind
    options = CheckOptions(**given)
    if events and (options.jobs or 1) > 1:
        raise click.UsageError("--events is one stream: one process judges it, not --jobs")
    project = project_of(options)
    summary, choice = Summary(), options.choice
    course = course_of(options, summary)
    inputs = course.measured(chosen(project, choice, summary, None if kind == "auto" else kind))
    terms = Terms(
        options.select,
        options.ignore,
        choice.walked(),
        whole=choice == Choice(),
        hints=options.hints,
        compatible_with=compatible_with,
        workers=None if events else options.workers,
    )
    beside = bool(options.paths)
    findings = validated(
        project,
        summary,
        inputs,
        terms,
        as_name=definition,
        engine=engine,
        beside=beside,
        whole_runs=events,
    )
    sys.exit(report(findings, summary, options, course))
