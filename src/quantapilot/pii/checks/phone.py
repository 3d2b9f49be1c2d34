"""What makes a telephone number of some digits; `phonenumbers` decides."""

from __future__ import annotations

import re

from quantapilot.pii.candidate import Candidate, Check, isolated

_NANP = re.compile(
    r"(?:\([2-9]\d\d\) ?\d|555[.-]\d|[2-9]\d\d[ .-]?[2-9])\d\d[ .-]?\d{4}|555-01\d\d"
)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")


def phone_international(candidate: Candidate) -> bool:
    """Accept `+` and a number that the numbering plan of its country has room for (E.164)."""
    import phonenumbers

    digits = re.sub(r"\D", "", candidate.value.replace("(0)", ""))
    if candidate.value.lstrip().startswith("00"):
        digits = digits[2:]
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def phone_00(candidate: Candidate) -> bool:
    """Accept `00` and a number that is assigned in the plan of its country; stands alone."""
    import phonenumbers

    if not isolated(candidate):
        return False
    try:
        number = phonenumbers.parse("+" + re.sub(r"\D", "", candidate.value)[2:])
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def phone_national(candidate: Candidate) -> bool:
    """Accept a number that is assigned in one of the configured regions, or a fictional 555 one."""
    shape = candidate.value
    return isolated(candidate) and not _SSN.fullmatch(shape) and _assigned(candidate)


def _assigned(candidate: Candidate) -> bool:
    import phonenumbers

    value, regions = candidate.value, candidate.settings.phone_regions
    if "US" in regions and _NANP.fullmatch(value):
        return True
    if sum(map(str.isdigit, value)) < 9:
        return False
    for region in regions:
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number_for_region(number, region):
            return True
    return False


def phone_digits(candidate: Candidate) -> bool:
    """Accept bare digits that are someone's number, here or abroad; no date (`20261124`)."""
    value = candidate.value
    if re.fullmatch(r"(?:19|20)\d{6}", value):
        return False
    if _assigned(candidate):
        return True
    return len(value) >= 11 and _assigned_worldwide(value)


def _assigned_worldwide(digits: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False


def phone_value(candidate: Candidate) -> bool:
    """Accept the value of a phone field: 6 to 17 digits and little else."""
    value = candidate.value
    digits = sum(char.isdigit() for char in value)
    letters = sum(char.isalpha() for char in value)
    return 6 <= digits <= 17 and letters <= 4


CHECKS: dict[str, Check] = {
    "phone_00": phone_00,
    "phone_digits": phone_digits,
    "phone_international": phone_international,
    "phone_national": phone_national,
    "phone_value": phone_value,
}
