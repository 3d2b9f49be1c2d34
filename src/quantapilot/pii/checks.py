"""Checks: the part of a rule that no regular expression can say.

Each takes a candidate and tells whether it really is a value of the rule's class. Rules name them
by their key in `CHECKS`. Heavy engines are imported on first use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What a project may tell the checks.

    `internal_networks` are passed beside the private ranges; `phone_regions` are the ISO 3166
    regions whose national phone formats are tried.
    """

    internal_networks: tuple[Network, ...] = ()
    phone_regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "ES", "IT", "PL", "UA", "IN", "BR")


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """A span `text[start:end]` that a rule's pattern found; never shown, so it has no repr."""

    text: str
    start: int
    end: int
    settings: DetectorSettings = field(default_factory=DetectorSettings)

    @property
    def value(self) -> str:
        """Return the span's text."""
        return self.text[self.start : self.end]

    @property
    def whole(self) -> bool:
        """Tell whether the span is all there is: the value of a field, not a word of a text."""
        return self.start == 0 and self.end == len(self.text)

    def before(self, reach: int) -> str:
        """Return up to `reach` characters ahead of the span."""
        return self.text[max(0, self.start - reach) : self.start]

    def after(self, reach: int) -> str:
        """Return up to `reach` characters behind the span."""
        return self.text[self.end : self.end + reach]


Check = Callable[[Candidate], bool]

_PLACEHOLDER = re.compile(
    r"""\s*(?:
        [*xX.\-_?#•]+ | <[^<>]*> | \[[^\[\]]*\] | \{\{?.*\}?\} | \$\{?\w+\}? | \$\(.*\)
      | %\w+%? | %\(\w+\)s
      | (?:null|none|nil|undefined|n/?a|unknown|anonymous|redacted|masked|hidden|removed|filtered
          |example|changeme|change[-_]me|your[-_ ].*|todo|tbd|empty|true|false|yes|no|0|-)
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands in for one: empty, masked, a variable, `null`, `<token>`."""
    return not value.strip() or _PLACEHOLDER.fullmatch(value) is not None


def not_placeholder(candidate: Candidate) -> bool:
    """Accept everything that is not a placeholder."""
    return not is_placeholder(candidate.value)


@cache
def _words(name: str) -> frozenset[str]:
    """Return the packaged word list `name`, lower-cased."""
    from quantapilot.pii.rules import lexicon

    return frozenset(word.lower() for word in lexicon(name))


# --- e-mail ---------------------------------------------------------------------------------

_FILE_SUFFIXES = re.compile(
    r"bmp|bz2|cfg|conf|css|csv|device|gif|gz|html|ico|img|ini|jpe?g|jsx?|json|lock|log|md|mjs"
    r"|mount|path|pdf|php|png|py|rb|rs|scope|service|slice|so|socket|sock|svg|swap|tar|target|tgz"
    r"|timer|toml|tsx?|txt|webp|whl|xml|ya?ml|zip",
    re.IGNORECASE,
)
_LOGIN_OF_URL = re.compile(r"//[^\s/@]*\Z")
_SCP_PATH = re.compile(r":(?!\d+(?:\D|\Z))[\w.~/-]")


def email_address(candidate: Candidate) -> bool:
    """Accept an address; no file name, no `git@host:path`, no `user:password@` of a URL."""
    local, _, domain = candidate.value.rpartition("@")
    if _FILE_SUFFIXES.fullmatch(domain.rpartition(".")[2]):
        return False
    if local.lower() in {"git", "hg", "svn"}:
        return False
    if _SCP_PATH.match(candidate.after(3)) and "/" in candidate.after(64):
        return False
    user = _LOGIN_OF_URL.search(candidate.before(80))
    return user is None or (":" not in user[0] and not (user[0] == "//" and len(local) >= 20))


def email_value(candidate: Candidate) -> bool:
    """Accept the value of an e-mail field; in running text only what has an `@`."""
    value = candidate.value
    return "@" in value or (candidate.whole and value.lower() not in _words("status_words"))


# --- phone ----------------------------------------------------------------------------------

_NEIGHBOUR_BEFORE = re.compile(r"[\w][ ./:,-]\Z")
_DIGIT_GROUP_BEFORE = re.compile(r"\d[ ./:,-]{1,2}\Z")
_DIGIT_GROUP_AFTER = re.compile(r"[ ./:,-]{0,2}\d")
_NANP = re.compile(
    r"(?:\([2-9]\d\d\) ?\d|555[.-]\d|[2-9]\d\d[ .-]?[2-9])\d\d[ .-]?\d{4}|555-01\d\d"
)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")


def _isolated(candidate: Candidate) -> bool:
    """Tell whether no further group of digits stands next to the span."""
    return not (
        _DIGIT_GROUP_BEFORE.search(candidate.before(3))
        or _DIGIT_GROUP_AFTER.match(candidate.after(3))
    )


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

    if not _isolated(candidate):
        return False
    try:
        number = phonenumbers.parse("+" + re.sub(r"\D", "", candidate.value)[2:])
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def phone_national(candidate: Candidate) -> bool:
    """Accept a number that is assigned in one of the configured regions, or a fictional 555 one."""
    shape = candidate.value
    return _isolated(candidate) and not _SSN.fullmatch(shape) and _assigned(candidate)


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


# --- name -----------------------------------------------------------------------------------

_PART = r"[^\W\d_]+(?:['’.‐-][^\W\d_]+)*\.?"
_NAME = re.compile(rf"{_PART}(?:,?\s{{1,3}}{_PART}){{0,5}}")
_OPAQUE_ID = re.compile(
    r"[0-9A-Fa-f-]{16,}|(?:usr|user|uid|id|acc|acct|op|emp|cus|cust|org|team|member)[_-]\w*\d\w*"
)
_LOGIN = re.compile(r"[\w.@\\+-]{2,64}")


def _parts(value: str) -> list[str]:
    return [part.strip(".,'’") for part in value.split()]


def _ordinary(parts: list[str]) -> bool:
    common = _words("common_words")
    return any(piece.lower() in common for part in parts for piece in (part, *part.split("-")))


def _identifier(value: str) -> bool:
    return any(char.isdigit() or char == "_" for char in value)


def person_name(candidate: Candidate) -> bool:
    """Accept what looks like a person's name: capitalised or uncased words, none of them a role."""
    value = candidate.value.strip()
    if len(value) > 80 or not _NAME.fullmatch(value):
        return False
    parts = _parts(value)
    if _ordinary(parts):
        return False
    if len(parts) > 1:
        return sum(map(len, parts)) > 3
    word = parts[0]
    if word.lower() in _words("given_names"):
        return True
    capitalised = word[0] != word[0].lower() and not (word.isascii() and word.isupper())
    uncased = word.lower() == word.upper()
    return len(word) > 1 and (capitalised or uncased)


def person_name_part(candidate: Candidate) -> bool:
    """Accept any word of letters that is neither a role nor a status."""
    value = candidate.value.strip()
    if len(value) > 80 or not _NAME.fullmatch(value) or len(value) < 2:
        return False
    return candidate.whole or not (
        _ordinary(_parts(value)) or value.lower() in _words("status_words")
    )


def login(candidate: Candidate) -> bool:
    """Accept a login or role: one word that is neither a person's name nor an opaque id."""
    value = candidate.value.strip()
    if not _LOGIN.fullmatch(value) or not any(char.isalpha() for char in value):
        return False
    if "@" in value or value.lower() in _words("status_words") or _OPAQUE_ID.fullmatch(value):
        return False
    return not person_name(candidate)


def full_name(candidate: Candidate) -> bool:
    """Accept a given name and a surname that is not a common technical word."""
    parts = _parts(candidate.value)
    if _identifier(candidate.value):
        return False
    return len(parts) > 1 and not _ordinary(parts[1:])


_STRONG_CUE = re.compile(
    r"(?:[:=]|[a-z]{2}[ _-]?by|assigned to|behalf of|over to)\s*[\"']?\Z", re.IGNORECASE
)


def cued_name(candidate: Candidate) -> bool:
    """Accept words behind a cue, none of them common, that begin with a given name.

    Behind a colon or a strong cue such as `approved by`, any two words will do.
    """
    parts = _parts(candidate.value)
    if _ordinary(parts) or _identifier(candidate.value):
        return False
    if parts[0].lower() in _words("given_names"):
        return True
    return len(parts) > 1 and _STRONG_CUE.search(candidate.before(16)) is not None


def titled_name(candidate: Candidate) -> bool:
    """Accept words behind a title unless one is common or goes on as an identifier."""
    return not _ordinary(_parts(candidate.value)) and not re.match(r"[\w]", candidate.after(1))


_REQUEST_LINE = re.compile(
    r"(?:\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s\S{0,40}|\bhttps?://\S{0,60})\Z"
)
_PAGE = re.compile(r"\.(?:html?|php|jsp|aspx?|js|css|json|svg|png|ico)\Z", re.IGNORECASE)


def home_owner(candidate: Candidate) -> bool:
    """Accept the user of a home folder, unless it is a service account or the path is a URL's."""
    value = candidate.value
    if value.lower() in _words("service_accounts") or value.isdigit() or is_placeholder(value):
        return False
    return not (_PAGE.search(value) or _REQUEST_LINE.search(candidate.before(80)))


# --- token ----------------------------------------------------------------------------------

_VARIABLE = re.compile(
    r"[$%]\{?\{?.*|<.*>?|\{\{.*|\*{3,}.*|\.{3}.*"
    r"|(?:os\.)?(?:environ|getenv|env|process\.env|secrets|vars|config|settings)\b.*"
    r"|[A-Za-z_.]+\(.*|(?:your|my|the|some|a)[-_ ]?\w*[-_ ]?(?:token|key|secret|password)\w*",
    re.IGNORECASE,
)
_PLAIN_WORD = re.compile(r"[A-Za-z]+(?:[-_'][A-Za-z]+)*[.!?,:]?")


_WORDS = re.compile(r"[A-Za-z]?[a-z]+(?:[-_./+][A-Za-z]?[a-z]+)*")


def secret_value(candidate: Candidate) -> bool:
    """Accept a secret under a name; in running text no ordinary word behind a colon, no count."""
    value = candidate.value.strip()
    if is_placeholder(value) or _VARIABLE.fullmatch(value):
        return False
    if value.lower().rstrip(".!,:") in _words("status_words"):
        return False
    if value.isdigit():
        return len(value) > 7
    if candidate.whole:
        return len(value) > 2
    if _PLAIN_WORD.fullmatch(value):
        return candidate.before(1) in {"=", '"', "'"} and len(value) > 4
    return len(value) > 3


def short_number(candidate: Candidate) -> bool:
    """Accept 4 to 7 digits: what a password or a one-time code of digits looks like."""
    return re.fullmatch(r"[0-9]{4,7}", candidate.value.strip()) is not None


def random_text(candidate: Candidate) -> bool:
    """Accept a credential: not a placeholder, and of more than one kind of character."""
    value = candidate.value
    if is_placeholder(value) or _VARIABLE.fullmatch(value) or _WORDS.fullmatch(value):
        return False
    kinds = sum(
        any(test(char) for char in value) for test in (str.isdigit, str.islower, str.isupper)
    )
    return kinds > 1


def url_secret(candidate: Candidate) -> bool:
    """Accept the password of a URL, or a token that stands where its user would."""
    value = candidate.value
    if candidate.before(1) == ":" or ":" in value:
        return not is_placeholder(value)
    return len(value) >= 20 and random_text(candidate)


def mixed_case(candidate: Candidate) -> bool:
    """Accept text of capitals and small letters, as keys are; no hash, no path of words."""
    value = candidate.value
    return any(map(str.isupper, value)) and (any(map(str.islower, value)) or "_" in value)


# --- national ids ---------------------------------------------------------------------------


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
    return _luhn(digits) and _isolated(candidate)


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


# --- IP addresses ---------------------------------------------------------------------------

_GLOBAL_V6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


def _parse_address(value: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(value.strip("[]").split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def public_ip(candidate: Candidate) -> bool:
    """Accept addresses outside the internal ranges.

    Those are RFC 1918, 4193, 3927, 5735, 6598 and the configured networks. Documentation ranges
    (RFC 5737, 3849) are no one's address and pass too.
    """
    address = _parse_address(candidate.value)
    if address is None or not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return False
    return not any(
        address in network
        for network in candidate.settings.internal_networks
        if network.version == address.version
    )


_VERSION_BEFORE = re.compile(
    r"(?:\b(?:v|ver|versions?|release|rel|rev|revision|build|firmware|driver|sdk|patch|upgraded?"
    r"|upgrading|downgraded?|tag|bump(?:ed)?|oid|openss[lh]|chrom(?:e|ium|edriver)|firefox|safari"
    r"|edge|java|jdk|jre|windows|android|macos|electron|runtime|assembly|plugin|library)"
    r"(?:[\s:=(\"',-]{1,3}(?:is|at|from|to|now|of|number|no|->|v?\d+(?:\.\d+){1,4})"
    r"(?=[\s:=(\"',-])){0,4}"
    r"[\s:=(\"',.-]{0,3}|[=~!<>]=\s?|[~^@]|[A-Za-z0-9)]/|[A-Za-z][-_+]|/[\w.-]{1,24}:)\Z",
    re.IGNORECASE,
)
_HOST_BEFORE = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+/\Z")
_CONTINUES = re.compile(r"\.\d|[-+_](?![\d.]+\.)\w|[-+]\Z")
_PORT = re.compile(r":\d{1,5}\b")


def public_ip_v4(candidate: Candidate) -> bool:
    """Accept a public IPv4 address; no version as in `v1.2.3.4`, `pkg==1.2.3.4`, `ua/1.2.3.4`."""
    if _CONTINUES.match(candidate.after(4)):
        return False
    before = candidate.before(48)
    if _VERSION_BEFORE.search(before) and not (
        before.endswith("/") and (_HOST_BEFORE.search(before) or _PORT.match(candidate.after(6)))
    ):
        return False
    return public_ip(candidate)


def public_ip_value(candidate: Candidate) -> bool:
    """Accept a public address as a field's value, however it is written.

    With or without a port or prefix length, zero-padded, or as one number as `inet_aton` reads it.
    """
    value = re.sub(r"/\d{1,3}\Z", "", candidate.value.strip())
    if found := re.fullmatch(r"\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5}", value):
        value = found[1] or found[2]
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", value):
        value = ".".join(octet.lstrip("0") or "0" for octet in value.split("."))
    elif re.fullmatch(r"0x[0-9A-Fa-f]{7,8}|\d{8,10}", value):
        number = int(value, 0 if value[:2] == "0x" else 10)
        value = str(IPv4Address(number)) if number < 1 << 32 else ""
    return public_ip(Candidate(value, 0, len(value), candidate.settings))


_SCHEMES = (
    "br.cpf", "ca.sin", "ch.ssn", "de.idnr", "es.dni", "es.nie", "fr.nir", "gb.nhs",
    "in_.aadhaar", "in_.pan", "it.codicefiscale", "nl.bsn", "pl.pesel", "ua.rntrc",
)  # fmt: skip

CHECKS: dict[str, Check] = {
    **{
        f"number_{scheme.replace('.', '_').replace('__', '_')}": _number_of(scheme)
        for scheme in _SCHEMES
    },
    "cued_name": cued_name,
    "email_address": email_address,
    "email_value": email_value,
    "full_name": full_name,
    "home_owner": home_owner,
    "iban": iban,
    "id_value": id_value,
    "login": login,
    "luhn": luhn,
    "mixed_case": mixed_case,
    "not_placeholder": not_placeholder,
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
    "passport": passport,
    "payment_card": payment_card,
    "person_name": person_name,
    "person_name_part": person_name_part,
    "phone_00": phone_00,
    "phone_digits": phone_digits,
    "phone_international": phone_international,
    "phone_national": phone_national,
    "phone_value": phone_value,
    "public_ip": public_ip,
    "public_ip_v4": public_ip_v4,
    "public_ip_value": public_ip_value,
    "random_text": random_text,
    "secret_value": secret_value,
    "short_number": short_number,
    "titled_name": titled_name,
    "uk_nino": uk_nino,
    "url_secret": url_secret,
    "us_ssn": us_ssn,
}
