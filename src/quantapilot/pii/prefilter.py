"""The prefilter: one linear pass that proves a line clean, or says that it must be looked at.

Its patterns are derived from the confirming ones, so that it is a superset by construction:
lookarounds become a consumed neighbour or nothing, long repeats are cut short, and whatever JSON
may escape is also matched escaped. What a derivation on raw bytes can't see (escapes that hide a
character, anything outside ASCII, percent-encoding) makes a line a candidate as such.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.pii.derive import derive
from quantapilot.pii.fields import hints_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    
# Lines that hide characters from a pass over raw bytes: JSON escapes, percent-encoding, entities,
# and characters beyond ASCII, but for the symbols that hide nothing (`fold.is_symbol`).
OPAQUE = (
    r"\\u|\\/|%[2-7][0-9A-Fa-f]|&(?:#|[a-z]{2,6};)"
    r"|\xc2[^\xab\xb0\xb1\xb7\xbb]|\xc3[^\x97]"
    r"|\xe2(?:\x80[^\x98-\x9f\xa2\xa6]|\x86[\x80-\x8f]|[^\x80\x86\x87\x94\x95\x9c-\x9e])"
    r"|[\xc4-\xe1\xe3-\xff]"
)
_MEMORY = 48 << 20
# What may stand before a word: the start of a line, a character outside words, a short escape.
_BOUNDARY = r"(?:^|[^A-Za-z0-9]|\\[bfnrt])"


class Prefilter(Protocol):
    """Both questions that are asked of a prefilter; every engine answers them alike."""

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offset of the first byte of each candidate line, in order."""

    def rules(self, text: str) -> Sequence[int]:
        """Return the positions of the rules that may match in a decoded text."""


class Re2Prefilter:
    """The prefilter on google-re2: linear in the input whatever the rules are."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        import re2

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = _MEMORY
        options.log_errors = False
        options.never_capture = True
        # Sets of states instead of ordered lists of them: a third of the automaton.
        options.longest_match = True
        self._rules = rules
        self._options = options
        self._re2 = re2
        self._line: Any = None
        self._set: Any = None

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offset of the first byte of each candidate line, in order."""
        if self._line is None:
            self._line = self._re2.compile(line_pattern(self._rules), self._options)
        return _candidate_lines(self._line, chunk)

    def rules(self, text: str) -> Sequence[int]:
        """Return the positions of the rules that may match in a decoded text."""
        if self._set is None:
            self._set = self._re2.Set.SearchSet(self._options)
            for rule in self._rules:
                self._set.Add(text_pattern(rule))
            self._set.Compile()
        found: Sequence[int] | None = self._set.Match(text.encode("utf-8", "surrogatepass"))
        return found or ()


class RegexPrefilter:
    """The prefilter on `regex` alone, for platforms that google-re2 has no wheel for."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        import regex

        self._line = regex.compile(line_pattern(rules))
        self._each = [regex.compile(text_pattern(rule)) for rule in rules]

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offset of the first byte of each candidate line, in order."""
        return _candidate_lines(self._line, chunk)

    def rules(self, text: str) -> Sequence[int]:
        """Return the positions of the rules that may match in a decoded text."""
        data = text.encode("utf-8", "surrogatepass")
        return [at for at, pattern in enumerate(self._each) if pattern.search(data)]


def build_prefilter(rules: Sequence[Rule]) -> Prefilter:
    """Return the fastest prefilter that this platform has for `rules`.

    Raises:
        RuleError: A rule's pattern uses a construct that no prefilter can be derived from.
    """
    try:
        return Re2Prefilter(rules)
    except ImportError:
        return RegexPrefilter(rules)


def line_pattern(rules: Iterable[Rule]) -> bytes:
    """Return the pattern that every raw line with a finding of one of `rules` matches."""
    # What rules share is written once: it is what the automaton would carry at every byte.
    by_boundary: dict[str, list[str]] = defaultdict(list)
    names: list[tuple[str, ...]] = []
    words: list[str] = []
    each: list[str] = []
    for rule in rules:
        if rule.pattern is None:
            names += rule.fields
        elif rule.fields or rule.context:
            # Name or word alone: a pattern behind a gap would be carried to the end of the line.
            names += rule.fields
            words += rule.context
        else:
            boundary, body = derive(rule.pattern, _where(rule))
            by_boundary[boundary].append(body)
    if names:
        each.append(hints_pattern(dict.fromkeys(names)))
    if words:
        each.append(_BOUNDARY + "(?:" + "|".join(map(_spellings, dict.fromkeys(words))) + ")")
    each += [f"{boundary}(?:{'|'.join(bodies)})" for boundary, bodies in by_boundary.items()]
    return ("(?m)" + "|".join([OPAQUE, *each])).encode()


def text_pattern(rule: Rule) -> bytes:
    """Return the pattern that every decoded text with a finding of `rule` matches."""
    gates = [hints_pattern(rule.fields, before_value=rule.pattern is not None)] * bool(rule.fields)
    gates += map(_spellings, rule.context)
    gate = "(?:" + "|".join(gates) + ")"
    if rule.pattern is None:
        return f"(?m){gate}".encode()
    derived = "".join(derive(rule.pattern, _where(rule)))
    return ("(?m)" + (f"{gate}(?s:.)*{derived}" if gates else derived)).encode()


def _where(rule: Rule) -> str:
    return f"{rule.source}: rule '{rule.id}'"


def _spellings(word: str) -> str:
    if word.isascii():
        return rf"(?i:{re.escape(word)})"
    # The engines fold bytes here, and letters beyond ASCII are several.
    return "|".join(map(re.escape, dict.fromkeys((word, word.upper(), word.capitalize()))))


def _candidate_lines(pattern: Any, chunk: bytes) -> list[int]:
    starts: list[int] = []
    search, find, rfind = pattern.search, chunk.find, chunk.rfind
    position, size = 0, len(chunk)
    while position < size and (found := search(chunk, position)):
        start, end = found.span()
        line = rfind(b"\n", 0, start) + 1
        # Whitespace in a pattern may cross lines: each line that the match touches is looked at.
        while True:
            starts.append(line)
            line = find(b"\n", line) + 1
            if not 0 < line < end:
                break
        position = line or size
    return starts
