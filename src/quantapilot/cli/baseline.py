"""`qp baseline`: accept what is there today, so that only what is new is reported."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.check import CheckOptions
from quantapilot.cli.validate import validated
from quantapilot.config import load_config, shown
from quantapilot.errors import ExitCode
from quantapilot.findings import Summary
from quantapilot.gate.baseline import (
    DEFAULT_FILE,
    Recorder,
    entries_of,
    load_baseline,
    new_baseline,
    read_entries,
    total,
    write_baseline,
)
from quantapilot.gate.outcomes import outcome
from quantapilot.gate.places import Places, covers
from quantapilot.gate.project import Project
from quantapilot.inputs.sources import STDIN, Source
from quantapilot.reports import open_reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from quantapilot.config import Config
    from quantapilot.findings import Finding
    from quantapilot.gate.baseline import Baseline, Entry, Known
    from quantapilot.gate.excuses import Command

_PARAMETERS = (
    click.argument("paths", nargs=-1, metavar="[PATH]..."),
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read settings from FILE; else from the nearest quantapilot.toml or pyproject.toml.",
    ),
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
    run = _run(Project(settings, made), paths)
    if run.checked:
        entries = entries_of(run.found)
        _write(replace(made, entries=entries))
        files = _count(len({entry.path for entry in entries}), "file")
        click.echo(f"{shown(target)}: accepted {_count(total(entries), 'finding')} in {files}")
        if settings.baseline is None and file is None:
            place = Places(settings).of(str(target))
            click.echo(f'to use it, set baseline = "{place}" in the configuration')
    sys.exit(run.end())


@baseline.command()
@_parameters
def update(paths: tuple[str, ...], config: Path | None, file: Path | None) -> None:
    """Accept what is new in each PATH, or in the current folder, and drop what is gone from it."""
    settings = load_config(config)
    old = load_baseline(_file(settings, file))
    run = _run(Project(settings, old), paths)
    new = {entry.known: entry for entry in entries_of(run.found)}
    kept = [
        entry
        for entry in old.entries
        if entry.known not in new and (run.unchecked or not run.covers(entry.path))
    ]
    entries = tuple(sorted([*new.values(), *kept]))
    _write(replace(old, entries=entries))
    before, after = _counts(old.entries), _counts(entries)
    click.echo(f"{shown(old.file)}: +{(after - before).total():,} −{(before - after).total():,}")
    if run.unchecked:
        click.echo("dropped nothing: not everything could be checked")
    sys.exit(run.end())


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
    files = _count(len({path for _, path, _ in rows}), "file")
    click.echo(f"{_count(accepted.total(), 'finding')} accepted in {files}")


@dataclass(slots=True)
class _Run:
    """What the checks found, and what of it can't be accepted.

    `folders` and `files` are the places that were asked for and those that were read.
    """

    folders: Sequence[str]
    files: set[str] = field(default_factory=set)
    found: dict[Command, Counter[Known]] = field(default_factory=dict)
    left: dict[Finding, ExitCode] = field(default_factory=dict)
    checked: int = 0

    @property
    def unchecked(self) -> bool:
        """Tell whether something could not be checked."""
        return ExitCode.UNCHECKED in self.left.values()

    def covers(self, place: str) -> bool:
        """Tell whether a place is one that was to be checked."""
        return place in self.files or any(covers(folder, place) for folder in self.folders)

    def end(self) -> ExitCode:
        """Report what can't be accepted and return how the command ends."""
        reporter = open_reporter("text", sys.stderr)
        for finding in self.left:
            reporter.add(finding)
        for code in (ExitCode.UNCHECKED, ExitCode.FINDINGS):
            if code in self.left.values():
                return code
        return ExitCode.CLEAN if self.checked else ExitCode.NOTHING


def _run(project: Project, paths: Sequence[str]) -> _Run:
    """Return what both checks find: the scan in the paths, the gate in what is configured there."""
    if STDIN in paths:
        raise click.UsageError("standard input has no place where a finding could be known again")
    paths = paths or (".",)
    places = Places(project.config)
    run = _Run([places.of(path) for path in paths])
    summary, recorder = Summary(), Recorder()
    detector = project.detector()
    excuses = project.excuses("scan", detector, summary, paths, accepting=recorder)
    gate = project.gate(project.inspector(detector), summary, excuses=excuses)

    def noted(inputs: Iterable[Source | Finding]) -> Iterator[Source | Finding]:
        for item in inputs:
            if isinstance(item, Source):
                run.files.add(places.of(item.label))
            yield item

    _take(run, "scan", gate.check(noted(project.inputs(paths))), recorder, summary)
    contract = [places.of(str(file)) for file in (project.files.schemas, project.files.generated)]
    validates = any(map(run.covers, places.data)) or (
        project.has_contract and any(map(run.covers, contract))
    )
    if validates:
        summary, recorder = Summary(), Recorder()
        options = CheckOptions((), "text", None, None, (), (), quiet=True)
        inputs = project.inputs(())
        findings = validated(project, summary, options, inputs, accepting=recorder)
        _take(run, "validate:api", findings, recorder, summary)
    return run


def _take(
    run: _Run, command: Command, findings: Iterable[Finding], recorder: Recorder, summary: Summary
) -> None:
    for finding in findings:
        ends = outcome(finding)
        if ends in {ExitCode.UNCHECKED, ExitCode.FINDINGS}:
            run.left[finding] = ends
    run.found[command] = Counter(
        {known: count for known, count in recorder.found.items() if run.covers(known[1])}
    )
    run.checked += summary.documents + summary.examples


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


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
