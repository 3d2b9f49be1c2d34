"""The detector: which rules hold in a text, and where.

A prefilter names the few rules that may match; only those are confirmed, on every form the text
may hide a value in. The detector knows texts, field names and data classes; where a text came
from is its caller's business.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING

from quantapilot.errors import RuleTimeoutError
from quantapilot.pii.candidate import Candidate, Check, DetectorSettings, is_placeholder
from quantapilot.pii.checks import checks_of
from quantapilot.pii.fields import FieldIndex, pairs
from quantapilot.pii.fold import View, views
from quantapilot.pii.prefilter import Prefilter, build_prefilter
from quantapilot.pii.rules import DATA_CLASSES, LEXICON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.pii.rules import Rule

_CONTEXT_REACH = 48
_TIMEOUT_S = 2.0
_TIMEOUT_S_PER_CHARACTER = 2e-6
# So few texts are confirmed sooner than told apart.
_FEW_TEXTS = 6
# Texts from here on may be made to be slow. In them a check sees so much around a candidate, more
# than any asks for, and what it said of the same surroundings is remembered for so many.
_LONG = 1 << 16
_REACH = 256
_VERDICTS = 1024
# In a long text a rule is confirmed where the prefilter says that it may match: in windows, each
# judged with so much around it.
_WINDOW = 8192
_AROUND = 2048
# Rules with longer matches are confirmed in all of the text.
_WIDEST = 1024
_LOOKAHEAD = 512
# How far behind a field's name or a word a value may begin.
_GATE_REACH = 1024
_FEW_PLACES = 32
_NEWLINE = re.compile(rb"\n")
# Names that may be remembered between documents: nothing that could be a value is.
_PLAIN_NAME = re.compile(r"[A-Za-z](?:[A-Za-z]|[_.-](?=[A-Za-z])){0,40}")
_REMEMBERED = 4096


# Stretches of a text by the positions of rules.
_Windows = dict[int, list[tuple[int, int]]]


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

    def asked(self, texts: Sequence[str]) -> Sequence[frozenset[int] | None]:
        """Return, for each of some texts, the rules that may match in it.

        One question for all texts of a document: most have nothing to confirm. None leaves the
        question to `find`, where it would be asked of a long text twice.
        """
        joined = "\n".join(texts)
        if len(joined) >= _LONG and len(texts) <= _FEW_TEXTS:
            return [None] * len(texts)
        forms = list(views(joined))
        rules = frozenset(at for view in forms for at in self._prefilter.rules(view.text))
        if not rules or len(forms) > 1 or len(texts) <= _FEW_TEXTS:
            return [rules] * len(texts)
        data = joined.encode("utf-8", "surrogatepass")
        ends = [found.start() for found in _NEWLINE.finditer(data)] if "\n" in joined else []
        if len(ends) != len(texts) - 1:
            return [rules] * len(texts)
        out: list[set[int]] = [set() for _ in texts]
        for at in rules:
            for start, end in self._prefilter.places(at, data):
                # A match may run on into the next texts and hide one that begins there.
                for touched in range(bisect_left(ends, start), bisect_left(ends, end) + 1):
                    out[touched].add(at)
        return list(map(frozenset, out))

    def find(
        self,
        text: str,
        *,
        name: str = "",
        data_class: str = "text",
        among: frozenset[int] | None = None,
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
        if among is not None and not (hinted or among & allowed):
            return []
        found: list[Match] = []
        for view in views(text):
            windows: _Windows = {}
            if len(view.text) >= _LONG:
                windows = self._windows(view.text)
                asked = allowed.intersection(windows) | hinted
                # A field's name calls for its rules wherever a match may be.
                windows = {at: spans for at, spans in windows.items() if at not in hinted}
            elif among is None:
                asked = allowed.intersection(self._prefilter.rules(view.text)) | hinted
            else:
                asked = hinted | (among & allowed)
            if asked:
                found += self._by_pattern(view, asked, hinted, name, windows)
                if hinted or any(self.rules[at].pattern is None for at in asked):
                    found += self._by_name(view, name, hinted, allowed)
        return _most_specific(found) if len(found) > 1 else found

    def _windows(self, text: str) -> _Windows:
        """Return, for each rule, the stretches of a long text in which a match may begin."""
        windows: _Windows = defaultdict(list)
        for first in range(0, len(text), _WINDOW):
            last = min(first + _WINDOW, len(text))
            seen = max(0, first - _AROUND)
            part = text[seen : last + _AROUND]
            data = part.encode("utf-8", "surrogatepass")
            for at in self._prefilter.rules(part):
                spans = windows[at]
                for start, end in self._narrowed(at, data, len(part)):
                    begin, stop = max(first, seen + start), min(last, seen + end)
                    if spans and begin <= spans[-1][1]:
                        spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
                    elif begin < stop:
                        spans.append((begin, stop))
        return windows

    def _narrowed(self, at: int, data: bytes, size: int) -> list[tuple[int, int]]:
        """Return where in a part of a text a match of a rule may begin: all of it when in many."""
        rule = self.rules[at]
        width = _width(rule)
        if rule.pattern is None or width > _WIDEST:
            return [(0, size)]
        behind = _GATE_REACH if rule.fields or rule.context else 2
        spans: list[tuple[int, int]] = []
        for start, end in islice(self._prefilter.places(at, data), _FEW_PLACES + 1):
            if len(spans) == _FEW_PLACES:
                return [(0, size)]
            if size < len(data):
                # A place is of bytes, and may begin within a character.
                end = len(data[:end].decode("utf-8", "ignore")) + 1
                start = len(data[:start].decode("utf-8", "ignore")) - 1
            spans.append((start - width, end + behind))
        return spans

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

    def _by_pattern(
        self,
        view: View,
        asked: frozenset[int],
        hinted: frozenset[int],
        name: str,
        windows: _Windows,
    ) -> Iterator[Match]:
        named_parts: list[tuple[str, int, int]] | None = None
        for at in sorted(asked):
            rule = self.rules[at]
            if rule.pattern is None:
                continue
            for start, end in self._confirmed(rule, view.text, name, windows.get(at)):
                if (rule.fields or rule.context) and at not in hinted:
                    if named_parts is None:
                        named_parts = list(pairs(view.text))
                    if not self._called_for(rule, view.text, start, named_parts):
                        continue
                yield Match(rule, *view.span(start, end))

    def _confirmed(
        self, rule: Rule, text: str, name: str, windows: Sequence[tuple[int, int]] | None
    ) -> Iterator[tuple[int, int]]:
        check = _check(rule)
        spans = _spans(rule, text, windows)
        if check is None:
            yield from spans
        elif len(text) < _LONG:
            for start, end in spans:
                if check(Candidate(text, start, end, self.settings, name)):
                    yield start, end
        else:
            yield from self._checked(check, text, spans, name)

    def _checked(
        self, check: Check, text: str, spans: Iterator[tuple[int, int]], name: str
    ) -> Iterator[tuple[int, int]]:
        verdicts = _Verdicts(self.settings)
        for start, end in spans:
            if verdicts.of(check, text, start, end, name):
                yield start, end

    def _called_for(
        self, rule: Rule, text: str, start: int, named_parts: Sequence[tuple[str, int, int]]
    ) -> bool:
        before = text[max(0, start - _CONTEXT_REACH) : start].lower()
        if any(_has_word(before, word) for word in rule.context):
            return True
        at = bisect_right(named_parts, start, key=lambda part: part[1]) - 1
        if at < 0 or start >= named_parts[at][2]:
            return False
        return rule in self._fields.rules_for(named_parts[at][0])

    def _by_name(
        self, view: View, name: str, hinted: frozenset[int], allowed: frozenset[int]
    ) -> Iterator[Match]:
        text = view.text
        yield from self._named_value(hinted, name, view, 0, len(text))
        verdicts = _Verdicts(self.settings) if len(text) >= _LONG else None
        for key, start, end in pairs(text):
            rules = self._hinted(key) & allowed
            if rules:
                yield from self._named_value(rules, key, view, start, end, verdicts)

    def _named_value(
        self,
        rules: frozenset[int],
        name: str,
        view: View,
        start: int,
        end: int,
        verdicts: _Verdicts | None = None,
    ) -> Iterator[Match]:
        for at in sorted(rules):
            rule = self.rules[at]
            if rule.pattern is not None:
                continue
            check = _named_check(rule)
            if verdicts is not None:
                holds = verdicts.of(check, view.text, start, end, name)
            else:
                holds = check(Candidate(view.text, start, end, self.settings, name))
            if holds:
                yield Match(rule, *view.span(start, end))


class _Verdicts:
    """What checks said of candidates in a long text, remembered by what stands around them."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._known: dict[tuple[Check, str, int, int, str], bool] = {}

    def of(self, check: Check, text: str, start: int, end: int, name: str) -> bool:
        """Return what a check says of a candidate; it sees no more of the text than its reach."""
        first = max(0, start - _REACH)
        around = text[first : end + _REACH]
        key = (check, around, start - first, end - first, name)
        verdict = self._known.get(key)
        if verdict is None:
            verdict = check(Candidate(around, start - first, end - first, self._settings, name))
            if len(self._known) < _VERDICTS and len(around) <= 4 * _REACH:
                self._known[key] = verdict
        return verdict


@cache
def _named_check(rule: Rule) -> Check:
    check = _check(rule)

    def holds(candidate: Candidate) -> bool:
        return not is_placeholder(candidate.value) and (check is None or check(candidate))

    return holds


@cache
def _check(rule: Rule) -> Check | None:
    return checks_of(rule.pii_class)[rule.check] if rule.check else None


def _spans(
    rule: Rule, text: str, windows: Sequence[tuple[int, int]] | None
) -> Iterator[tuple[int, int]]:
    """Return what a rule's pattern finds, in windows or in all of a text; its time is limited."""
    pattern, size = rule.compiled(), len(text)
    group = "value" if "value" in pattern.groupindex else 0
    limit = _TIMEOUT_S + size * _TIMEOUT_S_PER_CHARACTER
    width = _width(rule)
    if windows is None or width > _WIDEST:
        windows = [(0, size)]
    places = array("q")
    reached, started = 0, perf_counter()
    try:
        for first, last in windows:
            left = max(limit - (perf_counter() - started), 0.001)
            stop = min(last + width + _LOOKAHEAD, size)
            for found in pattern.finditer(text, max(first, reached), stop, timeout=left):
                if found.start() >= last:
                    break
                if max(found.end(), found.end(group)) == stop < size:
                    found = pattern.match(text, found.start(), timeout=left) or found
                start, end = found.span(group)
                places.extend(found.span() if start < 0 else (start, end))
                reached = found.end()
    except TimeoutError as error:
        raise RuleTimeoutError(f"rule '{rule.id}' took over {limit:.0f} s on one text") from error
    each = iter(places)
    return zip(each, each, strict=True)


@cache
def _width(rule: Rule) -> int:
    """Return how long a match of a rule can be, a word of a list counted as 64 characters."""
    from re import _parser  # type: ignore[attr-defined]

    tree = _parser.parse(LEXICON.sub(r"\\w{1,64}", rule.pattern or ""))
    return int(tree.getwidth()[1])


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
