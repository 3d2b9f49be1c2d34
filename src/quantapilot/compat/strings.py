"""Strings: whether what pattern, length and format admit together keeps to one more keyword."""

from __future__ import annotations

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
# Whatever matches has the format.
_AT_MOST = {"uuid": _UUID}
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
    if keyword == "format" and (value in view.said("format") or not is_known(value)):
        return []
    if keyword == "format" and any((said, value) in _LIES_WITHIN for said in view.said("format")):
        return []
    patterns = [*view.said("pattern"), *_shapes(view.said("format"))]
    shortest, longest = view.most("minLength") or 0, view.least("maxLength")
    match keyword:
        case "pattern" if value in patterns:
            return []
        case "pattern":
            return _words(patterns, (value,), shortest, longest)
        case "minLength":
            most = value - 1 if longest is None else min(longest, value - 1)
            return _words(patterns, (), shortest, most)
        case "maxLength":
            return _words(patterns, (), max(shortest, value + 1), longest)
    within = _AT_MOST.get(value)
    # A format that is not written out can't be proven, only be broken.
    return _words(patterns, (within,) if within else (), shortest, longest)


@lru_cache(256)
def is_known(form: str) -> bool:
    """Tell whether the validator knows a format; any other is an annotation."""
    import jsonschema_rs

    judge = jsonschema_rs.Draft202012Validator({"format": form}, validate_formats=True)
    return not all(map(judge.is_valid, _PROBES))


def _shapes(formats: list[str]) -> list[str]:
    return [_AT_LEAST[form] for form in formats if form in _AT_LEAST]


def _words(
    patterns: list[str], but: tuple[str, ...], shortest: int, longest: int | None
) -> list[str] | None:
    if longest is not None and longest < shortest:
        return []
    whole = some_words(Language(tuple(patterns), but, int(shortest), longest and int(longest)))
    if whole is not None:
        return whole
    # Each pattern that is left out admits more: what is proven without it holds all the same.
    for at in range(len(patterns)):
        fewer = patterns[:at] + patterns[at + 1 :]
        if some_words(Language(tuple(fewer), but, int(shortest), longest and int(longest))) == []:
            return []
    return None
