"""Patterns for values: RE2 patterns over JSON text that match only what a schema accepts.

They are narrower than the schema where that keeps them small: strings of printable ASCII, numbers
without exponent, repeats with a bound. What they don't match may conform all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.charsets import members_of, spelt

if TYPE_CHECKING:
    from collections.abc import Mapping

# A limit from which on the length of the whole line is watched in its place (a line is at least
# as long as each string in it); a shorter one is counted out in the pattern.
LONG = 1000
_TYPES = {"string", "number", "integer", "boolean", "null"}
_FOR_STRINGS = {"format", "pattern", "minLength", "maxLength"}
_FOR_NUMBERS = {"minimum", "maximum"}
_DIGITS = 15
# Upper bounds of repeats that have none: of those that hold others, and of all the rest.
_BOUNDS = ((8, 100), (8, 64), (6, 40), (3, 30), (2, 24), (2, 12), (1, 8))
_SAFE = frozenset(map(chr, range(0x20, 0x7F))) - {'"', "\\"}
_BEYOND_ASCII = (
    r"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    r"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    r"|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_CHARACTER = rf'(?:[\x20\x21\x23-\x5b\x5d-\x7f]|\\["\\bfnrt]|{_BEYOND_ASCII})'
_LOWER_HEX = frozenset("0123456789abcdef")
_UUID = [
    frozenset("-") if at in {8, 13, 18, 23} else _LOWER_HEX for at in range(36)
]  # RFC 9562, section 4
# RFC 3339, section 5.6, without leap days and leap seconds.
_DATE_TIME = (
    r"[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DATE_TIME_LONGEST = 35
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


class NotWrittenError(Exception):
    """A schema says what no pattern here says."""


def value_pattern(schema: Mapping[str, Any]) -> str:
    """Return a pattern for the values that a schema accepts, as they stand in JSON text.

    Args:
        schema: Keywords that all hold, without references; no object and no array.

    Raises:
        NotWrittenError: The schema can't be said so.
    """
    if "const" in schema or "enum" in schema:
        return _listed(schema)
    types = schema.get("type", ())
    types = [types] if isinstance(types, str) else types
    if not types or not set(types) <= _TYPES:
        raise NotWrittenError
    if not schema.keys() <= {"type"} | _FOR_STRINGS | _FOR_NUMBERS:
        raise NotWrittenError
    return "(?:" + "|".join(_typed(name, schema) for name in types) + ")"


def _typed(name: str, schema: Mapping[str, Any]) -> str:
    match name:
        case "string":
            return f'"{_string(schema)}"'
        case "boolean":
            return "true|false"
        case "null":
            return "null"
    return _number(schema, whole=name == "integer")


def _listed(schema: Mapping[str, Any]) -> str:
    values = [schema["const"]] if "const" in schema else schema["enum"]
    if not schema.keys() <= {"const", "enum", "type"} or len(schema.keys() & {"const", "enum"}) > 1:
        raise NotWrittenError
    kept = [value for value in values if isinstance(value, str) and _SAFE.issuperset(value)]
    if not kept or schema.get("type", "string") != "string":
        raise NotWrittenError
    return "(?:" + "|".join(re.escape(orjson.dumps(value).decode()) for value in kept) + ")"


def _number(schema: Mapping[str, Any], *, whole: bool) -> str:
    """Return a pattern by the number of digits, which is as far as a range can be seen."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and not (least <= 0 or least == 1):
        raise NotWrittenError
    if most is not None and most < 1:
        raise NotWrittenError
    digits = _DIGITS if most is None else min(_DIGITS, len(str(int(most))) - 1)
    fraction = "" if whole else r"(?:\.[0-9]{1,15})?"
    zero = "" if least == 1 else f"0{fraction}"
    ways = [zero, f"[1-9][0-9]{{0,{digits - 1}}}{fraction}" if digits else ""]
    if most is not None and most == int(most):
        ways.append(str(int(most)))
    positive = "(?:" + "|".join(filter(None, ways)) + ")"
    return positive if most is not None or least is not None else f"-?{positive}"


def _string(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    form, pattern = schema.get("format"), schema.get("pattern")
    if form == "uuid":
        if least > len(_UUID) or (most is not None and most < len(_UUID)):
            raise NotWrittenError
        return _uuid(pattern)
    if form == "date-time":
        if pattern is not None or least > 20 or (most is not None and most < _DATE_TIME_LONGEST):
            raise NotWrittenError
        return _DATE_TIME
    if form is not None:
        raise NotWrittenError
    if pattern is not None:
        return _matching(pattern, least, most)
    if least > LONG or (most is not None and most < least):
        raise NotWrittenError
    return f"{_CHARACTER}{{{least},{most if most is not None and most < LONG else ''}}}"


def _uuid(pattern: str | None) -> str:
    """Return the pattern of a UUID whose beginning also matches `pattern`, position by position."""
    places = list(_UUID)
    if pattern is not None:
        items = _parsed(pattern)
        ends = bool(items) and str(items[-1][0]) == "AT"
        sets = _fixed(items[:-1] if ends else items)
        if ends and len(sets) != len(places):
            raise NotWrittenError
        places[: len(sets)] = [a & b for a, b in zip(places, sets, strict=False)]
        if len(sets) > len(_UUID) or not all(places):
            raise NotWrittenError
    return "".join(f"[{spelt(place)}]" for place in places)


def _fixed(items: list[Any]) -> list[frozenset[str]]:
    """Return what stands at each position of a pattern of one length."""
    out: list[frozenset[str]] = []
    for op, argument in items:
        name = str(op)
        if name in _REPEATS and argument[0] == argument[1] < 64:
            out += _fixed(list(argument[2])) * int(argument[0])
        elif name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            out.append(_safe(name, argument))
        else:
            raise NotWrittenError
    return out


def _matching(pattern: str, least: int, most: int | None) -> str:
    """Return a pattern for the strings that match an anchored one and are no longer than `most`."""
    items = _parsed(pattern)
    if not items or str(items[-1][0]) != "AT" or str(items[-1][1]) != "AT_END":
        raise NotWrittenError
    body = items[:-1]
    free = most is None or most >= LONG
    for bounds in ((None, None),) if free else _BOUNDS:
        text, shortest, longest = _sequence(body, *bounds)
        if shortest < least:
            raise NotWrittenError
        if free or (most is not None and longest <= most):
            return f"(?:{text})"
    raise NotWrittenError


def _parsed(pattern: str) -> list[Any]:
    """Return the items of a pattern (ECMA-262) behind its `^`."""
    # The standard library's parser is private, yet it is the only one that reads its own syntax.
    from re import _parser  # type: ignore[attr-defined]

    if "{," in pattern:
        # No repeat in ECMA-262, and one here.
        raise NotWrittenError
    try:
        tree = _parser.parse(pattern)
    except re.error as error:
        raise NotWrittenError from error
    items = list(tree)
    if tree.state.flags & ~re.UNICODE or not items or str(items[0][1]) != "AT_BEGINNING":
        raise NotWrittenError
    return items[1:]


def _sequence(items: list[Any], outer: int | None, inner: int | None) -> tuple[str, int, int]:
    """Return a pattern for some items, and the least and the greatest length of what it matches."""
    parts = [_item(str(op), argument, outer, inner) for op, argument in items]
    return (
        "".join(text for text, _, _ in parts),
        sum(shortest for _, shortest, _ in parts),
        sum(longest for _, _, longest in parts),
    )


def _item(op: str, argument: Any, outer: int | None, inner: int | None) -> tuple[str, int, int]:
    if op in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
        plain = f"[{spelt(_safe(op, argument))}]"
        return f"(?:{plain}|{_BEYOND_ASCII})" if _all_beyond(op, argument) else plain, 1, 1
    if op == "SUBPATTERN":
        _, added, removed, body = argument
        if added or removed:
            raise NotWrittenError
        text, shortest, longest = _sequence(list(body), outer, inner)
        return f"(?:{text})", shortest, longest
    if op == "BRANCH":
        ways = [_sequence(list(body), outer, inner) for body in argument[1]]
        text = "|".join(way for way, _, _ in ways)
        return f"(?:{text})", min(s for _, s, _ in ways), max(g for _, _, g in ways)
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        low, high, body = int(argument[0]), int(argument[1]), list(argument[2])
        text, shortest, longest = _sequence(body, outer, inner)
        bound = outer if _repeats(body) else inner
        if high >= 1 << 16:
            if bound is None:
                return f"(?:{text}){{{low},}}", low * shortest, 0
            high = max(low, bound)
        if high > LONG:
            raise NotWrittenError
        return f"(?:{text}){{{low},{high}}}", low * shortest, high * longest
    raise NotWrittenError


def _repeats(items: list[Any]) -> bool:
    """Tell whether something without an upper bound stands in some items."""
    for op, argument in items:
        name = str(op)
        if name in _REPEATS and (int(argument[1]) >= 1 << 16 or _repeats(list(argument[2]))):
            return True
        if name == "SUBPATTERN" and _repeats(list(argument[3])):
            return True
        if name == "BRANCH" and any(_repeats(list(body)) for body in argument[1]):
            return True
    return False


def _all_beyond(op: str, argument: Any) -> bool:
    """Tell whether one of a pattern stands for every character beyond ASCII."""
    if op == "NOT_LITERAL":
        return bool(argument < 128)
    if op != "IN" or str(argument[0][0]) != "NEGATE":
        return False
    ends = [
        value if str(kind) == "LITERAL" else value[1] if str(kind) == "RANGE" else 128
        for kind, value in argument[1:]
    ]
    return max(ends) < 128


def _safe(op: str, argument: Any) -> frozenset[str]:
    members = members_of(op, argument) & _SAFE
    if not members:
        raise NotWrittenError
    return members
