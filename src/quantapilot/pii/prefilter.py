"""The prefilter: one linear pass that proves a line clean, or says that it must be looked at.

Its patterns are derived from the confirming ones, so that it is a superset by construction:
lookarounds become a consumed neighbour or nothing, long repeats are cut short, and whatever JSON
may escape is also matched escaped. What a derivation on raw bytes can't see (escapes that hide a
character, anything outside ASCII, percent-encoding) makes a line a candidate as such.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.charsets import DASHES
from quantapilot.pii.fields import hints_pattern
from quantapilot.pii.fold import BASE64_IN_LINE
from quantapilot.pii.literals import shape
from quantapilot.pii.rules import OPENED, words_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quantapilot.pii.rules import Derived, Rule


# Lines that hide characters from a pass over raw bytes: escapes, percent-encoding, entities,
# base64, control characters, words of two alphabets, and characters that folding changes. Left
# out are symbols that hide nothing (`fold.is_symbol`) and blocks that folding leaves alone:
# Latin-1 letters, Cyrillic, most of CJK; and dashes, which patterns look for where they look for
# a hyphen (`derive`).
OPAQUE = (
    r"\\(?:u|/|x[2-7]|U000|[@.])|%(?:u|[2-7][0-9A-Fa-f]|[C-Fc-f][0-9A-Fa-f]%)|&(?:#|[A-Za-z]+;)"
    r"|[\[({](?:[.:@]|[dD][oO][tT])[\])}]|=[A-Z][a-z]+\+[A-Z]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    r"|[A-Za-z][\xd0\xd1]|[\xd0\xd1][\x80-\xbf][A-Za-z]"
    r"|\xc2[^\xab\xb0\xb1\xb7\xbb]"
    r"|\xe2(?:\x80[^\x90-\x95\x98-\x9f\xa2\xa6]|\x86[\x80-\x8f]|[^\x80\x86\x87\x94\x95\x9c-\x9e])"
    r"|[\xc4-\xcf\xd2-\xe1\xe3\xea-\xff]"
    f"|{BASE64_IN_LINE}"
)
_MEMORY = 48 << 20
# Of so few characters the rules are asked one by one: automata would take longer to compile.
_FEW = 8192
# No word of a list is longer; and what matches nothing, where a text has none of them.
_LONGEST_WORD = 16
_NEVER = r"[^\x00-\xff]"
# What may stand before a word: the start of a line, a character outside words, a short escape.
_BOUNDARY = r"(?:^|[^A-Za-z0-9\n]|\\[bfnrt])"


_Source = Callable[["Rule"], bytes]


class Prefilter(Protocol):
    """Both questions that are asked of a prefilter; every engine answers them alike."""

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offset of the first byte of each candidate line, in order."""

    def proves(self, line: bytes) -> bool:
        """Tell whether a line is no candidate."""

    def rules(self, text: str) -> Sequence[int]:
        """Return the positions of the rules that may match in a decoded text."""

    def places(self, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        """Return the byte spans of a text in which the rule at a position may match."""

    def bodies(self, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        """Return the byte spans in which its pattern may match, whatever else it asks for."""


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
        self._lines: list[Any] = []
        self._quick: list[Any] = []
        self._sets: list[tuple[Any, list[int]]] = []
        self._asked = 0
        self._each: dict[tuple[_Source, int], Any] = {}

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offset of the first byte of each candidate line, in order."""
        first, *others = [_candidate_lines(pattern, chunk) for pattern in self._passes()]
        return sorted({*first, *chain(*others)}) if any(others) else first

    def proves(self, line: bytes) -> bool:
        """Tell whether a line is no candidate."""
        if not self._quick:
            # A set answers yes or no, in half the time that it takes to say where.
            for at, rules in enumerate(_vocabularies(self._rules)):
                each = self._re2.Set.SearchSet(self._options)
                each.Add(line_pattern(rules, opaque=not at))
                each.Compile()
                self._quick.append(each)
        for each in self._quick:  # noqa: SIM110 - a generator costs more than the loop
            if each.Match(line):
                return False
        return True

    def _passes(self) -> list[Any]:
        if not self._lines:
            self._lines = [
                self._re2.compile(line_pattern(rules, opaque=not at), self._options)
                for at, rules in enumerate(_vocabularies(self._rules))
            ]
        return self._lines

    def rules(self, text: str) -> Sequence[int]:
        """Return the positions of the rules that may match in a decoded text."""
        data = text.encode("utf-8", "surrogatepass")
        if not self._sets:
            self._asked += len(text)
            if self._asked < _FEW and text.isascii():
                return self._one_by_one(text, data)
            self._sets = self._compiled_sets()
            _listed.cache_clear()
        return [members[at] for each, members in self._sets for at in each.Match(data) or ()]

    def _one_by_one(self, text: str, data: bytes) -> list[int]:
        """Return what the sets would, without compiling them: most rules can be told off hand."""
        shaped = shape(text)
        out: list[int] = []
        for at, rule in enumerate(self._rules):
            if rule.literals and not any(map(shaped.__contains__, rule.literals)):
                continue
            if rule.opened:
                found = self._re2.search(present_pattern(rule, text), data, self._options)
            else:
                found = next(self.places(at, data), None)
            if found:
                out.append(at)
        return out

    def places(self, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        """Return the byte spans of a text in which the rule at a position may match."""
        return self._found(text_pattern, position, data)

    def bodies(self, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        """Return the byte spans in which its pattern may match, whatever else it asks for."""
        return self._found(body_pattern, position, data)

    def _found(self, source: _Source, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        pattern = self._each.get((source, position))
        if pattern is None:
            pattern = self._re2.compile(source(self._rules[position]), self._options)
            self._each[source, position] = pattern
        return (found.span() for found in pattern.finditer(data))

    def _compiled_sets(self) -> list[tuple[Any, list[int]]]:
        # One automaton a class: over all rules it would have a state for nearly every new text.
        by_class: dict[str, list[int]] = defaultdict(list)
        for at, rule in enumerate(self._rules):
            by_class[rule.pii_class].append(at)
        out: list[tuple[Any, list[int]]] = []
        for members in by_class.values():
            each = self._re2.Set.SearchSet(self._options)
            for at in members:
                each.Add(text_pattern(self._rules[at]))
            each.Compile()
            out.append((each, members))
        return out


class RegexPrefilter:
    """The prefilter on `regex` alone, for platforms that google-re2 has no wheel for."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        # Compiled on first use: over thousands of names that takes this engine seconds.
        self._line: Any = None
        self._each: dict[tuple[_Source, int], Any] = {}

    def candidates(self, chunk: bytes) -> list[int]:
        """Return the offset of the first byte of each candidate line, in order."""
        return _candidate_lines(self._pass(), chunk)

    def proves(self, line: bytes) -> bool:
        """Tell whether a line is no candidate."""
        return self._pass().search(line) is None

    def rules(self, text: str) -> Sequence[int]:
        """Return the positions of the rules that may match in a decoded text."""
        data = text.encode("utf-8", "surrogatepass")
        each = range(len(self._rules))
        return [at for at in each if self._compiled(text_pattern, at).search(data)]

    def places(self, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        """Return the byte spans of a text in which the rule at a position may match."""
        return (found.span() for found in self._compiled(text_pattern, position).finditer(data))

    def bodies(self, position: int, data: bytes) -> Iterator[tuple[int, int]]:
        """Return the byte spans in which its pattern may match, whatever else it asks for."""
        return (found.span() for found in self._compiled(body_pattern, position).finditer(data))

    def _pass(self) -> Any:
        if self._line is None:
            import regex

            self._line = regex.compile(line_pattern(self._rules))
        return self._line

    def _compiled(self, source: _Source, position: int) -> Any:
        found = self._each.get((source, position))
        if found is None:
            import regex

            found = regex.compile(source(self._rules[position]))
            self._each[source, position] = found
        return found


@lru_cache(maxsize=2)
def build_prefilter(rules: tuple[Rule, ...]) -> Prefilter:
    """Return the fastest prefilter that this platform has for `rules`.

    Detectors of the same rules share it, since what it costs is to compile it.

    Raises:
        RuleError: A rule's pattern uses a construct that no prefilter can be derived from.
    """
    try:
        return Re2Prefilter(rules)
    except ImportError:
        return RegexPrefilter(rules)


def _vocabularies(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Return the rules in groups that each get an automaton.

    Names are thousands of words. Together with all else, each letter of each word would make a
    state of its own for whatever else may be going on at that place.
    """
    names = [rule for rule in rules if rule.pii_class == "name"]
    others = [rule for rule in rules if rule.pii_class != "name"]
    return [group for group in (others, names) if group] or [[]]


def line_pattern(rules: Iterable[Rule], *, opaque: bool = True) -> bytes:
    """Return the pattern that every raw line with a finding of one of `rules` matches.

    Args:
        rules: The rules.
        opaque: Matches also what hides characters from a pass over raw bytes.
    """
    # What rules share is written once: it is what the automaton would carry at every byte.
    by_boundary: dict[str, list[str]] = defaultdict(list)
    names: list[tuple[str, ...]] = []
    words: list[str] = []
    for rule in rules:
        names += rule.fields
        words += rule.context
        if rule.pattern is not None and not (rule.fields or rule.context):
            found = derived(rule, lines=True)
            by_boundary[found.boundary].append(found.body)
    each = [OPAQUE] if opaque else []
    each += _gates(names, words)
    # In order, so that the engine can share what neighbours begin with.
    each += [f"{edge}(?:{'|'.join(sorted(bodies))})" for edge, bodies in by_boundary.items()]
    return ("(?m)" + "|".join(each)).encode()


def text_pattern(rule: Rule) -> bytes:
    """Return the pattern that every decoded text with a finding of `rule` matches."""
    gates = _gates(rule.fields, rule.context)
    if rule.pattern is not None and not gates:
        gates = ["".join(derived(rule)[:2])]
    return ("(?m)" + "|".join(gates)).encode()


def present_pattern(rule: Rule, text: str) -> bytes:
    """Return the text pattern of a rule with word lists, with those words only that a text has."""
    parts = {fold: _parts(text.lower() if fold else text) for fold in ("", "i")}

    def present(found: re.Match[str]) -> str:
        fold, name = found.groups()
        words = _listed(name, bool(fold)) & parts[fold]
        return f"(?{fold}:{'|'.join(map(re.escape, sorted(words))) or _NEVER})"

    return ("(?m)" + OPENED.sub(present, rule.opened)).encode()


def _parts(text: str) -> set[str]:
    sizes = range(1, _LONGEST_WORD + 1)
    return {text[at : at + size] for at in range(len(text)) for size in sizes}


@cache
def _listed(name: str, fold: bool) -> frozenset[str]:
    words = filter(str.isascii, words_in(name))
    return frozenset(map(str.lower, words) if fold else words)


def body_pattern(rule: Rule) -> bytes:
    """Return the pattern that every match of a rule's own pattern in a decoded text matches."""
    return ("(?m)" + "".join(derived(rule)[:2])).encode()


def _gates(names: Sequence[tuple[str, ...]], words: Sequence[str]) -> list[str]:
    """Return the patterns of the names and words without which a rule does not count.

    They stand for the whole rule: its pattern behind a gap would be carried to the end of the line.
    """
    gates = [hints_pattern(dict.fromkeys(names))] if names else []
    if words:
        spelt = "|".join(sorted(map(_spellings, set(words))))
        gates.append(f"{_BOUNDARY}(?:{spelt})")
    return gates


def derived(rule: Rule, *, lines: bool = False) -> Derived:
    """Return what is derived from a rule's pattern, for decoded texts or for raw lines.

    Raises:
        RuleError: Nothing can be derived from the pattern.
    """
    if rule.derived:
        return rule.derived[lines]
    from quantapilot.pii.derive import derive

    return derive(rule.pattern or "", f"{rule.source}: rule '{rule.id}'", lines=lines)


def _spellings(word: str) -> str:
    if word.isascii():
        return rf"(?i:{re.escape(word)})".replace(r"\-", f"(?:-|{DASHES})")
    # The engines fold bytes here, and letters beyond ASCII are several.
    return "|".join(map(re.escape, dict.fromkeys((word, word.upper(), word.capitalize()))))


def _candidate_lines(pattern: Any, chunk: bytes) -> list[int]:
    starts: list[int] = []
    search, find, rfind = pattern.search, chunk.find, chunk.rfind
    position, size = 0, len(chunk)
    while position < size and (found := search(chunk, position)):
        # No part of a line pattern matches a newline: where a match begins is its line.
        start = found.start()
        starts.append(rfind(b"\n", 0, start) + 1)
        position = find(b"\n", start) + 1
        if not position:
            break
    return starts
