"""Witnesses: values that one version accepts and the other refuses.

A cause is searched for a value at its own place, by what kind of cause it is. Such a value is put
into a whole value, level by level, and is handed out only when the validators of both versions say
what is claimed of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, takewhile
from time import monotonic
from typing import TYPE_CHECKING, Any

from quantapilot.compat.changes import Witness
from quantapilot.compat.engines import rest
from quantapilot.compat.hints import Having, Items, Lacking, Members
from quantapilot.compat.sides import Part
from quantapilot.compat.views import TYPES, type_of, view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.compat.causes import Difference, Level, Step
    from quantapilot.compat.inclusion import Inclusion
    from quantapilot.compat.sides import Place

# How many values are drawn at a place, and how many of those that fit are put into a whole.
_DRAWN, _AT_EDGES = 24, 12
_TRIED = 10
_HOSTS = 8
_SHORTENED = 200
# Larger arrays and objects are not made up.
_MOST_ITEMS, _MOST_MEMBERS = 10_000, 200
# How many seconds one value is searched at most, and which search is long enough to be counted.
_SECONDS, _LONG = 6.0, 1.0
# Plain values of all types, of which many a cause is shown by one.
_SPECIMENS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.5, -0.5, 1e6, 10**12),
    *("", "a", "0", "aa", "A a", "a" * 300),
    *([], [0], ["a"], [0, 0], {}, {"a": 0}, {"a": "a"}),
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two validators of one place."""

    admits: Callable[[Any], bool]
    takes: Callable[[Any], bool]

    def shown_by(self, value: Any) -> bool:
        try:
            return self.admits(value) and not self.takes(value)
        except ValueError:
            return False


def witness(of: Inclusion, difference: Difference) -> Witness | None:
    """Return a value that shows a difference, verified on both sides; None where none is found."""
    began = monotonic()
    found = _witness(of, difference, began + min(_SECONDS, of.sub.patience))
    spent = monotonic() - began
    if spent > _LONG:
        of.sub.patience -= spent
    return found


def _witness(of: Inclusion, difference: Difference, until: float) -> Witness | None:
    pair = _pair(of, difference.sub, difference.sup)
    candidates = takewhile(lambda _: monotonic() < until, _candidates(of, difference))
    for leaf in islice((each for each in candidates if pair.shown_by(each.value)), _TRIED):
        whole = _whole(of, difference, leaf)
        if whole is not None:
            return Witness(whole[0], of.sub.name, of.sup.name)
    return None


def _whole(of: Inclusion, difference: Difference, leaf: _Leaf) -> tuple[Any] | None:
    """Return the value of the whole place that holds a value, in a tuple; None without one."""
    pair = _pair(of, difference.sub, difference.sup)
    path = leaf.kept
    value = _shortened(leaf.value, pair, path)
    for level in reversed(difference.trail):
        pair = _pair(of, level.sub, level.sup)
        found = next(((host,) for host in _hosts(of, level, value) if pair.shown_by(host)), None)
        if found is None:
            return None
        # What shows the cause stays, however much is taken away around it.
        step = level.step
        if step.kind != "same":
            path = (value if step.kind == "name" else step.key, *(path or ()))
        value = found[0]
    return (_shortened(value, pair, path),)


def _pair(of: Inclusion, sub: Place, sup: Place) -> _Pair:
    return _Pair(of.sub.accepts(sub), of.sup.accepts(sup))


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value at the place of a cause; `kept` is what in it shows the cause, where that is known.

    Without it all of the value may be taken away, as long as it shows something.
    """

    value: Any
    kept: tuple[Any, ...] | None = None


def _candidates(of: Inclusion, difference: Difference) -> Iterator[_Leaf]:
    for hint in difference.hints:
        yield from _of_hint(of, difference, hint)
    yield from map(_Leaf, _subtracted(of, difference))
    body = of.sub.body(difference.sub)
    types = view(of.sub, difference.sub).types if of.sub.plain else TYPES
    yield from (_Leaf(value) for value in _SPECIMENS if type_of(value) in types)
    yield from map(_Leaf, of.sub.samples(body, _DRAWN))
    yield from map(_Leaf, of.sub.samples(body, _AT_EDGES, edges=1.0))


def _of_hint(of: Inclusion, difference: Difference, hint: Any) -> Iterator[_Leaf]:
    match hint:
        case Items(number) | Members(number) if number > _MOST_ITEMS:
            return
        case Items():
            yield from _of_items(of, difference, hint)
        case Lacking() | Having() | Members():
            for host in (*_common(of, difference.sub, difference.sup), {}):
                if isinstance(host, dict):
                    yield from _objects(of, host, hint)
                    if isinstance(hint, Members):
                        yield _grown(of, difference.sub, host, hint.number)
        case float() if hint.is_integer():
            yield _Leaf(int(hint))
        case _:
            yield _Leaf(hint)


def _of_items(of: Inclusion, difference: Difference, hint: Items) -> Iterator[_Leaf]:
    if hint.of is not None:
        yield from (_Leaf([item] * hint.number) for item in _some(of, (hint.of,)))
    for host in _common(of, difference.sub, difference.sup):
        if isinstance(host, list):
            yield from map(_Leaf, _sized(host, hint))


def _common(of: Inclusion, sub: Place, sup: Place) -> list[Any]:
    """Return values of a place, those first that both versions accept.

    What is wrong with them once a cause stands in them is then that cause.
    """
    key = frozenset(part.key for part in sub), frozenset(part.key for part in sup)
    if key not in of.drawn:
        of.drawn[key] = _drawn(of, sub, sup)
    return of.drawn[key]


def _drawn(of: Inclusion, sub: Place, sup: Place) -> list[Any]:
    takes, admits = of.sup.accepts(sup), of.sub.accepts(sub)
    empty: list[Any] = [{}, []]
    bare = [each for each in empty if admits(each) and takes(each)]
    drawn = [*bare, *of.sub.samples(of.sub.body(sub), _HOSTS, edges=0.0)]
    if not any(map(takes, drawn)):
        drawn += filter(admits, of.sup.samples(of.sup.body(sup), _HOSTS, edges=0.0))
    return sorted(drawn, key=lambda host: (not takes(host), len(str(host))))


def _objects(
    of: Inclusion, host: dict[str, Any], hint: Lacking | Having | Members
) -> Iterator[_Leaf]:
    match hint:
        case Lacking(gone):
            yield _Leaf({name: value for name, value in host.items() if name not in gone})
        case Members(number):
            names = [*host, *(f"more{at}" for at in range(number))][:number]
            yield _Leaf({name: host.get(name, 0) for name in names})
        case Having(name, body, gone):
            left = {other: value for other, value in host.items() if other not in gone}
            yield from (_Leaf({**left, name: value}, (name,)) for value in _some(of, body))


def _grown(of: Inclusion, place: Place, host: dict[str, Any], number: int) -> _Leaf:
    """Return an object of a size, with names and members as its place asks for them."""
    seen = view(of.sub, place)
    string = Part({"type": "string"}, "", "", "string")
    named = (*(each.below("propertyNames") for each in seen.holding("propertyNames")), string)
    drawn = of.sub.samples(of.sub.body(named), 2 * number) if number <= _MOST_MEMBERS else ()
    names = list(dict.fromkeys([*host, *seen.names(), *drawn]))[:number]
    made = {n: next(of.sub.samples(of.sub.body(seen.member(n)), 1), 0) for n in names}
    return _Leaf({**made, **{name: host[name] for name in names if name in host}})


def _some(of: Inclusion, place: Place) -> Iterator[Any]:
    """Yield some values of a place, plain ones first."""
    judge = of.sub.accepts(place)
    yield from (value for value in (0, "a", True) if judge(value))
    yield from of.sub.samples(of.sub.body(place), 3)


def _sized(host: list[Any], hint: Items) -> Iterator[list[Any]]:
    filled = host or [0]
    if hint.alike:
        yield from ([item, item] for item in filled)
        yield [*filled, filled[-1]]
    else:
        yield (filled * (hint.number + 1))[: hint.number]
        yield [*filled, *range(1000, 1000 + hint.number)][: hint.number]
        yield [*range(hint.number)]
        yield [f"a{at}" for at in range(hint.number)]


def _subtracted(of: Inclusion, difference: Difference) -> Iterator[Any]:
    """Yield values of what one canonical form admits and the other does not."""
    left = rest(of.sub.canonical(difference.sub), of.sup.canonical(difference.sup))
    if isinstance(left, dict):
        yield from of.sub.samples(left, 6, edges=0.5, alone=True)


def _hosts(of: Inclusion, level: Level, value: Any) -> Iterator[Any]:
    """Yield values in which a value stands as a step says."""
    if level.step.kind == "same":
        yield value
        return
    for host in _common(of, level.sub, level.sup):
        yield from _placed(level.step, host, value)
    yield from _alone(level.step, value)


def _alone(step: Step, value: Any) -> Iterator[Any]:
    if step.kind == "member":
        yield {step.key: value}
    elif step.kind == "name":
        yield from ({value: inner} for inner in (0, "a", None, True))
    elif isinstance(step.key, int):
        yield [value] * (step.key + 1)


def _placed(step: Step, host: Any, value: Any) -> Iterator[Any]:
    if step.kind == "member" and isinstance(host, dict):
        yield {**host, step.key: value}
    elif step.kind == "name" and isinstance(host, dict):
        yield from ({**host, value: inner} for inner in [0, "a", *host.values()])
    elif step.kind == "item" and isinstance(host, list) and isinstance(step.key, int):
        before = (host + [value] * step.key)[: step.key]
        yield [*before, value]
        yield [*before, value, *host[step.key + 1 :]]


def _shortened(value: Any, pair: _Pair, kept: tuple[Any, ...] | None) -> Any:
    """Return a value without the members and items that it does not need to show the same.

    Args:
        value: The value.
        pair: The validators of its place.
        kept: The way to what shows the cause, which stays as it is.
    """
    left = _SHORTENED
    changed = True
    while changed and left > 0:
        changed = False
        for fewer in _fewer(value, kept):
            left -= 1
            if pair.shown_by(fewer):
                value, changed = fewer, True
                break
    return value


def _fewer(value: Any, kept: tuple[Any, ...] | None) -> Iterator[Any]:
    if kept == ():
        return
    first, rest = (kept[0], kept[1:]) if kept else (None, None)
    if isinstance(value, dict):
        for name, below in value.items():
            if name != first:
                yield {other: held for other, held in value.items() if other != name}
            inner = _fewer(below, rest if name == first else None)
            yield from ({**value, name: each} for each in inner)
    elif isinstance(value, list):
        for at, below in enumerate(value):
            # What stands before has its place by that.
            if not kept or (isinstance(first, int) and at > first):
                yield value[:at] + value[at + 1 :]
            inner = _fewer(below, rest if at == first else None)
            yield from ([*value[:at], each, *value[at + 1 :]] for each in inner)
