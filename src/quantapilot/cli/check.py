"""What both checking commands share: their options, the report, the exit code."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from quantapilot.cli import candidates
from quantapilot.cli.options import CONFIG, IGNORE, OUTPUT, REPORT_FORMAT, SELECT, Jobs
from quantapilot.cli.output import written_whole
from quantapilot.cli.progress import Bar, bar_of
from quantapilot.cli.stopping import Stopping, stopping
from quantapilot.config import load_config
from quantapilot.errors import ExitCode
from quantapilot.gate.choice import Choice
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import STDIN
from quantapilot.reports import BINARY, load, open_reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.config import Config
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.plan import Plan
    from quantapilot.gate.project import Project
    from quantapilot.gate.scanner import Scanner
    from quantapilot.gate.workers import Workers
    from quantapilot.inputs.sources import Source


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options that every checking command has, as click parses them."""

    paths: tuple[str, ...]
    report_format: str
    output: Path | None
    config: Path | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    quiet: bool
    baseline: Path | None = None
    no_baseline: bool = False
    staged: bool = False
    since: str | None = None
    files_from: str | None = None
    from_hook: bool = False
    fix_hint: bool = False
    jobs: int | None = None
    no_progress: bool = False

    @property
    def choice(self) -> Choice:
        """Return what the options say of the inputs.

        Raises:
            click.UsageError: Options ask for inputs in ways that exclude each other.
        """
        ways = {
            "--staged": self.staged,
            "--since": self.since is not None,
            "--files-from": self.files_from is not None,
            "--from-hook": self.from_hook,
        }
        asked = [option for option, given in ways.items() if given]
        if self.paths and self.files_from is not None:
            asked.append("PATH")
        if len(asked) > 1:
            raise click.UsageError(f"{' and '.join(asked)} exclude each other")
        if STDIN in self.paths and (self.staged or self.since is not None):
            raise click.UsageError(f"standard input has no changes: '-' and {asked[0]}")
        return Choice(self.paths, self.staged, self.since, self.files_from, self.from_hook)

    @property
    def workers(self) -> Callable[[Plan, Scanner], Workers] | None:
        """Return what makes who looks at the inputs; None is this process."""
        if self.jobs == 1:
            return None
        # Imported where it is used: a short check in one process pays for nothing.
        from quantapilot.scale import processes_of

        return processes_of(self.jobs)

    @property
    def hints(self) -> bool:
        """Tell whether findings bring hints; the other formats keep their shape."""
        return self.fix_hint and self.report_format == "text"


_PARAMETERS = (
    click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=candidates.files),
    REPORT_FORMAT,
    OUTPUT,
    CONFIG,
    SELECT,
    IGNORE,
    click.option("--staged", is_flag=True, help="Check only the lines that are staged in git."),
    click.option(
        "--since",
        metavar="REV",
        help="Check only the lines added since this branch left the git revision REV.",
    ),
    click.option(
        "--files-from",
        metavar="FILE",
        help="Check the files that FILE lists, one a line or NUL-separated; '-' is standard input.",
    ),
    click.option(
        "--from-hook",
        is_flag=True,
        help="Take PATHs as a program's list: pass over empty, binary and excluded ones.",
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Report only what FILE does not accept; else the setting 'baseline' names one.",
    ),
    click.option("--no-baseline", is_flag=True, help="Report also what the baseline accepts."),
    click.option(
        "--jobs",
        type=Jobs(),
        default="auto",
        show_default=True,
        metavar="N",
        help="Processes that look at the inputs; auto takes as many as there is work for.",
    ),
    click.option("--no-progress", is_flag=True, help="Show no progress bar on a terminal."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing when the check is clean."),
    click.option(
        "--fix-hint",
        is_flag=True,
        help="Show below each finding what to write instead, and how to excuse it; text only.",
    ),
)


def check_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every checking command has."""
    for parameter in reversed(_PARAMETERS):
        command = parameter(command)
    return command


def settings(options: CheckOptions) -> Config:
    """Return the configuration, after refusing rules on the command line that do not exist.

    Raises:
        click.UsageError: A rule's name or pattern matches no rule.
    """
    from fnmatch import filter as matching

    loaded = load_config(options.config)
    patterns = [*options.select, *options.ignore, *loaded.ignore]
    if patterns:
        from quantapilot.gate.catalogue import rule_ids

        known = rule_ids([loaded.root / path for path in loaded.rules])
        for pattern in patterns:
            if not matching(known, pattern):
                raise click.UsageError(f"no rule matches '{pattern}'; 'qp rules' lists them")
    return loaded


def project_of(options: CheckOptions) -> Project:
    """Return the project that is checked, with the baseline that is used.

    Raises:
        ConfigError: Its settings, or its baseline, can't be used.
        click.UsageError: A rule does not exist, or options contradict each other.
    """
    from quantapilot.gate.project import Project

    if options.baseline and options.no_baseline:
        raise click.UsageError("--baseline and --no-baseline contradict each other")
    config = settings(options)
    file = options.baseline or (config.baseline and config.root / config.baseline)
    if file is None or options.no_baseline:
        return Project(config)
    # Imported here: most projects need none.
    from quantapilot.gate.baseline import load_baseline

    return Project(config, load_baseline(file))


@dataclass(frozen=True, slots=True)
class Course:
    """How a check goes on: whether it is asked to end, and who sees how far it is.

    `follows` tells that to be asked is how it ends.
    """

    asked: Stopping = field(default_factory=Stopping)
    bar: Bar | None = None
    follows: bool = False

    def measured(self, inputs: Iterable[Source | Finding]) -> Iterable[Source | Finding]:
        """Return inputs, measured where somebody sees how far they are."""
        return inputs if self.bar is None else self.bar.measured(inputs)


def course_of(options: CheckOptions, summary: Summary) -> Course:
    """Return how a check goes on."""
    return Course(bar=bar_of(summary, wanted=not (options.no_progress or options.quiet)))


def report(
    findings: Iterable[Finding], summary: Summary, options: CheckOptions, course: Course
) -> ExitCode:
    """Write the report of findings as they come and return the exit code.

    A report file is complete or not there: it is written beside its place and then renamed. A check
    that is asked to end before it is over reports what it found, and that it was interrupted.
    """
    started = time.perf_counter()
    bar = course.bar
    with (
        stopping(course.asked),
        bar.moving() if bar else nullcontext(),
        report_stream(options.output, options.report_format) as out,
    ):
        # What can't begin, such as a rule file that is broken, leaves no half of a report behind.
        found = iter(findings) if course.follows else course.asked.until_asked(findings)
        first = list(islice(found, 1))
        reporter = open_reporter(
            options.report_format, out, colour=shows_colour(out), quiet=options.quiet
        )
        reporter.start()
        reported: Iterable[Finding] = chain(first, found)
        if options.hints:
            from quantapilot.gate.hints import hinted

            reported = map(hinted, reported)
        for finding in reported:
            with bar.out_of_the_way() if bar else nullcontext():
                reporter.add(finding)
                if course.follows:
                    out.flush()
        if course.asked.by and not course.follows:
            reporter.add(_interrupted(summary, course.asked.by))
        if bar:
            bar.end()
        summary.elapsed_s = time.perf_counter() - started
        reporter.finish(summary)
    return summary.exit_code


def _interrupted(summary: Summary, by: str) -> Finding:
    """Return the finding that a check was ended by a signal, counted."""
    where = "before all of it was checked" if summary.now else "before anything was checked"
    finding = INPUT_RULES["input/interrupted"].at(
        summary.now or ".", f"stopped by {by} {where}; what follows it was not checked"
    )
    summary.add(finding)
    summary.outcomes.add(ExitCode.UNCHECKED)
    return finding


@contextmanager
def report_stream(output: Path | None, report_format: str) -> Iterator[TextIO]:
    """Open what a report is written to: standard output, or a file that is complete or not there.

    Raises:
        click.UsageError: The file can't be written, or no terminal shows the format.
        MissingExtraError: What writes the format is not installed.
    """
    if output is None and report_format in BINARY and sys.stdout.isatty():
        raise click.UsageError(f"no terminal shows {report_format}: name a file with --output FILE")
    load(report_format)
    if output is None:
        # File names may hold bytes that are not UTF-8; they are shown as escapes. Programs read
        # UTF-8 whatever the terminal shows.
        if hasattr(sys.stdout, "reconfigure"):
            encoding = None if report_format == "text" else "utf-8"
            sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
        yield sys.stdout
        return
    with (
        written_whole(output, "report") as file,
        TextIOWrapper(file, "utf-8", errors="backslashreplace") as out,
    ):
        yield out


def shows_colour(out: TextIO) -> bool:
    """Tell whether a report on this stream is coloured."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return out.isatty()
