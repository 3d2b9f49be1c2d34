"""Likeness: whether letters and digits read like words and names, or as only a machine writes.

Words are told from chance by how often two letters follow each other in them, and names of things
by how few turns from digits back to letters they take: `worker12` and `v1beta2`, not `4b1d9fe7`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from quantapilot.patterns import lazy

SEGMENT = lazy(r"[A-Za-z0-9]+")
_RUN = lazy(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_YEAR_OR_DAY = lazy(r"(?:19|20)\d\d(?:[01]\d(?:[0-3]\d)?)?")
_SIGNS_OF_NO_NAME = lazy(r"[^\w\s.,:;!?'’/()+-]")
# Names with a number: algorithms, parts of a plan, machines, abbreviations.
NUMBERED = lazy(
    r"(?:oauth|utf|base|sha|md|aes|rsa|ec|ed|hs|rs|es|ps|ipv|http|tls|ssl|x|s|h|v|m|p|r|q|n|k|i|e|t|c"
    r"|step|stage|phase|worker|node|host|job|run|task|shard|slot|gate|build|rev|version|part|chunk"
    r"|batch|milestone|attempt|try|retry|page|line|col|item|test|ci|env|prod|dev|staging|stable|key"
    r"|token|secret|user|bot|app|api|web|db|svc|pod|rc|py|python|cp|go|java|php|postgres|redis|mysql"
    r"|ubuntu|debian|alpine|us|eu|ap|east|west|north|south|central|zone|level|type|group|team|project"
    r"|proj|tok|id|no|nr|port|block|frame|round|epoch|seed)-?\d{1,9}[a-z]{0,2}"
    r"|k8s|i18n|l10n|a11y|o11y|e2e|[a-z]2[a-z]|[a-z]?2fa|v\d{1,3}(?:alpha|beta|rc)\d{0,2}"
    r"|\d{1,4}(?:st|nd|rd|th|[a-z])|x86|amd64|arm64|win32|win64|manylinux\d{1,4}",
    re.IGNORECASE,
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz$"
_LIKE_A_WORD = -0.65
_TOO_SHORT_TO_TELL = 4


@cache
def _pairs_of_letters() -> dict[str, float]:
    """Return how much likelier two letters follow each other in words than by chance."""
    from quantapilot.pii.rules import lexicon

    table: dict[str, float] = {}
    for row in lexicon("letter_pairs"):
        first, *scores = row.split()
        table |= {first + second: int(s) / 10 for second, s in zip(_LETTERS, scores, strict=True)}
    return table


def _like_word(run: str) -> bool:
    """Tell whether letters read like a word, or are too few to tell."""
    if len(run) < _TOO_SHORT_TO_TELL:
        return True
    table = _pairs_of_letters()
    scores = [table[a + b] for a, b in pairwise(run.lower())]
    return sum(scores) / len(scores) > _LIKE_A_WORD


def random_like(segment: str) -> bool:
    """Tell whether letters and digits in one piece are unlike words, numbers and names of both."""
    if len(segment) < 6 or segment.isdigit() or NUMBERED.fullmatch(segment):
        return False
    runs = _RUN.findall(segment)
    turns = sum(one.isdigit() and not two.isdigit() for one, two in pairwise(runs))
    if turns > 2 or (turns == 2 and len(segment) >= 10):
        return True
    letters = [run for run in runs if not run.isdigit()]
    odd = [run for run in letters if not _like_word(run)]
    if turns == 2 and odd:
        return True
    digits = len(segment) - sum(map(len, letters))
    if turns == 1 and digits > 1:
        short = sum(len(run) < 3 for run in letters)
        return digits > 6 or (len(segment) >= 10 and (bool(odd) or short > 1 or digits > 4))
    mostly_odd = len(segment) >= 8 and sum(map(len, odd)) >= max(6, len(segment) // 2)
    return mostly_odd or _in_pieces(letters, odd)


def _in_pieces(letters: list[str], odd: list[str]) -> bool:
    """Tell whether capitals stand where they would in no words written together."""
    size, count = sum(map(len, letters)), len(letters)
    if count >= 5 and 2 * size <= 5 * count:
        return True
    single = sum(len(run) == 1 for run in letters)
    return count >= 4 and size <= 3 * count and (single > 1 or bool(odd))


def unlike_words(value: str) -> bool:
    """Tell whether a piece of a value is as no word, number or name is."""
    return any(map(random_like, SEGMENT.findall(value)))


def wordy(value: str) -> bool:
    """Tell whether a value is made of words, and of numbers as they stand in names."""
    return not _SIGNS_OF_NO_NAME.search(value) and all(map(_in_a_name, SEGMENT.findall(value)))


def _in_a_name(segment: str) -> bool:
    if segment.isdigit():
        return len(segment) <= 3 or _YEAR_OR_DAY.fullmatch(segment) is not None
    if NUMBERED.fullmatch(segment):
        return True
    runs = _RUN.findall(segment)
    turns = any(one.isdigit() and not two.isdigit() for one, two in pairwise(runs))
    words = all(run.isdigit() or _like_word(run) for run in runs)
    return words and not turns and sum(map(str.isdigit, segment)) < 3 and not random_like(segment)


def mixed(value: str) -> bool:
    """Tell whether a value has letters and digits."""
    return any(map(str.isalpha, value)) and any(map(str.isdigit, value))
