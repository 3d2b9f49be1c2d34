"""Lists of files that another program wrote: one name a line, or separated by NUL."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from quantapilot.errors import InputError
from quantapilot.inputs.sources import STDIN

_LIMIT = 64 << 20


def names_in(file: str) -> list[str]:
    """Return the names in a list, '-' for standard input; with a NUL in it, NUL separates them.

    Raises:
        InputError: The list can't be read, or has more than 64 MiB.
    """
    try:
        if file == STDIN:
            data = sys.stdin.buffer.read(_LIMIT + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(_LIMIT + 1)
    except OSError as error:
        raise InputError(f"--files-from: {file} can't be read: {error.strerror}") from error
    if len(data) > _LIMIT:
        raise InputError(f"--files-from: {file} holds over {_LIMIT >> 20} MiB: split the list")
    separator = b"\0" if b"\0" in data else b"\n"
    return [os.fsdecode(name) for name in data.split(separator) if name]
