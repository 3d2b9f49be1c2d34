"""Made-up values for the labelled set: right in shape and checksum, and no one's own."""

from __future__ import annotations

import base64
import string
import zlib
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from uuid import UUID

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from stdnum import luhn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Maker = Callable[[Random], str]
    Words = dict[str, list[str]]

DIGITS = string.digits
ALNUM = string.ascii_letters + DIGITS
BASE62 = DIGITS + string.ascii_uppercase + string.ascii_lowercase
PODS = "bcdfghjklmnpqrstvwxz2456789"
REGIONS = ("US", "GB", "DE", "FR", "UA", "ES", "IT", "NL", "PL", "IN")
DOMAINS = ("example.com", "example.org", "mail.example.net", "eu.example.com", "staff.example.org")


def value(rng: Random, name: str, words: Words) -> str:
    """Return a value of this name: one of the words, of persons made of them, or by a maker.

    Raises:
        KeyError: Nothing has this name.
    """
    if name in words:
        return rng.choice(words[name])
    return _person(rng, name, words) if name in PERSONS else MAKERS[name](rng)


def _person(rng: Random, name: str, words: Words) -> str:
    first, last = rng.choice(words["given"]), rng.choice(words["family"])
    if name in {"first", "last", "name"}:
        return {"first": first, "last": last, "name": f"{first} {last}"}[name]
    first, last = (_plain(rng, words[kind]) for kind in ("given", "family"))
    if name == "login":
        return f"{first}.{last}"
    local = rng.choice(
        (f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}{rng.randint(2, 99)}")
    )
    tag = f"+{rng.choice(('qp', 'ci', 'news'))}" if name == "email_tagged" else ""
    return f"{local}{tag}@{rng.choice(DOMAINS)}"


def _plain(rng: Random, words: list[str]) -> str:
    return rng.choice([word for word in words if word.isascii() and word.isalpha()]).lower()


def some(rng: Random, alphabet: str, length: int) -> str:
    """Return so many characters of an alphabet."""
    return "".join(rng.choices(alphabet, k=length))


def uuid(rng: Random) -> str:
    """Return a UUID of version 4."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def _day(rng: Random) -> str:
    return f"{rng.randint(10, 23)}"


def _time(rng: Random) -> str:
    return f"2025-08-{_day(rng)}T{_day(rng)}:{_day(rng)}:{_day(rng)}Z"


def _version(rng: Random) -> str:
    return ".".join(str(rng.randint(0, 30)) for _ in range(3))


def _encoded(size: int) -> Maker:
    return lambda rng: base64.b64encode(rng.randbytes(size)).decode()


def _colons(rng: Random) -> str:
    return ":".join(f"{byte:02X}" for byte in rng.randbytes(20))


def _between(least: int, most: int) -> Maker:
    return lambda rng: str(rng.randint(least, most))


def _hex(length: int) -> Maker:
    return lambda rng: f"{rng.getrandbits(length * 4):0{length}x}"


def _prefixed(prefix: str, length: int, alphabet: str = ALNUM) -> Maker:
    return lambda rng: prefix + some(rng, alphabet, length)


def _phone(form: int, regions: Sequence[str] = REGIONS) -> Maker:
    """Return the maker of valid numbers: the example of a region with other last digits."""

    def made(rng: Random) -> str:
        kind = rng.choice((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE))
        number: Any = phonenumbers.example_number_for_type(rng.choice(regions), kind)
        head = number.national_number // 10_000 * 10_000
        while True:
            number.national_number = head + rng.randint(1000, 9999)
            if phonenumbers.is_valid_number(number):
                return str(phonenumbers.format_number(number, form))

    return made


def _checked(prefix: str) -> Maker:
    """Return the maker of tokens that end in a checksum, as GitHub's and npm's do."""

    def made(rng: Random) -> str:
        body = some(rng, ALNUM, 30)
        rest, end = zlib.crc32(body.encode()), ""
        for _ in range(6):
            rest, digit = divmod(rest, 62)
            end = BASE62[digit] + end
        return f"{prefix}{body}{end}"

    return made


def _openai(rng: Random) -> str:
    middle = "T3Blbk" + "FJ"
    return f"sk-proj-{some(rng, ALNUM, 58)}{middle}{some(rng, ALNUM, 58)}"


def _anthropic(rng: Random) -> str:
    return f"sk-ant-api03-{some(rng, ALNUM + '-_', 93)}AA"


def _slack(rng: Random) -> str:
    return f"xoxb-{some(rng, DIGITS, 12)}-{some(rng, DIGITS, 13)}-{some(rng, ALNUM, 24)}"


def _telegram(rng: Random) -> str:
    return f"{rng.randint(100_000_000, 999_999_999)}:AA{some(rng, ALNUM + '-_', 33)}"


def _sendgrid(rng: Random) -> str:
    return f"SG.{some(rng, ALNUM, 22)}.{some(rng, ALNUM, 43)}"


def _jwt(rng: Random) -> str:
    parts = (b'{"alg":"HS256","typ":"JWT"}', f'{{"sub":"{uuid(rng)}"}}'.encode())
    head = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"{head}.{some(rng, ALNUM + '-_', 43)}"


def _basic(rng: Random) -> str:
    return base64.b64encode(f"deploy:{_password(rng)}".encode()).decode()


def _password(rng: Random) -> str:
    return some(rng, ALNUM, 12) + rng.choice("!$*") + some(rng, DIGITS, 2)


def _pem(rng: Random) -> str:
    # In pieces, so that no scan takes this line for a key.
    begin, label, end = "-----BEGIN", "RSA PRIVATE " + "KEY-----", "-----END"
    return f"{begin} {label} {some(rng, ALNUM + '+/', 64)} {end} {label}"


def _ssn(rng: Random) -> str:
    area = rng.choice([*range(1, 666), *range(667, 900)])
    return f"{area:03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


def _itin(rng: Random) -> str:
    group = rng.choice([*range(50, 66), *range(70, 89)])
    return f"9{rng.randint(0, 99):02d}-{group}-{rng.randint(1, 9999):04d}"


def _iban(rng: Random) -> str:
    german, british = ("DE", some(rng, DIGITS, 18)), ("GB", f"NWBK{some(rng, DIGITS, 14)}")
    country, account = rng.choice((german, british))
    letters = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(letters) % 97:02d}{account}"


def _iban_wrong(rng: Random) -> str:
    right = _iban(rng)
    return f"{right[:2]}{2 + (int(right[2:4]) + rng.randint(1, 95)) % 97:02d}{right[4:]}"


def _card(rng: Random) -> str:
    head, length = rng.choice((("4", 16), ("52", 16), ("37", 15)))
    body = head + some(rng, DIGITS, length - len(head) - 1)
    return f"{body}{luhn.calc_check_digit(body)}"


def _long_card(rng: Random) -> str:
    body = "4" + some(rng, DIGITS, 14)
    return f"{body}{luhn.calc_check_digit(body)}"


def _card_wrong(rng: Random) -> str:
    right = _long_card(rng)
    return f"{right[:-1]}{(int(right[-1]) + rng.randint(1, 9)) % 10}"


def _nhs(rng: Random) -> str:
    whole = _valid("stdnum.gb.nhs", lambda rng: rng.choice("4567") + some(rng, DIGITS, 9))(rng)
    return f"{whole[:3]} {whole[3:6]} {whole[6:]}"


def _nino(rng: Random) -> str:
    head = rng.choice(("AB", "CE", "HJ", "JK", "PR", "SX", "WM"))
    return f"{head}{some(rng, DIGITS, 6)}{rng.choice('ABCD')}"


def _dni(rng: Random) -> str:
    number = rng.randint(10_000_000, 79_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _cpf(rng: Random) -> str:
    digits = _valid("stdnum.br.cpf", lambda rng: some(rng, DIGITS, 11))(rng)
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def _codice(rng: Random) -> str:
    born = f"{rng.randint(50, 99)}{rng.choice('ABCDEHLMPRST')}{_day(rng)}H{rng.randint(100, 999)}"
    return f"{some(rng, 'BCDFGLMNPRSTV', 6)}{born}{some(rng, string.ascii_uppercase, 1)}"


def _born(rng: Random) -> str:
    return f"8{rng.randint(0, 9)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def _valid(module: str, drawn: Maker) -> Maker:
    """Return the maker of those drawn values that a module of stdnum takes for valid."""

    def made(rng: Random) -> str:
        valid: Any = import_module(module).is_valid
        while not valid(text := drawn(rng)):
            pass
        return text

    return made


def _grouped(maker: Maker, gap: str = " ") -> Maker:
    def made(rng: Random) -> str:
        text = maker(rng)
        return gap.join(text[at : at + 4] for at in range(0, len(text), 4))

    return made


def _ipv4(rng: Random) -> str:
    while True:
        address = ip_address(rng.getrandbits(32))
        if address.is_global and not address.is_multicast:
            return str(address)


def _ipv6(rng: Random) -> str:
    head = rng.choice((0x2606_4700, 0x2A02_26F0, 0x2001_4860))
    return str(ip_address(head << 96 | rng.getrandbits(20) << 64 | rng.getrandbits(16)))


def _private(rng: Random) -> str:
    head = rng.choice(("10.0", "10.42", "172.16", "172.20", "192.168"))
    return f"{head}.{rng.randint(0, 254)}.{rng.randint(1, 254)}"


PERSONS = frozenset({"first", "last", "name", "login", "email", "email_tagged"})
MAKERS: dict[str, Maker] = {
    "few": _between(1, 9),
    "n": _between(10, 99),
    "pct": _between(1, 99),
    "ms": _between(2, 9800),
    "k": _between(1000, 98_000),
    "port": _between(30_000, 60_999),
    "epoch": _between(1_755_583_200, 1_755_755_999),
    "epoch_ms": _between(1_755_583_200_000, 1_755_755_999_999),
    "job": _between(16_900_000_000, 17_200_000_000),
    "day": _day,
    "time": _time,
    "version": _version,
    "uuid": uuid,
    "sha7": _hex(7),
    "sha16": _hex(16),
    "sha32": _hex(32),
    "sha40": _hex(40),
    "sha64": _hex(64),
    "base64_digest": _encoded(64),
    "fingerprint": lambda rng: _encoded(32)(rng).rstrip("="),
    "colons": _colons,
    "hash10": _prefixed("", 10, PODS),
    "hash5": _prefixed("", 5, PODS),
    "phone": _phone(PhoneNumberFormat.INTERNATIONAL),
    "phone_plain": _phone(PhoneNumberFormat.E164),
    "phone_national": _phone(PhoneNumberFormat.NATIONAL, ("US", "GB", "DE", "FR")),
    "github": _checked("ghp_"),
    "gitlab": _prefixed("glpat-", 20),
    "npm": _checked("npm_"),
    "aws_id": _prefixed("AKIA", 16, string.ascii_uppercase + "234567"),
    "aws_secret": _prefixed("", 40, ALNUM + "/+"),
    "google": _prefixed("AIza", 35, ALNUM + "-_"),
    "slack": _slack,
    "stripe": _prefixed("sk_live_", 24),
    "openai": _openai,
    "anthropic": _anthropic,
    "huggingface": _prefixed("hf_", 34, string.ascii_letters),
    "telegram": _telegram,
    "sendgrid": _sendgrid,
    "jwt": _jwt,
    "basic": _basic,
    "password": _password,
    "generic": _prefixed("", 32),
    "pem": _pem,
    "ssn": _ssn,
    "itin": _itin,
    "iban": _iban,
    "iban_spaced": _grouped(_iban),
    "iban_wrong": _iban_wrong,
    "card": _card,
    "card_spaced": _grouped(_long_card),
    "card_dashed": _grouped(_long_card, "-"),
    "card_wrong": _card_wrong,
    "nhs": _nhs,
    "nino": _nino,
    "passport": lambda rng: rng.choice("123456789") + some(rng, DIGITS, 8),
    "bsn": _valid("stdnum.nl.bsn", lambda rng: "1" + some(rng, DIGITS, 8)),
    "pesel": _valid("stdnum.pl.pesel", lambda rng: _born(rng) + some(rng, DIGITS, 5)),
    "dni": _dni,
    "cpf": _cpf,
    "codice": _valid("stdnum.it.codicefiscale", _codice),
    "personnummer": _valid(
        "stdnum.se.personnummer", lambda rng: f"{_born(rng)}-{some(rng, DIGITS, 4)}"
    ),
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "private": _private,
}
