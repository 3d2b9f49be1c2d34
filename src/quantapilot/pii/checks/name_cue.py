"""Names behind a cue, a title or initials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quantapilot.pii import cues
from quantapilot.pii.checks.name_eastern import is_caseless, is_eastern_role
from quantapilot.pii.checks.name_field import is_identifier
from quantapilot.pii.checks.name_text import is_in_address, is_person
from quantapilot.pii.persons import (
    CERTAIN,
    NONE,
    PARTICLES,
    WORD,
    can_be_surname,
    given,
    is_cyrillic,
    is_initial,
    is_term,
    is_thing,
    is_word,
    surname,
)

if TYPE_CHECKING:
    from quantapilot.pii.candidate import Candidate


def cued_name(candidate: Candidate) -> bool:
    """Accept words behind a cue that can be a name, the more the stronger the cue is."""
    shown = [found[0] for found in WORD.finditer(candidate.value)]
    if not shown or is_identifier(candidate.value) or re.match(r"[\w@]", candidate.after(1)):
        return False
    words = [word if is_initial(word) else word.rstrip(".") for word in shown]
    if len(words) > 1 and is_person(words):
        return True
    if any(word.endswith(("'s", "’s")) for word in words[:2]) or is_thing(words):
        return False
    return _cued(words, candidate.before(60)) and not is_in_address(
        candidate.text, candidate.start, candidate.end
    )


def _cued(words: list[str], before: str) -> bool:
    """Tell whether words behind a cue can be a name though they do not begin with a full one."""
    first = words[0]
    if len(words) > 1 and is_initial(first) and surname(words[1]) == CERTAIN:
        return not is_term(words[1])
    said = cues.last_words(before)
    strong = cues.is_strong(said) or cues.is_addressed(said, before)
    if given(first) == CERTAIN and not is_term(first):
        return len(words) == 1 or not (is_term(words[1]) or (not strong and is_word(words[1])))
    return strong and _unlisted(words)


_TERMS_AND_PEOPLE = frozenset({"Mark", "Will", "Bill", "Grant", "Max"})


def _unlisted(words: list[str]) -> bool:
    """Tell whether words that do not begin with a certain given name may still be a name."""
    if len(words) == 1 and words[0] in _TERMS_AND_PEOPLE:
        return True
    if any(map(is_term, words[:2])):
        return False
    if is_caseless(words[0]):
        return not is_eastern_role("".join(words))
    return _unlisted_word(words[0]) if len(words) == 1 else _unlisted_pair(words)


def _unlisted_word(word: str) -> bool:
    if len(word) < 3 or (word.isupper() and not is_cyrillic(word)):
        return False
    return given(word) > NONE or surname(word) == CERTAIN


def _unlisted_pair(words: list[str]) -> bool:
    if any(map(is_initial, words[:2])):
        return any(can_be_surname(word) for word in words[:3] if not is_initial(word))
    known = [max(given(word), surname(word)) for word in words[:2]]
    if min(known) and (max(known) == CERTAIN or given(words[0])):
        return True
    return all(
        level or word.lower() in PARTICLES or can_be_surname(word)
        for level, word in zip(known, words[:2], strict=True)
    )


def titled_name(candidate: Candidate) -> bool:
    """Accept words behind a title unless the first is none of a name, or an identifier goes on."""
    first = WORD.match(candidate.value)
    if first is None or re.match(r"[\w-]", candidate.after(1)) or is_identifier(candidate.value):
        return False
    word = first[0].rstrip(".")
    return not is_term(word) and (surname(word) > NONE or given(word) > NONE or not is_word(word))


def initialled_name(candidate: Candidate) -> bool:
    """Accept Cyrillic initials and a surname, either one first."""
    words = [found[0] for found in WORD.finditer(candidate.value)]
    family = max(words, key=len)
    before = candidate.before(60)
    initials = len(re.findall(r"[А-ЯЁІЇЄҐ]\.", candidate.value))
    if is_term(family):
        return False
    return initials > 1 or surname(family) == CERTAIN or cues.is_cyrillic(cues.last_words(before))
