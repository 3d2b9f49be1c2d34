"""Measures one command: seconds, processor time, and the most memory that its process had.

The command is started by a small process of its own. On Linux a child's peak counts the memory of
whoever started it, and the benchmark itself is large by then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MB = 1_000_000
_LAUNCHER = """
import os, sys, time
said, command = sys.argv[1], sys.argv[2:]
started = time.perf_counter()
process = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(process, 0)
spent = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
cpu = usage.ru_utime + usage.ru_stime
with open(said, "w") as file:
    print(code, spent, cpu, usage.ru_maxrss, file=file)
"""


class MeasureError(Exception):
    """A command could not be measured: it is not there, failed, or took too long."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a command took."""

    seconds: float
    cpu_seconds: float
    peak_kib: int

    @property
    def peak_mib(self) -> float:
        """Return the peak memory in MiB."""
        return self.peak_kib / 1024

    @property
    def cores(self) -> float:
        """Return how many cores were busy on average."""
        return self.cpu_seconds / self.seconds


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    expected: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> Run:
    """Run a command to its end, what it prints thrown away, and return what it took.

    Raises:
        MeasureError: It can't be started, ends with a code that is not expected, or takes too long.
    """
    name = Path(command[0]).name
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        errors = Path(folder) / "errors"
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, said, *map(str, command)],
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                start_new_session=True,
            )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise MeasureError(f"{name} took over {timeout:.0f} s") from None
        finally:
            _end(process)
        last = errors.read_bytes().decode("utf-8", "replace").strip().splitlines()[-1:]
        if not said.exists():
            raise MeasureError(f"{name} can't be started{_because(last)}")
        code, seconds, cpu, kib = said.read_text("ascii").split()
        if int(code) not in expected:
            raise MeasureError(f"{name} ended with code {code}{_because(last)}")
        return Run(float(seconds), float(cpu), int(kib))


def best(runs: Sequence[Run]) -> Run:
    """Return the quickest of some runs, with the most memory that any of them had."""
    quickest = min(runs, key=lambda each: each.seconds)
    return Run(quickest.seconds, quickest.cpu_seconds, max(each.peak_kib for each in runs))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of a command: it has a session, and so a process group, of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _because(last: list[str]) -> str:
    return f": {last[0][:200]}" if last else ""
