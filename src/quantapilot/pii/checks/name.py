"""What makes a person's name of some words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice, pairwise

from quantapilot.pii import cues
from quantapilot.pii.candidate import Candidate, Check, is_placeholder, word_list
from quantapilot.pii.persons import (
    CERTAIN,
    LIKELY,
    NONE,
    PARTICLES,
    can_be_surname,
    given,
    is_cyrillic,
    is_initial,
    is_patronymic,
    is_term,
    is_thing,
    is_word,
    surname,
)

_PART = r"[^\W\d_]+(?:['’‐-][^\W\d_]+)*\.?"
_WORD = re.compile(_PART)
_NAME = re.compile(rf"{_PART}(?:,?\s{{1,3}}{_PART}){{0,6}}")
_LONGEST = 80
_MOST_WORDS = 8


# Full names.


def _is_person(words: list[str]) -> bool:
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
    family = _family(last)
    if given(name) == CERTAIN:
        return family > NONE or can_be_surname(last) or ("-" in name and surname(last) > NONE)
    return family == CERTAIN or (between > 0 and family > NONE)


def _family(word: str) -> int:
    return NONE if is_term(word) else surname(word)


def _is_person_behind(middle: str, rest: list[str]) -> bool:
    """Tell whether a second given name and a surname follow: `Jean Claude Dupont`."""
    return len(rest) > 1 and given(middle) > NONE and not is_term(middle) and _family(rest[1]) > 0


_SAINT = re.compile(
    r"(?:\b(?:St|Ste)\.|\b(?:San|Santa|Santo|São|Saint|Sainte|Sankt|Fort|Port|Mount|Mt\.|Lake|Cape|New"
    r"|Los|Las|Camp|Point|Villa|Hotel|Operation|Project|Cyclone|Hurricane|Storm|Ship|USS|HMS|MV"
    r"|King|Queen|Prince|Princess|Pope)|[Cc]odename[d]?:?)[ -]\Z"
)


def listed_name(candidate: Candidate) -> bool:
    """Accept a listed given name that goes on as a name, or that only a person can stand for."""
    text, start = candidate.text, candidate.start
    end = min(len(text), start + _LONGEST)
    shown = list(islice(_WORD.finditer(text, start, end), _MOST_WORDS))
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


_JOINED = re.compile(r"[^\W\d_][^\W\d_A-Z]*")


def _named_at(text: str, shown: list[re.Match[str]], at: int) -> bool:
    """Tell whether the name of somebody begins at a word; the word before it may belong to it."""
    if at and not _joins(text, shown[0], shown[1]):
        return False
    here = shown[at]
    # What is cheap to ask is asked first.
    return (
        (_spaced_name(text, shown, at) or _slug(text, here.start()) or _alone(text, here))
        and not _SAINT.search(text[max(0, here.start() - 12) : here.start()])
        and not _in_address(text, here.start(), here.end())
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
    if len(words) > 1 and _is_person(words) and not _names_a_thing(words):
        return True
    return at > 0 and _surname_first(text, shown[0], word)


_POSSESSED = re.compile(r"['’]s?\Z")


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


_NAMED_AFTER = re.compile(
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
    return bool(rest) and _family(rest[0]) > NONE


# What goes on as a list of several: `Florence, Sofia and Victoria`.
_ENUMERATED = re.compile(r",? (?:and|or|und|oder|et|ou|y|o|e|i|и|та|&) [^\W\d_a-z]|, [^\W\d_a-z]")


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


_URL = re.compile(r"(?:[a-z][a-z0-9+.]{1,12}://|\bgit@|\bwww\.)\S*\Z", re.IGNORECASE)
_PEOPLE_PATH = re.compile(
    r"(?:/(?:users?|people|profiles?|members?|authors?|in|u|~|team|staff|employees?|contacts?)/"
    r"|/~|[?&][\w.-]*(?:name|user|author|owner|login|assignee|reviewer|by|contact)=)\S{0,24}\Z",
    re.IGNORECASE,
)


_AT_BEHIND = re.compile(
    r"[\w.+-]*[\u200b-\u200f\u2060\ufeff\u00ad]*"
    r"(?:[@＠﹫]|%(?:25)?40|&#(?:64|x40);|\s?[\[({]\s?at\s?[\])}])[\w\s\u200b-\u200f-]",
    re.IGNORECASE,
)


def _in_address(text: str, start: int, end: int) -> bool:
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


_AT_BEFORE = re.compile(r"\w@[\w.-]*\Z")
_SLUG = re.compile(r"([^\W\d_]+)(?:[._+-]|%20)([^\W\d_]+)(?![^\W\d_])")
_CAMEL = re.compile(r"([A-Z]?[a-zß-öø-ÿ]+)([A-Z][a-zß-öø-ÿ]+)(?![a-zß-öø-ÿ])")
_FILE_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")


def _slug(text: str, start: int) -> bool:
    """Tell whether a given name and a listed surname stand joined: `alice-smith`, `AliceSmith`."""
    for shape in (_SLUG, _CAMEL):
        found = shape.match(text, start)
        if not found or given(found[1]) != CERTAIN:
            continue
        family = found[2]
        if text[found.end(1) : found.start(2)] == "." and _domain(text, found.end()):
            continue
        if _family(family) > NONE and given(family) * surname(family) != LIKELY:
            return True
    return False


def _domain(text: str, end: int) -> bool:
    return re.match(r"\.[a-z]{2,}|:\d|/", text[end : end + 8]) is not None


# A given name by itself.

_VERB = re.compile(
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
_POSSESSIVE = re.compile(
    r"['’]s (?!law|theorem|algorithm|principle|paradox|method|inequality|constant)[a-z]{2,}"
)
_VOCATIVE = re.compile(
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


_VERB_STRONG = re.compile(
    r" (?:approved|rejected|commented|merged|pushed|requested|joined|logged|said|asked|signed"
    r"|replied)\b"
)


def _ends_there(after: str) -> bool:
    """Tell whether a clause goes on or ends behind a word, as it would behind a person's name."""
    return re.match(r"(?:[.,;:!?)]?\s|[.,;:!?)]?\Z)(?![A-Z0-9])", after) is not None


# Behind a cue.


def cued_name(candidate: Candidate) -> bool:
    """Accept words behind a cue that can be a name, the more the stronger the cue is."""
    shown = [found[0] for found in _WORD.finditer(candidate.value)]
    if not shown or _identifier(candidate.value) or re.match(r"[\w@]", candidate.after(1)):
        return False
    words = [word if is_initial(word) else word.rstrip(".") for word in shown]
    if len(words) > 1 and _is_person(words):
        return True
    if any(word.endswith(("'s", "’s")) for word in words[:2]) or is_thing(words):
        return False
    return _cued(words, candidate.before(60)) and not _in_address(
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
    if _caseless(words[0]):
        return not _is_eastern_role("".join(words))
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
    first = _WORD.match(candidate.value)
    if first is None or re.match(r"[\w-]", candidate.after(1)) or _identifier(candidate.value):
        return False
    word = first[0].rstrip(".")
    return not is_term(word) and (surname(word) > NONE or given(word) > NONE or not is_word(word))


def initialled_name(candidate: Candidate) -> bool:
    """Accept Cyrillic initials and a surname, either one first."""
    words = [found[0] for found in _WORD.finditer(candidate.value)]
    family = max(words, key=len)
    before = candidate.before(60)
    initials = len(re.findall(r"[А-ЯЁІЇЄҐ]\.", candidate.value))
    if is_term(family):
        return False
    return initials > 1 or surname(family) == CERTAIN or cues.is_cyrillic(cues.last_words(before))


_EASTERN = (
    "系统机器自动管理员匿名用户团队部门平台服务组账号未知无空审批流水线"
    "システム管理者担当自動未設定なし시스템관리자자동없음"
)


def eastern_name(candidate: Candidate) -> bool:
    """Accept Chinese, Japanese or Korean letters that are no role."""
    return not _is_eastern_role(candidate.value)


def _is_eastern_role(value: str) -> bool:
    return any(pair in _EASTERN for pair in _pairs(value))


def _caseless(word: str) -> bool:
    return not word.isascii() and word.lower() == word.upper() and len(word) > 1


def _pairs(value: str) -> list[str]:
    return [value[at : at + 2] for at in range(len(value) - 1)] or [value]


# In a field of its own.

_TITLE = re.compile(
    r"(?:(?:mr|mrs|ms|mx|miss|dr|prof|professor|sir|herr|frau|mme|m|sr|sra|don|dipl|ing|rev)\.?\s+)+",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?:,?\s+(?:jr|sr|ii|iii|iv|ph\.?d|m\.?d|esq|msc|bsc|mba|dds)\.?"
    r"|\s*[(<\[][^()<>\[\]]*[)>\]]?|\s+via\s.*|\s+-\s.*|\s+@\S*)+\Z",
    re.IGNORECASE,
)
_BETWEEN_PEOPLE = re.compile(r"\s*[;/|&+]\s*|\s+(?:and|und|et|y|e|и|та|і)\s+|\s*,\s*(?:and\s+)?")
_OPAQUE_ID = re.compile(
    r"[0-9A-Fa-f-]{16,}|(?:usr|user|uid|id|acc|acct|op|emp|cus|cust|org|team|member)[_-]\w*\d\w*"
)
_LOGIN = re.compile(r"[\w.@\\+-]{2,64}")


def _identifier(value: str) -> bool:
    return any(char.isdigit() or char == "_" for char in value)


def person_name(candidate: Candidate) -> bool:
    """Accept what can be somebody's name, in any case and script, and is no role or product."""
    return _person_value(candidate, unlisted=True)


def listed_person(candidate: Candidate) -> bool:
    """Accept what must be somebody's name, since a company may stand in the field as well."""
    return _person_value(candidate, unlisted=False)


_GOES_ON = re.compile(r" [^\W\d_a-z]")


def _person_value(candidate: Candidate, *, unlisted: bool) -> bool:
    value = candidate.value.strip().strip("\"'").lstrip("@").strip()
    if not candidate.whole and candidate.before(2).strip("\"'")[-1:] not in "=:":
        unlisted = False
    if not value or len(value) > 2 * _LONGEST or is_placeholder(value):
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
    if not value or len(value) > _LONGEST or not _NAME.fullmatch(value):
        return False
    words = [found[0] for found in _WORD.finditer(value)]
    names = [word.rstrip(".") for word in words if len(word.rstrip(".")) > 1]
    if not names:
        return False
    if all(map(_caseless, names)):
        return not _is_eastern_role(value)
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
        return given(parts[0]) == CERTAIN and _family(parts[-1]) > NONE
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
    if len(value) > _LONGEST or not _NAME.fullmatch(value) or len(value) < 2:
        return False
    words = [word.strip(".,'’") for word in value.split()]
    if any(given(word) == CERTAIN or surname(word) == CERTAIN for word in words):
        return True
    if value.lower() in word_list("status_words"):
        return False
    return candidate.whole or not any(map(is_term, words))


# Logins.

_MACHINE = re.compile(
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


_BRANCH_USER = re.compile(r"[._-]|\d{1,4}\Z")


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


# Home folders.

_REQUEST_LINE = re.compile(
    r"(?:\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s\S{0,40}|\bhttps?://\S{0,60}"
    r"|\b(?:route|url|uri|endpoint|href|page|link)[\"']?\s?[:=]\s?[\"']?)\Z",
    re.IGNORECASE,
)
_PAGE = re.compile(r"\.(?:html?|php|jsp|aspx?|js|css|json|svg|png|ico)\Z", re.IGNORECASE)
_OF_ALL = re.compile(r"(?:all|default|public|shared)\b", re.IGNORECASE)
_VARIABLE = re.compile(
    r"(?:user|username|name|login|your|me|my|someone|xxx|foo|bar|example|test)[\w-]*"
)


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


CHECKS: dict[str, Check] = {
    "branch_owner": branch_owner,
    "cued_name": cued_name,
    "eastern_name": eastern_name,
    "home_owner": home_owner,
    "initialled_name": initialled_name,
    "listed_name": listed_name,
    "listed_person": listed_person,
    "login": login,
    "machine_of": machine_of,
    "mentioned_login": mentioned_login,
    "person_name": person_name,
    "person_name_part": person_name_part,
    "personal_login": personal_login,
    "tilde_owner": tilde_owner,
    "titled_name": titled_name,
}
