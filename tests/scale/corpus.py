"""What clusters are given to check: lines of JSON, one in forty of them dirty."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = b'{"level":"info","message":"step %d of the plan is done","attempt":1}\n'
DIRTY = b'{"level":"info","message":"mail to anna.smith@gmail.com bounced"}\n'


def write_lines(file: Path, count: int) -> None:
    """Write so many lines to a file."""
    with file.open("wb") as out:
        out.writelines(CLEAN % at if at % 40 else DIRTY for at in range(count))
