"""Strings: whether what pattern, length and format admit together keeps to one more keyword."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from quantapilot.compat.languages import Language, some_words

if TYPE_CHECKING:
    from quantapilot.compat.views import View

KEYWORDS = ("pattern", "minLength", "maxLength", "format")
_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_DATE, _TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_OFFSET = "(?:[zZ]|[+-][0-9]{2}:[0-9]{2})"
# What a string of a format matches at least: RFC 9562, section 4; RFC 3339, section 5.6.
_AT_LEAST = {
    "uuid": _UUID,
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}{_OFFSET}$",
    "date-time": f"^{_DATE}[tT ]{_TIME}{_OFFSET}$",
    "ipv4": r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$",
    "ipv6": "^[0-9a-fA-F:.]{2,45}$",
}
# Whatever matches has the format; what reads well comes first.
_AT_MOST = {
    "uuid": _UUID,
    "date": "^20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])$",
    "date-time": r"^20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])$",
    "ipv4": r"^(?:[1-9]?[0-9]\.){3}[1-9]?[0-9]$",
    "uri": "^(?:https?|urn):(?://[a-z]+[.]example/)?[a-z]+$",
    "hostname": "^[a-z]+(?:[.][a-z]+)?[.]example$",
}
# Strings of which every format that is known refuses one.
_PROBES = ("", "\0", " ", "a b", "%", "(", "{", "a")
_LIES_WITHIN = {("uri", "uri-reference"), ("iri", "iri-reference")}


def counterexamples(view: View, keyword: str, value: Any) -> list[str] | None:
    """Return strings that a view admits and a keyword refuses.

    An empty list is the proof that there are none; None means that nobody knows. Of those that are
    returned some may have to be refused by the view as well, where a format is not written out.

    Args:
        view: What strings have to be.
        keyword: One of `KEYWORDS`.
        value: Its value.
    """
    if _is_said(view, keyword, value):
        return []
    patterns = [*view.said("pattern"), *_shapes(view.said("format"))]
    question = _refused(view, keyword, value)
    found = _words(replace(question, of=tuple(patterns)))
    narrow = [_AT_MOST[form] for form in view.said("format") if form in _AT_MOST]
    if found != [] and narrow:
        better = some_words(replace(question, of=(*view.said("pattern"), *narrow)))
        return [*(better or ()), *(found or ())] or None
    return found


def _is_said(view: View, keyword: str, value: Any) -> bool:
    """Tell whether a view says a pattern or a format itself, or something that implies it."""
    if keyword == "pattern":
        return value in view.said("pattern")
    if keyword != "format":
        return False
    formats = view.said("format")
    implied = any((said, value) in _LIES_WITHIN for said in formats)
    return value in formats or implied or not is_known(value)


def excluded(view: View, pattern: str) -> list[str] | None:
    """Return strings that a view admits and that match a pattern, as `counterexamples` does."""
    patterns = [*view.said("pattern"), *_shapes(view.said("format")), pattern]
    return _words(replace(_lengths(view), of=tuple(patterns)))


def _refused(view: View, keyword: str, value: Any) -> Language:
    """Return the strings that a keyword refuses, of the lengths that a view admits."""
    question = _lengths(view)
    shortest, longest = question.shortest, question.longest
    match keyword:
        case "pattern":
            return replace(question, but=(value,))
        case "minLength":
            most = int(value) - 1
            return replace(question, longest=most if longest is None else min(longest, most))
        case "maxLength":
            return replace(question, shortest=max(shortest, int(value) + 1))
    # A format that is not written out can't be proven, only be broken.
    within = _AT_MOST.get(value)
    return replace(question, but=(within,) if within else ())


def _lengths(view: View) -> Language:
    longest = view.least("maxLength")
    return Language(
        shortest=int(view.most("minLength") or 0),
        longest=None if longest is None else int(longest),
        never=tuple(_never(view)),
    )


def _never(view: View) -> list[str]:
    """Return patterns that no string of a view matches."""
    excluded = [body for body in view.said("not") if isinstance(body, dict)]
    return [
        body["pattern"]
        for body in excluded
        if body.keys() == {"pattern"}
        or (body.keys() == {"pattern", "type"} and body["type"] == "string")
    ]


@lru_cache(256)
def is_known(form: str) -> bool:
    """Tell whether the validator knows a format; any other is an annotation."""
    import jsonschema_rs

    judge = jsonschema_rs.Draft202012Validator({"format": form}, validate_formats=True)
    return not all(map(judge.is_valid, _PROBES))


def _shapes(formats: list[str]) -> list[str]:
    return [_AT_LEAST[form] for form in formats if form in _AT_LEAST]


def _words(question: Language) -> list[str] | None:
    if question.longest is not None and question.longest < question.shortest:
        return []
    whole = some_words(question)
    if whole is not None:
        return whole
    # Each pattern that is left out admits more: what is proven without it holds all the same.
    fewer = [replace(question, of=each) for each in _all_but_one(question.of)]
    fewer += [replace(question, never=each) for each in _all_but_one(question.never)]
    return [] if any(some_words(each) == [] for each in fewer) else None


def _all_but_one(patterns: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [patterns[:at] + patterns[at + 1 :] for at in range(len(patterns))]
