"""Allowances: the places that `[[tool.quantapilot.allow]]` excuses from a rule, with a reason.

One that is faulty itself excuses nothing. What is shown of it is its place, and the nearest rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from quantapilot.config import shown
from quantapilot.errors import ConfigError
from quantapilot.gate.outcomes import excusable
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from quantapilot.config import Allowance, Config
    from quantapilot.findings import Finding

_PATTERN = frozenset("*?[")
# A pattern that names both of them names everything.
_ANY_FILES = ("qp-any/qp-other/qp.file", "qp.any-file")
# A longer word is no misspelt rule.
_LONGEST_NAME = 64
_NO_REASON = "says no reason"


def fault(
    rule: str, reason: str, known: Collection[str], *, suggest: bool = True
) -> tuple[str, str] | None:
    """Return what is wrong with an exception: the rule that it breaks, and what to say.

    Args:
        rule: The rule it names.
        reason: Its reason, which must hold a letter or a digit.
        known: Ids of all rules.
        suggest: Whether the nearest rule is named, which takes milliseconds.
    """
    if _PATTERN & set(rule):
        return "input/allow-overbroad", "a pattern stands for rules that nobody thought of yet"
    if rule not in known:
        near: list[str] = []
        if suggest and len(rule) <= _LONGEST_NAME:
            near = get_close_matches(rule, known, n=1)
            near = near or get_close_matches(f"pii/{rule}", known, n=1)
        hint = f", did you mean '{near[0]}'?" if near else "; 'qp rules' lists them"
        return "input/allow-unknown-rule", f"there is no such rule{hint}"
    if not excusable(rule):
        return "input/allow-overbroad", f"'{rule}' can't be excused"
    if not any(char.isalnum() for char in reason):
        return "input/allow-reason", _NO_REASON
    return None


@dataclass(slots=True)
class _Allowed:
    allowance: Allowance
    files: GitIgnoreSpec
    fault: tuple[str, str] | None
    met: bool = False
    used: bool = False
    _matched: dict[str, bool] = field(default_factory=dict)

    def matches(self, place: str) -> bool:
        known = self._matched.get(place)
        if known is None:
            known = self._matched[place] = self.files.match_file(place)
        return known


class Allowances:
    """The allowances of a configuration, and what of them a run has used."""

    def __init__(self, config: Config, known: Collection[str], today: date | None = None) -> None:
        """Take a configuration, the ids of all rules, and the day that it is.

        Raises:
            ConfigError: A path is no pattern.
        """
        self._label = str(shown(config.file or config.root))
        day = today or date.today()  # noqa: DTZ011
        self._all = [self._judged(each, known, day) for each in config.allow]

    def excuses(self, finding: Finding, place: str) -> bool:
        """Tell whether a finding in a file is excused, and remember what excused it."""
        excused = False
        for each in self._all:
            wanted = each.allowance
            if each.fault is None and each.matches(place) and _leads(wanted.pointer, finding):
                if wanted.rule == finding.rule:
                    excused = each.used = True
                # What `qp validate:api` calls by another rule of the same class is no other thing.
                each.used |= _alike(wanted.rule, finding)
        return excused

    def checked(self, place: str) -> None:
        """Remember that a file was checked as a whole."""
        for each in self._all:
            each.met = each.met or each.matches(place)

    def faults(self) -> Iterator[Finding]:
        """Yield what is wrong with the allowances themselves."""
        for each in self._all:
            if each.fault is not None:
                yield self._at(*each.fault, each.allowance)

    def unused(self, judged: Callable[[str], bool], elsewhere: Iterable[str]) -> Iterator[Finding]:
        """Yield the allowances that a run over the whole project did not need.

        Args:
            judged: Tells whether the run could have made, and would report, findings of a rule.
            elsewhere: Files of the project that other runs check.
        """
        others = list(elsewhere)
        for each in self._all:
            if each.fault is not None or each.used or not judged(each.allowance.rule):
                continue
            if each.met or not any(map(each.matches, others)):
                yield self._at("input/allow-unused", "excuses nothing", each.allowance)

    def _judged(self, allowance: Allowance, known: Collection[str], today: date) -> _Allowed:
        try:
            files = GitIgnoreSpec.from_lines([allowance.path])
        except ValueError as error:
            raise ConfigError(
                f"{self._label}:{allowance.line}: 'allow' has a 'path' that is no pattern"
            ) from error
        found = fault(allowance.rule, allowance.reason, known)
        if found is None and allowance.pointer is None and all(map(files.match_file, _ANY_FILES)):
            found = "input/allow-overbroad", "this path stands for every file"
        if found is None and allowance.expires is not None and allowance.expires < today:
            found = "input/allow-expired", f"held until {allowance.expires}"
        return _Allowed(allowance, files, found)

    def _at(self, rule: str, message: str, allowance: Allowance) -> Finding:
        return INPUT_RULES[rule].at(self._label, message, line=allowance.line)


def _leads(wanted: str | None, finding: Finding) -> bool:
    """Tell whether a finding stands at a pointer, in which `*` is any one segment."""
    if wanted is None:
        return True
    if finding.pointer is None:
        return False
    asked, there = wanted.split("/"), finding.pointer.split("/")
    return len(asked) == len(there) and all(
        one in {"*", other} for one, other in zip(asked, there, strict=True)
    )


def _alike(rule: str, finding: Finding) -> bool:
    family = rule.partition("-")[0]
    return finding.pii_class is not None and finding.rule.partition("-")[0] == family
