"""`qp scan`: personal data in any text, JSON or JSONL; no contract."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.check import (
    CheckOptions,
    Course,
    check_options,
    course_of,
    project_of,
    report,
)
from quantapilot.gate.choice import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from quantapilot.findings import Finding
    from quantapilot.gate.plan import Plan
    from quantapilot.gate.project import Project
    from quantapilot.gate.scanner import Scanner
    from quantapilot.gate.workers import Workers
    from quantapilot.inputs.sources import Source


@click.command()
@check_options
@click.option(
    "--commit-msg",
    metavar="FILE",
    help="Check the commit message in FILE, without what git takes out of it.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Go on with what is added to the files, also when they are rotated, until stopped.",
)
@click.option(
    "--engine",
    metavar="dask[=ADDRESS]",
    help="Have Dask look at the inputs: on this machine, or by its scheduler's address.",
)
def scan(*, commit_msg: str | None, follow: bool, engine: str | None, **given: Any) -> None:
    """Search texts for personal data: files, folders, or '-' for standard input.

    Folders are walked; what .gitignore names is left out. Without a PATH the current folder is
    scanned, with --staged or --since the whole repository. JSON is read as JSON, so that field
    names count and findings have pointers.
    """
    from quantapilot.findings import Summary
    from quantapilot.gate.choice import chosen
    from quantapilot.gate.runs import Terms, scanned

    options = CheckOptions(**given)
    workers = _workers(options, engine)
    project = project_of(options)
    summary = Summary()
    choice = options.choice
    course = course_of(options, summary)
    inputs: Iterable[Source | Finding]
    walked = choice.walked(default=(".",))
    if follow:
        course = Course(follows=True)
        inputs = _followed(project, choice, course, commit_msg)
        walked, workers = (), None
        summary.if_nothing = "nothing was written"
    elif commit_msg is None:
        inputs = course.measured(chosen(project, choice, summary, default=(".",)))
    elif choice == Choice():
        from quantapilot.inputs.commit_message import commit_message

        inputs = [commit_message(commit_msg)]
        summary.if_nothing = "the commit message is empty"
        walked = ()
    else:
        raise click.UsageError("--commit-msg and other inputs exclude each other")
    terms = Terms(
        options.select,
        options.ignore,
        walked,
        hints=options.hints,
        workers=workers,
        follows=follow,
    )
    sys.exit(report(scanned(project, summary, inputs, terms), summary, options, course))


def _workers(
    options: CheckOptions, engine: str | None
) -> Callable[[Plan, Scanner], Workers] | None:
    """Return what makes who looks at the inputs.

    Raises:
        click.UsageError: There is no such engine, or it takes no number of processes.
        MissingExtraError: The engine is not installed.
    """
    if engine is None:
        return options.workers
    name, _, address = engine.partition("=")
    if name != "dask" or engine.endswith("="):
        raise click.UsageError(f"no engine '{engine}': write dask, or dask=tcp://HOST:PORT")
    if address and options.jobs is not None:
        raise click.UsageError("--jobs and a scheduler's address exclude each other")
    from quantapilot.scale.dask_ import cluster

    return cluster(address or None, options.jobs)


def _followed(
    project: Project, choice: Choice, course: Course, commit_msg: str | None
) -> Iterable[Source | Finding]:
    """Return what is written to files, until the check is asked to end.

    Raises:
        click.UsageError: It is no files that are to be followed.
    """
    from pathlib import Path

    from quantapilot.inputs.following import followed

    if commit_msg is not None or choice != Choice(choice.paths) or not choice.paths:
        raise click.UsageError("--follow takes files, or '-', and no other inputs")
    for path in choice.paths:
        if Path(path).is_dir():
            raise click.UsageError(f"--follow takes files, and {path} is a folder")
    return followed(
        choice.paths,
        sys.stdin.buffer,
        project.limits.line,
        lambda: course.asked.by is not None,
    )
