"""What makes a telephone number of some digits; `phonenumbers` decides.

Numbers that authors make up are seldom assigned, so where a shape can be nothing else it is
enough that its plan has room for the number; digits without a shape must be assigned.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from quantapilot.pii.candidate import Candidate, Check

_EPOCH = lazy(r"1[4-9]\d{8}(?:\d{3})?")
_DATE = lazy(r"(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])")
# Blocks kept free for fiction (Ofcom), which no plan calls assigned.
_FICTION = lazy(r"(?:0|44)7700900\d{3}|(?:0|44)1632960\d{3}")
_MADE_UP = frozenset({"1234567890", "2345678901", "9876543210", "0123456789"})
_GROUPS = lazy(r"\d+")
_HEX_DUMP = lazy(r"(?: [0-9a-fA-F]{2}){2}")
_FILE_MODES = lazy(r"0\d{3}(?: 0\d{3})+")

# What is counted or named by digits that are no phone number.
_NAMED_BEFORE = lazy(
    r"(?:\b(?:(?<!caller )(?<!contact )ids?|uid|pid|key|order|invoice|ticket|issue|case|pr|job"
    r"|runs?|build|batch|seq|sequence"
    r"|offset|block|chunk|shard|serial|part|sku|isbn|ean|version|model|range|lines?|pages?|ports?"
    r"|count|counter|codes?|hex|bytes|octets|dims?|sizes?|level|account|acct|epoch|ts|timestamp"
    r"|window|hash|commit|snapshot|revision|index|token|card|ssn|took|x|step|task"
    r"|ref|reference|tracking|parcel|shipment|amount|total|sum|value|error|errno|inv|ord)"
    r"(?:\s(?:no\.?|nr\.?|num|number|code))?[\s:=#\"'_-]{1,3}|[A-Za-z]{2,}[-_]|#)\Z",
    re.IGNORECASE,
)
_SIGNED_BEFORE = lazy(
    r"\b(?:delta|offset|diff|skew|drift|change[ds]?|adjust(?:ed|ment)?|increment|bias|shift(?:ed)?"
    r"|growth|gain|lines?|net|by|plus|balance|value|count)[\s:=]{1,3}\Z",
    re.IGNORECASE,
)
_UNIT_AFTER = lazy(
    r"\s?(?:[munpµ]?s|secs?|seconds?|min|h|hours?|[kmgt]i?b(?:/s)?|b|bytes?|bits?|px|%|hz|usd|eur"
    r"|rows?|lines?|times|iterations?|recomputed|cells?|nanoseconds?|milliseconds?|microseconds?"
    r"|entries|retries|queries|out of|of)\b",
    re.IGNORECASE,
)
_PLURAL_AFTER = lazy(r"\s(?!(?:was|is|has|says|this|always|answers|as)\b)[a-z]{3,}s\b")

_STRONG_CUE = lazy(
    r"(?:tele)?phone|mobile|cell(?:[ -]?phone)?|whats ?app|viber|msisdn|fax|\btel|handy|rufnummer"
    r"|telefon[oe]?\w{0,2}|m[oó]vil|celular|cellulare|t[ée]l[ée](?:phone|fono)|hotline"
    r"|contact number|тел(?:ефон\w{0,3})?|моб(?:\w{0,8})?|звон\w{0,5}|дзвон\w{0,5}|komórk\w{0,3}"
    r"|电话|手机|電話",
    re.IGNORECASE,
)
_LINK = (
    r"(?:[ _-]?(?:numbers?|no|nr|num|is|was|at|to|on|me|home|work|office|sent|called|номер|numéro"
    r"|número|nummer|n°|№)\b[.:=#\"']{0,2})"
)
_CUE_BEFORE = lazy(
    rf"(?<![A-Za-z])(?:{_STRONG_CUE.pattern})[.:=#\"']{{0,3}}{_LINK}{{0,4}}(?P<gap>[\s:=#\"'(]{{1,3}})\Z",
    re.IGNORECASE,
)
_VERB_BEFORE = lazy(
    r"(?<![\w.-])(?<!function )(?<!system )(?<!rpc )(?<!api )(?<!method )(?<!tool )(?<!remote )"
    r"(?<!procedure )(?<!grpc )(?<!http )(?<!service )"
    r"(?:call(?:ed|ing|ers?|s)?|dial(?:l?ed|l?ing)?|reach(?:ed)?|text(?:ed)?|sms|otp|ring|rang"
    r"|phoned|contact(?:ed)?|callback|on-?call|hotline|my number|ph\.?)"
    r"(?:[ -](?:me|us|him|her|them|back|at|to|on|sent|via|from|number|no\.?|the|customer|client"
    r"|user|is|was|delivery|message|code|otp|alert|notification)){0,4}[ :=#]{1,3}\(?\Z",
    re.IGNORECASE,
)
_LABEL_BEFORE = lazy(r"(?:[:=#№]|\b(?:numbers?|no\.?|nr\.?|is|was|номер)\s?)[\s\"'(]{0,2}\Z")


def _digits(value: str) -> str:
    return "".join(_GROUPS.findall(value))


def _counted(candidate: Candidate) -> bool:
    """Tell whether a number of something stands there: an id before it or a unit behind it."""
    after = candidate.after(20)
    if re.match(r"x(?!\d)", after) or _UNIT_AFTER.match(after):
        return True
    return _NAMED_BEFORE.search(candidate.before(24)) is not None


def _continues(candidate: Candidate) -> bool:
    """Tell whether the groups go on with the separators that the value itself is written with."""
    spaced = " " in candidate.value
    joints = r"./:\-" + (" " if spaced else "")
    before, after = candidate.before(2), candidate.after(6)
    return bool(
        re.search(rf"\d[{joints}]\Z", before)
        or re.match(rf"[{joints}][0-9]|[-/:]\w", after)
        or (spaced and _HEX_DUMP.match(after))
    )


def _possible(international: str, *, assigned: bool = False) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse("+" + international)
    except phonenumbers.NumberParseException:
        return False
    if assigned:
        return phonenumbers.is_valid_number(number) or bool(_FICTION.fullmatch(international))
    return phonenumbers.is_possible_number(number)


def _nanp(digits: str) -> bool:
    """Tell whether ten digits are a North American number, or a made-up one as authors write."""
    if digits in _MADE_UP or "555" in (digits[:3], digits[3:6]):
        return True
    # The area code must be assigned; the exchange may be a made-up one.
    return _possible(f"1{digits[:3]}2345678"[:11], assigned=True)


def _in_regions(candidate: Candidate, *, grouped: bool) -> bool:
    """Tell whether a number is assigned in a configured region, grouped as it is written there."""
    import phonenumbers

    value = candidate.value
    if _FICTION.fullmatch(_digits(value)):
        return "GB" in candidate.settings.phone_regions
    groups = _GROUPS.findall(value)
    for region in candidate.settings.phone_regions:
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number(number):
            continue
        if not grouped:
            return True
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        usual = _GROUPS.findall(national)
        # An area code and the rest, where to part them is not agreed on; or the usual groups.
        parted = len(groups) == 2 and abs(len(groups[0]) - len(usual[0])) < 2
        if parted or groups[0] in {usual[0], "".join(usual[:2])} or groups == usual:
            return True
    return False


def phone_international(candidate: Candidate) -> bool:
    """Accept `+` and a number that the numbering plan of its country has room for (E.164)."""
    value = candidate.value
    after = candidate.after(20)
    if _UNIT_AFTER.match(after) or re.match(r"[xX](?!\d)|[.:,-]\d", after):
        return False
    if value[1:].isdigit() and _SIGNED_BEFORE.search(candidate.before(24)):
        return False
    value = value.replace("(0)", "")
    # A path may go on behind the number.
    return _possible(_digits(value)) or _possible(_digits(value.partition("/")[0]))


def phone_00(candidate: Candidate) -> bool:
    """Accept `00` or `011` and a number with country code; without groups an assigned one."""
    if _counted(candidate) or _continues(candidate):
        return False
    digits = _digits(candidate.value.replace("(0)", ""))
    number = digits[2:] if digits.startswith("00") else digits[3:]
    return _possible(number, assigned=len(_GROUPS.findall(candidate.value)) < 3)


_LOCAL = lazy(r"[2-9]\d\d[ .-]\d{4}")
_GROUPED = lazy(r"\(?[2-9]\d\d\)?[ .-]\d{3}[ .-]\d{4}")
_DASHED = lazy(r"(?:1[ .-])?(\d{3})([.-])(\d{3})\2(\d{4})|1 (\d{3}) (\d{3}) (\d{4})")
_BRACKETED = lazy(r"(?:1[ .-]?)?\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}")


def phone_national(candidate: Candidate) -> bool:
    """Accept a number grouped as in one of the configured regions, assigned or plainly made up."""
    if _counted(candidate) or _continues(candidate):
        return False
    value = candidate.value
    if candidate.whole and re.search(
        r"(?i:version|build|release|id|key|code)\W*\Z", candidate.name
    ):
        return False
    american = "US" in candidate.settings.phone_regions
    if _BRACKETED.fullmatch(value) or re.fullmatch(r"555-01\d\d", value):
        return american
    if found := _DASHED.fullmatch(value):
        groups = [group for group in found.groups() if group and group.isdigit()]
        round_numbers = all(group.endswith("00") for group in groups)
        return american and not round_numbers and _nanp("".join(groups))
    if sum(map(str.isdigit, value)) < 9 or _FILE_MODES.fullmatch(value):
        return False
    return _in_regions(candidate, grouped=True)


def phone_called(candidate: Candidate) -> bool:
    """Accept a number behind a verb such as `call`, which counts as often as it dials."""
    if not _VERB_BEFORE.search(candidate.before(48)) or _counted_behind_cue(candidate):
        return False
    return _dialled(candidate, sure=False)


def _counted_behind_cue(candidate: Candidate) -> bool:
    value, after = candidate.value, candidate.after(20)
    digits = _digits(value)
    if _EPOCH.fullmatch(value) or _DATE.fullmatch(value) or len(set(digits)) < 2:
        return True
    if value.isdigit() and _PLURAL_AFTER.match(after):
        return True
    return bool(_UNIT_AFTER.match(after) or re.match(r"x\d|[-./:]\d|\.\w|[-:/]\w", after))


def _dialled(candidate: Candidate, *, sure: bool) -> bool:
    """Tell whether digits are someone's number, here or abroad; `sure` is behind a label."""
    value = candidate.value
    digits = _digits(value)
    if digits in _MADE_UP and value.isdigit():
        return sure or _CUE_BEFORE.search(candidate.before(48)) is not None
    if value.startswith("+"):
        return _possible(digits)
    if "US" in candidate.settings.phone_regions and _american(value, digits, sure=sure):
        return True
    if len(digits) < 8 or (value.isdigit() and len(digits) < 9 and not sure):
        return False
    if _in_regions(candidate, grouped=not (sure or value.isdigit())):
        return True
    return len(digits) >= 11 and digits[0] != "0" and _possible(digits, assigned=True)


def _american(value: str, digits: str, *, sure: bool) -> bool:
    if len(digits) == 7:
        return _LOCAL.fullmatch(value) is not None or (sure and value[0] not in "01")
    national = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if len(national) != 10 or national[0] in "01":
        return False
    return _GROUPED.fullmatch(value) is not None or _nanp(national)


def phone_near(candidate: Candidate) -> bool:
    """Accept a number that a word for a phone stands before: at once, or within reach."""
    if _counted_behind_cue(candidate) or _continues(candidate):
        return False
    before = candidate.before(48)
    if _CUE_BEFORE.search(before):
        return _dialled(candidate, sure=_LABEL_BEFORE.search(before) is not None)
    digits = _digits(candidate.value)
    if len(digits) < 10 or _counted(candidate) or re.search(r"\b(?:at|in|of|by)\s\Z", before):
        return _called_for(before, candidate)
    return _dialled(candidate, sure=False)


def _called_for(before: str, candidate: Candidate) -> bool:
    """Tell whether the last words before a number say where someone is reached."""
    at = re.search(r"(?:phone|mobile|whatsapp|viber|call me|sms)\b.{0,24}\bat\s\Z", before)
    return at is not None and _dialled(candidate, sure=False)


_EXTENSION = lazy(r"(?i:,?\s*(?:ext\.?|x|доб\.?|вн\.?|#)\s*\d{1,6})\s*\Z")
_WRITTEN = lazy(r"(?:(?i:tel|phone|mob)[.:]?\s*)?\+?[\d\s().\-/–]{7,32}")


def phone_value(candidate: Candidate) -> bool:
    """Accept the value of a phone field: digits as a number is written, no date and no time."""
    value = _EXTENSION.sub("", candidate.value.strip())
    if not 7 <= sum(map(str.isdigit, value)) <= 15 or not _WRITTEN.fullmatch(value):
        return False
    return not (_DATE.fullmatch(value) or re.fullmatch(r"1[4-9]\d{11}", value))


CHECKS: dict[str, Check] = {
    "phone_00": phone_00,
    "phone_called": phone_called,
    "phone_international": phone_international,
    "phone_national": phone_national,
    "phone_near": phone_near,
    "phone_value": phone_value,
}
