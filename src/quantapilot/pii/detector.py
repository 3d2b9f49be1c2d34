"""The detector: which rules hold in a text, and where.

A prefilter names the few rules that may match; only those are confirmed, on every form the text
may hide a value in. The detector knows texts, field names and data classes; where a text came
from is its caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.errors import RuleTimeoutError
from quantapilot.pii.checks import CHECKS, Candidate, DetectorSettings, is_placeholder
from quantapilot.pii.fields import FieldIndex, pairs
from quantapilot.pii.fold import View, views
from quantapilot.pii.prefilter import Prefilter, build_prefilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.pii.rules import Rule

_CONTEXT_REACH = 48
_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds for `text[start:end]` of the text it was asked about."""

    rule: Rule
    start: int
    end: int


class Detector:
    """Finds personal data in texts by a fixed set of rules; safe to share between threads."""

    def __init__(
        self,
        rules: Sequence[Rule],
        settings: DetectorSettings | None = None,
        prefilter: Callable[[Sequence[Rule]], Prefilter] = build_prefilter,
    ) -> None:
        self.rules = tuple(rules)
        self.settings = settings or DetectorSettings()
        self._prefilter = prefilter(self.rules)
        self._fields = FieldIndex(self.rules)

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offsets of the lines of `chunk` that can't be proven clean by one pass."""
        return self._prefilter.candidates(chunk)

    def named(self, name: str) -> tuple[Rule, ...]:
        """Return the rules that a field of this name calls for, whatever its value is."""
        return tuple(rule for rule in self._fields.rules_for(name) if rule.pattern is None)

    def find(self, text: str, *, name: str = "", data_class: str = "text") -> list[Match]:
        """Return what `text` holds, in order of place; overlaps of different classes are all kept.

        Args:
            text: A decoded value or a line.
            name: The field that the value stands under, where there is one.
            data_class: The field's class in the contract; `text` runs every rule.

        Raises:
            RuleError: A pattern is broken.
            RuleTimeoutError: A pattern took too long on this text.
        """
        found: list[Match] = []
        hinted = self._fields.rules_for(name) if name else ()
        for view in views(text):
            found += self._by_pattern(view, hinted, data_class)
        found += self._by_name(text, hinted, data_class)
        return _most_specific(found)

    def _by_pattern(
        self, view: View, hinted: Sequence[Rule], data_class: str
    ) -> Iterator[Match]:
        named_parts: list[tuple[str, int, int]] | None = None
        asked = set(self._prefilter.rules(view.text))
        if hinted:
            asked |= {at for at, rule in enumerate(self.rules) if rule in hinted}
        for at in sorted(asked):
            rule = self.rules[at]
            if rule.pattern is None or data_class not in rule.data_classes:
                continue
            for start, end in self._confirmed(rule, view.text):
                if rule.fields or rule.context:
                    if named_parts is None:
                        named_parts = list(pairs(view.text))
                    if not (rule in hinted or self._called_for(rule, view.text, start, named_parts)):
                        continue
                yield Match(rule, *view.span(start, end))

    def _confirmed(self, rule: Rule, text: str) -> Iterator[tuple[int, int]]:
        check = CHECKS[rule.check] if rule.check else None
        group = "value" if "value" in rule.compiled().groupindex else 0
        try:
            for found in rule.compiled().finditer(text, timeout=_TIMEOUT_S):
                start, end = found.span(group)
                if start < 0:
                    start, end = found.span()
                if check is None or check(Candidate(text, start, end, self.settings)):
                    yield start, end
        except TimeoutError as error:
            raise RuleTimeoutError(f"rule '{rule.id}' took over {_TIMEOUT_S:.0f} s on one text") from error

    def _called_for(
        self, rule: Rule, text: str, start: int, named_parts: Sequence[tuple[str, int, int]]
    ) -> bool:
        before = text[max(0, start - _CONTEXT_REACH) : start].lower()
        if any(_has_word(before, word) for word in rule.context):
            return True
        return any(
            first <= start < last and rule in self._fields.rules_for(name)
            for name, first, last in named_parts
        )

    def _by_name(self, text: str, hinted: Sequence[Rule], data_class: str) -> Iterator[Match]:
        if any(rule.pattern is None for rule in hinted):
            yield from self._named_value(hinted, text, 0, len(text), data_class)
        if "=" in text or ":" in text:
            for name, start, end in pairs(text):
                yield from self._named_value(
                    self._fields.rules_for(name), text, start, end, data_class
                )

    def _named_value(
        self, rules: Sequence[Rule], text: str, start: int, end: int, data_class: str
    ) -> Iterator[Match]:
        for rule in rules:
            if rule.pattern is not None or data_class not in rule.data_classes:
                continue
            candidate = Candidate(text, start, end, self.settings)
            if is_placeholder(candidate.value):
                continue
            if rule.check is None or CHECKS[rule.check](candidate):
                yield Match(rule, start, end)


def _has_word(text: str, word: str) -> bool:
    at = text.rfind(word)
    return at >= 0 and not (at and text[at - 1].isalnum())


def _most_specific(found: list[Match]) -> list[Match]:
    """Keep, of overlapping matches of one class, the one whose rule knows the format best."""
    kept: list[Match] = []
    ranked = sorted(found, key=lambda m: (m.rule.generic, m.start - m.end, m.start))
    for match in ranked:
        if not any(
            other.rule.pii_class == match.rule.pii_class
            and other.start < match.end
            and match.start < other.end
            for other in kept
        ):
            kept.append(match)
    return sorted(kept, key=lambda m: (m.start, m.end, m.rule.id))
