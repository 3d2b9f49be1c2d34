"""`qp redact`: a text with every found value replaced, as a filter between two programs."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from quantapilot.cli import candidates
from quantapilot.cli.check import CheckOptions, settings
from quantapilot.cli.options import CONFIG, IGNORE, SELECT
from quantapilot.cli.output import written_whole
from quantapilot.errors import ExitCode, UnsearchableError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from quantapilot.gate.stream import Outcome
    from quantapilot.inputs.sources import Source


@click.command()
@click.argument("file", default="-", metavar="[FILE]", shell_complete=candidates.files)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
@click.option(
    "--hash",
    "hashed",
    is_flag=True,
    help="Give equal values equal pseudonyms, such as <email#…>; the key is QP_FINGERPRINT_KEY.",
)
@CONFIG
@SELECT
@IGNORE
@click.option("--quiet", "-q", is_flag=True, help="Do not say what was replaced.")
def redact(
    file: str,
    *,
    output: Path | None,
    hashed: bool,
    config: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    quiet: bool,
) -> None:
    """Replace personal data in FILE, or standard input, by placeholders such as <email>.

    All else stays as it is, and JSON stays JSON: a scan of the output finds nothing. Lines come
    out as soon as they are read. What can't be searched is left out, and the exit code is 4.
    """
    from quantapilot.gate.check import Selection
    from quantapilot.gate.project import FINGERPRINT_KEY, Project
    from quantapilot.gate.redaction import Redaction
    from quantapilot.gate.scanner import Limits
    from quantapilot.gate.stream import Filter

    loaded = settings(CheckOptions((file,), "text", output, config, select, ignore, quiet))
    key = os.environ.get(FINGERPRINT_KEY, "").encode() or None
    if hashed and key is None:
        raise click.UsageError(
            f"--hash needs a secret in the environment: set {FINGERPRINT_KEY} to a long random "
            "text, and keep it, so that equal values keep equal pseudonyms"
        )
    source = _source(file)
    if output is not None and source.path is not None and _same(source.path, output):
        raise click.UsageError("--output is the file that is read; name another one")
    project = Project(loaded)
    inspector = project.inspector(project.detector())
    selection = Selection(select, (*loaded.ignore, *ignore))
    redaction = Redaction(inspector, selection, key if hashed else None)
    limits = Limits(loaded.max_line_bytes, loaded.max_document_bytes)
    filtering = Filter(redaction, inspector, limits)
    with _opened(source) as stream, _target(output) as out:
        for part in filtering.parts(source.label, stream):
            out.write(part)
            out.flush()
    for problem in filtering.outcome.unchecked:
        click.echo(f"qp: {source.label}: {problem}", err=True)
    if not quiet:
        click.echo(_summary(filtering.outcome), err=True)
    sys.exit(ExitCode.UNCHECKED if filtering.outcome.unchecked else ExitCode.CLEAN)


def _source(file: str) -> Source:
    """Return the one input.

    Raises:
        UnsearchableError: There is none of this name, or it is nothing to read from.
    """
    from quantapilot.inputs.sources import STDIN, STDIN_LABEL, Source, open_problem

    if file == STDIN:
        return Source(STDIN_LABEL, None, named=True)
    source = Source(file, Path(file), named=True)
    try:
        problem = open_problem(source)
    except OSError as error:
        raise UnsearchableError(f"{file}: can't be read: {error.strerror}") from error
    if problem is not None:
        raise UnsearchableError(f"{file}: {problem.message}")
    return source


def _same(source: Path, output: Path) -> bool:
    return output.exists() and source.samefile(output)


def _opened(source: Source) -> AbstractContextManager[BinaryIO]:
    if source.path is None:
        return nullcontext(sys.stdin.buffer)
    try:
        return source.path.open("rb")
    except OSError as error:
        raise UnsearchableError(f"{source.label}: can't be read: {error.strerror}") from error


def _target(output: Path | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdout.buffer) if output is None else written_whole(output, "the text")


def _summary(outcome: Outcome) -> str:
    total = sum(outcome.values.values())
    if not total:
        return "redacted nothing"
    classes = ", ".join(f"{name} {count:,}" for name, count in sorted(outcome.values.items()))
    values = "value" if total == 1 else "values"
    lines = "line" if outcome.lines == 1 else "lines"
    return f"redacted {total:,} {values} in {outcome.lines:,} {lines}: {classes}"
