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

from quantapilot.compat.arrays import Sized
from quantapilot.compat.changes import Witness
from quantapilot.compat.objects import Lacking, With
from quantapilot.compat.sides import Part
from quantapilot.compat.views import view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.compat.inclusion import Difference, Inclusion, Level, Step
    from quantapilot.compat.sides import Place

# How many values are drawn at a place, and how many of those that fit are put into a whole.
_DRAWN, _AT_EDGES = 24, 12
_TRIED = 10
_HOSTS = 8
_SHORTENED = 200
# Objects with more members are not made up.
_LARGEST = 200
_MOST_ITEMS = 10_000
# How many seconds one value is searched at most, and which search is long enough to be counted.
_SECONDS, _LONG = 6.0, 1.0


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
    from quantapilot.compat.keywords import specimens

    for hint in difference.hints:
        yield from _of_hint(of, difference, hint)
    yield from map(_Leaf, _subtracted(of, difference))
    body = of.sub.body(difference.sub)
    seen = view(of.sub, difference.sub)
    yield from map(_Leaf, specimens(seen.types))
    yield from map(_Leaf, of.sub.samples(body, _DRAWN))
    yield from map(_Leaf, of.sub.samples(body, _AT_EDGES, edges=1.0))


def _of_hint(of: Inclusion, difference: Difference, hint: Any) -> Iterator[_Leaf]:
    if not isinstance(hint, Lacking | With | Sized):
        yield _Leaf(int(hint) if isinstance(hint, float) and hint.is_integer() else hint)
        return
    if not isinstance(hint, With) and (hint.size or 0) > _MOST_ITEMS:
        return
    drawn = _common(of, difference.sub, difference.sup)
    if isinstance(hint, Sized):
        if hint.of is not None:
            place = (hint.of,)
            for item in [*_plain(of, place), *of.sub.samples(of.sub.body(place), 3)]:
                yield _Leaf([item] * hint.size)
        for host in drawn:
            if isinstance(host, list):
                yield from map(_Leaf, _sized(host, hint))
        return
    for host in (*drawn, {}):
        if isinstance(host, dict):
            yield from _objects(of, host, hint)
            if isinstance(hint, Lacking) and hint.size is not None:
                yield _grown(of, difference.sub, host, hint.size)


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
    drawn = [*of.sub.samples(of.sub.body(sub), _HOSTS, edges=0.0)]
    if not any(map(takes, drawn)):
        drawn += filter(admits, of.sup.samples(of.sup.body(sup), _HOSTS, edges=0.0))
    return sorted(drawn, key=lambda host: (not takes(host), len(str(host))))


def _objects(of: Inclusion, host: dict[str, Any], hint: Lacking | With) -> Iterator[_Leaf]:
    if isinstance(hint, With):
        left = {name: value for name, value in host.items() if name not in hint.without}
        for value in [*_plain(of, hint.body), *of.sub.samples(of.sub.body(hint.body), 3)]:
            yield _Leaf({**left, hint.name: value}, (hint.name,))
    elif hint.size is None:
        yield _Leaf({name: value for name, value in host.items() if name not in hint.without})
    else:
        names = [*host, *(f"more{at}" for at in range(hint.size))][: hint.size]
        yield _Leaf({name: host.get(name, 0) for name in names})


def _grown(of: Inclusion, place: Place, host: dict[str, Any], size: int) -> _Leaf:
    """Return an object of a size, with names and members as its place asks for them."""
    seen = view(of.sub, place)
    string = Part({"type": "string"}, "", "", "string")
    named = (*(each.below("propertyNames") for each in seen.holding("propertyNames")), string)
    drawn = of.sub.samples(of.sub.body(named), 2 * size) if size <= _LARGEST else ()
    names = list(dict.fromkeys([*host, *seen.names(), *drawn]))[:size]
    made = {n: next(of.sub.samples(of.sub.body(seen.member(n)), 1), 0) for n in names}
    return _Leaf({**made, **{name: host[name] for name in names if name in host}})


def _plain(of: Inclusion, place: Place) -> Iterator[Any]:
    judge = of.sub.accepts(place)
    yield from (value for value in (0, "a", True) if judge(value))


def _sized(host: list[Any], hint: Sized) -> Iterator[list[Any]]:
    filled = host or [0]
    if hint.alike:
        yield from ([item, item] for item in filled)
        yield [*filled, filled[-1]]
    else:
        yield (filled * (hint.size + 1))[: hint.size]
        yield [*filled, *range(1000, 1000 + hint.size)][: hint.size]
        yield [*range(hint.size)]
        yield [f"a{at}" for at in range(hint.size)]


def _subtracted(of: Inclusion, difference: Difference) -> Iterator[Any]:
    """Yield values of what one canonical form admits and the other does not."""
    one, other = of.sub.canonical(difference.sub), of.sup.canonical(difference.sup)
    if one is None or other is None:
        return
    try:
        rest = one.subtract(other).to_json_schema()
    except ValueError:
        return
    if isinstance(rest, dict):
        yield from of.sub.samples(rest, 6, edges=0.5, alone=True)


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
