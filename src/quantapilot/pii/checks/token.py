"""What makes a credential of a value: how unlike words and placeholders it is."""

from __future__ import annotations

import re

from quantapilot.pii.candidate import Candidate, Check, is_placeholder, word_list

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
    if value.lower().rstrip(".!,:") in word_list("status_words"):
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


CHECKS: dict[str, Check] = {
    "mixed_case": mixed_case,
    "random_text": random_text,
    "secret_value": secret_value,
    "short_number": short_number,
    "url_secret": url_secret,
}
