"""Objects: members, families of members, what closes an object, and what members ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from quantapilot.compat.inclusion import Case, Difference, Step
from quantapilot.compat.languages import Language, disjoint, some_words
from quantapilot.compat.sides import Part, matches
from quantapilot.compat.views import evaluated
from quantapilot.compat.wording import NONE, change, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names that nobody describes; the first that is free is taken.
_SPARE = ("more", "more1", "more-2", "zz", "other_value", "Z9", "_", "0", "morecount9")


@dataclass(frozen=True, slots=True)
class Lacking:
    """A hint: an object as drawn, without some members, or with others."""

    without: tuple[str, ...] = ()
    size: int | None = None


def lacking(*names: str) -> Lacking:
    """Return the hint that an object without some members shows the cause."""
    return Lacking(names)


def members(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why members described by name don't keep to `properties`."""
    if "object" not in case.view.types:
        return
    for name, body in part.schema["properties"].items():
        mine = case.view.member(name)
        if body is True or _never(mine):
            continue
        below = part.below("properties", name)
        step = Step("member", name)
        found = case.inside(mine, (below,), step, "properties", name)
        if found and name not in case.view.names():
            # It is described by one version only: that is the cause, not what it says of it.
            word = "described: before, it could be anything" if case.narrowed else "not described"
            place = case.spot.at("properties", name)
            message = f"member {quoted(name)} is now {word}"
            found = [replace(found[0], pointer=place.pointer, file=place.file, message=message)]
        yield from found


def families(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why members don't keep to `patternProperties`."""
    if "object" not in case.view.types:
        return
    view = case.view
    for pattern in part.schema["patternProperties"]:
        body = part.below("patternProperties", pattern)
        at = ("patternProperties", pattern)
        for name in view.names():
            if matches(pattern, name) and not _never(mine := view.member(name)):
                yield from case.inside(mine, (body,), Step("member", name), *at)
        for other in view.families():
            mine = view.family(other)
            if not _never(mine) and (other == pattern or not disjoint(other, pattern)):
                named = _name(Language((other, pattern)))
                yield from case.inside(mine, (body,), Step("member", named), *at)
        beyond = Language((pattern, *view.names_match()), never=tuple(view.families()))
        if not view.closed and some_words(beyond) != []:
            named = _free(case, beyond)
            yield from case.inside(view.others(), (body,), Step("member", named), *at)


def closed(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why members don't keep to `additionalProperties` or `unevaluatedProperties`."""
    if "object" not in case.view.types:
        return
    keyword = _closing(part)
    body = part.below(keyword)
    told = _told(case, part, keyword)
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
    if not (case.view.closed or _all_told(case, patterns)):
        free = _free(case, None, names, patterns)
        if body.schema is False:
            message = f"undescribed members are {'refused' if case.narrowed else 'admitted'}"
            yield _gone(case, keyword, message, Step("member", free), case.view.others())
        else:
            yield from case.inside(case.view.others(), (body,), Step("member", free), keyword)


def names(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why names of members don't keep to `propertyNames`."""
    if "object" not in case.view.types:
        return
    body = part.below("propertyNames")
    named = tuple(each.below("propertyNames") for each in case.view.holding("propertyNames"))
    if named and not (case.view.closed and not case.view.families()):
        string = Part({"type": "string"}, "", "", "string")
        yield from case.inside((*named, string), (body,), Step("name"), "propertyNames")
        return
    judge = case.of.sup.accepts((body,))
    refused = [n for n in case.view.names() if not judge(n) and not _never(case.view.member(n))]
    for name in refused:
        message = f"the name {quoted(name)} is {'refused' if case.narrowed else 'admitted'}"
        yield _gone(case, "propertyNames", message, Step("member", name), case.view.member(name))
    if not case.view.closed and not refused:
        word = "limited" if case.narrowed else "no longer limited"
        yield case.cause("propertyNames", f"names of members are {word}")
    for pattern in case.view.families():
        string = Part({"type": "string", "pattern": pattern}, "", "", f"name {pattern}")
        yield from case.inside((string,), (body,), Step("name"), "propertyNames")


def count(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why objects don't keep to `minProperties` or `maxProperties`."""
    view = case.view
    if "object" not in view.types:
        return
    for keyword in ("minProperties", "maxProperties"):
        if keyword not in part.schema:
            continue
        limit = part.schema[keyword]
        if keyword == "minProperties":
            kept = max(view.most(keyword) or 0, len(view.required())) >= limit
        else:
            most = view.least(keyword)
            known = len(view.names()) if view.closed and not view.families() else None
            kept = min((n for n in (most, known) if n is not None), default=limit + 1) <= limit
        if not kept and not case.proven({keyword: limit}):
            other = next(iter(view.said(keyword)), NONE)
            old, new = (other, limit) if case.narrowed else (limit, other)
            size = limit - 1 if keyword == "minProperties" else limit + 1
            yield case.cause(keyword, change(keyword, old, new), Lacking(size=size))


def dependents(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why objects don't keep to `dependentRequired`."""
    if "object" not in case.view.types:
        return
    for name, wanted in part.schema["dependentRequired"].items():
        known = {
            each for said in case.view.said("dependentRequired") for each in said.get(name, ())
        }
        known |= case.view.required()
        rest = [each for each in wanted if each not in known]
        if not rest or _never(case.view.member(name)):
            continue
        if not case.proven({"dependentRequired": {name: rest}}):
            word = "asks for" if case.narrowed else "no longer asks for"
            message = f"{quoted(name)} {word} {', '.join(map(quoted, rest))}"
            mine = case.view.member(name)
            yield _gone(case, "dependentRequired", message, Step("without", name), mine, *rest)


def dependent_schemas(case: Case, part: Part) -> Iterator[Difference]:
    """Yield why objects don't keep to `dependentSchemas`."""
    if "object" not in case.view.types:
        return
    for name in part.schema["dependentSchemas"]:
        if _never(case.view.member(name)):
            continue
        there = Part({"type": "object", "required": [name]}, "", "", f"with {name}")
        body = part.below("dependentSchemas", name)
        known = [
            other.below("dependentSchemas", name)
            for other in case.view.holding("dependentSchemas")
            if name in other.schema["dependentSchemas"]
        ]
        yield from case.beside((body,), case.spot.at("dependentSchemas", name), there, *known)


def _all_told(case: Case, patterns: tuple[str, ...]) -> bool:
    """Tell whether it is proven that each name that there may be matches one of some patterns."""
    named = case.view.names_match()
    return bool(named) and some_words(Language(named, never=patterns)) == []


def _told(case: Case, part: Part, keyword: str) -> tuple[frozenset[str], tuple[str, ...]] | None:
    if keyword == "unevaluatedProperties":
        return evaluated(case.of.sup, part, certain=True)
    schema = part.schema
    return frozenset(schema.get("properties", ())), tuple(schema.get("patternProperties", ()))


def _closing(part: Part) -> str:
    # Where both stand, the first leaves nothing to the second.
    keyword = "additionalProperties"
    return keyword if keyword in part.schema else "unevaluatedProperties"


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
        step = Step("member", named) if named is not None else Step("same")
        at = _standing(case, "patternProperties", pattern)
        yield _gone(case, "patternProperties", message, step, mine, at=at)
    else:
        yield from case.inside(
            mine, (body,), Step("member", named or "a"), "patternProperties", pattern
        )


def _member_gone(case: Case, name: str) -> Difference:
    word = "removed" if case.narrowed else "added"
    at = _standing(case, "properties", name)
    mine = case.view.member(name)
    step = Step("member", name)
    return _gone(case, "properties", f"member {quoted(name)} {word}", step, mine, at=at)


def _standing(case: Case, *steps: str) -> tuple[str, str] | None:
    """Return where a member or a family is described on the side that has it."""
    keyword, name = steps
    for part in case.view.holding(keyword):
        # What is known from a condition of the other side stands in no file of this one.
        if part.base and name in part.schema[keyword]:
            return case.of.sub.identity(part.below(*steps))
    return None


def _gone(
    case: Case,
    keyword: str,
    message: str,
    step: Step,
    mine: tuple[Part, ...],
    *without: str,
    at: tuple[str, str] | None = None,
) -> Difference:
    """Return the cause that an object with a certain member is refused."""
    hint = With(step.key if isinstance(step.key, str) else "", mine, without)
    return case.cause(keyword, message, *([hint] if step.kind != "same" else []), at=at)


@dataclass(frozen=True, slots=True)
class With:
    """A hint: an object as drawn, with a member that its place admits, and without others."""

    name: str
    body: tuple[Part, ...]
    without: tuple[str, ...] = ()


def _never(place: tuple[Part, ...]) -> bool:
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
    offered: list[Any] = list(_SPARE)
    if language is not None:
        offered = some_words(language) or ["a"]
    known = {*names, *case.view.names()}
    for name in offered:
        described = [*patterns, *case.view.families()]
        if name not in known and not any(matches(each, name) for each in described):
            return str(name)
    return str(offered[0])
