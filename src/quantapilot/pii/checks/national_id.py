"""What makes a personal identifier of some characters: groups, checksums, `python-stdnum`."""

from __future__ import annotations

import re
from importlib import import_module

from quantapilot.pii.candidate import Candidate, Check, isolated


def _digits(value: str) -> str:
    return "".join(char for char in value if char.isdigit())


def us_ssn(candidate: Candidate) -> bool:
    """Accept a number in the ranges of the SSA since 2011, or of an ITIN (IRS, 9xx-50..99)."""
    digits = _digits(candidate.value)
    if len(digits) != 9:
        return False
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if area[0] == "9":
        return int(group) >= 50 and group not in {"89", "93"}
    return area not in {"000", "666"} and group != "00" and serial != "0000"


def _luhn(digits: str) -> bool:
    total = 0
    for at, char in enumerate(reversed(digits)):
        number = int(char) * (2 if at % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


_ISSUERS = re.compile(
    r"4\d{15}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}|(?:50|5[6-8]|6[37])\d{14}"
)
_CARD_GROUPS = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)}


def payment_card(candidate: Candidate) -> bool:
    """Accept digits that pass Luhn (ISO/IEC 7812) under an issuer's prefix, grouped as on cards."""
    groups = re.split(r"[ -]", candidate.value)
    digits = "".join(groups)
    if len(groups) > 1 and tuple(map(len, groups)) not in _CARD_GROUPS:
        return False
    if not _ISSUERS.fullmatch(digits) or len(set(digits)) < 2:
        return False
    return _luhn(digits) and isolated(candidate)


def luhn(candidate: Candidate) -> bool:
    """Accept 12 to 19 digits that pass Luhn (ISO/IEC 7812), whoever issues them."""
    digits = _digits(candidate.value)
    return len(set(digits)) > 1 and _luhn(digits)


_NINO_UNUSED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})


def uk_nino(candidate: Candidate) -> bool:
    """Accept a National Insurance number whose prefix HMRC allocates."""
    return candidate.value[:2].upper() not in _NINO_UNUSED


def passport(candidate: Candidate) -> bool:
    """Accept a passport number, unless it is a date or a time (`20261124`)."""
    return re.fullmatch(r"(?:19|20)\d{6}", candidate.value) is None


def iban(candidate: Candidate) -> bool:
    """Accept an IBAN whose check digits (ISO 7064, mod 97) and country's structure hold."""
    from stdnum import iban as standard

    return bool(standard.is_valid(candidate.value, check_country=False))


def id_value(candidate: Candidate) -> bool:
    """Accept the value of an id-number or birth-date field: at least four digits in it."""
    return sum(char.isdigit() for char in candidate.value) >= 4 and len(candidate.value) <= 64


def _number_of(*schemes: str) -> Check:
    """Return a check by python-stdnum's modules for `schemes`, such as `de.idnr`: any may agree."""

    def check(candidate: Candidate) -> bool:
        digits = _digits(candidate.value)
        if len(digits) > 7 and len(set(digits)) < 2:
            return False
        return any(
            import_module(f"stdnum.{scheme}").is_valid(candidate.value) for scheme in schemes
        )

    return check


_SCHEMES = (
    "br.cpf", "ca.sin", "ch.ssn", "de.idnr", "es.dni", "es.nie", "fr.nir", "gb.nhs",
    "in_.aadhaar", "in_.pan", "it.codicefiscale", "nl.bsn", "pl.pesel", "ua.rntrc",
)  # fmt: skip

CHECKS: dict[str, Check] = {
    **{
        f"number_{scheme.replace('.', '_').replace('__', '_')}": _number_of(scheme)
        for scheme in _SCHEMES
    },
    "iban": iban,
    "id_value": id_value,
    "luhn": luhn,
    "passport": passport,
    "payment_card": payment_card,
    "uk_nino": uk_nino,
    "us_ssn": us_ssn,
    "number_elsewhere": _number_of(
        "au.tfn",
        "be.nn",
        "br.cpf",
        "mx.curp",
        "pt.nif",
        "ro.cnp",
        "ru.inn",
        "tr.tckimlik",
        "za.idnr",
    ),
    "number_nordic": _number_of("se.personnummer", "dk.cpr", "fi.hetu"),
}
