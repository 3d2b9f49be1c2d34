"""What is known of people's names: which words are given names, surnames, or anything else.

Word lists say what they can, shapes and endings the rest. A word that is also an English one, a
place, a product or a role only counts as a name beside a name that is nothing else. The lists are
read when a text first needs them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import filterfalse
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy
from quantapilot.pii.candidate import word_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PART = r"[^\W\d_]+(?:['’‐-][^\W\d_]+)*\.?"
# One word of a name, and all of a name, which is neither longer nor of more words than these.
WORD = lazy(_PART)
NAME = lazy(rf"{_PART}(?:,?\s{{1,3}}{_PART}){{0,6}}")
LONGEST = 80
MOST_WORDS = 8
# How sure a word is to be a name: certain by itself, likely beside a certain one, or not at all.
CERTAIN, LIKELY, NONE = 2, 1, 0

PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "da", "das", "dos", "do", "del", "della", "di", "du", "la"}
    | {"le", "lo", "bin", "bint", "ibn", "ben", "al", "el", "ter", "ten", "te", "zu", "zum", "zur"}
    | {"y", "e", "i", "af", "av", "st", "ní", "ni", "mac", "mc", "vom", "los", "las", "dit", "'t"}
)
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "ð": "d"})
_GLUED = lazy(
    r"(?:o|d|l|al|el|ben|bint|ibn|abd|abu|ould|ait|ter|van|de|di)['’-]|(?:mc|mac|fitz)['’-]?"
)
_SURNAME_ENDING = lazy(
    r"[a-z]{2,}(?:enko|chuk|czuk|shuk|ovych|ovich|evich|[bdgklmnprstvz]ov|[bdgklmnprstvz]ova|aev"
    r"|eev|aeva|eeva|insky|owski|owska|ewski|ewska|inski|inska|ovsky|evsky|ovskyi|ovska|skaya|skiy"
    r"|tskyi|wicz|czyk|czak|sson|ssen|rsen|lsen|nsen|dsen|ksen|sdottir|qvist|kvist|gren|strom|lund"
    r"|opoulos|opoulou|akis|idis|iadis|atos|escu|eanu|oglu|zade|shvili|adze|yan|anian|uashvili"
    r"|mann|stein|berg|feld|bauer|meier|meyer|maier|hauser|thal|wald|gaard|gard|holm|huis|stra|sma"
    r"|inho|eira|eiro|ielli|etti|ucci|acci|azzi|ozzi|ello|illo|ndez|ldez|rdez|nguez|quez|guez|ardi"
    r"|oni|ini|ukas|auskas|aitis|enas|iute|aite|itis|ics|ovic|evic|etic|ovicz|wala|walla|akar"
    r"|swamy|swami|appa|amma|moto|mura|yama|gawa|zaki|saki|hashi|shita|tani|naka|oka|ishi|bayashi"
    r"|jee|erji|kumar|kar|adhyay|deep|preet|nathan|oye|aku|unle|ayo|emi|chukwu|quaye|ampong)"
)
_CYRILLIC_SURNAME = lazy(
    r"[а-яёіїєґ'’]{2,}(?:[оеєё]в|[оеєё]ва|[оеёє]в(?:ым|им|ой|у|а|ым|ых|ому|ої|ою)"
    r"|[иіїы]н|[иіїы]на|[иіїы]н(?:ым|им|ой|у|ої|ою)"
    r"|[сц][ьк]?к(?:ий|ій|ая|а|ого|ому|ой|ої|ою|им)|енк[оауи]|енком|єнк[оауи]"
    r"|[чщнрлстк][уюя]ка?у?|[чрлнтс]уком|[чн]юком|евич[ауе]?|ович[ауе]?|ян[ау]?|швили|дзе|ець|ейко"
    r"|[иы]х)"
)
_PATRONYMIC = lazy(
    r"[а-яёіїєґ'’]{2,}(?:[оеєёй]вич(?:а|у|ем)?|[оеё]вн(?:а|ы|е|у|ой)|[иі]чн(?:а|ы|е|у|ой)"
    r"|[іїє]вн(?:а|и|і|у|ою))|ильич[ау]?|іллічу?а?"
)
_CYRILLIC_ENDINGS = tuple(
    sorted(
        {"", "а", "я", "й", "ий", "ій", "ей", "ь", "о", "у", "ю", "е", "є", "и", "і", "ї", "ом"}
        | {"ем", "єм", "ою", "ею", "єю", "ой", "ей", "ия", "ія", "ии", "ії", "ию", "ію", "ье", "ья"}
        | {
            "ови",
            "еві",
            "єві",
            "ові",
            "ия",
            "ием",
            "ієм",
            "ем",
            "ло",
            "єю",
            "ію",
            "ье",
            "ьи",
            "ью",
        },
        key=len,
        reverse=True,
    )
)
_DERIVED = (
    *(
        (ending, instead)
        for ending in ("ing", "ed", "es", "er", "ers", "est")
        for instead in ("", "e")
    ),
    *((ending, "y") for ending in ("ies", "ied", "ier", "iest", "ily", "iness")),
    *(("s", ""), ("ly", ""), ("ly", "le"), ("ness", "")),
)
_VOWEL = lazy(r"[aeiouyäöüåæø]", re.IGNORECASE)


@lru_cache(maxsize=4096)
def plain(word: str) -> str:
    """Return a word in lower case without accents, as the lists of surnames have it."""
    lower = word.lower().translate(_LETTERS)
    if lower.isascii() or is_cyrillic(lower):
        return lower
    parts = unicodedata.normalize("NFKD", lower)
    return "".join(filterfalse(unicodedata.combining, parts))


def is_cyrillic(word: str) -> bool:
    """Tell whether a word begins with a Cyrillic letter."""
    return "\u0400" <= word[:1] <= "\u052f"


@cache
def _given() -> frozenset[str]:
    words = word_list("given_names")
    # All at once: two thousand words one by one would take as long as all else in a payload.
    accented = "\n".join(word for word in words if not word.isascii())
    bare = set(plain(accented).split("\n")) - word_list("given_words")
    return words | word_list("given_cyrillic") | bare


@cache
def _given_beside() -> frozenset[str]:
    return frozenset(map(plain, word_list("given_words")))


@lru_cache(maxsize=4096)
def given(word: str) -> int:
    """Tell how sure a word is to be somebody's given name."""
    lower = word.lower().replace("ʼ", "'").replace("’", "'")
    if is_cyrillic(lower):
        return CERTAIN if _cyrillic_given(lower) else NONE
    if "-" in word:
        parts = [part for part in lower.split("-") if part]
        syllables = word_list("given_syllables")
        if len(parts) == 2 and all(part in syllables for part in parts):
            return CERTAIN
        levels = list(map(given, parts))
        return max(levels) if levels and all(levels) else NONE
    if lower in _given() or plain(lower) in _given():
        return CERTAIN
    return LIKELY if plain(lower) in _given_beside() else NONE


def _cyrillic_given(lower: str) -> bool:
    known = _given()
    return any(
        len(stem) > 1 and stem in known
        for ending in _CYRILLIC_ENDINGS
        if lower.endswith(ending)
        for stem in (lower[: len(lower) - len(ending)],)
    )


@lru_cache(maxsize=4096)
def surname(word: str) -> int:
    """Tell how sure a word is to be somebody's surname."""
    lower = plain(word).replace("’", "'")
    if is_cyrillic(lower):
        return _cyrillic_surname(lower)
    if "-" in lower or "'" in lower:
        return _joined_surname(lower)
    if lower in word_list("surnames"):
        return CERTAIN
    if lower in word_list("surname_words"):
        return LIKELY
    if is_word(lower) or given(lower):
        return NONE if is_word(lower) else LIKELY
    return CERTAIN if len(lower) > 5 and _SURNAME_ENDING.fullmatch(lower) else NONE


def _joined_surname(lower: str) -> int:
    glued = _GLUED.match(lower)
    bare = lower.replace("'", "").replace("-", "")
    if bare in word_list("surnames") or (glued and surname(lower[glued.end() :])):
        return CERTAIN
    parts = [part for part in re.split(r"[-']", lower) if part]
    known = [max(surname(part), given(part)) for part in parts]
    return min(known) if len(known) > 1 else NONE


def _cyrillic_surname(lower: str) -> int:
    if lower in word_list("cyrillic_words"):
        return NONE
    listed = word_list("surnames")
    if lower in listed or any(lower[:-cut] in listed for cut in (1, 2) if len(lower) > cut + 3):
        return CERTAIN
    return CERTAIN if _CYRILLIC_SURNAME.fullmatch(lower) else NONE


def is_patronymic(word: str) -> bool:
    """Tell whether a word is a Slavic father's name, which nothing but a person has."""
    return _PATRONYMIC.fullmatch(word.lower()) is not None


def is_term(word: str) -> bool:
    """Tell whether a word is a role, a product, a place, a date or another term of logs."""
    lower = plain(word)
    if is_cyrillic(lower):
        return lower in word_list("cyrillic_words")
    common = word_list("common_words")
    return lower in common or (lower.endswith("s") and lower[:-1] in common)


def is_word(word: str) -> bool:
    """Tell whether a word is a term or any English word."""
    lower = plain(word)
    if is_term(lower):
        return True
    english = word_list("english_words")
    if lower in english:
        return True
    return lower not in word_list("surnames") and any(
        form in english or form in word_list("surname_words") for form in _roots(lower)
    )


def _roots(word: str) -> Iterator[str]:
    """Yield what an English word may be derived from: `warranting`, `holiest`, `seldomly`."""
    for ending, instead in _DERIVED:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            root = word.removesuffix(ending)
            yield root + instead
            if root[-1:] == root[-2:-1] and not instead:
                yield root[:-1]


def is_initial(word: str) -> bool:
    """Tell whether a word is the first letter of a name, with or without its point."""
    return len(word.rstrip(".")) == 1 and word[0].isalpha() and word[0].isupper()


def can_be_surname(word: str) -> bool:
    """Tell whether a capitalised word that no list knows may be a surname."""
    if surname(word):
        return True
    if is_word(word) or not 2 < len(word) < 25 or word.isupper():
        return False
    # `GitOps`, `DevBox`: a capital inside a word is seldom a person's.
    inner = re.sub(r"^(?:Mc|Mac|De|Di|La|Le|Van|Fitz|O['’]|D['’])", "", word)[1:]
    folded = plain(word)
    return inner == inner.lower() and (not folded.isascii() or bool(_VOWEL.search(folded)))


def is_thing(words: Sequence[str]) -> bool:
    """Tell whether words begin with two or three that name a thing, such as `Monte Carlo`."""
    known = word_list("things_like_names")
    said = [plain(word) for word in words[:3]]
    return " ".join(said[:2]) in known or " ".join(said) in known
