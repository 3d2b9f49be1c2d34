"""What commands write: files that are complete or not there, and why something was refused."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantapilot.findings import RefusedError


@contextmanager
def written_whole(output: Path, what: str) -> Iterator[BinaryIO]:
    """Open a file that is written beside its place and then renamed; a fault leaves nothing.

    What is no regular file, such as a pipe or /dev/null, is written to and stays what it is.

    Args:
        output: The file.
        what: What it is, for the message when it can't be written.

    Raises:
        click.UsageError: It can't be written there.
    """
    special = output.exists() and not output.is_file()
    part = output if special else output.with_name(f".{output.name}.tmp")
    try:
        out = part.open("wb")
    except OSError as error:
        raise _unwritable(output, what, error) from error
    if special:
        with out:
            yield out
        return
    try:
        with out:
            yield out
        try:
            part.replace(output)
        except OSError as error:
            raise _unwritable(output, what, error) from error
    finally:
        with suppress(OSError):
            part.unlink()


def tell_refused(error: RefusedError) -> None:
    """Report on standard error what was refused, and why."""
    from quantapilot.reports.text import TextReporter

    reporter = TextReporter(sys.stderr, colour=sys.stderr.isatty(), quiet=False)
    for finding in error.findings:
        reporter.add(finding)
    if not error.findings:
        click.echo(f"qp: {error}", err=True)


def _unwritable(output: Path, what: str, error: OSError) -> click.UsageError:
    return click.UsageError(f"{what} can't be written to {output}: {error.strerror}")
