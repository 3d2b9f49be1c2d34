"""What makes a credential of a value: its name, and how unlike words and placeholders it is.

A value under a password's name may be anything that a person would choose, so all but what only
speaks of passwords counts. Under a token's name stands what a machine made: it must be unlike the
words, versions, counts and references that stand there as well.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import cache

from quantapilot.patterns import lazy
from quantapilot.pii.candidate import Candidate, Check, is_placeholder, word_list
from quantapilot.pii.fields import words
from quantapilot.pii.likeness import NUMBERED, SEGMENT, mixed, random_like, unlike_words, wordy

# What stands in for a value: a mask, a variable, a call, a form to fill in.
_VARIABLE = lazy(
    r"[$%]\{?\{?.*|<.*>?|\{.*|\*{3,}.*|\.{2,}.*|[^*]{0,12}\*{3,}.{0,12}|[^…]{0,12}….{0,6}"
    r"|(?:os\.)?(?:environ|getenv|env|process\.env|secrets|vars|var|config|settings|params|self|this"
    r"|data|local|context|inputs|steps|github|github\.token)[.\[(:].*"
    r"|!(?:Ref|Sub|GetAtt|ImportValue|vault|env|secret|include|reference)\b.*"
    r"|[*&:?][a-z_]+|@\w+@|#\{.*"
    r"|[A-Za-z_.]+\(.*|[A-Za-z0-9_-]{1,12}\.{3}.{0,8}"
    r"|(?:your|my|the|some|an?|insert|replace|enter|put)[-_ ].*"
    r"|.*[-_ ](?:here|goes[-_ ]here|placeholder)",
    re.IGNORECASE | re.DOTALL,
)
_MASKED = lazy(r"[xX]{6,}|[*•●█]{3,}|(?i:placeholder|redacted|your[-_]|changeme|insert[-_])")
# Where a value is kept rather than the value: a path, an address, a variable of the environment.
_REFERENCE = lazy(
    r"(?:/|\./|\.\./|~/|[A-Za-z]:\\).*"
    r"|[a-z][a-z0-9+.-]{1,20}://.*"
    r"|(?:arn|vault|env|file|path|ref|secret|secrets|ssm|sops|kv|op|gcp|aws|azurekeyvault|k8s|keyring"
    r"|keychain|sm|projects|sealed|enc|sha\d{1,3}|md5)[:/\[].*"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    r"|[\w-]+(?:/[\w.-]+)+(?:[#:@][\w-]+)?",
    re.DOTALL,
)
_FILE_NAME = lazy(
    r"[\w./-]+\.(?:py|pyi|js|mjs|ts|tsx|jsx|json|ya?ml|toml|txt|md|env|pem|key|crt|cfg|ini|conf|go|rs"
    r"|java|rb|php|sh|sql|html?|css|xml|lock|log|svg|png|vue|kt|cs|c|h|cpp|enc|gpg|age|example)"
    r"(?::\d+)*"
)
_QUANTITY = lazy(
    r"[~<>≈+-]{0,2}\d{1,12}(?:[.,_/:-]\d{1,12})*\+?\s?"
    r"(?:%|x|[kKMGTmµun]?[sSbB]?|[KMGT]i?B|ms|min|mins?|h|hrs?|hours?|d|days?|sec|secs?|seconds?"
    r"|minutes?|weeks?|tok|toks?|tokens?|chars?|characters?|bytes?|bits?|in|out|of|total|left|used)"
    r"(?:/\w{1,8})?",
)
_VERSION = lazy(r"v?\d{1,4}(?:\.\d{1,4}){0,3}(?:[-+.]?(?:rc|alpha|beta|dev|post)\.?\d{0,3})?")
_MOMENT = lazy(r"\d{4}-\d\d(?:-\d\d(?:[T ].*)?)?|\d{1,2}:\d\d(?::\d\d.*)?")
_UUID = lazy(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
# Ids and fingerprints of public keys, as gpg writes them.
_KEY_ID = lazy(r"(?:0x)?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{40})")
# A number of few digits in the place of a token counts tokens (as `fields.hints_pattern` has it).
_COUNT = lazy(r"[^A-Za-z0-9]*[0-9]{1,7}(?![0-9]|[.:]?[A-Za-z]|[_+/=~-])")
_PLAIN_WORDS = lazy(r"[A-Za-z]+(?:[-_'’./][A-Za-z]+)*[.!?,:;]{0,3}")
_BASE64 = lazy(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_SIGN = lazy(r"[!@#$%^&*+=?~|]")
# Capitals and digits alone, as in key ids; no name is written so at this length.
_LOUD = lazy(r"(?=.*[A-Z])[A-Z0-9]{12,}")
# Marks of issuers: behind the name of a token, a short value with one is meant as a credential.
_ISSUER = lazy(
    r"(?:gh[pousr]_|github_pat_|gl[a-z]{2,6}-|[sr]k[-_]|xox[a-z]-|ya29\.|A[KS]IA|npm_|hf_|pypi-"
    r"|dckr_|eyJ|AIza|SG\.|hv[sbr]\.|do[opr]_v1_|shp[a-z]{2}_|tskey-|lin_api_|ntn_|dapi|PMAK-)"
    r"(?=[A-Za-z0-9_-]{4})"
)
_LEAKY = lazy(r"(?i:secret|passw|letmein|hunter|qwert|swordfish|s3cr|sup3r|p[a@4]ss)")

_SCHEME = lazy(
    r"(?:bearer|basic|token|digest|api-?key|bot|negotiate|ssws|aws4-hmac-sha256)\s+", re.IGNORECASE
)
_PASSWORD_NAMES = frozenset(
    {"password", "passwd", "pwd", "passphrase", "passcode", "pw", "psw", "passwort", "senha"}
    | {"contrasena", "пароль"}
)
_PASSWORD_BEFORE = lazy(
    r"(?i:pass(?:word|wd|phrase|code|wort)?|pwd|пароль|hasło|senha|wachtwoord|kennwort"
    r"|contrase[nñ]a|mot\sde\spasse)[^A-Za-z0-9]{0,6}(?:(?:is|was|to|for|lautet|es)\W{1,4})?\Z"
)
_TOKEN_AHEAD = lazy(r"(?<![A-Za-z])([A-Za-z]{2,16})[ _-]?(?i:token|key)s?\W{0,6}\Z")
_PASSWORD_FOR = lazy(
    r"(?i:pass(?:word|wd|phrase|code)|pwd)\s(?:for|of)\s[\w.@/-]{1,40}(?:\s[\w.@/-]{1,40})?"
    r"(?:\s?[:=]|\s(?:is|was))\s{0,3}[\"'`]{0,2}\Z"
)
_PASSWORD_NEAR = lazy(r"(?i:pass(?:word|phrase|wd|code)|pwd)")
_KEY_NEAR = lazy(r"(?i:(?:api|access|secret|private|signing|auth|licen[sc]e|deploy)[ -]key)")
_GIVEN = lazy(
    r"(?i)(?:(?:with|using)\s(?:the\s)?(?:pass\w{2,6}|pwd)|(?:\sis|\swas|\sto|:))\s?[\"'`]\Z"
)
# Names under which little but the odd secret stands: only what is unlike words counts.
_WEAK_NAMES = frozenset(
    {"auth", "session", "sid", "cookie", "bearer", "jwt", "credential", "csrf", "xsrf", "pass"}
)
_WEAK_PARAMETERS = frozenset(
    {"code", "otp", "ticket", "auth", "sid", "session", "hmac", "sas", "secret"}
)
_SESSION_COOKIE = lazy(r"(?i:sess|sid\b|_sid|token|auth|jwt|csrf|xsrf|login|remember|secret)")
_COOKIE_ATTRIBUTES = frozenset(
    {"expires", "max-age", "path", "domain", "samesite", "priority"}
    # Cookies that count visitors or keep a choice.
    | {"_ga", "_gid", "_gat", "_fbp", "__utma", "__utmz", "consent", "theme", "lang", "locale"}
)


# --- marks of issuers -----------------------------------------------------------------------------


def issued(candidate: Candidate) -> bool:
    """Accept what follows the mark of an issuer, unless it is masked, words or a form."""
    value = candidate.value
    pieces = SEGMENT.findall(value)
    # Keys may hold the very characters that join words.
    whole = "".join(pieces[1:])
    return not _MASKED.search(value) and (
        (len(whole) >= 16 and random_like(whole))
        or any(
            len(piece) >= 20
            or (len(piece) >= 10 and piece.isdigit())
            or random_like(piece)
            or _LOUD.fullmatch(piece)
            for piece in pieces
        )
    )


def random_key(candidate: Candidate) -> bool:
    """Accept what follows a mark that words may begin with too, if it is unlike words."""
    value = candidate.value
    return not _MASKED.search(value) and (
        unlike_words(value)
        # No word is as long and written in both cases.
        or any(len(piece) >= 24 and not piece.islower() for piece in SEGMENT.findall(value))
    )


def mixed_case(candidate: Candidate) -> bool:
    """Accept text of capitals, small letters and digits, as keys are; no hash, no path of words."""
    value = candidate.value
    return (
        any(map(str.isupper, value))
        and any(map(str.islower, value))
        and any(char.isdigit() or char in "+_" for char in value)
        and not _MASKED.search(value)
        and not wordy(value)
    )


def private_key(candidate: Candidate) -> bool:
    """Accept the header of a private key with a part of the key behind it."""
    body = candidate.value.partition("KEY")[2].replace("\\n", " ").replace("\\r", " ")
    body = re.sub(r"^(?: BLOCK)?-----|-----END.*", " ", body, flags=re.DOTALL)
    pieces = re.findall(r"[\w+/=]+", body)
    return not _MASKED.search(body) and any(len(p) >= 16 or random_like(p) for p in pieces)


# --- headers, cookies, addresses ------------------------------------------------------------------


def bearer(candidate: Candidate) -> bool:
    """Accept a credential in a header: any that is one behind its name, else one unlike words."""
    lead = candidate.before(40).lower()
    strong = "authorization" in lead
    if re.search(r"basic[ \"']{1,5}\Z", lead):
        decoded = _decoded(candidate.value)
        if decoded is not None:
            return ":" in decoded and not _MASKED.search(decoded)
        return strong and _machine_made(candidate.value, strong=True)
    return _machine_made(candidate.value, strong=strong)


def _decoded(value: str) -> str | None:
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text if text.isprintable() else None


def cookie_header(candidate: Candidate) -> bool:
    """Accept a cookie that holds a session: by its name, or by a long value of chance."""
    return any(_session_cookie(part.strip(" \"'")) for part in candidate.value.split(";"))


def _session_cookie(part: str) -> bool:
    name, equals, value = part.partition("=")
    if not equals or _says_nothing(value) or name.lower() in _COOKIE_ATTRIBUTES:
        return False
    if _SESSION_COOKIE.search(name) and len(value) >= 6 and not wordy(value):
        return True
    return any(len(piece) >= 12 and random_like(piece) for piece in SEGMENT.findall(value))


def url_secret(candidate: Candidate) -> bool:
    """Accept the password of a URL, or a token that stands where its user would."""
    value = candidate.value
    if re.match(r"@(?:sha\d{3}|md5):", candidate.after(8)):
        return False  # a pinned image: name, version and digest
    if candidate.before(1) == ":" or ":" in value:
        value = value.rpartition(":")[2]
        return not (_stands_in(value) or re.fullmatch(r"[A-Z_]{2,}|x{3,}|\d{1,2}", value))
    return not _says_nothing(value) and (unlike_words(value) or len(value) > 50)


def query_value(candidate: Candidate) -> bool:
    """Accept the value of a parameter of a URL, by what its name asks for."""
    value = candidate.value
    name = re.split(r"[?&;#]", candidate.before(48))[-1].rstrip("=").lower()
    if name in {"password", "passwd", "pwd", "pass"}:
        return _password(value, assigned=True)
    if name not in _WEAK_PARAMETERS:
        return len(value) >= 6 and _machine_made(value, strong=True)
    if len(value) < 8 or _says_nothing(value):
        return False
    return unlike_words(value) or (len(value) >= 12 and mixed(value) and not wordy(value))


def given(candidate: Candidate) -> bool:
    """Accept whatever stands where only a credential can, unless it stands in for one."""
    return not _says_nothing(candidate.value)


def element_value(candidate: Candidate) -> bool:
    """Accept the content of an element, by what the element's name asks for."""
    if re.search(r"(?i:pass\w*|pwd)>\Z", candidate.before(16)):
        return _password(candidate.value, assigned=True)
    return _machine_made(candidate.value, strong=True)


def beside_name(candidate: Candidate) -> bool:
    """Accept a value in a pair of name and value, by what the name asks for."""
    if re.search(r"(?i:pass(?:word|wd|phrase))[\\\"']{1,5}\s?,", candidate.before(60)):
        return _password(candidate.value, assigned=True)
    return _machine_made(_SCHEME.sub("", candidate.value), strong=True)


# --- sentences ------------------------------------------------------------------------------------


def told(candidate: Candidate) -> bool:
    """Accept a secret that a sentence tells without a sign between its name and itself."""
    value, lead = candidate.value.rstrip(".,;:?"), candidate.before(24)
    if _says_nothing(value) or _is_other(value, _UUID, _KEY_ID) or _harmless(candidate):
        return False
    if _PASSWORD_NEAR.search(lead):
        return len(value) > 3 and _chosen(value)
    if len(value) >= 8 and unlike_words(value):
        return True
    keyed = _KEY_NEAR.search(lead) is not None
    return keyed and len(value) >= 10 and mixed(value) and not wordy(value)


def quoted_password(candidate: Candidate) -> bool:
    """Accept a password in quotation marks; a plain word, where the sentence gives it as one."""
    value = candidate.value
    if len(value) < 4 or not _password(value, assigned=True):
        return False
    return _chosen(value) or _GIVEN.search(candidate.before(40)) is not None


def told_password(candidate: Candidate) -> bool:
    """Accept a password behind a flag: well known, or no plain word, port or name."""
    value = candidate.value
    return not (_says_nothing(value) or value.isdigit()) and _chosen(value)


def foreign_told(candidate: Candidate) -> bool:
    """Accept a password behind the word for it in another language."""
    value = candidate.value.rstrip(".,;:?»”")
    signed = candidate.before(3).strip()[-1:] in {":", "="} and not _VERSION.fullmatch(value)
    if not (signed or _PASSWORD_BEFORE.search(candidate.before(24))):
        return False
    return len(value) > 3 and not _says_nothing(value) and _chosen(value)


def one_time_code(candidate: Candidate) -> bool:
    """Accept a one-time code; behind the word for a status as well, one of six digits."""
    return len(candidate.value) >= 6 or not re.search(
        r"(?i:auth|authentication|access|login) code\W*\Z", candidate.before(24)
    )


def short_number(candidate: Candidate) -> bool:
    """Accept 4 to 7 digits: what a one-time code or a PIN looks like."""
    return re.fullmatch(r"[0-9]{4,7}", candidate.value.strip()) is not None


# --- names ----------------------------------------------------------------------------------------


def secret_value(candidate: Candidate) -> bool:
    """Accept a secret under its name, as the name asks for it."""
    value = candidate.value.strip()
    if len(value.split(maxsplit=1)) > 1:
        value = _SCHEME.sub("", value)
    parts = words(candidate.name)
    of_no_use = bool(parts[-2:-1]) and parts[-2] in word_list("harmless_tokens")
    if of_no_use or _is_code(candidate) or _harmless(candidate):
        return False
    assigned = candidate.whole or candidate.before(1) in {"=", '"', "'", "`"}
    if _names_password(candidate, parts):
        return _password(value, assigned=assigned)
    if parts and (parts[-1] in _WEAK_NAMES or _counts(candidate.name, parts, value)):
        return _weakly_named(parts[-1], value, assigned=assigned)
    if _KEY_ID.fullmatch(value) and "signing" in (*parts, *candidate.before(24).lower().split()):
        return False
    if candidate.whole and value.lower() in word_list("common_passwords"):
        return True
    return _machine_made(value, strong=assigned or candidate.before(1) in {" ", ":"})


def _is_code(candidate: Candidate) -> bool:
    """Tell whether a call stands in a value's place, or a variable of the name: `token=token,`."""
    value, after = candidate.value, candidate.after(1)
    if candidate.whole or any(map(str.isdigit, value)):
        return False
    same = rf"\b{re.escape(value)}=\Z"
    return after == "(" or (after in {",", ")"} and bool(re.search(same, candidate.before(72))))


def _harmless(candidate: Candidate) -> bool:
    """Tell whether a token is named ahead that opens nothing: of a page, a lock, a parser."""
    if candidate.whole:
        return False
    ahead = _TOKEN_AHEAD.search(candidate.before(40))
    return ahead is not None and ahead[1].lower() in word_list("harmless_tokens")


def _names_password(candidate: Candidate, parts: tuple[str, ...]) -> bool:
    if parts:
        ends = ("password", "passwd", "passphrase", "passwort")
        return parts[-1] in _PASSWORD_NAMES or "".join(parts).endswith(ends)
    lead = candidate.before(110)
    if lead.isascii() and not any(word in lead.lower() for word in ("pass", "pwd", "senha")):
        return False
    return bool(_PASSWORD_BEFORE.search(lead) or _PASSWORD_FOR.search(lead))


def _counts(name: str, parts: tuple[str, ...], value: str) -> bool:
    if parts[-1] != "token":
        return False
    plural = name.rstrip("0123456789_- ").lower().endswith("tokens")
    return _COUNT.match(value) is not None or (plural and value.isdigit())


def _weakly_named(name: str, value: str, *, assigned: bool) -> bool:
    if name == "token":
        return False
    if name == "pass":
        return assigned and not _says_nothing(value) and _chosen(value)
    _, colon, behind = value.partition(":")
    return _machine_made(value, strong=False) or bool(colon and _chosen(behind))


# --- values ---------------------------------------------------------------------------------------


def _stands_in(value: str) -> bool:
    """Tell whether a value stands in for one: masked, a variable, a form to fill in."""
    return bool(is_placeholder(value) or _VARIABLE.fullmatch(value) or _MASKED.search(value))


def _says_nothing(value: str) -> bool:
    """Tell whether a value stands in for one, or only says how things are."""
    value = value.strip()
    return _stands_in(value) or value.lower().strip(".!,:;?\"'()") in _states()


@cache
def _states() -> frozenset[str]:
    return word_list("status_words") | word_list("secret_states")


def _is_other(value: str, *more: re.Pattern[str]) -> bool:
    """Tell whether a value is a place, a file, a count, a moment, a version or a named thing."""
    shapes = (_REFERENCE, _FILE_NAME, _QUANTITY, _MOMENT, _VERSION, NUMBERED, *more)
    return any(shape.fullmatch(value) for shape in shapes)


def _sentence(value: str) -> bool:
    """Tell whether a value is prose: several words, some of which only join or judge others."""
    said = [word.strip(".,;:!?()\"'").lower() for word in value.split()]
    if len(said) < 2:
        return False
    if any(word in word_list("function_words") or _QUANTITY.fullmatch(word) for word in said):
        return True
    return 2 * sum(word in _states() for word in said) >= len(said)


def _chosen(value: str) -> bool:
    """Tell whether a person made a password of a value: no plain word, no name with a number."""
    if value.lower() in word_list("common_passwords"):
        return True
    if NUMBERED.fullmatch(value) or not value.isascii():
        return False
    if _SIGN.search(value) and any(map(str.isalnum, value)):
        return True
    if mixed(value):
        return not (wordy(value) and re.search(r"[-_./]", value))
    return unlike_words(value)


def _password(value: str, *, assigned: bool) -> bool:
    """Tell whether a value is a password; `assigned` with a sign that leaves no doubt."""
    if len(value) < 3 or _says_nothing(value) or _sentence(value):
        return False
    if value.isdigit():
        return len(value) > 3
    if any(shape.fullmatch(value) for shape in (_MOMENT, _FILE_NAME, _REFERENCE)):
        return False
    if not assigned:
        return _chosen(value)
    if _PLAIN_WORDS.fullmatch(value):
        return len(value) > 3
    return not (_QUANTITY.fullmatch(value) and len(value) < 6)


def _machine_made(value: str, *, strong: bool) -> bool:
    """Tell whether a machine made a value; where its name is strong, little is asked."""
    value = value.rstrip("=")
    if len(value) < 4 or _says_nothing(value):
        return False
    if value.isdigit():
        return strong and len(value) > 7
    if unlike_words(value) and not _FILE_NAME.fullmatch(value):
        # A path may hold a hash; what is kept there is not in it.
        return _BASE64.fullmatch(value) is not None or not _REFERENCE.fullmatch(value)
    if _UUID.fullmatch(value):
        return True
    return strong and not any(map(str.isspace, value)) and _meant(value)


def _meant(value: str) -> bool:
    """Tell whether a value with nothing of chance in it is meant as a secret all the same."""
    if _is_other(value) or (re.search(r"[-_./:]", value) and wordy(value)):
        return _ISSUER.match(value) is not None and mixed(value) and not _is_other(value)
    if _PLAIN_WORDS.fullmatch(value):
        return len(value) > 8 and _LEAKY.search(value) is not None
    return mixed(value) or (_SIGN.search(value) is not None and any(map(str.isalpha, value)))


CHECKS: dict[str, Check] = {
    "bearer": bearer,
    "beside_name": beside_name,
    "cookie_header": cookie_header,
    "element_value": element_value,
    "foreign_told": foreign_told,
    "given": given,
    "issued": issued,
    "mixed_case": mixed_case,
    "one_time_code": one_time_code,
    "private_key": private_key,
    "query_value": query_value,
    "quoted_password": quoted_password,
    "random_key": random_key,
    "secret_value": secret_value,
    "short_number": short_number,
    "told": told,
    "told_password": told_password,
    "url_secret": url_secret,
}
