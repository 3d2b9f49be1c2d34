"""Files that a command writes: complete or not there."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def written_whole(output: Path, what: str) -> Iterator[BinaryIO]:
    """Open a file that is written beside its place and then renamed; a fault leaves nothing.

    Args:
        output: The file.
        what: What it is, for the message when it can't be written.

    Raises:
        click.UsageError: It can't be written there.
    """
    part = output.with_name(f".{output.name}.tmp")
    try:
        out = part.open("wb")
    except OSError as error:
        raise _unwritable(output, what, error) from error
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


def _unwritable(output: Path, what: str, error: OSError) -> click.UsageError:
    return click.UsageError(f"{what} can't be written to {output}: {error.strerror}")
