"""What makes a credential of a value: its name, and how unlike words and placeholders it is.

A value under a password's name may be anything that a person would choose, so all but what only
speaks of passwords counts. Under a token's name stands what a machine made: it must be unlike the
words, versions, counts and references that stand there as well.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from functools import cache

from quantapilot.pii.candidate import Candidate, Check, is_placeholder, word_list
from quantapilot.pii.fields import words

# --- what stands in for a value -------------------------------------------------------------------

_VARIABLE = re.compile(
    r"[$%]\{?\{?.*|<.*>?|\{.*|\*{3,}.*|\.{2,}.*|[^*]{0,12}\*{3,}.{0,12}|[^…]{0,12}….{0,6}"
    r"|(?:os\.)?(?:environ|getenv|env|process\.env|secrets|vars|var|config|settings|params|self|this"
    r"|data|local|context|inputs|steps|github|github\.token)[.\[(:].*"
    r"|!(?:Ref|Sub|GetAtt|ImportValue|vault|env|secret|include|reference)\b.*"
    r"|[A-Za-z_.]+\(.*|[A-Za-z0-9_-]{1,12}\.{3}.{0,8}"
    r"|(?:your|my|the|some|an?|insert|replace|enter|put)[-_ ].*"
    r"|.*[-_ ](?:here|goes[-_ ]here|placeholder)",
    re.IGNORECASE | re.DOTALL,
)
# A run of these is a mask; what says "yours", a form to fill in.
_MASKED = re.compile(r"[xX]{6,}|[*•●█]{3,}|(?i:placeholder|redacted|your[-_]|changeme|insert[-_])")
# Where a value is kept rather than the value: a path, an address, a variable of the environment.
_REFERENCE = re.compile(
    r"(?:/|\./|\.\./|~/|[A-Za-z]:\\).*"
    r"|[a-z][a-z0-9+.-]{1,20}://.*"
    r"|(?:arn|vault|env|file|path|ref|secret|secrets|ssm|sops|kv|op|gcp|aws|azurekeyvault|k8s|keyring"
    r"|keychain|sm|projects|sealed|enc|sha\d{1,3}|md5)[:/\[].*"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    r"|[\w-]+(?:/[\w.-]+)+(?:[#:@][\w-]+)?",
    re.DOTALL,
)
_FILE_NAME = re.compile(
    r"[\w./-]+\.(?:py|pyi|js|mjs|ts|tsx|jsx|json|ya?ml|toml|txt|md|env|pem|key|crt|cfg|ini|conf|go|rs"
    r"|java|rb|php|sh|sql|html?|css|xml|lock|log|svg|png|vue|kt|cs|c|h|cpp|enc|gpg|age|example)"
    r"(?::\d+)*"
)
_QUANTITY = re.compile(
    r"[~<>≈+-]{0,2}\d{1,12}(?:[.,_/:-]\d{1,12})*\+?\s?"
    r"(?:%|x|[kKMGTmµun]?[sSbB]?|[KMGT]i?B|ms|min|mins?|h|hrs?|hours?|d|days?|sec|secs?|seconds?"
    r"|minutes?|weeks?|tok|toks?|tokens?|chars?|characters?|bytes?|bits?|in|out|of|total|left|used)"
    r"(?:/\w{1,8})?",
)
_VERSION = re.compile(r"v?\d{1,4}(?:\.\d{1,4}){0,3}(?:[-+.]?(?:rc|alpha|beta|dev|post)\.?\d{0,3})?")
_MOMENT = re.compile(r"\d{4}-\d\d(?:-\d\d(?:[T ].*)?)?|\d{1,2}:\d\d(?::\d\d.*)?")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{16,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
# A number of few digits in the place of a token counts tokens.
_COUNT = re.compile(r"[^A-Za-z0-9]*[0-9]{1,7}(?![0-9]|[.:]?[A-Za-z]|[_+/=~-])")
_SCHEME = re.compile(
    r"(?:bearer|basic|token|digest|api-?key|bot|negotiate|ssws|aws4-hmac-sha256)\s+", re.IGNORECASE
)

# --- names ----------------------------------------------------------------------------------------

_PASSWORD_NAMES = frozenset(
    "password passwd pwd passphrase passcode pw psw passwort senha contrasena".split()
)
_PASSWORD_BEFORE = re.compile(
    r"(?i:pass(?:word|wd|phrase|code|wort)?|pwd|пароль|hasło|senha|wachtwoord|kennwort"
    r"|contrase[nñ]a|mot\sde\spasse)[^A-Za-z0-9]{0,6}(?:(?:is|was|to|for|lautet|es)\W{1,4})?\Z"
)
# Tokens that open nothing: places in a list, ends of a text, locks, marks of a parser.
_HARMLESS = frozenset(
    "page next prev previous continuation continue sync resume fencing fence lock cancel"
    " cancellation change idempotency pagination cursor stop start eos bos pad mask sep cls unk"
    " special first last end max min per total input output prompt completion cached reasoning"
    " unexpected expected illegal parse syntax lexer ordering version shard watch scroll skip"
    " snapshot consistency design count new task reservation dedup deduplication pos cost"
    " generated used remaining left budget placeholder public publishable".split()
)
_HARMLESS_BEFORE = re.compile(
    r"(?i:(?<![A-Za-z])(?:" + "|".join(sorted(_HARMLESS)) + r")[ _-]?(?:token|key)s?)\W{0,6}\Z"
)
# Names under which little but the odd secret stands: only what is unlike words counts.
_WEAK_NAMES = frozenset("auth session sid cookie bearer jwt credential pass".split())
_FUNCTION_WORDS = frozenset(
    "a an and are as at be been but by can cannot could did do does for from had has have if in into"
    " is it its may must no not of on only or please should than that the their then there this to"
    " too until was were when which will with within without would you your".split()
)

# --- words ----------------------------------------------------------------------------------------

_SEGMENT = re.compile(r"[A-Za-z0-9]+")
_RUN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLAIN_WORDS = re.compile(r"[A-Za-z]+(?:[-_'’./][A-Za-z]+)*[.!?,:;]{0,3}")
# Names with a number that is no secret: algorithms, parts of a plan, machines.
_NUMBERED = re.compile(
    r"(?:oauth|utf|base|sha|md|aes|rsa|ec|ed|hs|rs|es|ps|ipv|http|tls|ssl|x|s|h|v|m|p|r|q|n|k|i|e|t|c"
    r"|step|stage|phase|worker|node|host|job|run|task|shard|slot|gate|build|rev|version|part|chunk"
    r"|batch|milestone|attempt|try|retry|page|line|col|item|test|ci|env|prod|dev|staging|stable|key"
    r"|token|secret|user|bot|app|api|web|db|svc|pod|rc|py|python|cp|node|go|java|php|postgres|redis"
    r"|mysql|ubuntu|debian|alpine|us|eu|ap|east|west|north|south|central|zone|level|type|group|team"
    r"|project|proj|tok|id|no|nr|port|block|frame|round|epoch|seed)-?\d{1,9}[a-z]{0,2}"
    r"|k8s|i18n|l10n|a11y|o11y|e2e|[a-z]2[a-z]|[a-z]?2fa|v\d{1,3}(?:alpha|beta|rc)\d{0,2}"
    r"|\d{1,4}(?:st|nd|rd|th|[a-z])|x86|amd64|arm64|win32|win64|manylinux\d{1,4}",
    re.IGNORECASE,
)
_COMMON_PASSWORDS = frozenset(
    "password passw0rd p@ssword p@ssw0rd letmein qwerty qwertyuiop azerty iloveyou welcome dragon"
    " monkey sunshine princess football baseball superman batman trustno1 shadow master hunter"
    " swordfish opensesame abracadabra topsecret supersecret sesame whatever starwars"
    " asdfgh asdfghjkl zxcvbn zxcvbnm correcthorsebatterystaple hunter2 s3cret s3cr3t toor"
    " admin123 root123 test1234 abc123 abcdef shhh mypassword mysecret".split()
)
# Marks of issuers: behind the name of a token, a short value with one is meant as a credential.
_ISSUER = re.compile(
    r"(?:gh[pousr]_|github_pat_|gl[a-z]{2,6}-|[sr]k[-_]|xox[a-z]-|ya29\.|A[KS]IA|npm_|hf_|pypi-"
    r"|dckr_|eyJ|AIza|SG\.|hv[sbr]\.|do[opr]_v1_|shp[a-z]{2}_|tskey-|lin_api_|ntn_|dapi|PMAK-)"
    r"(?=[A-Za-z0-9_-]{4})"
)
_LEAKY = re.compile(r"(?i:secret|passw|letmein|hunter|qwert|swordfish|s3cr|sup3r|p[a@4]ss)")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@cache
def _pairs_of_letters() -> dict[str, float]:
    """Return, by two letters, how much likelier they follow each other in words than by chance."""
    import math

    known = word_list("common_words") | word_list("status_words") | word_list("given_names")
    known |= set("keywords downloads highlights workflow copyright pygments slowdown symlink".split())
    seen: Counter[str] = Counter()
    for word in known:
        if word.isascii() and word.isalpha():
            marked = f"^{word}$"
            seen.update(marked[at : at + 2] for at in range(len(marked) - 1))
    total = sum(seen.values())
    letters = "^" + _LETTERS + "$"
    return {
        a + b: math.log((seen[a + b] + 0.15) * 27 * 27 / total) for a in letters for b in letters
    }


@cache
def _word_score(run: str) -> float:
    table = _pairs_of_letters()
    return sum(table[run[at : at + 2]] for at in range(len(run) - 1)) / max(1, len(run) - 1)


def _like_word(run: str) -> bool:
    """Tell whether letters read like a word, or are too few to tell."""
    run = run.lower()
    return len(run) < 4 or _word_score(run) > -0.65


def random_like(segment: str) -> bool:
    """Tell whether letters and digits in one piece are unlike words, numbers and names of both."""
    if len(segment) < 6 or segment.isdigit():
        return False
    if _NUMBERED.fullmatch(segment):
        return False
    runs = _RUN.findall(segment)
    digits = sum(map(str.isdigit, segment))
    joints = sum(one.isdigit() and not two.isdigit() for one, two in zip(runs, runs[1:]))
    odd = sum(not run.isdigit() and not _like_word(run) for run in runs)
    if joints >= 3 or (joints == 2 and (odd or len(segment) >= 10)):
        return True
    if joints == 1 and digits >= 2:
        short = sum(len(run) < 3 for run in runs if not run.isdigit())
        return len(segment) >= 10 and (odd > 0 or short > 1 or digits >= 5) or digits >= 7
    letters = [run for run in runs if not run.isdigit()]
    # Words written together are long; pieces of chance are short, as capitals stand anywhere.
    single = sum(len(run) == 1 for run in letters)
    if len(letters) >= 4 and (single > 1 or odd) and len("".join(letters)) <= 3 * len(letters):
        return True
    return len(segment) >= 8 and sum(len(run) for run in letters if not _like_word(run)) >= max(
        6, len(segment) // 2
    )


def unlike_words(value: str) -> bool:
    """Tell whether a piece of a value is as no word, number or name is."""
    return any(map(random_like, _SEGMENT.findall(value)))


def _wordy(value: str) -> bool:
    """Tell whether a value is made of words, and of numbers as they stand in names."""
    for segment in _SEGMENT.findall(value):
        if segment.isdigit():
            if len(segment) > 3 and not re.fullmatch(r"(?:19|20)\d\d(?:[01]\d(?:[0-3]\d)?)?", segment):
                return False
        elif random_like(segment):
            return False
        elif not _NUMBERED.fullmatch(segment):
            runs = _RUN.findall(segment)
            turns = any(one.isdigit() and not two.isdigit() for one, two in zip(runs, runs[1:]))
            if turns or sum(map(str.isdigit, segment)) > 2 or not all(
                run.isdigit() or _like_word(run) for run in runs
            ):
                return False
    return not re.search(r"[^\w\s.,:;!?'’/()+-]", value)


# --- checks ---------------------------------------------------------------------------------------


def issued(candidate: Candidate) -> bool:
    """Accept what follows the mark of an issuer, unless it is masked, words or a form to fill in."""
    value = candidate.value
    if _MASKED.search(value):
        return False
    return any(
        len(piece) >= 20 or (len(piece) >= 10 and piece.isdigit()) or random_like(piece) or _LOUD.fullmatch(piece)
        for piece in _SEGMENT.findall(value)
    )


# Capitals and digits alone, as in key ids; no name is written so at this length.
_LOUD = re.compile(r"(?=.*[A-Z])[A-Z0-9]{12,}")


def random_key(candidate: Candidate) -> bool:
    """Accept what follows a mark that words may begin with too, if it is unlike words."""
    return not _MASKED.search(candidate.value) and unlike_words(candidate.value)


def private_key(candidate: Candidate) -> bool:
    """Accept the header of a private key with a part of the key behind it."""
    body = candidate.value.partition("KEY")[2].replace("\\n", " ").replace("\\r", " ")
    body = re.sub(r"^(?: BLOCK)?-----|-----END.*", " ", body, flags=re.DOTALL)
    if _MASKED.search(body):
        return False
    return any(len(piece) >= 16 or random_like(piece) for piece in re.findall(r"[\w+/=]+", body))


def random_text(candidate: Candidate) -> bool:
    """Accept a value behind the name of a credential in a header, a cookie or an address."""
    return _machine_made(candidate.value, strong=False)


def bearer(candidate: Candidate) -> bool:
    """Accept a credential in a header: any that is one behind its name, else one unlike words."""
    value = candidate.value
    lead = candidate.before(40).lower()
    if re.search(r"basic[ \"']{1,5}\Z", lead):
        decoded = _decoded(value)
        if decoded is not None:
            return ":" in decoded and not _MASKED.search(decoded)
        return "authorization" in lead and _machine_made(value, strong=True)
    return _machine_made(value, strong="authorization" in lead)


def _decoded(value: str) -> str | None:
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text if text.isprintable() else None


def cookie_header(candidate: Candidate) -> bool:
    """Accept a cookie that holds a session: by its name, or by a long value of chance."""
    for part in candidate.value.split(";"):
        name, equals, value = part.strip(" \"'").partition("=")
        if not equals or _says_nothing(value) or name.lower() in _COOKIE_ATTRIBUTES:
            continue
        parts = words(name)
        if _SESSION_COOKIE.search(name) and (len(value) >= 6 and not _wordy(value)):
            return True
        if parts and parts[0] not in {"ga", "gid", "gat", "fbp", "utma", "consent", "theme", "lang"}:
            pieces = _SEGMENT.findall(value)
            if any(len(piece) >= 12 and random_like(piece) for piece in pieces):
                return True
    return False


_SESSION_COOKIE = re.compile(r"(?i:sess|sid\b|_sid|token|auth|jwt|csrf|xsrf|login|remember|secret)")
_COOKIE_ATTRIBUTES = frozenset(
    "expires max-age path domain samesite secure httponly priority partitioned".split()
)


def url_secret(candidate: Candidate) -> bool:
    """Accept the password of a URL, or a token that stands where its user would."""
    value = candidate.value
    if re.match(r"@(?:sha\d{3}|md5):", candidate.after(8)):
        return False  # a pinned image: name, version and digest
    if candidate.before(1) == ":" or ":" in value:
        value = value.rpartition(":")[2]
        return not (_stands_in(value) or re.fullmatch(r"[A-Z_]{2,}|x{3,}|\d{1,2}", value))
    return len(value) >= 20 and not _says_nothing(value) and (unlike_words(value) or len(value) > 50)


def given(candidate: Candidate) -> bool:
    """Accept whatever stands where only a credential can, unless it stands in for one."""
    return not _says_nothing(candidate.value)


def told(candidate: Candidate) -> bool:
    """Accept a secret that a sentence tells without a sign between its name and itself."""
    value = candidate.value.rstrip(".,;:?")
    if len(value) < 4 or _says_nothing(value) or _REFERENCE.fullmatch(value):
        return False
    if _HARMLESS_BEFORE.search(candidate.before(40)):
        return False
    if _FILE_NAME.fullmatch(value) or _QUANTITY.fullmatch(value) or _MOMENT.fullmatch(value):
        return False
    if _VERSION.fullmatch(value) or _UUID.fullmatch(value):
        return False
    lead = candidate.before(24)
    if _PASSWORD_BEFORE.search(lead) or re.search(r"(?i:pass(?:word|phrase|wd|code)|pwd)", lead):
        return value.lower() in _COMMON_PASSWORDS or _chosen(value)
    if len(value) >= 8 and unlike_words(value):
        return True
    keyed = re.search(r"(?i:(?:api|access|secret|private|signing|auth|licen[sc]e|deploy)[ -]key)", lead)
    return keyed is not None and len(value) >= 10 and _mixed(value) and not _wordy(value)


def _mixed(value: str) -> bool:
    return any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def _chosen(value: str) -> bool:
    """Tell whether a person made a password of a value: no plain word, no name with a number."""
    if _NUMBERED.fullmatch(value) or not value.isascii():
        return False
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    if re.search(r"[!@#$%^&*+=?~|]", value) and (letters or digits):
        return True
    if letters and digits:
        return not (_wordy(value) and re.search(r"[-_./]", value))
    return unlike_words(value)


def quoted_password(candidate: Candidate) -> bool:
    """Accept a password in quotation marks; a plain word, where the sentence gives it as one."""
    value, lead = candidate.value, candidate.before(40)
    if len(value) < 4 or not _password(value, assigned=True):
        return False
    return value.lower() in _COMMON_PASSWORDS or _chosen(value) or bool(_GIVEN.search(lead))


_GIVEN = re.compile(
    r"(?i)(?:(?:with|using)\s(?:the\s)?(?:pass\w{2,6}|pwd)|(?:\sis|\swas|\sto|:))\s?[\"'`]\Z"
)


def told_password(candidate: Candidate) -> bool:
    """Accept a password behind a flag: well known, or no plain word, port or name."""
    value = candidate.value
    if _says_nothing(value) or value.isdigit():
        return False
    return value.lower() in _COMMON_PASSWORDS or _chosen(value)


def query_value(candidate: Candidate) -> bool:
    """Accept the value of a parameter of a URL, by what its name asks for."""
    value = candidate.value
    name = re.split(r"[?&;#]", candidate.before(48))[-1].rstrip("=").lower()
    if name in {"password", "passwd", "pwd", "pass"}:
        return _password(value, assigned=True)
    if name in _WEAK_PARAMETERS:
        return len(value) >= 8 and not _says_nothing(value) and (
            unlike_words(value) or (len(value) >= 12 and _mixed(value) and not _wordy(value))
        )
    return len(value) >= 6 and _machine_made(value, strong=True)


_WEAK_PARAMETERS = frozenset("code otp ticket auth sid hmac sas secret".split())


def element_value(candidate: Candidate) -> bool:
    """Accept the content of an element, by what the element's name asks for."""
    if re.search(r"(?i:pass\w*|pwd)>\Z", candidate.before(16)):
        return _password(candidate.value, assigned=True)
    return _machine_made(candidate.value, strong=True)


def foreign_told(candidate: Candidate) -> bool:
    """Accept a password behind the word for it in another language."""
    value = candidate.value.rstrip(".,;:?»”")
    if len(value) < 4 or _says_nothing(value):
        return False
    if not (
        _PASSWORD_BEFORE.search(candidate.before(24))
        or (candidate.before(3).strip()[-1:] in {":", "="} and _VERSION.fullmatch(value) is None)
    ):
        return False
    return value.lower() in _COMMON_PASSWORDS or _chosen(value)


def secret_value(candidate: Candidate) -> bool:
    """Accept a secret under its name, as the name asks for it."""
    value = _SCHEME.sub("", candidate.value.strip())
    parts = words(candidate.name)
    if not candidate.name:
        lead = candidate.before(40)
        if _HARMLESS_BEFORE.search(lead):
            return False
        password = _PASSWORD_BEFORE.search(lead) is not None
    else:
        if len(parts) > 1 and parts[-2] in _HARMLESS:
            return False
        password = parts[-1] in _PASSWORD_NAMES or "".join(parts).endswith(
            ("password", "passwd", "passphrase", "passwort")
        )
    assigned = candidate.whole or candidate.before(1) in {"=", '"', "'", "`"}
    if password:
        return _password(value, assigned=assigned)
    if candidate.name:
        counted = candidate.name.rstrip("0123456789_- ").lower().endswith("tokens")
        if parts[-1] == "token" and (_COUNT.match(value) or (counted and value.isdigit())):
            return False
        if parts[-1] == "pass":
            return assigned and not _says_nothing(value) and _chosen(value)
        if parts[-1] in _WEAK_NAMES:
            _, colon, behind = value.partition(":")
            return _machine_made(value, strong=False) or bool(colon and _chosen(behind))
    if candidate.whole and value.lower() in _COMMON_PASSWORDS:
        return True
    return _machine_made(value, strong=assigned or candidate.before(1) in {" ", ":"})


def _stands_in(value: str) -> bool:
    """Tell whether a value stands in for one: masked, a variable, a form to fill in."""
    return bool(is_placeholder(value) or _VARIABLE.fullmatch(value) or _MASKED.search(value))


def _says_nothing(value: str) -> bool:
    """Tell whether a value stands in for one, or only says how things are."""
    value = value.strip()
    if _stands_in(value):
        return True
    return value.lower().strip(".!,:;?\"'()") in _states()


@cache
def _states() -> frozenset[str]:
    return word_list("status_words") | word_list("secret_states")


def _sentence(value: str) -> bool:
    """Tell whether a value is prose: several words, one of which only joins or judges others."""
    said = [word.strip(".,;:!?()\"'").lower() for word in value.split()]
    if len(said) < 2:
        return False
    if any(word in _FUNCTION_WORDS or _QUANTITY.fullmatch(word) for word in said):
        return True
    return 2 * sum(word in _states() for word in said) >= len(said)


def _password(value: str, *, assigned: bool) -> bool:
    if len(value) < 3 or _says_nothing(value) or _sentence(value):
        return False
    if value.isdigit():
        return len(value) >= 4
    if _MOMENT.fullmatch(value) or _FILE_NAME.fullmatch(value) or _REFERENCE.fullmatch(value):
        return False
    if value.lower() in _COMMON_PASSWORDS:
        return True
    if _PLAIN_WORDS.fullmatch(value):
        return (assigned and len(value) > 3) or unlike_words(value)
    if not assigned and re.fullmatch(r"\d{1,4}[A-Za-z]{0,4}", value):
        return False
    return not (_QUANTITY.fullmatch(value) and not value.isdigit() and len(value) < 6)


def _machine_made(value: str, *, strong: bool) -> bool:
    """Tell whether a machine made a value; where its name is strong, little is asked."""
    value = value.rstrip("=")
    if len(value) < 4 or _says_nothing(value):
        return False
    if value.isdigit():
        return strong and len(value) > 7
    if _UUID.fullmatch(value):
        return True
    if unlike_words(value) and not _FILE_NAME.fullmatch(value):
        # A path may hold a hash; what is kept there is not in it.
        return not (_REFERENCE.fullmatch(value) and not _BASE64.fullmatch(value))
    if not strong or any(map(str.isspace, value)):
        return False
    if (
        _REFERENCE.fullmatch(value)
        or _FILE_NAME.fullmatch(value)
        or _VERSION.fullmatch(value)
        or _MOMENT.fullmatch(value)
        or _QUANTITY.fullmatch(value)
        or _NUMBERED.fullmatch(value)
    ):
        return False
    if re.search(r"[-_./:]", value) and _wordy(value):
        return False
    if _ISSUER.match(value) and _mixed(value):
        return True
    if _PLAIN_WORDS.fullmatch(value):
        return _LEAKY.search(value) is not None and len(value) >= 9
    signs = re.search(r"[!@#$%^&*+=?~|]", value) is not None
    return _mixed(value) or (signs and any(map(str.isalpha, value)))


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")


def short_number(candidate: Candidate) -> bool:
    """Accept 4 to 8 digits: what a one-time code or a PIN looks like."""
    return re.fullmatch(r"[0-9]{4,8}", candidate.value.strip()) is not None


def mixed_case(candidate: Candidate) -> bool:
    """Accept text of capitals and small letters, as keys are; no hash, no path of words."""
    value = candidate.value
    return (
        any(map(str.isupper, value))
        and any(map(str.islower, value))
        and any(char.isdigit() or char in "+_" for char in value)
        and not _MASKED.search(value)
        and not _wordy(value)
    )


CHECKS: dict[str, Check] = {
    "bearer": bearer,
    "cookie_header": cookie_header,
    "given": given,
    "foreign_told": foreign_told,
    "issued": issued,
    "mixed_case": mixed_case,
    "element_value": element_value,
    "private_key": private_key,
    "query_value": query_value,
    "quoted_password": quoted_password,
    "random_key": random_key,
    "random_text": random_text,
    "secret_value": secret_value,
    "short_number": short_number,
    "told": told,
    "told_password": told_password,
    "url_secret": url_secret,
}
