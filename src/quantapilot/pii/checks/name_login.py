"""Logins, in fields, texts, branches and the paths of home folders."""

from __future__ import annotations

import re
from functools import cache

from quantapilot.patterns import lazy
from quantapilot.pii import cues
from quantapilot.pii.candidate import Candidate, is_placeholder, word_list
from quantapilot.pii.checks.name_field import person_name
from quantapilot.pii.persons import (
    CERTAIN,
    LIKELY,
    NONE,
    given,
    is_term,
    is_word,
    surname,
)

_OPAQUE_ID = lazy(
    r"[0-9A-Fa-f-]{16,}|(?:usr|user|uid|id|acc|acct|op|emp|cus|cust|org|team|member)[_-]\w*\d\w*"
)
_LOGIN = lazy(r"[\w.@\\+-]{2,64}")


_MACHINE = lazy(
    r"(?:^|[._-])(?:bot|ci|cd|agent|worker|runner|engine|service|svc|system|robot|daemon|scheduler"
    r"|cron|job|gate|pipeline|team|group|guard|queue|app|api|deploy|deployer|release|admin|auto"
    r"|automation|platform|policy|n8n|operator|controller|manager|actions?|workflow|server|node)"
    r"(?:$|[._-]|\d)",
    re.IGNORECASE,
)


def login(candidate: Candidate) -> bool:
    """Accept a login or role: one word that is neither a person's name nor an opaque id.

    In running text only `name=value` counts: a word and a colon are no field there.
    """
    return _is_login(candidate) and not person_name(candidate)


def personal_login(candidate: Candidate) -> bool:
    """Accept a login that is made of a name, and no role."""
    value = candidate.value.strip().lstrip("@")
    return _looks_personal(value) and not person_name(candidate)


def _is_login(candidate: Candidate) -> bool:
    value = candidate.value.strip()
    if not candidate.whole and candidate.before(2).rstrip("\"'")[-1:] != "=":
        return False
    if not _LOGIN.fullmatch(value) or not any(char.isalpha() for char in value):
        return False
    return not (
        "@" in value or value.lower() in word_list("status_words") or _OPAQUE_ID.fullmatch(value)
    )


def mentioned_login(candidate: Candidate) -> bool:
    """Accept a login behind a cue that only a person follows; a bare name has a rule of its own."""
    if given(candidate.value) == CERTAIN or cues.is_tried_out(
        cues.last_words(candidate.before(24))
    ):
        return False
    if re.match(r"[\w@/\\-]|\.\w", candidate.after(2)):
        return False
    return _looks_personal(candidate.value)


@cache
def _looks_personal(value: str) -> bool:
    """Tell whether a login is made of somebody's name: `j.doe`, `asmith`, `alice42`."""
    lower = value.rsplit("\\", 1)[-1].lower()
    if not _LOGIN.fullmatch(lower) or "@" in lower or _MACHINE.search(lower):
        return False
    if lower in word_list("service_accounts") or lower in word_list("status_words"):
        return False
    bare = re.sub(r"\d{1,4}\Z", "", lower)
    parts = [part for part in re.split(r"[._-]", bare) if part]
    if not parts or not all(part.isalpha() for part in parts) or is_word(bare):
        return False
    return _joined_login(parts[0]) if len(parts) == 1 else _parted_login(parts)


def _parted_login(parts: list[str]) -> bool:
    if len(parts) > 3 or any(map(is_term, parts)):
        return False
    first, last = parts[0], parts[-1]
    if len(first) == 1 or len(last) == 1:
        longer = max(first, last, key=len)
        return len(longer) > 2 and (surname(longer) > NONE or given(longer) > NONE)
    return given(first) > NONE and surname(last) > NONE


def _joined_login(word: str) -> bool:
    if is_word(word):
        return False
    if given(word) == CERTAIN or (given(word) and len(word) > 3):
        return True
    if len(word) < 4:
        return False
    family = word[1:]
    if family in word_list("surnames") or family in word_list("surname_words"):
        return True
    return any(
        given(word[:at]) == CERTAIN and surname(word[at:]) > NONE for at in range(3, len(word) - 2)
    )


_BRANCH_USER = lazy(r"[._-]|\d{1,4}\Z")


def branch_owner(candidate: Candidate) -> bool:
    """Accept the login in a branch such as `users/jdoe/fix`."""
    return _looks_personal(candidate.value)


def machine_of(candidate: Candidate) -> bool:
    """Accept the given name in the name of somebody's own computer: `alices-macbook`."""
    word = candidate.value
    for form in (word, word.removesuffix("s")):
        if given(form) == CERTAIN or (given(form) == LIKELY and not is_word(form)):
            return True
    return False


_REQUEST_LINE = lazy(
    r"(?:\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s\S{0,40}|\bhttps?://\S{0,60}"
    r"|\b(?:route|url|uri|endpoint|href|page|link)[\"']?\s?[:=]\s?[\"']?)\Z",
    re.IGNORECASE,
)
_PAGE = lazy(r"\.(?:html?|php|jsp|aspx?|js|css|json|svg|png|ico)\Z", re.IGNORECASE)
_OF_ALL = lazy(r"(?:all|default|public|shared)\b", re.IGNORECASE)
_VARIABLE = lazy(r"(?:user|username|name|login|your|me|my|someone|xxx|foo|bar|example|test)[\w-]*")


def home_owner(candidate: Candidate) -> bool:
    """Accept the user of a home folder, unless it is a service account or the path is a URL's."""
    value = candidate.value.rstrip(".")
    lower = value.lower()
    if not value or lower in word_list("service_accounts") or is_placeholder(value):
        return False
    if not any(char.isalpha() for char in value) or _OPAQUE_ID.fullmatch(value):
        return False
    if _MACHINE.search(lower) or _OF_ALL.match(lower) or _VARIABLE.fullmatch(lower):
        return False
    if _PAGE.search(value) or _REQUEST_LINE.search(candidate.before(80)):
        return False
    return not _page_word(value)


def _page_word(value: str) -> bool:
    """Tell whether a folder is called by an ordinary word, as the pages of a site are."""
    bare = re.sub(r"\d{1,3}\Z", "", value)
    if given(bare) or surname(bare):
        return is_term(bare) and given(bare) != CERTAIN
    return all(is_word(part) for part in re.split(r"[._-]", bare) if part)


def tilde_owner(candidate: Candidate) -> bool:
    """Accept the user of a home folder that is written with a tilde."""
    return home_owner(candidate) and len(candidate.value) > 2
