"""Windows: where in a text a rule is confirmed, and what its check sees of a long one.

A rule is confirmed only around the places that the prefilter names. A text of many megabytes may
be made to be slow: there a check sees a candidate's surroundings instead of all the text, and
what it said of the same surroundings is remembered. What is found stays the same.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate, islice
from time import perf_counter
from typing import TYPE_CHECKING

from quantapilot.errors import RuleTimeoutError
from quantapilot.pii.candidate import Candidate
from quantapilot.pii.prefilter import derived
from quantapilot.pii.rules import LEXICON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.pii.candidate import Check, DetectorSettings
    from quantapilot.pii.prefilter import Prefilter
    from quantapilot.pii.rules import Rule

Span = tuple[int, int]
# Stretches of a text by the positions of rules: in them matches may begin; None is all of it.
Windows = Mapping[int, "Sequence[Span] | None"]

LONG = 1 << 16
# The prefilter is asked of so much at once, and of so much around it.
_STEP = 8192
_AROUND = 2048
# Rules with longer matches are confirmed in all of the text.
_WIDEST = 1024
# What a pattern may look at behind its match.
_LOOKAHEAD = 512
# How far behind a field's name or a word a value may begin, and behind the end of a place: no
# boundary is longer.
_GATE_REACH = 1024
_BEHIND = 8
# A rule that may match in more places of one step, or of a short text, is confirmed in all of it.
_FEW_PLACES = 32
# A check sees so much on either side, more than any asks for; so many verdicts are remembered.
_REACH = 256
_VERDICTS = 1024
_TIMEOUT_S = 2.0
_TIMEOUT_S_PER_CHARACTER = 2e-6


def windows_of(text: str, rules: Sequence[Rule], prefilter: Prefilter) -> Windows:
    """Return where in a text matches of each rule may begin, of those that may match at all."""
    windows: dict[int, list[Span]] = defaultdict(list)
    for first in range(0, len(text), _STEP):
        last = min(first + _STEP, len(text))
        seen = max(0, first - _AROUND)
        part = text[seen : last + _AROUND]
        data = part.encode("utf-8", "surrogatepass")
        for at in prefilter.rules(part):
            spans = windows[at]
            for start, end in _places(rules[at], at, prefilter, data, len(part)):
                begin, stop = max(first, seen + start), min(last, seen + end)
                if spans and begin <= spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
                elif begin < stop:
                    spans.append((begin, stop))
    return windows


def _places(rule: Rule, at: int, prefilter: Prefilter, data: bytes, size: int) -> list[Span]:
    """Return where in a part of a text a match may begin: all of it when in many places."""
    width = _width(rule)
    if rule.pattern is None or width > _WIDEST:
        return [(0, size)]
    gated = bool(rule.fields or rule.context)
    behind = _GATE_REACH if gated else _BEHIND
    few = list(islice(prefilter.places(at, data), _FEW_PLACES + 1))
    if gated and len(few) > _FEW_PLACES:
        # Words stand everywhere, what they speak of may not.
        few, behind = list(islice(prefilter.bodies(at, data), _FEW_PLACES + 1)), _BEHIND
    if len(few) > _FEW_PLACES:
        return [(0, size)]
    if size < len(data):
        # A place is of bytes, and may begin within a character.
        few = [(_characters(data, start) - 1, _characters(data, end) + 1) for start, end in few]
    return [(start - width, end + behind) for start, end in few]


def windows_in(
    texts: Sequence[str],
    asked: Iterable[int],
    rules: Sequence[Rule],
    prefilter: Prefilter,
) -> Sequence[Windows]:
    """Return, for each of some texts, where in it matches of the rules `asked` may begin.

    Args:
        texts: Short texts.
        asked: The positions of rules that may match in them.
        rules: All rules.
        prefilter: Names the places.
    """
    each = [text.encode("utf-8", "surrogatepass") for text in texts]
    data = b"\n".join(each)
    begins = list(accumulate((len(text) + 1 for text in each[:-1]), initial=0))
    plain = data.isascii()
    out: list[dict[int, Sequence[Span] | None]] = [{} for _ in texts]
    for at in asked:
        exact = plain and _begins_in_place(rules[at])
        spans: dict[int, list[Span]] = defaultdict(list)
        for start, end in prefilter.places(at, data):
            # A match may run on into the next texts and hide one that begins there.
            for touched in range(bisect_right(begins, start) - 1, bisect_right(begins, end)):
                begin = begins[touched]
                spans[touched].append((max(0, start - begin), end - begin + _BEHIND))
        for text, found in spans.items():
            out[text][at] = found if exact and len(found) <= _FEW_PLACES else None
    return out


def _begins_in_place(rule: Rule) -> bool:
    """Tell whether a match of a rule begins in a place that the prefilter names, not ahead."""
    return not (rule.pattern is None or rule.fields or rule.context or derived(rule).late)


def _characters(data: bytes, end: int) -> int:
    return len(data[:end].decode("utf-8", "ignore"))


def spans_of(rule: Rule, text: str, windows: Sequence[Span] | None) -> Iterator[Span]:
    """Return what a rule's pattern finds in windows, or in all of a text; checks take no time here.

    Raises:
        RuleError: The pattern is broken.
        RuleTimeoutError: The pattern took too long.
    """
    pattern, size, width = rule.compiled(), len(text), 0
    group = "value" if "value" in pattern.groupindex else 0
    limit = _TIMEOUT_S + size * _TIMEOUT_S_PER_CHARACTER
    if windows is None or (width := _width(rule)) > _WIDEST:
        windows = [(0, size)]
    spans = array("q")
    reached, started = 0, perf_counter()
    try:
        for first, last in windows:
            left = max(limit - (perf_counter() - started), 0.001)
            stop = min(last + width + _LOOKAHEAD, size)
            for found in pattern.finditer(text, max(first, reached), stop, timeout=left):
                if found.start() >= last:
                    break
                match = found
                if max(found.end(), found.end(group)) == stop < size:
                    match = pattern.match(text, found.start(), timeout=left) or found
                span = match.span(group)
                spans.extend(match.span() if span[0] < 0 else span)
                reached = match.end()
    except TimeoutError as error:
        raise RuleTimeoutError(f"rule '{rule.id}' took over {limit:.0f} s on one text") from error
    each = iter(spans)
    return zip(each, each, strict=True)


@cache
def _width(rule: Rule) -> int:
    """Return how long a match of a rule can be; a word of a list counts as 64 characters."""
    # The standard library's parser is private, yet it is the only one that tells.
    from re import _parser  # type: ignore[attr-defined]

    tree = _parser.parse(LEXICON.sub(r"\\w{1,64}", rule.pattern or ""))
    return int(tree.getwidth()[1])


class Verdicts:
    """What checks said of candidates in a long text, remembered by what stands around them."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._known: dict[tuple[Check, str, int, int, str], bool] = {}

    def of(self, check: Check, text: str, span: Span, name: str) -> bool:
        """Return what a check says of a candidate; it sees no more of the text than its reach."""
        start, end = span
        first = max(0, start - _REACH)
        around = text[first : end + _REACH]
        key = (check, around, start - first, end - first, name)
        verdict = self._known.get(key)
        if verdict is None:
            verdict = check(Candidate(around, start - first, end - first, self._settings, name))
            if len(self._known) < _VERDICTS and len(around) <= 4 * _REACH:
                self._known[key] = verdict
        return verdict
