"""Regular expressions of ECMA-262 as trees, as far as they are regular.

What a tree can't say (back-references, word boundaries, assertions in the middle) is refused, so
that nothing is ever concluded from a pattern that was read differently than an engine reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

# Characters by their code points, in ranges that both ends belong to.
Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
_DIGIT: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
# ECMA-262, 22.2.2.9: WhiteSpace and LineTerminator.
_SPACE: Ranges = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
_LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_LITERAL_ESCAPES = frozenset("^$\\.*+?()[]{}|/-")
_HEX = frozenset("0123456789abcdefABCDEF")


class NotRegularError(Exception):
    """A pattern says what no automaton here says, or is read differently by engines."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of some ranges."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Run:
    """One expression after the other."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some expressions."""

    ways: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """An expression, so often."""

    body: Expression
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning of the text, or its end."""

    end: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    """What must, or must not, follow from here."""

    body: Expression
    negative: bool


Expression = Chars | Run | Choice | Repeat | Edge | Ahead


def parsed(pattern: str, *, wide: bool = False) -> Expression:
    """Return the tree of a pattern (ECMA-262, 22.2.1, with the flag `u`).

    Args:
        pattern: The pattern.
        wide: Whether a dot passes over all line ends but the newline, as it does in engines that
            backtrack.

    Raises:
        NotRegularError: It is not regular, or engines read it differently.
    """
    reader = _Reader(pattern, wide=wide)
    tree = reader.choice()
    if reader.at < len(pattern):
        raise NotRegularError
    return tree


def is_ambiguous(pattern: str) -> bool:
    """Tell whether engines differ in what a dot of this pattern passes over."""
    return "." in pattern and "(?" in pattern


def without(ranges: Ranges) -> Ranges:
    """Return all characters but those of some ranges."""
    out: list[tuple[int, int]] = []
    at = 0
    for first, last in _joined(ranges):
        if at < first:
            out.append((at, first - 1))
        at = last + 1
    if at <= LAST:
        out.append((at, LAST))
    return tuple(out)


ANY: Ranges = ((0, LAST),)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str, *, wide: bool) -> None:
        self.pattern = pattern
        self.at = 0
        self.dot: Ranges = without(((0x0A, 0x0A),) if wide else _LINE_ENDS)

    def choice(self) -> Expression:
        ways = [self._run()]
        while self._took("|"):
            ways.append(self._run())
        return ways[0] if len(ways) == 1 else Choice(tuple(ways))

    def _run(self) -> Expression:
        parts: list[Expression] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Run(tuple(parts))

    def _atom(self) -> Expression:
        char = self._next()
        match char:
            case "^" | "$":
                return Edge(end=char == "$")
            case ".":
                return Chars(self.dot)
            case "[":
                return Chars(self._class())
            case "(":
                return self._group()
            case "\\":
                return Chars(self._escape())
            case "*" | "+" | "?" | "{" | "}" | "]":
                raise NotRegularError
        return Chars(((ord(char), ord(char)),))

    def _group(self) -> Expression:
        negative = False
        ahead = False
        if self._took("?"):
            kind = self._next()
            if kind in "=!":
                ahead, negative = True, kind == "!"
            elif kind == "<" and self.pattern[self.at : self.at + 1] not in {"=", "!", ""}:
                self.at = self.pattern.find(">", self.at) + 1
                if not self.at:
                    raise NotRegularError
            elif kind != ":":
                raise NotRegularError
        body = self.choice()
        if not self._took(")"):
            raise NotRegularError
        return Ahead(body, negative) if ahead else body

    def _repeated(self, body: Expression) -> Expression:
        bounds = self._bounds()
        if bounds is None:
            return body
        if isinstance(body, Edge | Ahead):
            raise NotRegularError
        # Whether it is greedy makes no difference to what matches.
        self._took("?")
        return Repeat(body, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._took(sign):
                return bounds
        if not self._took("{"):
            return None
        end = self.pattern.find("}", self.at)
        least, comma, most = self.pattern[self.at : end].partition(",")
        if end < 0 or not _number(least) or (most and not _number(most)):
            raise NotRegularError
        self.at = end + 1
        if not comma:
            return int(least), int(least)
        return int(least), int(most) if most else None

    def _class(self) -> Ranges:
        negative = self._took("^")
        ranges: list[tuple[int, int]] = []
        while not self._took("]"):
            first = self._member()
            if self.pattern[self.at : self.at + 1] == "-" and self._peek(1) not in {"]", ""}:
                self.at += 1
                last = self._member()
                if len(first) != 1 or len(last) != 1 or first[0][0] != first[0][1]:
                    raise NotRegularError
                ranges.append((first[0][0], last[0][1]))
            else:
                ranges += first
        if not ranges or any(first > last for first, last in ranges):
            # "[]" is the empty class to one engine and the beginning of a class to another.
            raise NotRegularError
        return without(tuple(ranges)) if negative else _joined(tuple(ranges))

    def _member(self) -> Ranges:
        char = self._next()
        if char == "\\":
            return self._escape()
        return ((ord(char), ord(char)),)

    def _escape(self) -> Ranges:
        char = self._next()
        classes = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
        if char.lower() in classes:
            ranges = classes[char.lower()]
            return ranges if char.islower() else without(ranges)
        if char in _CONTROLS:
            code = _CONTROLS[char]
        elif char in "xu":
            code = self._code(char)
        elif char in _LITERAL_ESCAPES:
            code = ord(char)
        else:
            raise NotRegularError
        return ((code, code),)

    def _code(self, kind: str) -> int:
        if kind == "u" and self._took("{"):
            end = self.pattern.find("}", self.at)
            digits, self.at = self.pattern[self.at : end], end + 1
        else:
            length = 2 if kind == "x" else 4
            digits = self.pattern[self.at : self.at + length]
            self.at += length
            if len(digits) < length:
                raise NotRegularError
        if not digits or not _HEX.issuperset(digits) or 0xD800 <= int(digits, 16) <= 0xDFFF:
            raise NotRegularError
        return int(digits, 16)

    def _next(self) -> str:
        if self.at >= len(self.pattern):
            raise NotRegularError
        self.at += 1
        return self.pattern[self.at - 1]

    def _peek(self, ahead: int) -> str:
        return self.pattern[self.at + ahead : self.at + ahead + 1]

    def _took(self, sign: str) -> bool:
        found = self.pattern.startswith(sign, self.at)
        self.at += found
        return found


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _joined(ranges: Ranges) -> Ranges:
    out: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        else:
            out.append((first, last))
    return tuple(out)
