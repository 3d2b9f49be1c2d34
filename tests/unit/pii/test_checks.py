"""What each check takes for a value of its class, and what it lets pass."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from quantapilot.findings import PII_CLASSES
from quantapilot.pii.candidate import Candidate, DetectorSettings, is_placeholder
from quantapilot.pii.checks import checks_of
from quantapilot.pii.rules import load_rules

CHECKS = {name: check for each in PII_CLASSES for name, check in checks_of(each).items()}


def _candidate(text: str, settings: DetectorSettings | None = None) -> Candidate:
    """Return the part of `text` between `«` and `»`, or all of it."""
    start, end = text.find("«"), text.find("»")
    if start < 0:
        return Candidate(text, 0, len(text), settings or DetectorSettings())
    plain = text.replace("«", "").replace("»", "")
    return Candidate(plain, start, end - 1, settings or DetectorSettings())


ACCEPTED = {
    "email_address": ["alice@example.com", "mailto:«alice@example.com»?x", "//«alice@example.com»"],
    "email_mailbox": ["alice@corp", "asmith@localhost"],
    "email_quoted": ['john smith"@example.com'],
    "email_spelled": ["alice [at] example [dot] com", "mail «sales @ example.com»", "a (at) b.org"],
    "email_value": ["alice", "alice@example", "email: «a@b»"],
    "phone_international": ["+12025550143", "+44 20 7946 0958", "+49 (0)30 901820"],
    "phone_00": ["0044 20 7946 0958", "00442079460958"],
    "phone_national": ["(202) 555-0143", "555-234-5678", "020 7946 0958", "01 99 00 12 34"],
    "phone_called": ["call «2025550143»", "dial «555-1234»", "reach me at «02079460958»"],
    "phone_near": ["phone «2025550143»", "mobile: «442079460958»", "tel «02079460958»"],
    "phone_value": ["555 0143", "+1 202 555 0143 ext 5", "0501234567"],
    "person_name": [
        "Alice Smith",
        "alice",
        "alice smith",
        "O'Brien",
        "Олена",
        "李雷",
        "Smith, Bob",
    ],
    "person_name_part": ["smith", "SMITH", "van Dijk"],
    "login": ["policy-engine", "ci-bot", "system", "asmith42", "corp\\asmith"],
    "listed_name": ["«Alice Smith» left", "«Peter van Dijk»", "«alice-smith»", "«Alice» said so"],
    "listed_person": ["Alice Smith", "alice smith", "Bob"],
    "personal_login": ["asmith", "j.doe", "alice.smith42"],
    "mentioned_login": ["approved by «jdoe» today", "by «alice.smith»"],
    "initialled_name": ["«Петренко І. В.»", "«И. В. Петров»"],
    "eastern_name": ["王伟", "田中"],
    "machine_of": ["«alices»-macbook", "«Bob»-laptop"],
    "branch_owner": ["users/«jdoe»/fix"],
    "tilde_owner": ["~«alice»/x"],
    "cued_name": ["approved by «Zorb Quux»", "by «Alice»", "author: «Zorb Quux»"],
    "titled_name": ["Mr «Smith»", "Dr «Alice Jones» said"],
    "home_owner": ["/home/«asmith»/x", "C:\\Users\\«alice.smith»"],
    "secret_value": ["EXAMPLE1", "hunter", "password=«hunter»", "key: «a1b2c3»", "0123456789"],
    "short_number": ["1234", "0123456"],
    "bearer": [
        "Authorization: Bearer «abc123»",
        "Basic «RVhBTVBMRTpFWEFNUExF»",
        "Bearer «0123456789abcdef»",
    ],
    "beside_name": ['"DB_PASSWORD","value":"«hunter»"', '"TOKEN","value":"«a1b2c3d4e5f6»"'],
    "cookie_header": ["theme=dark; sid=a1b2c3d4", "x=0123456789abcdef0123"],
    "element_value": ["<password>«hunter»</password>", "<token>«a1b2c3d4e5f6»</token>"],
    "foreign_told": ["пароль: «Example01»", "mot de passe pour ci : «Example01»"],
    "given": ["Password=«hunter»"],
    "issued": ["ghp_" + "ab12" * 9, "AKIAIOSFODNN7EXAMPLE", "glpat-" + "a" * 20],
    "mixed_case": ["EXAMPLE/key+0123example", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    "one_time_code": ["otp «0123»", "auth code «012345»"],
    "private_key": ["-----BEGIN PRIVATE KEY-----\nMIIEXAMPLE0123456789"],
    "query_value": ["?token=«0123456789abcdef»", "&password=«hunter»", "?code=«EXAMPLE01234»"],
    "quoted_password": ["the password is '«horse»'", 'password "«hunter2»" refused'],
    "random_key": ["s.a1b2c3d4e5f6", "live_0f1e2d3c4b5a"],
    "told": ["password «hunter2»", "token «0123abcd4567»", "api key «EXAMPLE0123456»"],
    "told_password": ["-p «Example01»", "-pass «hunter2»"],
    "url_secret": ["//ci:«pw»@example.com", "//«EXAMPLE0123456789abc»@example.com"],
    "us_ssn": ["123-45-6789", "912-70-1234", "123456789"],
    "us_ssn_labelled": ["123456789", "ssn «123 45 6789»", "SSN of the user is «123456789»"],
    "birth_date": ["1990-01-02", "01/02/90", "3 May 1990"],
    "card_code": ["cvv «123»", "CVC: «4321»"],
    "card_labelled": ["4222222222222", "4111 1111 1111 1111", "card «1234 5678 9012 3456»"],
    "iban_labelled": ["iban: «DE00370400440532013000»"],
    "labelled": ["driver's license «D1234567»", "MRN: «12345678»", "12345678"],
    "named_after": ["230675104", "AB1234567"],
    "uk_nino_labelled": ["nino «QQ123456C»", "QQ123456C"],
    "payment_card": ["4111111111111111", "3782 822463 10005", "5555-5555-5555-4444"],
    "uk_nino": ["AB123456C", "jg103759a"],
    "passport": ["C01234567", "123456789"],
    "iban": ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"],
    "id_value": ["1990-01-01", "X-1234"],
    "number_de_idnr": ["79569910383"],
    "number_nordic": ["811228-9874", "010190-1232", "131052-308T"],
    "number_dashed": ["900101-1311541", "34201-9177619-5"],
    "public_ip_v6": ["2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2001:db8::1"],
    "public_ip_host": ["8.8.8.8", "[2001:4860:4860::8888]", "134744072", "0x08080808"],
    "public_ip_name": ["ip-«52-14-88-201»", "cpe-«203-0-113-9».example.net"],
    "public_ip_defanged": ["8[.]8[.]8[.]8", "203(.)0(.)113(.)5"],
    "public_ip_v4": ["8.8.8.8", "from «8.8.8.8»:53", "dn1.example.com/«8.8.8.8»", "x/«8.8.8.8»:53"],
    "public_ip_value": ["8.8.8.8:53", "[2001:4860:4860::8888]:53", "8.8.8.0/24", "134744072"],
}

REFUSED = {
    "email_address": ["logo@2x.png", "«git@example.com»:org/repo", "//ci:«pass@example.com»/a"],
    "email_mailbox": ["root@corp", "alice@worker-3", "1000@corp"],
    "email_quoted": ['x"@app.route'],
    "email_spelled": ["deployed @ example.com", "items [at] node.value", "us at example dot com"],
    "email_value": ["sent", "email: «alice»", "a***@example.com", "usr_1", "two words"],
    "phone_international": ["+1234567", "+999999999999999", "+0000000000"],
    "phone_00": ["0000000000", "1 «0044 20 7946 0958»", "«0044 20 7946 0958» 12"],
    "phone_national": ["0755 0644", "0000 000000", "1.«202-555-0143»", "«202-555-0143»-12"],
    "phone_called": ["call «20261124»", "called «2025550143» times", "run «2025550143»"],
    "phone_near": ["mobile «20261124»", "phone «1764000000123»", "phone «00000000»"],
    "phone_value": ["true", "12345", "550e8400-e29b-41d4-a716-446655440000", "123456789012345678"],
    "person_name": [
        "policy-engine",
        "Release Gate",
        "x1",
        "GATE",
        "",
        "alice@example.com",
        "a" * 90,
    ],
    "person_name_part": ["x", "user_1", "name: «required»"],
    "login": ["Alice Smith", "failed", "a@b", "42", "two words"],
    "listed_name": [
        "Alice",
        "«Martin Server»",
        "«Diana Protocol»",
        "https://github.com/«alice-smith»/x",
    ],
    "listed_person": ["Acme Corp", "Zorb Quux", "root"],
    "personal_login": ["release-bot", "schedule", "worker-3"],
    "mentioned_login": ["by «default»", "by «policy»-engine"],
    "initialled_name": ["«Этап Б.»"],
    "eastern_name": ["系统", "自動"],
    "machine_of": ["«test»-laptop", "«my»-laptop"],
    "branch_owner": ["users/«settings»/x"],
    "tilde_owner": ["~«ubuntu»/x"],
    "cued_name": ["approved by «Release Gate»", "owner «Zorb Quux»", "by «Default»", "to «Job_5»"],
    "titled_name": ["Mr «Gateway»", "Dr «Watson»_1"],
    "home_owner": ["/home/«runner»", "GET /home/«alice»", "/home/«index.html»", "/home/«1000»"],
    "secret_value": [
        "<token>",
        "${TOKEN}",
        "password: «incorrect»",
        "1234",
        "password: «sunrise»",
        "page token: «a1b2c3d4e5f6»",
        "signing key: «4AEE18F83AFDEB23»",
    ],
    "short_number": ["123", "12345678", "12a4"],
    "bearer": ["Bearer «authentication»", "Basic «Dependencies»", "Bearer «resource_metadata»"],
    "beside_name": ['"DB_PASSWORD","value":"«***»"', '"TOKEN","value":"«next»"'],
    "cookie_header": ["theme=dark; lang=en", "sid=deleted; Path=/", "consent=yes", "accepted"],
    "element_value": ["<password>«***»</password>", "<token>«next»</token>"],
    "foreign_told": ["пароль: «неверный»", "Passwort «erforderlich»", "mot de passe «du»"],
    "given": ["Password=«*****»", "Password=«${PASSWORD}»"],
    "issued": ["ghp_" + "x" * 36, "glpat-your-token-goes-here", "pypi-mirror-of-the-network"],
    "mixed_case": ["0123456789abcdef", "REPO", "src/Some/Path/of/Words/in/a/tree/v2"],
    "one_time_code": ["auth code «4001»"],
    "private_key": ["-----BEGIN PRIVATE KEY----- in the file", "-----BEGIN PRIVATE KEY-----[...]"],
    "query_value": ["?token=«next»", "?code=«REPO_CLONE_FAILED»", "?token=«xxxxxxxx»"],
    "quoted_password": ["password '«required»'", 'password "«ci-registry»" rotated'],
    "random_key": ["s.internationalization", "live_migration_of_the_branch"],
    "told": ["token «expired-2025»", "password «v2»", "token «v1.2.3»"],
    "told_password": ["-p «8080»", "-p «project»"],
    "url_secret": ["//ci:«${PASSWORD}»@example.com", "//«alice»@example.com"],
    "us_ssn": ["000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000", "912-12-1234", "12"],
    "us_ssn_labelled": ["took «123456789»", "ssn «000456789»", "ssn «123456789» rows"],
    "birth_date": ["2025-08-19"],
    "card_code": ["code «123»", "cvv «1234» ms"],
    "card_labelled": ["4222222222223", "0000000000000", "«1234 5678 9012 3456»"],
    "iban_labelled": ["pay «DE00370400440532013000»"],
    "labelled": ["license «MIT»", "driver «12345678»", "aws account number «123456789012»"],
    "named_after": ["20250819", "12345"],
    "uk_nino_labelled": ["part «QQ123456C»"],
    "payment_card": [
        "4111111111111112",
        "1111111111111117",
        "41 11 11 11 11 11 11 11",
        "5 «4111111111111111»",
    ],
    "uk_nino": ["BG123456C", "ZZ123456C"],
    "passport": ["20261124", "19990101"],
    "iban": ["GB83 WEST 1234 5698 7654 32", "ZZ00"],
    "id_value": ["none", "123", "1234" * 17],
    "number_de_idnr": ["job «79569910384»", "00000000000", "idnr «79569910383» ms"],
    "number_nordic": ["job «811228-9875»"],
    "number_dashed": ["900101-1311542", "1234-1234567"],
    "public_ip_v6": ["::1", "fd00::1", "64:ff9b::a00:1", "abc::1", "2002:a00:1::", "2001::2"],
    "public_ip_host": ["10.1.2.3", "127.0.0.1", "2130706433", "[::1]"],
    "public_ip_name": ["ip-«10-0-0-1»", "pool-«1-2-3-4»", "app-«52-14-88-201».example.net"],
    "public_ip_defanged": ["10[.]0[.]0[.]1"],
    "public_ip_v4": [
        "version «8.8.8.8»",
        "pkg==«8.8.8.8»",
        "tool/«8.8.8.8»",
        "«8.8.8.8».1",
        "from 1.2.3.4 to v«1.2.3.5»",
        "app-«8.8.8.8»",
    ],
    "public_ip_value": ["10.0.0.1:53", "167772161", "none", "0x0a000001", "[::1]:53"],
}


def _cases(table: dict[str, list[str]]) -> list[object]:
    return [
        pytest.param(check, text, id=f"{check}-{number}")
        for check, texts in table.items()
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize(("check", "text"), _cases(ACCEPTED))
def test_a_value_is_accepted(check: str, text: str) -> None:
    assert CHECKS[check](_candidate(text))


@pytest.mark.parametrize(("check", "text"), _cases(REFUSED))
def test_a_look_alike_is_refused(check: str, text: str) -> None:
    assert not CHECKS[check](_candidate(text))


def test_every_check_but_the_plain_number_schemes_is_tried_on_both_sides() -> None:
    schemes = {name for name in CHECKS if name.startswith("number_")}

    assert CHECKS.keys() - schemes - {"not_placeholder"} <= ACCEPTED.keys() & REFUSED.keys()


def test_every_check_is_named_by_a_rule_or_offered_to_projects() -> None:
    named = {rule.check for rule in load_rules() if rule.check}

    assert named <= CHECKS.keys()
    assert CHECKS.keys() - named <= {"not_placeholder"}


@pytest.mark.parametrize(
    "value",
    ["", "  ", "***", "xxxx", "<redacted>", "[masked]", "{{ name }}", "${NAME}", "$NAME", "%NAME%",
     "%(name)s", "null", "None", "N/A", "unknown", "your-token-here", "change_me", "-", "true"],
)  # fmt: skip
def test_a_placeholder_is_no_value(value: str) -> None:
    assert is_placeholder(value)
    assert not CHECKS["not_placeholder"](_candidate(value))


@pytest.mark.parametrize("value", ["alice", "0123", "a*b", "x1", "nullable"])
def test_a_value_is_no_placeholder(value: str) -> None:
    assert not is_placeholder(value)


def test_networks_of_the_project_pass_as_internal() -> None:
    settings = DetectorSettings(
        internal_networks=(ip_network("8.8.8.0/24"), ip_network("2001:4860::/32"))
    )

    assert not CHECKS["public_ip_value"](_candidate("8.8.8.8", settings))
    assert not CHECKS["public_ip_value"](_candidate("2001:4860:4860::8888", settings))
    assert CHECKS["public_ip_value"](_candidate("9.9.9.9", settings))


def test_national_phone_formats_follow_the_configured_regions() -> None:
    abroad = DetectorSettings(phone_regions=("FR",))

    assert CHECKS["phone_national"](_candidate("01 99 00 12 34", abroad))
    assert not CHECKS["phone_national"](_candidate("(202) 555-0143", abroad))


def test_a_candidate_never_shows_its_value() -> None:
    assert "EXAMPLE" not in repr(_candidate("EXAMPLE"))
