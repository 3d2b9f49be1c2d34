"""What makes a person's name of some words."""

from __future__ import annotations

import re

from quantapilot.pii.candidate import Candidate, Check, is_placeholder, word_list

_PART = r"[^\W\d_]+(?:['’.‐-][^\W\d_]+)*\.?"
_NAME = re.compile(rf"{_PART}(?:,?\s{{1,3}}{_PART}){{0,5}}")
_OPAQUE_ID = re.compile(
    r"[0-9A-Fa-f-]{16,}|(?:usr|user|uid|id|acc|acct|op|emp|cus|cust|org|team|member)[_-]\w*\d\w*"
)
_LOGIN = re.compile(r"[\w.@\\+-]{2,64}")


def _parts(value: str) -> list[str]:
    return [part.strip(".,'’") for part in value.split()]


def _ordinary(parts: list[str]) -> bool:
    common = word_list("common_words")
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
    if word.lower() in word_list("given_names"):
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
        _ordinary(_parts(value)) or value.lower() in word_list("status_words")
    )


def login(candidate: Candidate) -> bool:
    """Accept a login or role: one word that is neither a person's name nor an opaque id.

    In running text only `name=value` counts: a word and a colon are no field there.
    """
    value = candidate.value.strip()
    if not candidate.whole and candidate.before(2).rstrip("\"'")[-1:] != "=":
        return False
    if not _LOGIN.fullmatch(value) or not any(char.isalpha() for char in value):
        return False
    if "@" in value or value.lower() in word_list("status_words") or _OPAQUE_ID.fullmatch(value):
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
    if parts[0].lower() in word_list("given_names"):
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
    if value.lower() in word_list("service_accounts") or value.isdigit() or is_placeholder(value):
        return False
    return not (_PAGE.search(value) or _REQUEST_LINE.search(candidate.before(80)))


CHECKS: dict[str, Check] = {
    "cued_name": cued_name,
    "full_name": full_name,
    "home_owner": home_owner,
    "login": login,
    "person_name": person_name,
    "person_name_part": person_name_part,
    "titled_name": titled_name,
}
