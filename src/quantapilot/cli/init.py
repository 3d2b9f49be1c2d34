"""`qp init`: an existing repository gets settings, hook, workflow and a first baseline."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantapilot.adoption.edits import Edit
    from quantapilot.adoption.plan import Hook, Plan
    from quantapilot.findings import Finding
    from quantapilot.gate.project import Project


@click.command()
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@click.option(
    "--hook",
    type=click.Choice(["auto", "pre-commit", "git", "none"]),
    default="auto",
    show_default=True,
    help="What refuses a commit; auto takes pre-commit where it is used or installed.",
)
@click.option("--no-workflow", is_flag=True, help="Add no GitHub workflow.")
def init(dry_run: bool, hook: Hook, no_workflow: bool) -> None:
    """Set up the git repository that the current folder lies in.

    Adds settings, a hook, a GitHub workflow, and a baseline that accepts what is found today. Files
    that are there are only added to.
    """
    from quantapilot.adoption.edits import write
    from quantapilot.adoption.plan import place, plan
    from quantapilot.config import load_config
    from quantapilot.gate.project import Project

    here = place()
    # Paths are shown, and found, from the top: that is where settings and baseline lie.
    os.chdir(here.root)
    project = Project(load_config(start=here.root))
    config = project.config
    contract = project.has_contract or bool(config.logs or config.events or config.errors)
    planned = plan(here, hook, workflow=not no_workflow, contract=contract)
    # Recorded before anything is written: what names a baseline must not stand there without one.
    based = _baseline(project)
    if not dry_run:
        try:
            write([*planned.edits, *([based.edit] if based else [])])
        except OSError as error:
            message = f"{error.filename} can't be written: {error.strerror}"
            raise click.UsageError(message) from error
    _tell(planned, here.root, dry_run=dry_run)
    if based:
        click.echo(
            f"{based.edit.path.name}: {'would accept' if dry_run else 'accepted'} {based.told}"
        )
        based.report()
    for command in planned.commands:
        _run(command, here.root, dry_run=dry_run)
    for note in planned.notes:
        click.echo(f"note: {note}")
    if not (planned.edits or based):
        click.echo("nothing to write: all is there")
    elif not dry_run:
        click.echo("next: git add --all && git commit")


def _tell(planned: Plan, root: Path, *, dry_run: bool) -> None:
    for edit in planned.edits:
        if dry_run:
            click.echo("\n".join(edit.diff(root)))
        else:
            click.echo(f"{'wrote' if edit.before is None else 'added to'} {edit.name(root)}")


@dataclass(frozen=True, slots=True)
class _Based:
    """A first baseline: its file, how much it accepts in words, and what it can't accept."""

    edit: Edit
    told: str
    left: Sequence[Finding]

    def report(self) -> None:
        """Tell what is left to repair."""
        from quantapilot.reports import open_reporter

        reporter = open_reporter("text", sys.stderr)
        for finding in self.left:
            reporter.add(finding)
        if self.left:
            click.echo("what is told above can't be accepted: repair it first", err=True)


def _baseline(project: Project) -> _Based | None:
    """Return a baseline of what is found today, None where there is one already."""
    from quantapilot.adoption.edits import Edit
    from quantapilot.adoption.settings import BASELINE
    from quantapilot.gate.baseline import baseline_text, new_baseline, total
    from quantapilot.gate.recording import record
    from quantapilot.reports.plain import counted

    file = project.config.root / (project.config.baseline or BASELINE)
    if file.exists():
        return None
    made = new_baseline(file)
    recording = record(replace(project, baseline=made), (".",))
    entries = recording.entries
    files = counted(len({entry.path for entry in entries}), "file")
    told = f"{counted(total(entries), 'finding')} in {files}"
    edit = Edit(file, None, baseline_text(replace(made, entries=entries)))
    return _Based(edit, told, tuple(recording.left))


def _run(command: Sequence[str], root: Path, *, dry_run: bool) -> None:
    line = " ".join(command)
    if dry_run:
        click.echo(f"would run: {line}")
        return
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except OSError:
        click.echo(f"not installed here, run it yourself: {line}", err=True)
        return
    if done.returncode:
        click.echo(f"ended with code {done.returncode}, see why yourself: {line}", err=True)
    else:
        click.echo(f"ran {line}")
