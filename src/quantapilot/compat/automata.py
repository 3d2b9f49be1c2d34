"""Automata of patterns, unfolded as far as a question needs.

An automaton is deterministic to whoever asks, and its states are made when they are asked for. So
several may be asked together without the product of them ever being built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.compat.expressions import (
    ANY,
    Ahead,
    Chars,
    Choice,
    Edge,
    Expression,
    NotRegularError,
    Ranges,
    Repeat,
    Run,
    parsed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Sets of places, or tuples of the states of parts; hashable, and empty where nothing can follow.
State = Any
_MOST_STATES = 12_000
_MOST_WAYS = 200


class TooLargeError(Exception):
    """A question about a language would take more than it may."""


class Automaton(Protocol):
    """A deterministic automaton whose states are made when they are asked for."""

    @property
    def start(self) -> State:
        """Return the state before the first character."""
        ...

    def next(self, state: State, char: int) -> State:
        """Return the state behind one more character."""
        ...

    def accepts(self, state: State) -> bool:
        """Tell whether a text that ends in a state is one of the language."""
        ...

    def cuts(self, state: State) -> set[int]:
        """Return the code points at which the next state may become another."""
        ...


@dataclass(slots=True)
class _Nfa:
    """The steps of one expression; a state of it is the set of places that it may be at."""

    steps: list[list[tuple[Ranges, int]]] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)
    first: int = 0
    last: int = 0
    start: State = frozenset()

    def place(self) -> int:
        if len(self.steps) >= _MOST_STATES:
            raise TooLargeError
        self.steps.append([])
        self.free.append([])
        return len(self.steps) - 1

    def closed(self, places: Sequence[int]) -> frozenset[int]:
        seen = set(places)
        rest = list(places)
        while rest:
            for place in self.free[rest.pop()]:
                if place not in seen:
                    seen.add(place)
                    rest.append(place)
        return frozenset(seen)

    def next(self, state: State, char: int) -> State:
        reached = [
            target
            for place in state
            for ranges, target in self.steps[place]
            if any(first <= char <= last for first, last in ranges)
        ]
        return self.closed(reached)

    def accepts(self, state: State) -> bool:
        return self.last in state

    def cuts(self, state: State) -> set[int]:
        return {
            cut
            for place in state
            for ranges, _ in self.steps[place]
            for first, last in ranges
            for cut in (first, last + 1)
        }


@dataclass(frozen=True, slots=True)
class Together:
    """Several automata at once; `decide` says from their answers what is accepted."""

    parts: tuple[Automaton, ...]
    decide: Callable[[Sequence[bool]], bool]

    @property
    def start(self) -> State:
        """Return the states of all before the first character."""
        return tuple(part.start for part in self.parts)

    def next(self, state: State, char: int) -> State:
        """Return the states of all behind one more character."""
        return tuple(part.next(s, char) for part, s in zip(self.parts, state, strict=True))

    def accepts(self, state: State) -> bool:
        """Tell whether their answers decide that a text is accepted."""
        return self.decide([p.accepts(s) for p, s in zip(self.parts, state, strict=True)])

    def cuts(self, state: State) -> set[int]:
        """Return the code points at which one of them may come to another state."""
        return set[int]().union(*(p.cuts(s) for p, s in zip(self.parts, state, strict=True)))


@lru_cache(512)
def automaton(pattern: str, wide: bool) -> Automaton:
    """Return the automaton of the strings in which a pattern matches somewhere."""
    ways = list(_ways(parsed(pattern, wide=wide)))
    single = [way for way in ways if not way.aheads]
    if len(single) == len(ways):
        return _searching(single)
    return _any([_constrained(way) for way in ways])


def _any(ways: Sequence[Automaton]) -> Automaton:
    return ways[0] if len(ways) == 1 else Together(tuple(ways), any)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way in which a pattern matches: where it holds on, and what it looks at before."""

    body: tuple[Expression, ...]
    begins: bool = False
    ends: bool = False
    aheads: tuple[Ahead, ...] = ()


def _constrained(way: _Way) -> Automaton:
    if way.aheads and not way.begins:
        raise NotRegularError
    parts = [_searching([_Way(way.body, way.begins, way.ends)])]
    signs = [True]
    for ahead in way.aheads:
        ways = [_Way(each.body, True, each.ends, each.aheads) for each in _ways(ahead.body)]
        if any(each.aheads for each in ways):
            raise NotRegularError
        parts.append(_searching(ways))
        signs.append(not ahead.negative)
    return _Signed(Together(tuple(parts), lambda told: list(told) == signs))


@dataclass(frozen=True, slots=True)
class _Signed:
    """An automaton whose states are never empty, since it may accept where a part is at its end."""

    of: Together

    @property
    def start(self) -> State:
        return self.of.start

    def next(self, state: State, char: int) -> State:
        if not state:
            return state
        reached = self.of.next(state, char)
        # Where the expression itself leads nowhere any more, so does the whole.
        return reached if reached[0] else ()

    def accepts(self, state: State) -> bool:
        return bool(state) and self.of.accepts(state)

    def cuts(self, state: State) -> set[int]:
        return self.of.cuts(state) if state else set()


def _searching(ways: Sequence[_Way]) -> Automaton:
    """Return the automaton of texts that match in one of some ways."""
    nfa = _Nfa()
    nfa.first, nfa.last = nfa.place(), nfa.place()
    for way in ways:
        begin, end = nfa.place(), nfa.place()
        nfa.free[nfa.first].append(begin)
        nfa.free[end].append(nfa.last)
        if not way.begins:
            nfa.steps[begin].append((ANY, begin))
        if not way.ends:
            nfa.steps[end].append((ANY, end))
        inner = nfa.place()
        nfa.free[begin].append(inner)
        nfa.free[_built(nfa, Run(way.body), inner)].append(end)
    nfa.start = nfa.closed([nfa.first])
    return nfa


def _built(nfa: _Nfa, tree: Expression, here: int) -> int:
    """Add the steps of an expression that begins at a place; return where it ends."""
    match tree:
        case Chars(ranges):
            there = nfa.place()
            nfa.steps[here].append((ranges, there))
            return there
        case Run(parts):
            for part in parts:
                here = _built(nfa, part, here)
            return here
        case Choice(ways):
            there = nfa.place()
            for way in ways:
                begin = nfa.place()
                nfa.free[here].append(begin)
                nfa.free[_built(nfa, way, begin)].append(there)
            return there
        case Repeat():
            return _repeated(nfa, tree, here)
    # An edge or an assertion in the middle.
    raise NotRegularError


def _repeated(nfa: _Nfa, tree: Repeat, here: int) -> int:
    for _ in range(tree.least):
        here = _built(nfa, tree.body, here)
    if tree.most is None:
        begin, there = nfa.place(), nfa.place()
        nfa.free[here].append(begin)
        nfa.free[_built(nfa, tree.body, begin)].append(begin)
        nfa.free[begin].append(there)
        return there
    there = nfa.place()
    for _ in range(tree.most - tree.least):
        nfa.free[here].append(there)
        here = _built(nfa, tree.body, here)
    nfa.free[here].append(there)
    return there


def _ways(tree: Expression) -> Iterator[_Way]:
    """Yield the ways of an expression, with edges and assertions taken out of its two ends."""
    pending = [_Way((tree,))]
    tried = 0
    while pending:
        tried += 1
        if tried > _MOST_WAYS:
            raise TooLargeError
        way = pending.pop()
        body = tuple(_flat(way.body))
        first = body[0] if body else None
        last = body[-1] if body else None
        if isinstance(first, Edge) and not first.end:
            pending.append(_Way(body[1:], True, way.ends, way.aheads))
        elif isinstance(last, Edge) and last.end:
            pending.append(_Way(body[:-1], way.begins, True, way.aheads))
        elif isinstance(first, Ahead):
            pending.append(_Way(body[1:], way.begins, way.ends, (*way.aheads, first)))
        elif first is not None and _special(first) and (opened := _opened(first)):
            pending += [
                _Way((*each, *body[1:]), way.begins, way.ends, way.aheads) for each in opened
            ]
        elif last is not None and _special(last) and (opened := _opened(last)):
            pending += [
                _Way((*body[:-1], *each), way.begins, way.ends, way.aheads) for each in opened
            ]
        else:
            yield _Way(body, way.begins, way.ends, way.aheads)


def _flat(parts: Sequence[Expression]) -> Iterator[Expression]:
    for part in parts:
        if isinstance(part, Run):
            yield from _flat(part.parts)
        else:
            yield part


def _special(tree: Expression) -> bool:
    match tree:
        case Edge() | Ahead():
            return True
        case Run(parts) | Choice(parts):
            return any(map(_special, parts))
        case Repeat():
            return _special(tree.body)
    return False


def _opened(tree: Expression) -> list[tuple[Expression, ...]]:
    match tree:
        case Choice(ways):
            return [(way,) for way in ways]
        case Repeat(body, 0, 1):
            return [(), (body,)]
    return []
