"""Excuses: what of the findings of a run is not reported, and what is wrong with the reasons.

Each finding is asked about in this order: a comment in the text, an allowance of the
configuration, the baseline. Where the findings of a run end, the exceptions that it proved
needless are findings themselves.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, Protocol

from quantapilot.contract.rules import CHANGE_RULES, CONTRACT_RULES
from quantapilot.errors import ExitCode
from quantapilot.findings import located
from quantapilot.gate.outcomes import excusable, outcome
from quantapilot.gate.places import Places, covers
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator

    from quantapilot.config import Config
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.allow import Allowances
    from quantapilot.gate.comments import Comments
    from quantapilot.gate.project import ContractFiles
    from quantapilot.inputs.sources import Source

Command = Literal["scan", "validate:api"]

# What `qp scan` says of an input that may be excused; the other rules ask for a contract.
_SCANNED: Final = frozenset({"input/bom", "input/empty"})
_LOGS: Final = frozenset({".log", ".jsonl", ".ndjson"})


class Accepting(Protocol):
    """Accepts findings that were there before, as a baseline does."""

    def accepts(self, finding: Finding, place: str) -> bool:
        """Tell whether a finding in a file is accepted; each acceptance counts once."""

    def stale(self, command: Command, gone: Callable[[str, str], bool], /) -> Iterator[Finding]:
        """Yield what is accepted, was looked for by a command, and is gone from its file."""


class Excuses:
    """The exceptions of a project in one run of a command.

    Args:
        config: The project's settings.
        command: What runs.
        summary: Counts what is excused.
        known: Returns the ids of all rules.
        accepting: The baseline, where one is used.
        folders: The folders of the command line, which are walked as a whole.
        whole: Whether the run checks all that the configuration names.
        telling: Whether the run looks at files as other runs do, so that what it does not find is
            not there.
    """

    def __init__(
        self,
        config: Config,
        command: Command,
        summary: Summary,
        known: Callable[[], Collection[str]],
        *,
        accepting: Accepting | None = None,
        folders: Iterable[str] = (),
        whole: bool = False,
        telling: bool = True,
    ) -> None:
        self._config = config
        self._command: Command = command
        self._summary = summary
        self._known = known
        self._accepting = accepting
        self._places = Places(config)
        self._folders = [self._places.of(folder) for folder in folders]
        self._whole = whole or any(covers(folder, ".") for folder in self._folders)
        self._telling = telling
        self._comments: Comments | None = None
        self._unchecked = self._partial = False
        self._checked: set[str] = set()
        self._contract: list[str] = []

    @cached_property
    def _allowances(self) -> Allowances | None:
        if not self._config.allow:
            return None
        from quantapilot.gate.allow import Allowances

        return Allowances(self._config, self._known())

    def read(self, source: Source, data: bytes, line: int) -> Iterator[Finding]:
        """Take the comments in a line of plain text; yield what is wrong with them.

        In what is checked as data they are text like any other: nothing may excuse itself there.
        """
        if self._comments is None:
            if not self._may_comment(source):
                return
            from quantapilot.gate.comments import Comments

            self._comments = Comments(source.label, self._known())
        yield from self._comments.read(data, line)

    def left(self, findings: Iterable[Finding], source: Source | None) -> Iterator[Finding]:
        """Yield the findings that nothing excuses; what is excused is counted.

        `source` is the input that they were made in; None where they were made in none.
        """
        for finding in findings:
            if outcome(finding) is ExitCode.UNCHECKED:
                self._unchecked = self._partial = True
                # Without a contract that can be used, less is found in every file.
                self._telling &= finding.category != "contract"
            if source is not None and source.path is None:
                yield finding
                continue
            found, place = self._placed(finding)
            if not excusable(finding.rule):
                yield found
            elif self._allowed(found, place):
                self._summary.allowed += 1
            elif self._accepting is not None and self._accepting.accepts(found, place):
                self._summary.accepted += 1
            else:
                yield found

    def left_out(self, finding: Finding) -> None:
        """Take note of a finding that is not asked about: it stood there before."""
        found, place = self._placed(finding)
        if self._accepting is not None and not self._allowed(found, place):
            self._accepting.accepts(found, place)

    def source_ended(self, source: Source, selection: Container[str]) -> Iterator[Finding]:
        """Remember that an input was checked, and yield the comments in it that were needless."""
        comments, self._comments = self._comments, None
        unchecked, self._unchecked = self._unchecked, False
        if unchecked or source.path is None or source.lines is not None:
            return
        if comments is not None:
            yield from (finding for rule, finding in comments.unused() if rule in selection)
        if not (self._config.allow or self._accepting):
            return
        place = self._places.of(source.label)
        # Under another kind than the configuration says a file has other findings.
        if self._command == "scan" or (
            place in self._places.data and source.kind == self._places.data[place]
        ):
            self._checked.add(place)
            if self._allowances is not None:
                self._allowances.checked(place)

    def contract_ended(self, files: ContractFiles) -> None:
        """Remember that the contract itself was checked."""
        self._contract = [
            self._places.of(str(path))
            for path in (files.schemas, files.generated, files.examples, files.documents)
        ]

    def ended(self, selection: Container[str]) -> Iterator[Finding]:
        """Yield what is wrong with the configuration's exceptions, and which were needless."""
        if self._allowances is not None:
            yield from self._allowances.faults()
            if self._whole and self._telling and not self._partial:
                elsewhere = self._places.data if self._command == "scan" else ()
                yield from self._allowances.unused(
                    lambda rule: rule in selection and self._makes(rule), elsewhere
                )
        if self._accepting is not None and self._telling:
            yield from self._accepting.stale(
                self._command, lambda rule, place: rule in selection and self._gone(rule, place)
            )

    def _placed(self, finding: Finding) -> tuple[Finding, str]:
        """Return a finding with the fingerprint of its file's place, and that place."""
        place = self._places.of(finding.path)
        if finding.content and place != finding.path:
            finding = replace(finding, fingerprint=located(place, finding.content))
        return finding, place

    def _may_comment(self, source: Source) -> bool:
        if self._command != "scan" or source.path is None or _LOGS & set(source.path.suffixes):
            return False
        return self._places.of(source.label) not in self._places.data

    def _allowed(self, finding: Finding, place: str) -> bool:
        if self._comments is not None and self._comments.excuses(finding):
            return True
        return self._allowances is not None and self._allowances.excuses(finding, place)

    def _makes(self, rule: str) -> bool:
        """Tell whether it is this command that finds all that a rule can find in a project."""
        if rule in CHANGE_RULES:
            return False
        scanned = rule in _SCANNED or not (rule in INPUT_RULES or rule in CONTRACT_RULES)
        return scanned == (self._command == "scan")

    def _gone(self, rule: str, place: str) -> bool:
        """Tell whether a place was looked at, so that what was not found there is gone."""
        if place in self._checked:
            return True
        if rule in CHANGE_RULES:
            return False
        if rule in CONTRACT_RULES and any(covers(folder, place) for folder in self._contract):
            return True
        walked = self._whole or any(covers(folder, place) for folder in self._folders)
        return walked and not self._partial and not self._places.exists(place)
