"""The detector: which rules hold in a text, and where.

A prefilter names the few rules that may match; only those are confirmed, on every form the text
may hide a value in. The detector knows texts, field names and data classes; where a text came
from is its caller's business.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from quantapilot.pii.candidate import Candidate, Check, DetectorSettings, is_placeholder
from quantapilot.pii.checks import checks_of
from quantapilot.pii.fields import FieldIndex, pairs
from quantapilot.pii.fold import View, views
from quantapilot.pii.prefilter import Prefilter, build_prefilter
from quantapilot.pii.rules import DATA_CLASSES
from quantapilot.pii.windows import LONG, Verdicts, spans_of, windows_in, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.pii.rules import Rule
    from quantapilot.pii.windows import Span, Windows

_CONTEXT_REACH = 48
# So few texts are asked about one by one where one is long, and together where one hides a value.
_FEW_TEXTS = 6
# More are asked about in so many parts, and the parts in parts.
_PARTS = 8
# Names that may be remembered between documents: nothing that could be a value is.
_PLAIN_NAME = re.compile(r"[A-Za-z](?:[A-Za-z]|[_.-](?=[A-Za-z])){0,40}")
_REMEMBERED = 4096


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
        prefilter: Callable[[tuple[Rule, ...]], Prefilter] = build_prefilter,
    ) -> None:
        self.rules = tuple(rules)
        self.settings = settings or DetectorSettings()
        self._prefilter = prefilter(self.rules)
        self._fields = FieldIndex(self.rules)
        self._by_class = {
            data_class: frozenset(
                at for at, rule in enumerate(self.rules) if data_class in rule.data_classes
            )
            for data_class in DATA_CLASSES
        }
        self._plain_names: dict[str, frozenset[int]] = {}
        self._clean_names: set[str] = set()

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offsets of the lines of `chunk` that can't be proven clean by one pass."""
        return self._prefilter.candidates(chunk)

    def proves(self, line: bytes) -> bool:
        """Tell whether one pass proves that a single line holds nothing."""
        return self._prefilter.proves(line)

    def named(self, name: str) -> tuple[Rule, ...]:
        """Return the rules that a field of this name calls for, whatever its value is."""
        return tuple(rule for rule in self._fields.rules_for(name) if rule.pattern is None)

    def searches(self, data_class: str) -> bool:
        """Tell whether any rule runs in fields of a class."""
        return bool(self._by_class[data_class])

    def asked(self, texts: Sequence[str]) -> Sequence[Windows | None]:
        """Return, for each of some texts, the rules that may match in it, and where.

        One question for all texts of a document: most have nothing to confirm. None leaves the
        question to `find`, where it would be asked of a long text twice.
        """
        joined = "\n".join(texts)
        if len(joined) >= LONG and len(texts) <= _FEW_TEXTS:
            return [None] * len(texts)
        forms = list(views(joined))
        rules = {at: None for view in forms for at in self._prefilter.rules(view.text)}
        if rules and len(forms) > 1 and len(texts) > _FEW_TEXTS:
            # What one text hides must not have all the others confirmed by its rules.
            size = -(-len(texts) // _PARTS)
            parts = [texts[at : at + size] for at in range(0, len(texts), size)]
            return [each for part in parts for each in self.asked(part)]
        if not rules or len(forms) > 1:
            return [rules] * len(texts)
        return windows_in(texts, rules, self.rules, self._prefilter)

    def find(
        self,
        text: str,
        *,
        name: str = "",
        data_class: str = "text",
        among: Windows | None = None,
    ) -> list[Match]:
        """Return what `text` holds, in order of place; overlaps of different classes are all kept.

        Args:
            text: A decoded value or a line.
            name: The field that the value stands under, where there is one.
            data_class: The field's class in the contract; `text` runs every rule.
            among: What `asked` returned for this text.

        Raises:
            RuleError: A pattern is broken.
            RuleTimeoutError: A pattern took too long on this text.
        """
        allowed = self._by_class[data_class]
        if not allowed:
            return []
        hinted = self._hinted(name) & allowed if name else frozenset()
        if among is not None and not (hinted or allowed.intersection(among)):
            return []
        found: list[Match] = []
        for view in views(text):
            if len(view.text) >= LONG:
                windows = windows_of(view.text, self.rules, self._prefilter)
            elif among is None:
                windows = dict.fromkeys(self._prefilter.rules(view.text))
            else:
                # Places are those of the text as it stands.
                windows = dict.fromkeys(among) if view.steps else among
            asked = allowed.intersection(windows) | hinted
            if asked:
                search = _Search(view, name, hinted, windows)
                found += self._by_pattern(search, asked)
                if hinted or any(self.rules[at].pattern is None for at in asked):
                    found += self._by_name(search, allowed)
        return _most_specific(found) if len(found) > 1 else found

    def find_in_name(self, name: str) -> list[Match]:
        """Return what a field's name itself holds; names without any are remembered."""
        if name in self._clean_names:
            return []
        found = self.find(name)
        if not found and _PLAIN_NAME.fullmatch(name) and len(self._clean_names) < _REMEMBERED:
            self._clean_names.add(name)
        return found

    def _hinted(self, name: str) -> frozenset[int]:
        known = self._plain_names.get(name)
        if known is None:
            rules = {rule for view in views(name) for rule in self._fields.rules_for(view.text)}
            known = frozenset(at for at, rule in enumerate(self.rules) if rule in rules)
            if _PLAIN_NAME.fullmatch(name) and len(self._plain_names) < _REMEMBERED:
                self._plain_names[name] = known
        return known

    def _by_pattern(self, search: _Search, asked: frozenset[int]) -> Iterator[Match]:
        for at in sorted(asked):
            rule = self.rules[at]
            if rule.pattern is None:
                continue
            named = at in search.hinted
            # A field's name calls for its rules wherever a match may be.
            windows = None if named else search.windows.get(at)
            anywhere = named or not (rule.fields or rule.context)
            for start, end in self._confirmed(rule, search, windows):
                if anywhere or self._called_for(rule, search, start):
                    yield Match(rule, *search.view.span(start, end))

    def _confirmed(
        self, rule: Rule, search: _Search, windows: Sequence[Span] | None
    ) -> Iterator[Span]:
        check, text, name = _check(rule), search.view.text, search.name
        spans = spans_of(rule, text, windows)
        if check is None:
            yield from spans
        elif len(text) < LONG:
            for start, end in spans:
                if check(Candidate(text, start, end, self.settings, name)):
                    yield start, end
        else:
            verdicts = Verdicts(self.settings)
            for span in spans:
                if verdicts.of(check, text, span, name):
                    yield span

    def _called_for(self, rule: Rule, search: _Search, start: int) -> bool:
        before = search.view.text[max(0, start - _CONTEXT_REACH) : start].lower()
        if any(_has_word(before, word) for word in rule.context):
            return True
        parts = search.parts()
        at = bisect_right(parts, start, key=lambda part: part[1]) - 1
        if at < 0 or start >= parts[at][2]:
            return False
        return rule in self._fields.rules_for(parts[at][0])

    def _by_name(self, search: _Search, allowed: frozenset[int]) -> Iterator[Match]:
        text = search.view.text
        verdicts = Verdicts(self.settings) if len(text) >= LONG else None
        named = [(search.hinted, search.name, 0, len(text))] if search.hinted else []
        parts = (
            (self._hinted(key) & allowed, key, start, end) for key, start, end in search.parts()
        )
        for rules, name, start, end in chain(named, parts):
            for at in sorted(rules):
                rule = self.rules[at]
                if rule.pattern is not None:
                    continue
                check = _named_check(rule)
                if verdicts is not None:
                    holds = verdicts.of(check, text, (start, end), name)
                else:
                    holds = check(Candidate(text, start, end, self.settings, name))
                if holds:
                    yield Match(rule, *search.view.span(start, end))


@dataclass(slots=True)
class _Search:
    """One form of a text that is searched: under which name, and where in it."""

    view: View
    name: str
    hinted: frozenset[int]
    windows: Windows
    _parts: list[tuple[str, int, int]] | None = None

    def parts(self) -> list[tuple[str, int, int]]:
        """Return the names in the text and the spans of their values, looked up once."""
        if self._parts is None:
            self._parts = list(pairs(self.view.text))
        return self._parts


@cache
def _named_check(rule: Rule) -> Check:
    check = _check(rule)

    def holds(candidate: Candidate) -> bool:
        return not is_placeholder(candidate.value) and (check is None or check(candidate))

    return holds


@cache
def _check(rule: Rule) -> Check | None:
    return checks_of(rule.pii_class)[rule.check] if rule.check else None


def _has_word(text: str, word: str) -> bool:
    at = text.find(word)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(word, at + 1)
    return at >= 0


def _most_specific(found: list[Match]) -> list[Match]:
    """Keep, of overlapping matches of one class, the one whose rule knows the format best."""
    kept: list[Match] = []
    # By class, spans that do not overlap, in order: only two neighbours can be in the way.
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for match in sorted(found, key=lambda m: (m.rule.generic, m.start - m.end, m.start)):
        spans = taken[match.rule.pii_class]
        at = bisect_left(spans, (match.start, match.start))
        free_before = at == 0 or spans[at - 1][1] <= match.start
        free_behind = at == len(spans) or match.end <= spans[at][0]
        if free_before and free_behind:
            spans.insert(at, (match.start, match.end))
            kept.append(match)
    return sorted(kept, key=lambda m: (m.start, m.end, m.rule.id))
