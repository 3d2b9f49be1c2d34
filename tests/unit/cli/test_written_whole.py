"""What is written whole replaces a file, and never a pipe or a device."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from quantapilot.cli.output import written_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    with written_whole(pipe, "report") as out:
        out.write(b"all of it")
    assert os.read(reader, 100) == b"all of it"
    os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
