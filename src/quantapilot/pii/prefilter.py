"""The prefilter: one linear pass that proves a line clean, or says that it must be looked at.

Its patterns are derived from the confirming ones, so that it is a superset by construction:
lookarounds become a consumed neighbour or nothing, long repeats are cut short, and whatever JSON
may escape is also matched escaped. What a derivation on raw bytes can't see (escapes that hide a
character, anything outside ASCII, percent-encoding) makes a line a candidate as such.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.errors import RuleError
from quantapilot.pii.fields import hints_pattern
from quantapilot.pii.rules import expand_lexicons

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantapilot.pii.rules import Rule

# Lines that hide characters from a pass over raw bytes: JSON escapes, other scripts, encodings.
OPAQUE = r"""\\u|\\/|[\x80-\xff]|%[2-7][0-9A-Fa-f]|&(?:#|[a-z]{2,6};)"""

_MAX_REPEAT = 12
_MEMORY = 48 << 20
_ESCAPES = {'"': '"', "\\": "\\", "\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_SHORT_ESCAPE = r"\\[bfnrt]"
_ASCII = frozenset(map(chr, range(128)))


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
    each = [_rule_pattern(rule, "[^\\n]*") for rule in rules]
    return ("(?m)" + "|".join([OPAQUE, *each])).encode()


def text_pattern(rule: Rule) -> bytes:
    """Return the pattern that every decoded text with a finding of `rule` matches."""
    return ("(?m)" + _rule_pattern(rule, "(?s:.)*")).encode()


def _rule_pattern(rule: Rule, gap: str) -> str:
    gates = [hints_pattern(rule.fields)] if rule.fields else []
    gates += [rf"(?i:{re.escape(word)})" for word in rule.context]
    gate = "(?:" + "|".join(gates) + ")"
    if rule.pattern is None:
        return gate
    derived = derive(rule.pattern, f"{rule.source}: rule '{rule.id}'")
    return f"{gate}{gap}{derived}" if gates else derived


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


@cache
def derive(pattern: str, where: str = "pattern") -> str:
    """Return an RE2 pattern over raw bytes that matches wherever `pattern` matches once decoded.

    Raises:
        RuleError: `pattern` can't be parsed, or refers back to a group.
    """
    # The standard library's parser is private, yet it is the only one that reads its own syntax.
    from re import _parser  # type: ignore[attr-defined]

    try:
        tree = _parser.parse(expand_lexicons(pattern))
    except re.error as error:
        raise RuleError(f"{where}: pattern can't be read: {error}") from error
    return f"(?:{_sequence(tree, bool(tree.state.flags & re.IGNORECASE), where, first=True, last=True)})"


def _sequence(items: Any, fold: bool, where: str, *, first: bool, last: bool) -> str:
    out: list[str] = []
    items = list(items)
    for at, (op, argument) in enumerate(items):
        leading = first and not any(out)
        trailing = last and at == len(items) - 1
        out.append(_node(str(op), argument, fold, where, first=leading, last=trailing))
    return "".join(out)


def _node(op: str, argument: Any, fold: bool, where: str, *, first: bool, last: bool) -> str:  # noqa: PLR0911
    match op:
        case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
            return _class(_members(op, argument, fold))
        case "BRANCH":
            branches = [_sequence(b, fold, where, first=first, last=last) for b in argument[1]]
            return "(?:" + "|".join(branches) + ")"
        case "SUBPATTERN":
            _, added, removed, body = argument
            inner = (fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
            return "(?:" + _sequence(body, inner, where, first=first, last=last) + ")"
        case "ATOMIC_GROUP":
            return "(?:" + _sequence(argument, fold, where, first=first, last=last) + ")"
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeat(argument, fold, where, last=last)
        case "AT":
            return rf"(?:\b|{_SHORT_ESCAPE})" if str(argument) == "AT_BOUNDARY" else ""
        case "ASSERT" | "ASSERT_NOT":
            return _lookaround(op, argument, fold, first=first, last=last)
    raise RuleError(f"{where}: no prefilter can be derived from {op.lower()} in a pattern")


def _repeat(argument: Any, fold: bool, where: str, *, last: bool) -> str:
    low, high, body = int(argument[0]), int(argument[1]), argument[2]
    inner = _sequence(body, fold, where, first=False, last=False)
    if not inner:
        return ""
    least = min(low, _MAX_REPEAT)
    if last:
        return f"(?:{inner}){{{least}}}" if least else ""
    if high <= _MAX_REPEAT:
        return f"(?:{inner}){{{least},{high}}}"
    return f"(?:{inner}){{{least},}}"


def _lookaround(op: str, argument: Any, fold: bool, *, first: bool, last: bool) -> str:
    direction, body = argument
    body = list(body)
    if op == "ASSERT" or len(body) != 1 or str(body[0][0]) not in {"LITERAL", "NOT_LITERAL", "IN"}:
        return ""
    # The closing quote and the backslash of an escape are neighbours that decoding takes away.
    allowed = _bytes((_ASCII - _members(str(body[0][0]), body[0][1], fold) | {'"', "\\"}) - {"\n"})
    if direction < 0 and first:
        return rf"(?:^|[{allowed}\x80-\xff]|{_SHORT_ESCAPE})"
    if direction > 0 and last:
        return rf"(?:$|[{allowed}\x80-\xff])"
    return ""


def _members(op: str, argument: Any, fold: bool) -> frozenset[str]:
    """Return the ASCII characters that one character of a pattern stands for."""
    if op == "ANY":
        return _ASCII - {"\n"}
    if op == "LITERAL":
        found = {chr(argument)}
    elif op == "NOT_LITERAL":
        return _ASCII - _folded({chr(argument)}, fold)
    else:
        found = set()
        for kind, value in argument:
            found |= _item(str(kind), value)
        if str(argument[0][0]) == "NEGATE":
            return _ASCII - _folded(found, fold)
    return frozenset(_folded(found, fold) & _ASCII)


def _item(kind: str, value: Any) -> set[str]:
    if kind == "LITERAL":
        return {chr(value)}
    if kind == "RANGE":
        return {chr(code) for code in range(value[0], min(value[1], 127) + 1)}
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.removeprefix("NOT_")]
        letter = letter.upper() if name.startswith("NOT_") else letter
        return {char for char in _ASCII if re.match(rf"\{letter}", char)}
    return set()


def _folded(chars: set[str], fold: bool) -> frozenset[str]:
    if not fold:
        return frozenset(chars)
    return frozenset({c.lower() for c in chars} | {c.upper() for c in chars} | chars)


def _class(members: frozenset[str]) -> str:
    # A class without ASCII members matches only lines that are candidates anyway.
    if not members:
        return r"[^\x00-\xff]"
    plain = f"[{_bytes(members)}]"
    escaped = "".join(_ESCAPES[char] for char in sorted(members & _ESCAPES.keys()))
    if not escaped:
        return plain
    return rf"(?:{plain}|\\+[{_bytes(frozenset(escaped))}])"


def _bytes(chars: Iterable[str]) -> str:
    codes = sorted(set(map(ord, chars)))
    out: list[str] = []
    start = previous = codes[0]
    for code in [*codes[1:], 1 << 10]:
        if code != previous + 1:
            out.append(rf"\x{start:02x}" if start == previous else rf"\x{start:02x}-\x{previous:02x}")
            start = code
        previous = code
    return "".join(out)
