"""Derivation: from a confirming pattern to one that RE2 can run over raw bytes.

The derived pattern matches wherever the confirming one matches, and sometimes more often. It is
kept small, since an automaton over a hundred rules is as fast as it is small:

* a beginning of a pattern already says less than the whole, so the pattern is cut where it has
  become rare enough;
* characters at the very beginning that stand everywhere are left out, where the rest is rare;
* a long repeat at the very beginning is cut to its least length, since a match ends the same;
* a lookaround becomes its neighbouring character where it stands outermost, and "not behind this
  word" the ways to end otherwise where nothing stands before it; else it becomes nothing.

What JSON may escape is also matched escaped; a character beyond ASCII is one or more bytes beyond
ASCII, so repeats over such characters have no upper bound.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from quantapilot.charsets import ASCII, BEYOND, DASHES, members_of, spelt
from quantapilot.errors import RuleError
from quantapilot.pii.rules import LEXICON, Derived, lexicon

if TYPE_CHECKING:
    from collections.abc import Iterable

# Bits after which a pattern is rare enough to be cut, and bits of a rest that may stand alone.
_ENOUGH = 48.0
_ALONE = 12.0
# Share of all characters from which on a class stands everywhere.
_COMMON = 0.3
_MAX_REPEAT = 12
# A repeat that varies by more than this is cut at the beginning of a pattern.
_LONG = 8
# What must not stand ahead, such as `git`, is looked for within so many characters.
_SHORT_WORD = 6
_ESCAPES = {'"': '"', "\\": "\\", "\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_SHORT_ESCAPE = r"\\[bfnrt]"
_OR_BEYOND = r"|[\x80-\xff]{1,4})"
# A class with the characters that JSON may escape.
_ESCAPED = re.compile(r"\(\?:\(\?:\[([^\]]+)\]\|\\\\\+\[([^\]]+)\]\)")
# Letters of Latin alphabets beyond ASCII as raw bytes. Where a pattern asks for no others, texts
# in other alphabets are told apart by the first pass.
_LATIN_BLOCKS = ((0xC0, 0x24F), (0x1E00, 0x1EFF))
_LATIN = r"[\xc3-\xc9][\x80-\xbf]|\xe1[\xb8-\xbb][\x80-\xbf]"
# How often a character stands in a log line, roughly; hexadecimal digits fill ids and hashes.
_SHARE = (
    dict.fromkeys("0123456789", 0.04)
    | dict.fromkeys("abcdef", 0.035)
    | dict.fromkeys("ghijklmnopqrstuvwxyz", 0.03)
    | dict.fromkeys(' -:,"', 0.04)
    | dict.fromkeys("_./", 0.01)
)
_RARE = 0.003
# Word lists stand in a pattern as one character of a private plane while it is parsed.
_FIRST_LEXICON = 0xF0000


@dataclass(frozen=True, slots=True)
class _Scope:
    fold: bool
    lines: bool
    where: str
    lexicons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A derived piece: its pattern, and how rare it is in bits.

    `cut` tells whether its end was left out, `late` whether some of its beginning was.
    """

    text: str
    bits: float = 0.0
    cut: bool = False
    late: bool = False


@cache
def derive(pattern: str, where: str = "pattern", *, lines: bool = False) -> Derived:
    """Return an RE2 pattern over raw bytes that matches wherever `pattern` matches once decoded.

    With `lines` it never matches beyond the end of a raw line.

    Raises:
        RuleError: `pattern` can't be parsed, or refers back to a group.
    """
    # The standard library's parser is private, yet it is the only one that reads its own syntax.
    from re import _parser  # type: ignore[attr-defined]

    names = tuple(dict.fromkeys(LEXICON.findall(pattern)))
    marked = LEXICON.sub(lambda found: chr(_FIRST_LEXICON + names.index(found[1])), pattern)
    try:
        tree = _parser.parse(marked)
    except re.error as error:
        raise RuleError(f"{where}: pattern can't be read: {error}") from error
    scope = _Scope(bool(tree.state.flags & re.IGNORECASE), lines, where, names)
    items, boundary, late = list(tree), "", False
    if len(items) > 1 and str(items[0][0]) == "ASSERT_NOT":
        op, argument = items.pop(0)
        if not _is_long(items[0]) and not _common_start(items, scope):
            boundary = _edge(str(op), argument, scope, first=True, last=False)
            late = len(argument[1]) > _SHORT_WORD
            # The pass over lines has no state to spare for a second character.
            if boundary and not lines and str(items[0][0]) == "ASSERT_NOT":
                boundary = _two_before(argument, items[0][1], scope) or boundary
    body = _sequence(items, scope, _ENOUGH, first=not boundary, last=True)
    return Derived(boundary, f"(?:{body.text})", late or body.late)


def opened(derived: str, pattern: str) -> str:
    r"""Return a pattern's derived one with its word lists unwritten again, as `\L<list>`."""
    for name in LEXICON.findall(pattern):
        for fold, flag in ((False, ""), (True, "i")):
            derived = derived.replace(_lexicon(lexicon(name), fold).text, rf"(?{flag}:\L<{name}>)")
    return derived


def _sequence(items: list[Any], scope: _Scope, budget: float, *, first: bool, last: bool) -> _Part:
    out: list[str] = []
    bits, late = 0.0, False
    if first and (skipped := _common_start(items, scope)):
        items, late = items[skipped:], True
    for at, (op, argument) in enumerate(items):
        if bits >= budget:
            return _Part("".join(out), bits, cut=True, late=late)
        begins = first and not any(out)
        name = str(op)
        if name in {"ASSERT", "ASSERT_NOT", "AT"}:
            open_start = begins and at + 1 < len(items) and _is_long(items[at + 1])
            ends = last and at == len(items) - 1
            if not open_start:
                out.append(_edge(name, argument, scope, first=begins, last=ends))
                late = late or (begins and name == "ASSERT_NOT" and len(argument[1]) > _SHORT_WORD)
            continue
        ends = last and all(str(i[0]) in {"ASSERT", "ASSERT_NOT", "AT"} for i in items[at + 1 :])
        part = _node(name, argument, scope, budget - bits, first=begins, last=ends)
        out.append(part.text)
        bits += part.bits
        late = late or part.late
        if part.cut:
            return _Part("".join(out), bits, cut=True, late=late)
    return _Part("".join(out), bits, late=late)


def _node(
    op: str, argument: Any, scope: _Scope, budget: float, *, first: bool, last: bool
) -> _Part:
    match op:
        case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
            return _character(op, tuple(argument) if op == "IN" else argument, scope)
        case "BRANCH":
            return _branch(argument[1], scope, budget, first=first, last=last)
        case "SUBPATTERN":
            _, added, removed, body = argument
            fold = (scope.fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
            inner = replace(scope, fold=fold)
            return _group(_sequence(list(body), inner, budget, first=first, last=last))
        case "ATOMIC_GROUP":
            return _group(_sequence(list(argument), scope, budget, first=first, last=last))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeat(argument, scope, budget, first=first)
    raise RuleError(f"{scope.where}: no prefilter can be derived from {op.lower()} in a pattern")


def _group(part: _Part) -> _Part:
    return replace(part, text=f"(?:{part.text})") if part.text else part


def _branch(bodies: Any, scope: _Scope, budget: float, *, first: bool, last: bool) -> _Part:
    whole = [_sequence(list(b), scope, math.inf, first=first, last=last) for b in bodies]
    bits = min(part.bits for part in whole)
    cut = bits > budget
    if cut:
        whole = [_sequence(list(b), scope, budget, first=first, last=False) for b in bodies]
        bits = min(part.bits for part in whole)
    text = "(?:" + "|".join(part.text for part in whole) + ")"
    return _Part(text, bits, cut, any(part.late for part in whole))


def _repeat(argument: Any, scope: _Scope, budget: float, *, first: bool) -> _Part:
    low, high, body = int(argument[0]), int(argument[1]), list(argument[2])
    inner = _sequence(body, scope, math.inf, first=False, last=False)
    if not inner.text:
        return _Part("")
    if low and inner.bits > budget:
        return _group(_sequence(body, scope, budget, first=first, last=False))
    enough = math.ceil(min(budget / inner.bits, low)) if inner.bits else low
    if enough < low:
        return _Part(f"(?:{inner.text}){{{max(enough, 1)}}}", enough * inner.bits, cut=True)
    least = min(low, _MAX_REPEAT)
    if len(body) == 1 and inner.text.endswith(_OR_BEYOND):
        return _Part(
            f"{_one_byte(inner.text)}{{{0 if first and high - low > _LONG else least},}}",
            low * inner.bits,
            late=first and high - low > _LONG,
        )
    if first and high - low > _LONG:
        text = f"(?:{inner.text}){{{least}}}" if least else ""
        return _Part(text, least * inner.bits, late=True)
    most = str(high) if high <= _MAX_REPEAT else ""
    return _Part(f"(?:{inner.text}){{{least},{most}}}", low * inner.bits)


def _common_start(items: list[Any], scope: _Scope) -> int:
    """Return how many items at a beginning say little, where the rest says enough without them."""
    skipped = 0
    for op, argument in items:
        name, body = str(op), argument
        if name.endswith("_REPEAT"):
            low, inner = int(argument[0]), list(argument[2])
            if not low or len(inner) != 1:
                break
            name, body = str(inner[0][0]), inner[0][1]
        if name not in {"IN", "NOT_LITERAL", "ANY"}:
            break
        members = members_of(name, tuple(body) if name == "IN" else body, fold=scope.fold)
        if sum(_SHARE.get(char, _RARE) for char in members) < _COMMON:
            break
        skipped += 1
    rest = items[skipped:]
    if not skipped or _sequence(rest, scope, math.inf, first=False, last=False).bits < _ALONE:
        return 0
    return skipped


def _is_long(item: Any) -> bool:
    op, argument = item
    return str(op).endswith("_REPEAT") and int(argument[1]) - int(argument[0]) > _LONG


def _edge(op: str, argument: Any, scope: _Scope, *, first: bool, last: bool) -> str:
    if op == "AT":
        return rf"(?:\b|{_SHORT_ESCAPE})" if str(argument) == "AT_BOUNDARY" else ""
    direction, body = argument[0], list(argument[1])
    if op == "ASSERT_NOT" and direction < 0 and first and len(body) > 1:
        return _not_behind(body, scope)
    if op == "ASSERT" or len(body) != 1 or str(body[0][0]) not in {"LITERAL", "NOT_LITERAL", "IN"}:
        return ""
    # The closing quote and the backslash of an escape are neighbours that decoding takes away.
    excluded = members_of(str(body[0][0]), body[0][1], fold=scope.fold)
    allowed = spelt((ASCII - excluded | {'"', "\\"}) - {"\n"})
    if direction < 0 and first:
        return rf"(?:^|[{allowed}\x80-\xff]|{_SHORT_ESCAPE})"
    if direction > 0 and last:
        return rf"(?:$|[{allowed}\x80-\xff])"
    return ""


def _two_before(one: Any, two: Any, scope: _Scope) -> str:
    """Return the boundary "not behind an X, nor behind an A and a B", where all are characters."""
    (behind, body), (behind_two, pair) = one, two
    kinds = {str(op) for op, _ in (*body, *pair)}
    if (behind, behind_two) != (-1, -1) or (len(body), len(pair)) != (1, 2):
        return ""
    if not kinds <= {"LITERAL", "IN"}:
        return ""
    none, first, second = (
        members_of(str(op), each, fold=scope.fold) for op, each in (*body, *pair)
    )
    if BEYOND in second or second & none:
        return ""
    before = spelt(ASCII - first)
    allowed = spelt((ASCII - none - second | {'"', "\\"}) - {"\n"})
    known = rf"(?:^|[{before}\x80-\xff])[{spelt(second)}]"
    return rf"(?:^|[{allowed}\x80-\xff]|{known}|{_SHORT_ESCAPE})"


def _not_behind(body: list[Any], scope: _Scope) -> str:
    """Return the ways to end other than in a word, which may have a boundary of its own.

    For "not behind `git`" these are: something but `t`, something but `i` and a `t`, and so on,
    and where the word must begin at a boundary, one of the characters that are none and `git`.
    """
    boundary: frozenset[str] = frozenset()
    if str(body[0][0]) == "ASSERT_NOT" and len(list(body[0][1][1])) == 1:
        op, argument = body[0][1][1][0]
        boundary = members_of(str(op), argument, fold=scope.fold) - {BEYOND}
        body = body[1:]
    if any(str(op) != "LITERAL" for op, _ in body):
        return ""
    letters = [members_of("LITERAL", argument, fold=scope.fold) for _, argument in body]
    ways: list[str] = []
    for at in reversed(range(len(letters))):
        other = "[" + spelt(ASCII - letters[at] - {"\n"}) + r"\x80-\xff]"
        ending = "".join(f"[{spelt(letter)}]" for letter in letters[at + 1 :])
        ways.append(f"(?:^|{other}){ending}" if ending else other)
    if boundary:
        word = "".join(f"[{spelt(letter)}]" for letter in letters)
        ways.append("[" + spelt(boundary) + r"\x80-\xff]" + word)
    return "(?:" + "|".join(ways) + ")"


def _character(op: str, argument: Any, scope: _Scope) -> _Part:
    if op == "LITERAL" and argument >= _FIRST_LEXICON:
        listed = lexicon(scope.lexicons[argument - _FIRST_LEXICON])
        return _lexicon(listed, scope.fold)
    return _one(op, argument, scope.fold, scope.lines)


@cache
def _lexicon(listed: tuple[str, ...], fold: bool) -> _Part:
    """Return a pattern for any of some words."""
    kept: set[str] = set(listed)
    if fold:
        # The engines fold ASCII themselves; letters beyond it are several bytes.
        plain = {word.lower() for word in listed if word.isascii()}
        kept = plain | {
            form
            for word in listed
            if not word.isascii()
            for form in (word, word.lower(), word.upper(), word.title())
        }
    bits = min(sum(-math.log2(_SHARE.get(char, _RARE)) for char in word) for word in kept)
    flag = "i" if fold else ""
    return _Part(f"(?{flag}:{_tree(kept)})".replace(r"\-", f"(?:-|{DASHES})"), bits)


def _tree(words: Iterable[str]) -> str:
    """Return a pattern that shares beginnings of words, and endings where it can: it is small."""
    by_first: dict[str, set[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], set()).add(word[1:])
    optional = by_first.pop("", None) is not None
    by_rest: dict[str, list[str]] = {}
    for first in sorted(by_first):
        by_rest.setdefault(_tree(by_first[first]), []).append(first)
    ways: list[str] = []
    for rest, firsts in by_rest.items():
        letters = "".join(firsts)
        if len(firsts) > 1 and letters.isascii() and letters.isalpha():
            ways.append(f"[{letters}]{rest}")
        else:
            ways += [re.escape(first) + rest for first in firsts]
    if not ways:
        return ""
    body = "|".join(ways)
    if len(ways) == 1 and "|" not in body and not optional:
        return body
    return f"(?:{body})" + ("?" if optional else "")


@cache
def _one(op: str, argument: Any, fold: bool, lines: bool) -> _Part:
    """Return what one character of a pattern becomes; the same few come again and again."""
    if op == "LITERAL" and argument > 127 and not lines:
        return _Part(f"(?:{'|'.join(_written(chr(argument), fold=fold))})", -math.log2(_RARE))
    members = members_of(op, argument, fold=fold)
    share = sum(_SHARE.get(char, _RARE) for char in members)
    bits = -math.log2(min(share, 1.0)) if members else 99.0
    if op == "IN" and not fold and BEYOND in members and _latin_only(argument):
        plain = _class(members - {BEYOND}, lines=lines) + "|" if len(members) > 1 else ""
        return _Part(f"(?:{plain}{_LATIN})", bits)
    return _Part(_class(members, lines=lines), bits)


def _written(char: str, *, fold: bool) -> list[str]:
    """Return a character beyond ASCII as raw bytes, in every case that the engines read alike."""
    same = _cases().get(char.casefold(), "") if fold else ""
    each = dict.fromkeys(char + same)
    return ["".join(rf"\x{byte:02x}" for byte in one.encode()) for one in each]


@cache
def _cases() -> dict[str, str]:
    cases: dict[str, str] = {}
    for char in map(chr, (*range(128, 0xD800), *range(0xE000, 0x10000))):
        cases[char.casefold()] = cases.get(char.casefold(), "") + char
    return cases


def _latin_only(items: Any) -> bool:
    """Tell whether all that a class has beyond ASCII are Latin letters."""
    spans: list[tuple[int, int]] = []
    for kind, value in items:
        if str(kind) not in {"LITERAL", "RANGE"}:
            return False
        spans.append((value, value) if str(kind) == "LITERAL" else tuple(value))
    beyond = [(max(first, 128), last) for first, last in spans if last > 127]
    return all(
        any(low <= first and last <= high for low, high in _LATIN_BLOCKS) for first, last in beyond
    )


def _class(members: frozenset[str], *, lines: bool) -> str:
    beyond = BEYOND in members
    members -= {BEYOND}
    escaped = "".join(_ESCAPES[char] for char in sorted(members & _ESCAPES.keys()))
    raw = members - {"\n"} if lines else members
    if not raw:
        return r"(?:[\x80-\xff]{1,4})" if beyond else r"\\+n"
    plain = f"[{spelt(raw)}]"
    if escaped:
        plain = rf"(?:{plain}|\\+[{spelt(frozenset(escaped))}])"
    if "-" in raw and not beyond:
        plain = f"(?:{plain}|{DASHES})"
    return f"(?:{plain}{_OR_BEYOND}" if beyond else plain


def _one_byte(wide: str) -> str:
    """Return the class of a repeat: there each byte of a character may count for itself.

    So may those of an escape, where the class has all of them. To tell both ways of reading it
    apart would double the work of an engine that goes back with every escape.
    """
    if found := _ESCAPED.match(wide):
        raw, after = (re.compile(f"[{each}]") for each in found.groups())
        ascii_chars = map(chr, range(128))
        if all(raw.match(char) for char in ascii_chars if char == "\\" or after.match(char)):
            return rf"[{found[1]}\x80-\xff]"
    return wide.removesuffix(_OR_BEYOND) + r"|[\x80-\xff])"
