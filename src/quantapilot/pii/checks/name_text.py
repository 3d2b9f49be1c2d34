"""Names in running text: a listed given name that goes on as one, or stands for a person alone."""

from __future__ import annotations

import re
from itertools import islice, pairwise

from quantapilot.patterns import lazy
from quantapilot.pii import cues
from quantapilot.pii.candidate import Candidate, word_list
from quantapilot.pii.persons import (
    CERTAIN,
    LIKELY,
    LONGEST,
    MOST_WORDS,
    NONE,
    PARTICLES,
    WORD,
    can_be_surname,
    given,
    is_cyrillic,
    is_initial,
    is_patronymic,
    is_term,
    is_thing,
    surname,
)


def is_person(words: list[str]) -> bool:
    """Tell whether capitalised words begin with a given name and a surname, either one first."""
    if is_thing(words):
        return False
    first, rest = given(words[0]), words[1:]
    while rest and (is_initial(rest[0]) or rest[0].lower() in PARTICLES or is_patronymic(rest[0])):
        if is_patronymic(rest[0]) and first:
            return True
        rest = rest[1:]
    between = len(words) - 1 - len(rest)
    if not rest:
        # `Alice S.`, but not the particle or the point behind a name.
        return first == CERTAIN and between > 0 and is_initial(words[1])
    last = rest[0]
    if not first:
        return surname(words[0]) == CERTAIN and between == 0 and given(last) == CERTAIN
    return _goes_on(words[0], last, between) or _is_person_behind(last, rest)


def _goes_on(name: str, last: str, between: int) -> bool:
    """Tell whether a word can be the surname behind a given name and what stands between them."""
    family = sure_family(last)
    if given(name) == CERTAIN:
        return family > NONE or can_be_surname(last) or ("-" in name and surname(last) > NONE)
    return family == CERTAIN or (between > 0 and family > NONE)


def sure_family(word: str) -> int:
    """Return how sure a word is to be a surname; a term is none."""
    return NONE if is_term(word) else surname(word)


def _is_person_behind(middle: str, rest: list[str]) -> bool:
    """Tell whether a second given name and a surname follow: `Jean Claude Dupont`."""
    return (
        len(rest) > 1 and given(middle) > NONE and not is_term(middle) and sure_family(rest[1]) > 0
    )


_SAINT = lazy(
    r"(?:\b(?:St|Ste)\.|\b(?:San|Santa|Santo|São|Saint|Sainte|Sankt|Fort|Port|Mount|Mt\.|Lake|Cape|New"
    r"|Los|Las|Camp|Point|Villa|Hotel|Operation|Project|Cyclone|Hurricane|Storm|Ship|USS|HMS|MV"
    r"|King|Queen|Prince|Princess|Pope)|[Cc]odename[d]?:?)[ -]\Z"
)


def listed_name(candidate: Candidate) -> bool:
    """Accept a listed given name that goes on as a name, or that only a person can stand for."""
    text, start = candidate.text, candidate.start
    end = min(len(text), start + LONGEST)
    shown = list(islice(WORD.finditer(text, start, end), MOST_WORDS))
    if not shown or shown[0].start() != start or not any(map(_may_be_name, shown[:2])):
        return False
    return any(_named_at(text, shown, at) for at in range(min(2, len(shown))))


def _may_be_name(shown: re.Match[str]) -> bool:
    """Tell whether a word may be a given name, alone or joined to what follows it."""
    word = shown[0].rstrip(".")
    if given(word) or given(_POSSESSED.sub("", word)):
        return True
    if word.isalpha() and (word.islower() or word[1:].islower() or word.isupper()):
        return False
    joined = _JOINED.match(word)
    return joined is not None and given(joined[0]) == CERTAIN


_JOINED = lazy(r"[^\W\d_][^\W\d_A-Z]*")


def _named_at(text: str, shown: list[re.Match[str]], at: int) -> bool:
    """Tell whether the name of somebody begins at a word; the word before it may belong to it."""
    if at and not (_may_lead(shown[0][0]) and _joins(text, shown[0], shown[1])):
        return False
    here = shown[at]
    # What is cheap to ask is asked first.
    return (
        (_spaced_name(text, shown, at) or _slug(text, here.start()) or _alone(text, here))
        and not _SAINT.search(text[max(0, here.start() - 12) : here.start()])
        and not is_in_address(text, here.start(), here.end())
    )


def _spaced_name(text: str, shown: list[re.Match[str]], at: int) -> bool:
    """Tell whether words with nothing but spaces between them are a full name."""
    word = _POSSESSED.sub("", shown[at][0])
    if not given(word.rstrip(".")):
        return False
    words = _run(text, shown[at:])
    if not word[0].isupper():
        return len(words) > 1 and not is_cyrillic(word) and _lower_person(words)
    if _NAMED_AFTER.match(text, shown[at].start()):
        return False
    if len(words) > 1 and is_person(words) and not _names_a_thing(words):
        return True
    return at > 0 and _surname_first(text, shown[0], word)


_POSSESSED = lazy(r"['’]s?\Z")


def _may_lead(word: str) -> bool:
    """Tell whether a word may be a surname ahead of a given name, as the rule's pattern asks."""
    return 1 < len(word) <= 25 and not word[0].islower() and word[-1] != "."


def _joins(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    return text[first.end() : second.start()] in {" ", ", ", ",", "  "}


def _run(text: str, shown: list[re.Match[str]]) -> list[str]:
    """Return the words that go on with nothing but spaces, capitalised as the first is."""
    capital = shown[0][0][:1].isupper()
    out = [shown[0][0].rstrip(".")]
    for before, each in pairwise(shown):
        gap = text[before.end() : each.start()]
        if gap not in {" ", "  ", "\t", "\xa0"} or (before[0].endswith(".") and len(before[0]) > 2):
            break
        word = each[0]
        if each.end() < len(text) and text[each.end()] in "_0123456789":
            break
        if capital and not word[0].isupper() and word.lower() not in PARTICLES:
            break
        out.append(word if is_initial(word) else word.rstrip("."))
    while len(out) > 1 and out[-1].lower() in PARTICLES and out[-1][:1].islower():
        out.pop()
    return out


_NAMED_AFTER = lazy(
    r"[^\W\d_]+(?:[ –-][A-Z][^\W\d_]+){0,2}(?:['’]s)? (?:algorithm|theorem|lemma"
    r"|transform|divergence"
    r"|distance|similarity|inequality|conjecture|distribution|shuffle|hashing|heuristic|paradox"
    r"|encoding|effect|law|equation|coefficient|sampling|smoothing|decomposition|factori[sz]ation"
    r"|iteration|polynomials?|numbers?|codes?|trees?|automat\w+|machine|process|estimator|cipher"
    r"|signatures?|notation|diagrams?|test|criterion|kernel|matrix|series|norm|bound|filter)\b"
)


def _names_a_thing(words: list[str]) -> bool:
    """Tell whether a name goes on as what is called after it: `Ada Lovelace Award`."""
    behind = [word for word in words[2:4] if not is_initial(word)]
    return any(word[0].isupper() and is_term(word) and not word.isupper() for word in behind) or (
        bool(behind) and behind[0].isupper() and is_term(behind[0]) and not words[0].isupper()
    )


def _lower_person(words: list[str]) -> bool:
    if not words[0].islower() or given(words[0]) != CERTAIN:
        return False
    rest = [word for word in words[1:3] if word not in PARTICLES]
    return bool(rest) and sure_family(rest[0]) > NONE


# What goes on as a list of several: `Florence, Sofia and Victoria`.
_ENUMERATED = lazy(r",? (?:and|or|und|oder|et|ou|y|o|e|i|и|та|&) [^\W\d_a-z]|, [^\W\d_a-z]")


def _surname_first(text: str, first: re.Match[str], word: str) -> bool:
    """Tell whether a surname and perhaps a comma stand before a given name."""
    family = first[0]
    if not family[0].isupper() or is_term(family) or is_thing((family, word)):
        return False
    if "," in text[first.end() : first.end() + 1]:
        if _ENUMERATED.match(text, first.end() + text[first.end() :].index(word) + len(word)):
            return False
        sure = given(word) == CERTAIN
        return (sure and can_be_surname(family)) or surname(family) == CERTAIN
    return given(word) == CERTAIN and surname(family) == CERTAIN


_URL = lazy(r"(?:[a-z][a-z0-9+.]{1,12}://|\bgit@|\bwww\.)\S*\Z", re.IGNORECASE)
_PEOPLE_PATH = lazy(
    r"(?:/(?:users?|people|profiles?|members?|authors?|in|u|~|team|staff|employees?|contacts?)/"
    r"|/~|[?&][\w.-]*(?:name|user|author|owner|login|assignee|reviewer|by|contact)=)\S{0,24}\Z",
    re.IGNORECASE,
)


_AT_BEHIND = lazy(
    r"[\w.+-]*[\u200b-\u200f\u2060\ufeff\u00ad]*"
    r"(?:[@＠﹫]|%(?:25)?40|&#(?:64|x40);|\s?[\[({]\s?at\s?[\])}])[\w\s\u200b-\u200f-]",
    re.IGNORECASE,
)


def is_in_address(text: str, start: int, end: int) -> bool:
    """Tell whether a word belongs to an e-mail address, which has rules of its own, or to a URL."""
    if _AT_BEHIND.match(text, end, end + 64):
        return True
    before = text[max(0, start - 200) : start]
    if not before or before[-1].isspace():
        return False
    glued = before.split()[-1]
    if _AT_BEFORE.search(glued):
        return True
    return _URL.search(glued) is not None and _PEOPLE_PATH.search(glued) is None


_AT_BEFORE = lazy(r"\w@[\w.-]*\Z")
_SLUG = lazy(r"([^\W\d_]+)(?:[._+-]|%20)([^\W\d_]+)(?![^\W\d_])")
_CAMEL = lazy(r"([A-Z]?[a-zß-öø-ÿ]+)([A-Z][a-zß-öø-ÿ]+)(?![a-zß-öø-ÿ])")
_STREET = lazy(r"-(?:Allee|Stra(?:ß|ss)e|Str|Platz|Weg|Ring|Ufer|Damm|Gasse)\b")
_FILE_ENDING = lazy(r"\.[A-Za-z0-9]{1,5}\Z")


def _slug(text: str, start: int) -> bool:
    """Tell whether a given name and a listed surname stand joined: `alice-smith`, `AliceSmith`."""
    for shape in (_SLUG, _CAMEL):
        found = shape.match(text, start)
        if not found or given(found[1]) != CERTAIN:
            continue
        family = found[2]
        if text[found.end(1) : found.start(2)] == "." and _domain(text, found.end()):
            continue
        if is_thing((found[1], family)) or _STREET.match(text, found.end()):
            continue
        if sure_family(family) > NONE and given(family) * surname(family) != LIKELY:
            return True
    return False


def _domain(text: str, end: int) -> bool:
    return re.match(r"\.[a-z]{2,}|:\d|/", text[end : end + 8]) is not None


# A given name by itself.

_VERB = lazy(
    r"['’]?,?\s(?:(?:has|have|had|is|was|will|would|should|can|could|did|does|just|also|already|then"
    r"|again|never|manually|now|later|finally|not|been|being|to|be) ){0,3}(?:"
    r"approv(?:ed|es|e|ing)|reject(?:ed|s|ing)?|comment(?:ed|s|ing)?|merg(?:ed|es|e|ing)"
    r"|push(?:ed|es|ing)|request(?:ed|s)|join(?:ed|s|ing)|left|leav(?:es|ing)|says?|said|ask(?:ed|s|ing)?"
    r"|call(?:ed|s)|wrote|writes|needs|wants|wanted|thinks|thought|agrees|agreed|declined|confirm(?:ed|s)?"
    r"|sign(?:ed|s)?[ -](?:off|in|out)|signed|review(?:ed|s|ing)?"
    r"|(?:re)?opened|closed|resolved|removed|changed"
    r"|paused|resumed|cancell?ed|started|stopped|triggered|deployed|reverted|replied|responded"
    r"|answered|noted|mentioned|reported|log(?:ged|s) (?:in|out|on)|fix(?:ed|es)?|broke"
    r"|forgot|took|gave"
    r"|accepted|invited|escalated|acknowledged|acked|retried|overrode|overruled|owns|lives|clicked|typed"
    r"|entered|submitted|uploaded|downloaded|assigned|created|deleted|updated|added|complained|decided"
    r"|thanked|works on|is (?:on|away|out|the|our|waiting|back)"
    r"|was (?:here|out|away|assigned|asked|paged|notified)"
    r"|will (?:fix|review|approve|call|take|look|check|be|do|handle|answer|reply|merge)"
    r"|must (?:approve|review|sign|confirm)|please)\b"
)
_POSSESSIVE = lazy(
    r"['’]s (?!law|theorem|algorithm|principle|paradox|method|inequality|constant)[a-z]{2,}"
)
_VOCATIVE = lazy(
    r"(?:,|:) (?:please|can you|could you|would you|thanks|thank you"
    r"|your|you|the run|the gate|we|i)\b"
    r"|, (?:wie|könnten|können|bitte|merci|gracias|por favor)\b",
    re.IGNORECASE,
)


def _alone(text: str, shown: re.Match[str]) -> bool:
    """Tell whether a given name without a surname stands for somebody by what is around it."""
    word = _POSSESSED.sub("", shown[0].rstrip("."))
    if given(word) != CERTAIN or is_term(word) or word.lower() in word_list("service_accounts"):
        return False
    end = shown.start() + len(word)
    before, after = text[max(0, shown.start() - 60) : shown.start()], text[end : end + 48]
    if after[:1] in {"_", "/", "\\", "-"} or _NAMED_AFTER.match(text, shown.start()):
        return False
    said = cues.last_words(before)
    if is_cyrillic(word):
        return word[0].isupper() and cues.is_cyrillic(said)
    if cues.is_strong(said) or cues.is_addressed(said, before) or cues.is_user(said):
        return not re.match(r"[\d]|\.\w", after)
    if word.islower():
        return _VERB_STRONG.match(after) is not None
    return _VERB.match(after) is not None or (
        not word.isupper() and _spoken_of(said, before, after)
    )


def _spoken_of(said: list[str], before: str, after: str) -> bool:
    """Tell whether somebody is spoken to or of, or something is called somebody's."""
    if _POSSESSIVE.match(after) or (not before.strip() and _VOCATIVE.match(after)):
        return True
    return cues.is_preposition(said, before) and _ends_there(after)


_VERB_STRONG = lazy(
    r" (?:approved|rejected|commented|merged|pushed|requested|joined|logged|said|asked|signed"
    r"|replied)\b"
)


def _ends_there(after: str) -> bool:
    """Tell whether a clause goes on or ends behind a word, as it would behind a person's name."""
    return re.match(r"(?:[.,;:!?)]?\s|[.,;:!?)]?\Z)(?![A-Z0-9])", after) is not None
