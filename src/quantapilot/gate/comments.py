r"""Comments that excuse a line of text or code: `qp:allow[…] reason`, the rules in the brackets.

One holds for what stands before it on its line or, where it has a line of its own, for the next
line. It never holds for itself, so a value in a reason is still found; nor in JSON, where whoever
writes a value would write its excuse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from quantapilot.gate.allow import fault
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from quantapilot.findings import Finding

_COMMENT = re.compile(
    r"qp:allow\[(?P<rules>[\w/*?,. \t-]*)(?P<end>\]?)(?P<reason>.*?)(?=qp:allow\[|$)"
)
_RULE = re.compile(r"[^,\s](?:[^,]*[^,\s])?")
# What may stand before a comment that has a line of its own: any sign, or a word that opens one.
_LEADER = re.compile(r"[\W_]*(?:(?:rem|dnl)\s+)?", re.IGNORECASE)

# So many wrong comments of a file are told the nearest rule.
_SUGGESTIONS = 50


@dataclass(slots=True)
class _Excuse:
    """An exception from one rule: where it is written, which line it holds for and up to where."""

    rule: str
    line: int
    column: int
    target: int
    before: int | None
    used: bool = False


class Comments:
    """The comments of one file that excuse something, and which of them were needed."""

    def __init__(self, label: str, known: Collection[str]) -> None:
        """Take the name that the file is reported by, and the ids of all rules."""
        self._label = label
        self._known = known
        self._excuses: dict[tuple[int, str], list[_Excuse]] = {}
        self._faults = 0

    def read(self, data: bytes, number: int) -> Iterator[Finding]:
        """Take the comments of a line; yield what is wrong with them.

        Args:
            data: The line.
            number: Its number.
        """
        line = data.rstrip(b"\r\n")
        if not _is_json(line):
            yield from self._line(line.decode("utf-8", "replace"), number)

    def excuses(self, finding: Finding) -> bool:
        """Tell whether a finding in the text is excused, and remember what excused it."""
        if finding.pointer is not None or finding.line is None or finding.column is None:
            return False
        for excuse in self._excuses.get((finding.line, finding.rule), ()):
            if excuse.before is None or finding.column < excuse.before:
                excuse.used = True
                return True
        return False

    def unused(self) -> Iterator[tuple[str, Finding]]:
        """Yield the exceptions that excused nothing, each with the rule that it names."""
        for excuse in (each for several in self._excuses.values() for each in several):
            if not excuse.used:
                message = f"there is nothing of '{excuse.rule}' that it could excuse"
                yield excuse.rule, self._at("allow-unused", message, excuse.line, excuse.column)

    def _line(self, text: str, number: int) -> Iterator[Finding]:
        first: int | None = None
        for comment in _COMMENT.finditer(text):
            rules, end, reason = comment.group("rules", "end", "reason")
            if not (rules or end):
                continue
            if first is None:
                first = comment.start()
            column = comment.start("rules") + 1
            if not (end and rules.strip(" \t,")):
                missing = "names no rule" if end else "no ']' ends its rules"
                yield self._at("allow-unknown-rule", missing, number, column)
                continue
            alone = _LEADER.fullmatch(text[:first]) is not None
            for found in _RULE.finditer(rules):
                at = column + found.start()
                suggest = self._faults < _SUGGESTIONS
                if problem := fault(found[0], reason, self._known, suggest=suggest):
                    self._faults += 1
                    yield INPUT_RULES[problem[0]].at(
                        self._label, problem[1], line=number, column=at
                    )
                    continue
                target, before = (number + 1, None) if alone else (number, first + 1)
                excuse = _Excuse(found[0], number, at, target, before)
                self._excuses.setdefault((target, found[0]), []).append(excuse)

    def _at(self, rule: str, message: str, line: int, column: int) -> Finding:
        return INPUT_RULES[f"input/{rule}"].at(self._label, message, line=line, column=column)


def _is_json(line: bytes) -> bool:
    if line.lstrip()[:1] not in {b"{", b"["}:
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
