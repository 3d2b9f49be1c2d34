"""`qp scan`: personal data in any text, JSON or JSONL; no contract."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.check import CheckOptions, check_options, project_of, report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantapilot.findings import Finding
    from quantapilot.inputs.sources import Source


@click.command()
@check_options
@click.option(
    "--commit-msg",
    metavar="FILE",
    help="Check the commit message in FILE, without what git takes out of it.",
)
def scan(commit_msg: str | None, **given: Any) -> None:
    """Search texts for personal data: files, folders, or '-' for standard input.

    Folders are walked; what .gitignore names is left out. Without a PATH the current folder is
    scanned, with --staged or --since the whole repository. JSON is read as JSON, so that field
    names count and findings have pointers.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.choice import Choice, chosen
    from quantapilot.gate.runs import Terms, scanned

    options = CheckOptions(**given)
    project = project_of(options)
    summary = Summary()
    choice = options.choice
    inputs: Iterable[Source | Finding]
    if commit_msg is None:
        inputs = chosen(project, choice, summary, default=(".",))
    elif choice == Choice():
        from quantapilot.inputs.commit_message import commit_message

        inputs = [commit_message(commit_msg)]
        summary.if_nothing = "the commit message is empty"
    else:
        raise click.UsageError("--commit-msg and other inputs exclude each other")
    walked = choice.walked(default=(".",)) if commit_msg is None else ()
    terms = Terms(
        options.select, options.ignore, walked, hints=options.hints, workers=options.workers
    )
    sys.exit(report(scanned(project, summary, inputs, terms), summary, options))
