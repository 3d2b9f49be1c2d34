"""Names that are all of a value: of a field that holds a person, or a part of its name."""

from __future__ import annotations

import re
import unicodedata

from quantapilot.patterns import lazy
from quantapilot.pii.candidate import Candidate, is_placeholder, word_list
from quantapilot.pii.checks.name_eastern import is_caseless, is_eastern_role
from quantapilot.pii.checks.name_text import sure_family
from quantapilot.pii.persons import (
    CERTAIN,
    LIKELY,
    LONGEST,
    NAME,
    NONE,
    PARTICLES,
    WORD,
    can_be_surname,
    given,
    is_term,
    is_word,
    surname,
)

_TITLE = lazy(
    r"(?:(?:mr|mrs|ms|mx|miss|dr|prof|professor|sir|herr|frau|mme|m|sr|sra|don|dipl|ing|rev)\.?\s+)+",
    re.IGNORECASE,
)
_SUFFIX = lazy(
    r"(?:,?\s+(?:jr|sr|ii|iii|iv|ph\.?d|m\.?d|esq|msc|bsc|mba|dds)\.?"
    r"|\s*[(<\[][^()<>\[\]]*[)>\]]?|\s+via\s.*|\s+-\s.*|\s+@\S*)+\Z",
    re.IGNORECASE,
)
_BETWEEN_PEOPLE = lazy(r"\s*[;/|&+]\s*|\s+(?:and|und|et|y|e|и|та|і)\s+|\s*,\s*(?:and\s+)?")


def is_identifier(value: str) -> bool:
    """Tell whether a value has digits or underscores, as no name has."""
    return any(char.isdigit() or char == "_" for char in value)


def person_name(candidate: Candidate) -> bool:
    """Accept what can be somebody's name, in any case and script, and is no role or product."""
    return _person_value(candidate, unlisted=True)


def listed_person(candidate: Candidate) -> bool:
    """Accept what must be somebody's name, since a company may stand in the field as well."""
    return _person_value(candidate, unlisted=False)


_GOES_ON = lazy(r" [^\W\d_a-z]")


def _person_value(candidate: Candidate, *, unlisted: bool) -> bool:
    value = candidate.value.strip().strip("\"'").lstrip("@").strip()
    if not candidate.whole and candidate.before(2).strip("\"'")[-1:] not in "=:":
        unlisted = False
    if not value or len(value) > 2 * LONGEST or is_placeholder(value):
        return False
    if not candidate.whole and _GOES_ON.match(candidate.after(3)):
        # A sentence goes on: the cues in it decide.
        return False
    if _person(value, unlisted=unlisted):
        return True
    return any(_person(part, unlisted=unlisted) for part in _BETWEEN_PEOPLE.split(value) if part)


def _person(value: str, *, unlisted: bool) -> bool:
    if not value.isascii():
        # Vowel signs are no letters to a pattern.
        value = "".join(char for char in unicodedata.normalize("NFC", value) if not _is_mark(char))
    value = _SUFFIX.sub("", _TITLE.sub("", value.strip())).replace("_", " ").strip(" ,.")
    if not value or len(value) > LONGEST or not NAME.fullmatch(value):
        return False
    words = [found[0] for found in WORD.finditer(value)]
    names = [word.rstrip(".") for word in words if len(word.rstrip(".")) > 1]
    if not names:
        return False
    if all(map(is_caseless, names)):
        return not is_eastern_role(value)
    if len(words) == 1:
        return _single(names[0], unlisted=unlisted)
    return _several(names, initials=len(words) - len(names), unlisted=unlisted)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _single(word: str, *, unlisted: bool) -> bool:
    if is_term(word) or word.lower() in word_list("service_accounts"):
        return "-" not in word and given(word) == CERTAIN and not is_term(word)
    if given(word) == CERTAIN or (given(word) and (word[0].isupper() or not is_word(word))):
        return True
    if "-" in word and (word.islower() or is_term(word.rsplit("-", maxsplit=1)[-1])):
        parts = word.split("-")
        return given(parts[0]) == CERTAIN and sure_family(parts[-1]) > NONE
    if surname(word) == CERTAIN and not is_word(word):
        return True
    return unlisted and word[0].isupper() and not word.isupper() and can_be_surname(word)


def _several(names: list[str], *, initials: int, unlisted: bool) -> bool:
    if any(is_term(word) for word in names[1:]) or (
        is_term(names[0]) and not (given(names[0]) == LIKELY and surname(names[-1]) == CERTAIN)
    ):
        return False
    said = [word for word in names if word.lower() not in PARTICLES]
    levels = [max(given(word), surname(word)) for word in said]
    best = max(levels, default=NONE)
    strange = [word for level, word in zip(levels, said, strict=True) if not level]
    if not said or (len(names) > 4 and best < CERTAIN):
        return False
    if not strange:
        return best == CERTAIN or bool(initials) or any(map(given, said))
    if unlisted and surname(said[-1]) == CERTAIN and not is_word(said[-1]):
        # Where a person is expected, a family name is enough, whatever stands before it.
        return all(word[0].isupper() for word in strange)
    if any(is_word(word) or not (word[0].isupper() or best) for word in strange):
        return False
    can_be = all(map(can_be_surname, strange)) and not any(word.isupper() for word in strange)
    return best == CERTAIN or (unlisted and can_be)


def person_name_part(candidate: Candidate) -> bool:
    """Accept any word of letters that is neither a role nor a status."""
    value = candidate.value.strip()
    if len(value) > LONGEST or not NAME.fullmatch(value) or len(value) < 2:
        return False
    words = [word.strip(".,'’") for word in value.split()]
    if any(given(word) == CERTAIN or surname(word) == CERTAIN for word in words):
        return True
    if value.lower() in word_list("status_words"):
        return False
    return candidate.whole or not any(map(is_term, words))
