"""What makes a personal identifier of some characters: groups, checksums, `python-stdnum`.

A number stands for a person where its checksum holds, or where the word for it stands right
before it: a mistyped number still has a label, and a label with no number has no digits.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy
from quantapilot.pii.candidate import Candidate, Check, isolated
from quantapilot.pii.rules import words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_DATE = lazy(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_UUID = lazy(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9a-f]{32,}")

# Words for a personal number, as they stand before one.
_CUES = (
    r"ssn|social (?:security|insurance)|itin|sin|nino?|national insurance|nhs|utr|tfn|tax file"
    r"|medicare|ird|pesel|nip|dow[oó]d\w*|cpf|bsn|burgerservicenummer|sofi|rijksregister\w*|niss"
    r"|insz|personnummer|personal|personnr|f[oø]dselsnummer|cpr|hetu|henkil[oö]tunnus|kennitala"
    r"|isikukood|asmens kodas|personas kods|rodn[eé] [cč][ií]slo|birth number|oib|jmbg|em[sš]o|embg"
    r"|egn|егн|cnp|cod numeric|taj(?: sz[aá]m)?|ad[oó]azonos[ií]t[oó]\w*|amka|αμκα|afm|αφμ"
    r"|codice fiscale|cf|nif|nie|dni|nuss|contribuinte|cart[aã]o de cidad[aã]o|cc|nir|insee"
    r"|num[eé]ro de s[eé]cu\w*|s[eé]curit[eé] sociale|s[eé]cu|steuer-?id\w*|idnr|steuernummer"
    r"|sv-?nummer|svnr|rvnr|sozialversicherung\w*|rentenversicherung\w*|personalausweis\w*"
    r"|ausweis\w*|versicherungsnummer|ahv(?:-?nr|-?nummer)?|avs|tckn|t\.?c\.? kimlik|kimlik|tc"
    r"|снилс|snils|инн|inn|рнокпп|rnokpp|іпн|ипн|ipn|унзр|паспорт\w*|иин|iin|edrpou"
    r"|aadha?ar|uidai|pan|permanent account|voter id|epic|nik|ktp|nric|fin|mykad|my ?kad|cnic"
    r"|rrn|주민등록번호|my ?number|マイナンバー|個人番号|身份证\w*|身分證\w*|resident id\w*|hkid"
    r"|cccd|cmnd|căn cước|thai id|teudat zehut|emirates id|iqama|nin|bvn|sa id|ghana ?card"
    r"|curp|rfc|rut|run|cuit|cuil|c[eé]dula|rg|cnh|dui|dpi|carn[eé]t? de identidad|rif|pps[n]?"
    r"|(?:national|citizen(?: service)?|tax|birth|identity|fiscal|personal) (?:number|code|no)"
    r"|national (?:id|identity|identification|register|insurance)|citizen(?:ship)? (?:id|number)"
    r"|identity (?:card|number)"
    r"|identification number|id[ -]card|id number|tax(?:payer)? ?(?:id|number|identification)|tin"
    r"|passport|reisepass|passeport|pasaporte|passaporto|passaporte|paspoort|paszport\w*|pasaport"
    r"|driv(?:er'?s?|ing) ?licen[cs]e|licen[cs]e|führerschein\w*"
    r"|permis de conduire|prawo jazdy|dl"
    r"|rijbewijs|водительск\w+ удостоверени\w+|licen[cs]e plate|number plate|plate"
    r"|vehicle registration|kennzeichen|registration plate|medical record|mrn|patient|health card"
    r"|health insurance|insurance (?:policy|member|id)|member|policy|ehic"
    r"|iban|bank account|account|routing|sort code|aba|card|pan|visa|mastercard|amex|cc"
)
_LINK = (
    r"(?:[\s_:.#/-]{1,2}(?:numbers?|no|nr|num|№|n°|id|code|is|was|of|for|the|a|his|her|their|user"
    r"|customer|client|employee|applicant|patient|person|holder|value|field|on|file|card|record"
    r"|document|номер|серия|серія|nummer|numéro|número|numero|numer|nro|insurance|security"
    r"|paid with|given|provided|ending|saved|entered)\b\.?){0,5}"
)
_QUANTITY_AFTER = lazy(
    r"\s?(?:[munpµ]?s|min|[kmgt]i?b|b|bytes?|rows?|lines?|times|records?|entries|items?|tokens?"
    r"|requests?|retries|users?|checks?|validations?|objects?|files?|out of|of)\b|[-/:]\w|\.\d|%",
    re.IGNORECASE,
)


@cache
def _label() -> re.Pattern[str]:
    # On first use: compiling it costs more than the start of the program has to spare.
    return re.compile(
        rf"(?:(?<![^\W_])|(?<=_))(?:{_CUES}){_LINK}[\s:=#\"'(._/-]{{1,3}}\Z", re.IGNORECASE
    )


def _labelled(candidate: Candidate) -> bool:
    """Tell whether a word for a personal number stands right before the span."""
    return _label().search(candidate.before(72)) is not None


def _counted(candidate: Candidate) -> bool:
    return _QUANTITY_AFTER.match(candidate.after(14)) is not None


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


def us_ssn_labelled(candidate: Candidate) -> bool:
    """Accept the digits of an SSN or ITIN behind a word for one, or as the value of a field."""
    # In the name of a branch or a file, what follows is another part of the name.
    glued = candidate.before(1) in {"-", "_"}
    if not us_ssn(candidate) or (_counted(candidate) and not glued):
        return False
    return candidate.whole or _labelled(candidate)


def _luhn(digits: str) -> bool:
    total = 0
    for at, char in enumerate(reversed(digits)):
        number = int(char) * (2 if at % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


_ISSUERS = lazy(
    r"4\d{15}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}|(?:50|5[6-8]|6[37])\d{14}|220[0-4]\d{12}"
)
_CARD_GROUPS = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)}
_CARD_WORD = lazy(
    r"\b(?:card(?:s|holder|number)?|visa|master ?card|amex|american express|discover|maestro"
    r"|jcb|diners|unionpay|mir"
    r"|pan|cc|credit|debit|pay(?:ing|ment)?|paid|charged?|refund(?:ed)?|billing|billed|checkout"
    r"|карт[аыоеу]й?|karte|carte|tarjeta|cartão|carta)\b"
    r"|\bexp(?:iry|ires|\.)?:? \d\d/\d\d|\bcv[vc]",
    re.IGNORECASE,
)
# The numbers that payment services publish for tests are patterned: they repeat few digits.
_FEW_DIGITS = 4


def payment_card(candidate: Candidate) -> bool:
    """Accept digits that pass Luhn (ISO/IEC 7812) under an issuer's prefix, grouped as on cards.

    One number in ten passes Luhn: without groups there must be a word for a card near it, or so
    few different digits as only a number made up for tests has.
    """
    groups = re.split(r"[ .-]", candidate.value)
    digits = "".join(groups)
    if len(groups) > 1 and tuple(map(len, groups)) not in _CARD_GROUPS:
        return False
    if not _ISSUERS.fullmatch(digits) or len(set(digits)) < 2:
        return False
    if not _luhn(digits) or not isolated(candidate):
        return False
    if len(groups) > 1 or len(set(digits)) <= _FEW_DIGITS:
        return True
    near = candidate.before(40) + " " + candidate.after(24)
    return _CARD_WORD.search(near) is not None and not _counted(candidate)


def card_labelled(candidate: Candidate) -> bool:
    """Accept 12 to 19 digits that pass Luhn, whoever issues them, or four groups behind a label."""
    digits = _digits(candidate.value)
    if len(set(digits)) < 2 or _counted(candidate):
        return False
    if _luhn(digits):
        return True
    groups = re.split(r"[ .-]", candidate.value)
    return tuple(map(len, groups)) in _CARD_GROUPS and _labelled(candidate)


_NINO_UNUSED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_PART_BEFORE = lazy(
    r"\b(?:part|serial|sku|order|ticket|build|batch|lot|asset|model|ref|reference|key|code|invoice"
    r"|job|commit|shard|block|version|rev|device|item|product|node|tag|hash|id)[\s:=#-]{1,3}\Z",
    re.IGNORECASE,
)


def uk_nino(candidate: Candidate) -> bool:
    """Accept a National Insurance number whose prefix HMRC allocates, or the one of its forms."""
    if candidate.value[:2].upper() in _NINO_UNUSED:
        return False
    return " " in candidate.value or not _PART_BEFORE.search(candidate.before(16))


def uk_nino_labelled(candidate: Candidate) -> bool:
    """Accept the shape of a National Insurance number behind a word for one."""
    return candidate.whole or _labelled(candidate)


def passport(candidate: Candidate) -> bool:
    """Accept a passport number, unless it is a date or a time (`20261124`)."""
    value = candidate.value
    if _DATE.fullmatch(value) or _counted(candidate) or sum(map(str.isdigit, value)) < 5:
        return False
    lettered = re.match(r"[A-Z]{1,3}\d{6}", value) is not None
    return candidate.whole or lettered or _labelled(candidate)


_MACHINE_ACCOUNT = lazy(r"\b(?:aws|azure|gcp|cloud|service|storage|iam)\W", re.IGNORECASE)


def labelled(candidate: Candidate) -> bool:
    """Accept a value with digits in it behind a word for a document, a plate or an account."""
    value = candidate.value
    if not any(map(str.isdigit, value)) or _DATE.fullmatch(value) or _counted(candidate):
        return False
    if re.search(
        r"\b(?:aws|azure|gcp|cloud|service|storage|iam)\W", candidate.before(40), re.IGNORECASE
    ):
        return False
    return candidate.whole or _labelled(candidate)


_CODE_BEFORE = lazy(r"\bcv[vc]2?(?: (?:is|code|number))?[\s:=#\"']{1,3}\Z", re.IGNORECASE)


def card_code(candidate: Candidate) -> bool:
    """Accept the digits right behind CVV or CVC."""
    return not _counted(candidate) and _CODE_BEFORE.search(candidate.before(16)) is not None


def named_after(candidate: Candidate) -> bool:
    """Accept digits that a word for a personal number follows, unless they are a date."""
    value = candidate.value
    return 6 <= sum(map(str.isdigit, value)) <= 14 and not _DATE.fullmatch(value)


def iban(candidate: Candidate) -> bool:
    """Accept an IBAN whose check digits (ISO 7064, mod 97) and country's structure hold."""
    # python-stdnum knows them too, and takes longer to import than a payload to check.
    number = re.sub("[ .-]", "", candidate.value).upper()
    structure = _iban_structures().get(number[:2])
    if structure is None or not structure.fullmatch(number):
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


@cache
def _iban_structures() -> dict[str, re.Pattern[str]]:
    kinds = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
    structures: dict[str, re.Pattern[str]] = {}
    for country, structure in map(str.split, words_in("iban_structures")):
        parts = re.findall("([0-9]+)([nac])", structure)
        body = "".join(f"{kinds[kind]}{{{count}}}" for count, kind in parts)
        structures[country] = lazy(f"{country}[0-9]{{2}}{body}")
    return structures


def iban_labelled(candidate: Candidate) -> bool:
    """Accept the shape of an IBAN behind the word, whatever its check digits say."""
    return sum(map(str.isdigit, candidate.value)) >= 8 and _labelled(candidate)


def id_value(candidate: Candidate) -> bool:
    """Accept the value of an id-number or birth-date field: at least four digits, no opaque id."""
    value = candidate.value
    if len(value) > 64 or _UUID.fullmatch(value):
        return False
    if re.fullmatch(r"\d{3}-\d\d-\d{4}", value):
        return us_ssn(candidate)
    return sum(map(str.isdigit, value)) >= 4


def birth_date(candidate: Candidate) -> bool:
    """Accept a date that someone may have been born on."""
    years = re.findall(r"(?<!\d)(?:19|20)\d\d", candidate.value)
    return not years or years[0] < "2020"


def _weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False)) % modulus


def _au_medicare(value: str) -> bool:
    digits = _digits(value)
    return _weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9), 10) == int(digits[8])


def _hu_taj(value: str) -> bool:
    digits = _digits(value)
    return _weighted(digits, (3, 7) * 4, 10) == int(digits[8])


def _sg_nric(value: str) -> bool:
    first, last = value[0].upper(), value[-1].upper()
    total = _weighted(value[1:8], (2, 7, 6, 5, 4, 3, 2), 1 << 10) + 4 * (first in "TG")
    if first == "M":
        return "KLJNPQRTUWX"[(total + 3) % 11] == last
    return ("JZIHGFEDCBA" if first in "ST" else "XWUTRQPNMLK")[total % 11] == last


def _ru_snils(value: str) -> bool:
    digits = _digits(value)
    return _weighted(digits, tuple(range(9, 0, -1)), 101) % 100 == int(digits[9:])


def _kz_iin(value: str) -> bool:
    rest = _weighted(value, tuple(range(1, 12)), 11)
    if rest == 10:
        rest = _weighted(value, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), 11)
    return rest == int(value[11])


def _tw_id(value: str) -> bool:
    first = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(value[0].upper()) + 10
    numbers = str(first) + value[1:]
    return _weighted(numbers, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), 10) == 0


def _de_rvnr(value: str) -> bool:
    plain = value.replace(" ", "").upper()
    spelt = plain[:8] + f"{ord(plain[8]) - 64:02d}" + plain[9:11]
    products = (
        int(d) * w for d, w in zip(spelt, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=False)
    )
    return sum(map(int, "".join(map(str, products)))) % 10 == int(plain[-1])


_DASHED = {
    (6, 7): "kr.rrn",
    (5, 7, 1): "pk.cnic",
    (2, 8, 1): "ar.cuit",
    (3, 7, 1): "do.cedula",
}


def _dashed(value: str) -> bool:
    scheme = _DASHED.get(tuple(map(len, value.split("-"))))
    return scheme is not None and _standard(scheme)(value)


def _by_label(_value: str) -> bool:
    return False


_OWN: dict[str, Callable[[str], bool]] = {
    "au_medicare": _au_medicare,
    "dashed": _dashed,
    "de_rvnr": _de_rvnr,
    "hu_taj": _hu_taj,
    "kz_iin": _kz_iin,
    "label_only": _by_label,
    "ru_snils": _ru_snils,
    "sg_nric": _sg_nric,
    "tw_id": _tw_id,
}


def _standard(*schemes: str) -> Callable[[str], bool]:
    """Return whether python-stdnum takes a value for one of its `schemes`, such as `de.idnr`."""

    def valid(value: str) -> bool:
        return any(_takes(import_module(f"stdnum.{scheme}"), value) for scheme in schemes)

    return valid


def _takes(scheme: ModuleType, value: str) -> bool:
    try:
        return bool(scheme.is_valid(value))
    except LookupError:
        # Its own tables do not know all that they refer to, such as some Chinese counties.
        return False


def _repeats(value: str) -> bool:
    digits = _digits(value)
    return len(digits) > 7 and len(set(digits)) < 2


def _number(valid: Callable[[str], bool]) -> Check:
    """Return a check that takes a number by its checksum, or by the label or field it has."""

    def check(candidate: Candidate) -> bool:
        value = candidate.value
        if _repeats(value) or _counted(candidate):
            return False
        return candidate.whole or valid(value) or _labelled(candidate)

    return check


def _shape(valid: Callable[[str], bool]) -> Check:
    """Return a check of a shape that speaks for itself: the checksum must hold."""

    def check(candidate: Candidate) -> bool:
        value = candidate.value
        if _repeats(value) or not valid(value) or re.match(r"[-./:]\w", candidate.after(2)):
            return False
        return not _PART_BEFORE.search(candidate.before(16)) or _labelled(candidate)

    return check


# Numbers of python-stdnum that stand behind a word for them; several modules share a rule where
# countries share the word.
_BEHIND_WORDS = {
    "at_vnr": ("at.vnr",),
    "au_tfn": ("au.tfn",),
    "balkan": ("si.emso",),
    "be_nn": ("be.nn", "be.bis"),
    "bg_egn": ("bg.egn",),
    "br_cpf": ("br.cpf",),
    "ca_sin": ("ca.sin",),
    "cedula": ("ec.ci", "do.cedula", "cr.cpf", "co.nit"),
    "ch_ssn": ("ch.ssn",),
    "cl_rut": ("cl.rut",),
    "cn_ric": ("cn.ric",),
    "cu_ni": ("cu.ni",),
    "cz_rc": ("cz.rc", "sk.rc"),
    "de_idnr": ("de.idnr",),
    "dni": ("es.dni", "ar.dni", "pe.cui"),
    "ee_ik": ("ee.ik", "lt.asmens"),
    "fr_nir": ("fr.nir",),
    "gb_nhs": ("gb.nhs",),
    "gb_utr": ("gb.utr",),
    "gr_amka": ("gr.amka", "gr.vat"),
    "hr_oib": ("hr.oib",),
    "id_nik": ("id.nik",),
    "ie_pps": ("ie.pps",),
    "il_idnr": ("il.idnr",),
    "in_aadhaar": ("in_.aadhaar",),
    "in_pan": ("in_.pan",),
    "is_kennitala": ("is_.kennitala",),
    "jp_in": ("jp.in_",),
    "lv_pk": ("lv.pvn",),
    "md_idno": ("md.idno",),
    "my_nric": ("my.nric",),
    "nif": ("pt.nif", "es.dni", "es.nie", "dz.nif"),
    "nl_bsn": ("nl.bsn",),
    "nordic": ("se.personnummer", "dk.cpr", "fi.hetu", "no.fodselsnummer"),
    "nz_ird": ("nz.ird",),
    "pl_nip": ("pl.nip",),
    "pl_pesel": ("pl.pesel",),
    "ro_cnp": ("ro.cnp",),
    "ru_inn": ("ru.inn",),
    "th_pin": ("th.pin",),
    "tr_tckimlik": ("tr.tckimlik",),
    "ua_rntrc": ("ua.rntrc",),
    "ve_rif": ("ve.rif",),
    "za_idnr": ("za.idnr",),
}
# Numbers of python-stdnum whose shape speaks for itself.
_BY_SHAPE = {
    "be_nn_dotted": ("be.nn", "be.bis"),
    "br_cpf_dotted": ("br.cpf",),
    "ch_ahv": ("ch.ssn",),
    "cl_rut_dotted": ("cl.rut",),
    "es_dni": ("es.dni",),
    "es_nie": ("es.nie",),
    "fi_hetu": ("fi.hetu",),
    "fr_nir_grouped": ("fr.nir",),
    "it_codicefiscale": ("it.codicefiscale",),
    "mx_curp": ("mx.curp",),
}
_OWN_SHAPES = ("dashed", "ru_snils", "sg_nric")
_SIZE = lazy(r"\d{8}[BKMGT]")


def _es_dni(candidate: Candidate) -> bool:
    """Accept a DNI; no size such as `10485760B` and no date such as `20250819Z`."""
    value = candidate.value
    if _SIZE.fullmatch(value) or _DATE.fullmatch(value[:8]):
        return _labelled(candidate)
    return _shape(_standard("es.dni"))(candidate)


CHECKS: dict[str, Check] = {
    **{f"number_{name}": _number(_standard(*each)) for name, each in _BEHIND_WORDS.items()},
    **{f"number_{name}": _shape(_standard(*each)) for name, each in _BY_SHAPE.items()},
    **{f"number_{name}": _shape(_OWN[name]) for name in _OWN_SHAPES},
    **{f"number_{name}": _number(valid) for name, valid in _OWN.items() if name not in _OWN_SHAPES},
    "number_es_dni": _es_dni,
    "birth_date": birth_date,
    "card_code": card_code,
    "card_labelled": card_labelled,
    "iban": iban,
    "iban_labelled": iban_labelled,
    "id_value": id_value,
    "labelled": labelled,
    "named_after": named_after,
    "passport": passport,
    "payment_card": payment_card,
    "uk_nino": uk_nino,
    "uk_nino_labelled": uk_nino_labelled,
    "us_ssn": us_ssn,
    "us_ssn_labelled": us_ssn_labelled,
}
