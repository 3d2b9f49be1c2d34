"""The check of inputs: what was found in them is selected, excused and counted."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from quantapilot.errors import ExitCode
from quantapilot.findings import Finding
from quantapilot.gate.outcomes import outcome
from quantapilot.gate.scanner import Limits, Scanner
from quantapilot.gate.workers import OneProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.findings import Summary
    from quantapilot.gate.excuses import Excuses
    from quantapilot.gate.inspector import Inspector
    from quantapilot.gate.order import StreamOrder
    from quantapilot.gate.scanner import Piece
    from quantapilot.gate.workers import Workers
    from quantapilot.inputs.sources import Source


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules are reported: patterns such as `pii/*`; nothing selected means all."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __contains__(self, rule: object) -> bool:
        """Tell whether findings of a rule are reported."""
        name = str(rule)
        if any(fnmatchcase(name, pattern) for pattern in self.ignore):
            return False
        return not self.select or any(fnmatchcase(name, pattern) for pattern in self.select)


class Gate:
    """Checks inputs and counts what it checked."""

    def __init__(
        self,
        inspector: Inspector,
        summary: Summary,
        limits: Limits | None = None,
        selection: Selection | None = None,
        excuses: Excuses | None = None,
        *,
        order: StreamOrder | None = None,
        workers: Workers | None = None,
    ) -> None:
        """Take what looks at inputs: `workers`, or this process with all that comes before."""
        self._summary = summary
        self._selection = selection or Selection()
        self._excuses = excuses
        self._workers = workers or OneProcess(Scanner(inspector, summary, limits, order))

    def check(self, inputs: Iterable[Source | Finding]) -> Iterator[Finding]:
        """Yield the findings of each input, in order; one that can't be read stops no other."""
        for item, pieces in self._workers.looked_at(self._told_asked(inputs), self._summary):
            if isinstance(item, Finding):
                yield from self.report([item])
                continue
            self._summary.now = item.label
            yield from self.report(self._asked(item, pieces), item)
            if self._excuses is not None:
                yield from self.report(self._excuses.source_ended(item, self._selection))
        if self._excuses is not None:
            yield from self.report(self._excuses.ended(self._selection))

    def report(
        self, findings: Iterable[Finding], source: Source | None = None
    ) -> Iterator[Finding]:
        """Yield the selected findings that nothing excuses, counted.

        What was not checked is always reported. `source` is the input that they were made in.
        """
        selected = self._selected(findings)
        left = selected if self._excuses is None else self._excuses.left(selected, source)
        for finding in left:
            self._summary.add(finding)
            if (ends := outcome(finding)) is not None:
                self._summary.outcomes.add(ends)
            yield finding

    def _told_asked(self, inputs: Iterable[Source | Finding]) -> Iterator[Source | Finding]:
        for item in inputs:
            self._summary.asked = True
            yield item

    def _selected(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if finding.rule in self._selection or outcome(finding) is ExitCode.UNCHECKED:
                yield finding

    def _asked(self, source: Source, pieces: Iterable[Piece]) -> Iterator[Finding]:
        """Yield the findings that a source is asked about: on all its lines, or on some.

        A finding without a line is about the whole file. What was not checked is always reported.
        """
        if source.lines is None:
            yield from self._findings(source, pieces)
            return
        asked = []
        for finding in self._findings(source, pieces):
            if finding.line is None or finding.line in source.lines or finding.unchecked:
                asked.append(finding)
            elif self._excuses is not None and finding.rule in self._selection:
                # What stood there before uses up what the baseline accepts of it.
                self._excuses.left_out(finding)
        yield from asked

    def _findings(self, source: Source, pieces: Iterable[Piece]) -> Iterator[Finding]:
        """Yield the findings among some pieces, and those about the comments among them."""
        for piece in pieces:
            if isinstance(piece, Finding):
                yield piece
            elif self._excuses is not None:
                yield from self._excuses.read(source, piece.data, piece.line)
