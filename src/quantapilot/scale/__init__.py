"""Beyond one process: processes of this machine, Dask and Spark look at inputs by one plan."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from quantapilot.errors import QuantaPilotError
from quantapilot.findings import Finding
from quantapilot.gate.workers import OneProcess
from quantapilot.inputs.opening import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.findings import Summary
    from quantapilot.gate.plan import Plan
    from quantapilot.gate.scanner import Scanner
    from quantapilot.gate.workers import Looked, Workers
    from quantapilot.inputs.sources import Source

# Bytes, or inputs, from which on a second process is worth its start.
_WORTH_BYTES: Final = 32 << 20
_WORTH_INPUTS: Final = 1024


def processes_of(count: int | None) -> Callable[[Plan, Scanner], Workers]:
    """Return what makes workers of so many processes; None takes what there is work for."""
    if count is None:
        return AsNeeded
    from quantapilot.scale.processes import Processes

    return lambda plan, scanner: Processes(plan, scanner, count)


class AsNeeded:
    """Looks at a few inputs here, and at many in a process for each processor."""

    def __init__(self, plan: Plan, scanner: Scanner) -> None:
        """Take what processes look by, and what looks here."""
        self._plan = plan
        self._scanner = scanner

    def looked_at(
        self, inputs: Iterable[Source | Finding], summary: Summary, /
    ) -> Iterator[Looked]:
        """Yield each input with what is found in it, in order."""
        rest = iter(inputs)
        first: list[Source | Finding] = []
        size = 0
        for item in rest:
            first.append(item)
            size += _size(item)
            if size >= _WORTH_BYTES or len(first) >= _WORTH_INPUTS:
                break
        else:
            yield from OneProcess(self._scanner).looked_at(first, summary)
            return
        from quantapilot.scale.processes import Processes, processors

        workers: Workers = OneProcess(self._scanner)
        if (count := processors()) > 1:
            workers = Processes(self._plan, self._scanner, count)
        yield from workers.looked_at(chain(first, rest), summary)


def _size(item: Source | Finding) -> int:
    try:
        return 0 if isinstance(item, Finding) else size_of(item)
    except (OSError, QuantaPilotError):
        # Whoever looks at it finds the same, and reports it.
        return 0
