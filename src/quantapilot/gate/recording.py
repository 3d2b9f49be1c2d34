"""Recording: what both checks find today, which is what a baseline accepts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantapilot.errors import ExitCode
from quantapilot.findings import Summary
from quantapilot.gate.baseline import Recorder, entries_of
from quantapilot.gate.outcomes import outcome
from quantapilot.gate.places import Places, covers
from quantapilot.gate.runs import Terms, scanned, validated
from quantapilot.inputs.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quantapilot.findings import Finding
    from quantapilot.gate.baseline import Entry, Known
    from quantapilot.gate.excuses import Command
    from quantapilot.gate.project import Project


@dataclass(slots=True)
class Recording:
    """What the checks found, and what of it can't be accepted.

    `folders` and `files` are the places that were asked for and those that were read.
    """

    folders: Sequence[str]
    files: set[str] = field(default_factory=set)
    found: dict[Command, Counter[Known]] = field(default_factory=dict)
    left: dict[Finding, ExitCode] = field(default_factory=dict)
    checked: int = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What can be accepted."""
        return entries_of(self.found)

    @property
    def unchecked(self) -> bool:
        """Tell whether something could not be checked."""
        return ExitCode.UNCHECKED in self.left.values()

    @property
    def exit_code(self) -> ExitCode:
        """Return how the recording ended: what can't be accepted is left."""
        for code in (ExitCode.UNCHECKED, ExitCode.FINDINGS):
            if code in self.left.values():
                return code
        return ExitCode.CLEAN if self.checked else ExitCode.NOTHING

    def covers(self, place: str) -> bool:
        """Tell whether a place is one that was to be checked."""
        return place in self.files or any(covers(folder, place) for folder in self.folders)


def record(project: Project, paths: Sequence[str]) -> Recording:
    """Return what both checks find: the scan in the paths, the gate in what is configured there.

    Raises:
        RuleError: A rule file can't be used.
    """
    places = Places(project.config)
    recording = Recording([places.of(path) for path in paths])

    def noted(inputs: Iterable[Source | Finding]) -> Iterator[Source | Finding]:
        for item in inputs:
            if isinstance(item, Source):
                recording.files.add(places.of(item.label))
            yield item

    summary, recorder = Summary(), Recorder()
    terms = Terms(walked=paths, accepting=recorder)
    findings = scanned(project, summary, noted(project.inputs(paths)), terms)
    _take(recording, "scan", findings, recorder, summary)
    files = project.files
    parts = (files.schemas, files.generated, files.documents)
    contract = [places.of(str(file)) for file in parts]
    if any(map(recording.covers, places.data)) or (
        project.has_contract and any(map(recording.covers, contract))
    ):
        summary, recorder = Summary(), Recorder()
        terms = Terms(whole=True, accepting=recorder)
        findings = validated(project, summary, project.inputs(()), terms)
        _take(recording, "validate:api", findings, recorder, summary)
    return recording


def _take(
    recording: Recording,
    command: Command,
    findings: Iterable[Finding],
    recorder: Recorder,
    summary: Summary,
) -> None:
    for finding in findings:
        ends = outcome(finding)
        if ends in {ExitCode.UNCHECKED, ExitCode.FINDINGS}:
            recording.left[finding] = ends
    recording.found[command] = Counter(
        {known: count for known, count in recorder.found.items() if recording.covers(known[1])}
    )
    recording.checked += summary.documents + summary.examples
