"""Languages: which strings some patterns match together, and words of them.

Lengths are counted beside the automata, and every question has a budget, so that none hangs:
automata can be exponentially large. What is found within it is exact; beyond it nobody knows.

No library does this (measured in November 2026). To find `[a-z]{0,2000}` within `[a-z0-9]{0,4000}`
interegular 0.3.3 needs 2.2 s and automata-lib 9.2 needs 2.7 s, where this needs 0.1 s; greenery 4.2
and pyformlang 1.0 are not done after 30 s. None of them can be given a budget: `(a|b)*a(a|b){18}`
hangs all four. None reads ECMA-262 with `^`, `$` and look-aheads. RE2 answers about texts alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from quantapilot.compat.automata import Automaton, Together, TooLargeError, automaton
from quantapilot.compat.expressions import LAST, NotRegularError, is_ambiguous

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.compat.automata import State

    # A state, and how many characters were counted before it.
    Here = tuple[State, int]

_MOST_STEPS = 40_000
_MOST_WORDS = 12
# Of all characters that would do, those that read best.
_PLEASANT = tuple(map(ord, "ax0Az_-. 1b"))
_SURROGATES = (0xD800, 0xDFFF)


@dataclass(frozen=True, slots=True)
class Language:
    """Strings that match some patterns and not others, of a length.

    Attributes:
        of: Patterns that all match.
        but: Patterns of which at least one does not match; none asks for nothing.
        never: Patterns of which none matches.
        shortest, longest: How many characters there are.
        wide: Whether a dot passes over more line ends, as in engines that backtrack.
    """

    of: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    shortest: int = 0
    longest: int | None = None
    wide: bool = False

    def words(self) -> Iterator[str]:
        """Yield some words, shorter ones first; none means that there is none.

        Raises:
            NotRegularError: A pattern is not regular.
            TooLargeError: It takes too long to tell.
        """
        if self.longest is not None and self.longest < self.shortest:
            return
        of = [automaton(pattern, self.wide) for pattern in self.of]
        but = [automaton(pattern, self.wide) for pattern in self.but]
        never = [automaton(pattern, self.wide) for pattern in self.never]
        first, second = len(of), len(of) + len(but)

        def decide(told: Sequence[bool]) -> bool:
            if not all(told[:first]) or any(told[second:]):
                return False
            return not but or not all(told[first:second])

        whole = Together((*of, *but, *never), decide)
        yield from self._found(whole, of)

    def _found(self, whole: Together, of: Sequence[Automaton]) -> Iterator[str]:
        # Lengths are counted as far as they can make a difference.
        counted = self.shortest if self.longest is None else self.longest
        if not self.shortest:
            counted = 0
        start: Here = (whole.start, 0)
        came: dict[Here, tuple[Here, int] | None] = {start: None}
        queue = deque([(start, 0)])
        moves: dict[State, list[tuple[int, State]]] = {}
        steps = told = 0
        while queue:
            here, length = queue.popleft()
            state, _ = here
            if length >= self.shortest and whole.accepts(state):
                yield _spelt(came, here)
                told += 1
                if told == _MOST_WORDS:
                    return
            if length == self.longest:
                continue
            if state not in moves:
                # Lengths apart the same state comes again and again.
                letters = list(_letters(whole.cuts(state)))
                steps += len(letters)
                moves[state] = _moves(whole, state, letters, len(of))
            steps += len(moves[state])
            if steps > _MOST_STEPS:
                raise TooLargeError
            for char, reached in moves[state]:
                there = (reached, min(length + 1, counted))
                if there not in came:
                    came[there] = (here, char)
                    queue.append((there, length + 1))


def some_words(language: Language) -> list[str] | None:
    """Return some words of a language, an empty list where there are none; None where unknown."""
    if not language.wide and any(map(is_ambiguous, (*language.of, *language.but, *language.never))):
        return _however_read(language)
    return _told(language)


def _told(language: Language) -> list[str] | None:
    found: list[str] = []
    try:
        found.extend(language.words())
    except (NotRegularError, RecursionError):
        return None
    except TooLargeError:
        return found or None
    return found


def _however_read(language: Language) -> list[str] | None:
    """Return words of a language that has some, or none, however engines read its patterns."""
    narrow, wide = (_told(replace(language, wide=each)) for each in (False, True))
    if narrow is None or wide is None or bool(narrow) != bool(wide):
        return None
    return list(dict.fromkeys([*narrow, *wide]))


def disjoint(pattern: str, other: str) -> bool:
    """Tell whether it is proven that no string matches both patterns."""
    return some_words(Language((pattern, other))) == []


def within(pattern: str, other: str) -> bool:
    """Tell whether it is proven that whatever matches a pattern matches the other as well."""
    return pattern == other or some_words(Language((pattern,), (other,))) == []


def _moves(
    whole: Together, state: State, letters: Sequence[int], needed: int
) -> list[tuple[int, State]]:
    """Return the states behind one more letter, with the first letter that leads there.

    Those are left out from which one of the first `needed` patterns matches no more.
    """
    found: dict[State, int] = {}
    for char in letters:
        reached = whole.next(state, char)
        if all(reached[:needed]):
            found.setdefault(reached, char)
    return [(char, reached) for reached, char in found.items()]


def _letters(cuts: set[int]) -> Iterator[int]:
    """Yield one character for each stretch of characters that lead to the same state."""
    edges = sorted({0, LAST + 1, _SURROGATES[0], _SURROGATES[1] + 1} | cuts)
    found = []
    for first, after in pairwise(edges):
        if not _SURROGATES[0] <= first <= _SURROGATES[1]:
            found.append(next((each for each in _PLEASANT if first <= each < after), first))
    # What is no ASCII comes last: engines differ there most.
    yield from sorted(found, key=lambda e: (e not in _PLEASANT, e > 0x7E, e < 0x21, e))


def _spelt(came: dict[Here, tuple[Here, int] | None], at: Here) -> str:
    chars: list[str] = []
    while (step := came[at]) is not None:
        at, char = step
        chars.append(chr(char))
    return "".join(reversed(chars))
