"""`qp baseline`: accept what is there today, so that only what is new is reported."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.options import CONFIG
from quantapilot.config import load_config, shown
from quantapilot.gate.baseline import (
    DEFAULT_FILE,
    load_baseline,
    new_baseline,
    read_entries,
    total,
    write_baseline,
)
from quantapilot.gate.places import Places, covers
from quantapilot.gate.project import Project
from quantapilot.gate.recording import record
from quantapilot.inputs.sources import STDIN
from quantapilot.reports import open_reporter
from quantapilot.reports.plain import counted
from quantapilot.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from quantapilot.config import Config
    from quantapilot.errors import ExitCode
    from quantapilot.gate.baseline import Baseline, Entry, Known
    from quantapilot.gate.recording import Recording

_PARAMETERS = (
    click.argument("paths", nargs=-1, metavar="[PATH]..."),
    CONFIG,
    click.option(
        "--baseline",
        "file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"The baseline; else the one that the configuration names, or {DEFAULT_FILE}.",
    ),
)


def _parameters(command: Callable[..., Any]) -> Callable[..., Any]:
    for parameter in reversed(_PARAMETERS):
        command = parameter(command)
    return command


@click.group()
def baseline() -> None:
    """Accept what is found today: create, update or show the baseline.

    The file holds no value; a keyed hash tells whether a finding is one that it accepts.
    """


@baseline.command()
@_parameters
@click.option("--force", is_flag=True, help="Replace a baseline that is there, and its key.")
def create(paths: tuple[str, ...], config: Path | None, file: Path | None, force: bool) -> None:
    """Accept all that the checks find in each PATH, or in the current folder.

    Both 'qp scan' and 'qp validate:api' use it. What could not be checked is never accepted.
    """
    settings = load_config(config)
    target = _file(settings, file)
    if target.exists() and not force:
        raise click.UsageError(
            f"{shown(target)} is there: 'qp baseline update' renews it, --force replaces it"
        )
    made = new_baseline(target)
    recording = _recorded(Project(settings, made), paths)
    if recording.checked:
        entries = recording.entries
        _write(replace(made, entries=entries))
        files = counted(len({entry.path for entry in entries}), "file")
        click.echo(f"{shown(target)}: accepted {counted(total(entries), 'finding')} in {files}")
        if settings.baseline is None and file is None:
            place = Places(settings).of(str(target))
            click.echo(f'to use it, set baseline = "{place}" in the configuration')
    sys.exit(_ended(recording))


@baseline.command()
@_parameters
def update(paths: tuple[str, ...], config: Path | None, file: Path | None) -> None:
    """Accept what is new in each PATH, or in the current folder, and drop what is gone from it."""
    settings = load_config(config)
    old = load_baseline(_file(settings, file))
    recording = _recorded(Project(settings, old), paths)
    new = {entry.known: entry for entry in recording.entries}
    kept = [
        entry
        for entry in old.entries
        if entry.known not in new and (recording.unchecked or not recording.covers(entry.path))
    ]
    entries = tuple(sorted([*new.values(), *kept]))
    _write(replace(old, entries=entries))
    before, after = _counts(old.entries), _counts(entries)
    click.echo(f"{shown(old.file)}: +{(after - before).total():,} −{(before - after).total():,}")
    if recording.unchecked:
        click.echo("dropped nothing: not everything could be checked")
    sys.exit(_ended(recording))


@baseline.command()
@_parameters
@click.option(
    "--format",
    "report_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Shape of the table.",
)
def show(
    paths: tuple[str, ...], config: Path | None, file: Path | None, report_format: str
) -> None:
    """Show how many findings are accepted by rule and file; with a PATH only those in it."""
    settings = load_config(config)
    places = Places(settings)
    folders = [places.of(path) for path in paths] or [""]
    accepted: Counter[tuple[str, str]] = Counter()
    for entry in read_entries(_file(settings, file)):
        if any(not folder or covers(folder, entry.path) for folder in folders):
            accepted[entry.rule, entry.path] += entry.count
    rows = [(rule, path, count) for (rule, path), count in sorted(accepted.items())]
    if report_format == "json":
        import json

        body = [{"rule": rule, "path": path, "count": count} for rule, path, count in rows]
        click.echo(json.dumps({"accepted": body, "findings": accepted.total()}, indent=2))
        return
    width = max((len(rule) for rule, _, _ in rows), default=0)
    for rule, path, count in rows:
        name = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in path)
        click.echo(f"{rule:<{width}}  {count:>6,}  {name}")
    files = counted(len({path for _, path, _ in rows}), "file")
    click.echo(f"{counted(accepted.total(), 'finding')} accepted in {files}")


def _recorded(project: Project, paths: Sequence[str]) -> Recording:
    if STDIN in paths:
        raise click.UsageError("standard input has no place where a finding could be known again")
    if any(map(is_url, paths)):
        raise click.UsageError("a baseline accepts what is found in files, not at addresses")
    return record(project, paths or (".",))


def _ended(recording: Recording) -> ExitCode:
    """Report what can't be accepted and return how the command ends."""
    reporter = open_reporter("text", sys.stderr)
    for finding in recording.left:
        reporter.add(finding)
    return recording.exit_code


def _file(config: Config, given: Path | None) -> Path:
    return given or config.root / (config.baseline or DEFAULT_FILE)


def _counts(entries: Iterable[Entry]) -> Counter[Known]:
    return Counter({entry.known: entry.count for entry in entries})


def _write(made: Baseline) -> None:
    try:
        write_baseline(made)
    except OSError as error:
        message = f"{shown(made.file)} can't be written: {error.strerror}"
        raise click.UsageError(message) from error
