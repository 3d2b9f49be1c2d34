"""Objects: members, families of members, what closes an object, and what members ask for.

Members are compared by the names that either side knows, by the patterns of names, and once for all
that nothing describes. A name that both sides leave undescribed is judged as any other such name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantapilot.compat.causes import Step
from quantapilot.compat.hints import Having, Lacking, Members
from quantapilot.compat.languages import Language, disjoint, some_words
from quantapilot.compat.sides import Part, matches
from quantapilot.compat.views import evaluated
from quantapilot.compat.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.compat.causes import Difference
    from quantapilot.compat.inclusion import Case
    from quantapilot.compat.sides import Place

# Names that nobody describes; the first that is free is taken.
_SPARE = ("more", "more1", "more-2", "zz", "other_value", "Z9", "_", "0", "morecount9")


def required(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield which members of `required` an object may lack: those that nothing else requires."""
    for name in part.schema[keyword]:
        if name not in case.view.required() and not case.proven({keyword: [name]}):
            word = "becomes required" if case.narrowed else "is no longer required"
            yield case.cause(keyword, f"{quoted(name)} {word}", Lacking((name,)))


def members(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why members described by name don't keep to `properties`."""
    for name, body in part.schema[keyword].items():
        mine = case.view.member(name)
        if body is True or _never(mine):
            continue
        below = part.below(keyword, name)
        found = case.inside(mine, (below,), Step("member", name), keyword, name)
        if found and name not in case.view.names():
            # It is described by one version only: that is the cause, not what it says of it.
            word = "described: before, it could be anything" if case.narrowed else "not described"
            place = case.spot.at(keyword, name)
            message = f"member {quoted(name)} is now {word}"
            found = [replace(found[0], pointer=place.pointer, file=place.file, message=message)]
        yield from found


def families(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why members don't keep to `patternProperties`."""
    view = case.view
    for pattern in part.schema[keyword]:
        at = (keyword, pattern)
        body = part.below(*at)
        for name in view.names():
            if matches(pattern, name) and not _never(mine := view.member(name)):
                yield from case.inside(mine, (body,), Step("member", name), *at)
        for other in view.families():
            mine = view.family(other)
            if not _never(mine) and (other == pattern or not disjoint(other, pattern)):
                named = _name(Language((other, pattern)))
                yield from case.inside(mine, (body,), Step("member", named), *at)
        beyond = Language((pattern, *view.name_patterns()), never=tuple(view.families()))
        if not view.closed and some_words(beyond) != []:
            named = _free(case, beyond)
            yield from case.inside(view.others(), (body,), Step("member", named), *at)


def closed(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why members don't keep to `additionalProperties` or `unevaluatedProperties`."""
    if keyword == "unevaluatedProperties" and "additionalProperties" in part.schema:
        # The other one leaves nothing to it.
        return
    body = part.below(keyword)
    told = _described(case, part, keyword)
    if body.schema is True or told is None:
        return
    names, patterns = told
    for name in case.view.names():
        mine = case.view.member(name)
        if name in names or any(matches(each, name) for each in patterns) or _never(mine):
            continue
        if body.schema is False:
            yield _member_gone(case, name)
        else:
            yield from case.inside(mine, (body,), Step("member", name), "properties", name)
    for pattern in case.view.families():
        yield from _family_beyond(case, pattern, body, names, patterns)
    if not (case.view.closed or _all_match(case, patterns)):
        free = _free(case, None, names, patterns)
        if body.schema is False:
            message = f"undescribed members are {'refused' if case.narrowed else 'admitted'}"
            yield case.cause(keyword, message, Having(free, case.view.others()))
        else:
            yield from case.inside(case.view.others(), (body,), Step("member", free), keyword)


def _all_match(case: Case, patterns: tuple[str, ...]) -> bool:
    """Tell whether it is proven that each name that there may be matches one of some patterns."""
    named = case.view.name_patterns()
    return bool(named) and some_words(Language(named, never=patterns)) == []


def names(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why names of members don't keep to `propertyNames`."""
    body = part.below(keyword)
    named = tuple(each.below(keyword) for each in case.view.holding(keyword))
    if named and not (case.view.closed and not case.view.families()):
        string = Part({"type": "string"}, "", "", "string")
        yield from case.inside((*named, string), (body,), Step("name"), keyword)
        return
    judge = case.of.sup.accepts((body,))
    refused = [n for n in case.view.names() if not judge(n) and not _never(case.view.member(n))]
    for name in refused:
        message = f"the name {quoted(name)} is {'refused' if case.narrowed else 'admitted'}"
        yield case.cause(keyword, message, Having(name, case.view.member(name)))
    if not case.view.closed and not refused:
        word = "limited" if case.narrowed else "no longer limited"
        yield case.cause(keyword, f"names of members are {word}")
    for pattern in case.view.families():
        string = Part({"type": "string", "pattern": pattern}, "", "", f"name {pattern}")
        yield from case.inside((string,), (body,), Step("name"), keyword)


def least(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why objects don't keep to `minProperties`: it follows from as many required ones."""
    limit, view = part.schema[keyword], case.view
    kept = max(view.most(keyword) or 0, len(view.required())) >= limit
    if not kept and not case.proven({keyword: limit}):
        yield case.cause(keyword, case.changed(keyword, limit), Members(int(limit) - 1))


def most(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why objects don't keep to `maxProperties`: it follows where so few are described."""
    limit, view = part.schema[keyword], case.view
    known = len(view.names()) if view.closed and not view.families() else None
    kept = any(n is not None and n <= limit for n in (view.least(keyword), known))
    if not kept and not case.proven({keyword: limit}):
        yield case.cause(keyword, case.changed(keyword, limit), Members(int(limit) + 1))


def dependents(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why objects don't keep to `dependentRequired`."""
    for name, wanted in part.schema[keyword].items():
        known = {each for said in case.view.said(keyword) for each in said.get(name, ())}
        known |= case.view.required()
        rest = [each for each in wanted if each not in known]
        mine = case.view.member(name)
        if rest and not _never(mine) and not case.proven({keyword: {name: rest}}):
            word = "asks for" if case.narrowed else "no longer asks for"
            message = f"{quoted(name)} {word} {', '.join(map(quoted, rest))}"
            yield case.cause(keyword, message, Having(name, mine, tuple(rest)))


def dependent_schemas(case: Case, part: Part, keyword: str) -> Iterator[Difference]:
    """Yield why objects don't keep to `dependentSchemas`."""
    for name in part.schema[keyword]:
        if _never(case.view.member(name)):
            continue
        there = Part({"type": "object", "required": [name]}, "", "", f"with {name}")
        body = part.below(keyword, name)
        known = [
            other.below(keyword, name)
            for other in case.view.holding(keyword)
            if name in other.schema[keyword]
        ]
        yield from case.beside((body,), case.spot.at(keyword, name), there, *known)


def _described(
    case: Case, part: Part, keyword: str
) -> tuple[frozenset[str], tuple[str, ...]] | None:
    if keyword == "unevaluatedProperties":
        return evaluated(case.of.sup, part, certain=True)
    schema = part.schema
    return frozenset(schema.get("properties", ())), tuple(schema.get("patternProperties", ()))


def _family_beyond(
    case: Case, pattern: str, body: Part, names: frozenset[str], patterns: tuple[str, ...]
) -> Iterator[Difference]:
    mine = case.view.family(pattern)
    if _never(mine) or pattern in patterns or "" in patterns:
        return
    found = some_words(Language((pattern,), never=patterns))
    if found == []:
        return
    left = [word for word in found or () if word not in names]
    named = left[0] if left else None
    if body.schema is False:
        word = "removed" if case.narrowed else "added"
        message = f"the family of members {pattern} {word}"
        hints = [Having(named, mine)] if named is not None else []
        at = _standing(case, "patternProperties", pattern)
        yield case.cause("patternProperties", message, *hints, at=at)
    else:
        yield from case.inside(
            mine, (body,), Step("member", named or "a"), "patternProperties", pattern
        )


def _member_gone(case: Case, name: str) -> Difference:
    word = "removed" if case.narrowed else "added"
    at = _standing(case, "properties", name)
    hint = Having(name, case.view.member(name))
    return case.cause("properties", f"member {quoted(name)} {word}", hint, at=at)


def _standing(case: Case, keyword: str, name: str) -> tuple[str, str] | None:
    """Return where a member or a family is described on the side that has it."""
    for part in case.view.holding(keyword):
        # What is known from a condition of the other side stands in no file of this one.
        if part.base and name in part.schema[keyword]:
            return case.of.sub.identity(part.below(keyword, name))
    return None


def _never(place: Place) -> bool:
    """Tell whether nothing may stand at a place."""
    return any(part.schema is False for part in place)


def _name(language: Language) -> str:
    found = some_words(language)
    return found[0] if found else "a"


def _free(
    case: Case,
    language: Language | None,
    names: frozenset[str] = frozenset(),
    patterns: tuple[str, ...] = (),
) -> str:
    """Return the name of a member that nothing describes."""
    offered: Sequence[str] = _SPARE if language is None else some_words(language) or ["a"]
    known = {*names, *case.view.names()}
    for name in offered:
        described = [*patterns, *case.view.families()]
        if name not in known and not any(matches(each, name) for each in described):
            return name
    return offered[0]
