"""Cues: words that only a person, or a person above all, stands behind.

A text is asked for its last few words, which are looked up: that costs the same whatever the text
and the lists are.
"""

from __future__ import annotations

from quantapilot.patterns import lazy

_REACH = 56
_LONGEST = 4
# Between the words of a cue, and between a cue and what stands behind it.
_INSIDE = lazy(r"[ _-]")
_BEHIND = " \t\n:=\"'«@—-"
_GAP = 6

_DONE = [
    "abort",
    "accept",
    "acknowledg",
    "approv",
    "ask",
    "assign",
    "author",
    "block",
    "call",
    "cancel",
    "cancell",
    "chang",
    "check",
    "clos",
    "comment",
    "commit",
    "complet",
    "confirm",
    "creat",
    "declin",
    "delegat",
    "deploy",
    "edit",
    "escalat",
    "execut",
    "fix",
    "flagg",
    "grant",
    "handl",
    "hir",
    "initiat",
    "investigat",
    "invit",
    "lock",
    "maintain",
    "manag",
    "mention",
    "merg",
    "open",
    "own",
    "paus",
    "post",
    "prepar",
    "promis",
    "propos",
    "queu",
    "rais",
    "reject",
    "releas",
    "report",
    "request",
    "resolv",
    "resum",
    "review",
    "revok",
    "schedul",
    "sign",
    "start",
    "stopp",
    "submit",
    "submitt",
    "supervis",
    "test",
    "trigger",
    "unblock",
    "unlock",
    "updat",
    "upload",
    "validat",
]
_DONE_OTHERWISE = [
    "acked",
    "done",
    "led",
    "made",
    "overridden",
    "overruled",
    "paged",
    "retried",
    "reverted",
    "run",
    "sent",
    "taken",
    "verified",
    "written",
]
_SINGLE = [
    "approver",
    "assignee",
    "attn",
    "author",
    "bearbeiter",
    "bearbeiterin",
    "ansprechpartner",
    "ansprechpartnerin",
    "committer",
    "contact",
    "customer",
    "employee",
    "maintainer",
    "operator",
    "patient",
    "reporter",
    "requester",
    "requestor",
    "reviewer",
]
_PHRASES = """
    assigned to|reassigned to|assign to|assign it to|assign this to|assigning to|on behalf of
    contact person|reach out to|handed over to|handed off to|handover to|escalated to|delegated to
    transferred to|routed to|forwarded to|signed off by|co authored by|on call|engineer on duty
    waiting for|waiting on|according to|spoke with|spoke to|name of user|full name
    user name|operator name|customer name|author name|reviewer name|owner name|contact name
    employee name|patient name|person name|display name|thanks to|kudos to|credit to|credits to
    genehmigt von|geprüft von|freigegeben von|erstellt von|gemeldet von|beantragt von
    zugewiesen an|übergeben an|im auftrag von|approuvé par|validé par|relu par|créé par|demandé par
    signalé par|rejeté par|assigné à|attribué à|confié à|au nom de|aprobado por|revisado por
    solicitado por|creado por|rechazado por|asignado a|en nombre de|aprovado por|criado por
    atribuído a|approvato da|richiesto da|creato da|revisionato da|assegnato a
    zatwierdzone przez|zatwierdzony przez|przypisano do
""".replace("\n", "|").split("|")
_SAID = (
    "approval review sign-off feedback comment comments reply response request message mail call"
)
_STRONG = frozenset(
    [f"{stem}ed by" for stem in _DONE]
    + [f"{word} by" for word in _DONE_OTHERWISE]
    + [f"{word} {link}" for word in _SAID.split() for link in ("from", "by", "of")]
    + _SINGLE
    + [phrase.strip() for phrase in _PHRASES if phrase.strip()]
)
_ADDRESSED = frozenset(
    [
        "cc",
        "ping",
        "pinged",
        "pinging",
        "hi",
        "hello",
        "hey",
        "dear",
        "thanks",
        "thx",
        "ty",
        "ask",
        "asked",
        "asking",
        "tell",
        "told",
        "notify",
        "notified",
        "call",
        "called",
        "calling",
        "invited",
        "invite",
        "cheers",
        "welcome",
        "bye",
        "sorry",
    ]
) | {"thank you", "thanks to", "kudos to", "credit to", "credits to"}
_USER = frozenset({"user", "username", "login", "logged in as", "sudo u", "as user"})
# Names that break-in attempts try out are nobody's.
_TRIED_OUT = frozenset({"invalid user", "illegal user", "unknown user"})
_PREPOSITIONS = frozenset({"by", "from", "with", "for", "and", "via", "per", "told", "to"})
_CYRILLIC = (
    "утвержд",
    "утверд",
    "одобр",
    "согласова",
    "провер",
    "отклон",
    "подпис",
    "затверд",
    "схвал",
    "перевір",
    "відхил",
    "погод",
    "назначен",
    "призначен",
    "исполнител",
    "виконав",
    "ответственн",
    "відповідальн",
    "автор",
    "рецензент",
    "ревьюер",
    "оператор",
    "передан",
    "запро",
    "контакт",
    "клиент",
    "клієнт",
    "заказчик",
    "замовник",
    "пользовател",
    "користувач",
    "спасибо",
    "дякую",
    "привет",
    "привіт",
    "господин",
    "имени",
    "імені",
)
_CYRILLIC_SHORT = frozenset({"г-н", "г-жа", "пан", "пані", "пана", "пану", "жа", "н"})
_CYRILLIC_LINKS = frozenset({"на", "от", "від"})


def last_words(before: str) -> list[str]:
    """Return the last words of a text in lower case, as far as nothing else stands between them."""
    tail = before[-_REACH:]
    said = tail.rstrip(_BEHIND)
    if len(tail) - len(said) > _GAP:
        return []
    out: list[str] = []
    for word in reversed(_INSIDE.split(said.lower())[-_LONGEST:]):
        if not word.isalpha():
            # `(by`, `noon.by`: the word begins behind what is none of it.
            if not out and (rest := _ENDING.search(word)):
                out.append(rest[0])
            break
        out.append(word)
    return out[::-1]


_ENDING = lazy(r"[^\W\d_]+\Z")


def _ends_in(words: list[str], cues: frozenset[str]) -> bool:
    return any(" ".join(words[at:]) in cues for at in range(len(words)))


def is_strong(words: list[str]) -> bool:
    """Tell whether words end in a cue that hardly anything but a person follows."""
    return _ends_in(words, _STRONG) or is_cyrillic(words)


def is_addressed(words: list[str], before: str) -> bool:
    """Tell whether words end in one that speaks to or of somebody, or the text in an at sign."""
    if before[-1:] == "@":
        return not before[-2:-1].isalnum() and before[-2:-1] != "."
    return _ends_in(words, _ADDRESSED)


def is_user(words: list[str]) -> bool:
    """Tell whether words end in one that a login follows."""
    return _ends_in(words, _USER) and not is_tried_out(words)


def is_tried_out(words: list[str]) -> bool:
    """Tell whether words end in some that only a made-up login follows."""
    return _ends_in(words, _TRIED_OUT)


def is_preposition(words: list[str], before: str) -> bool:
    """Tell whether words end in a preposition that people are named behind."""
    return before[-1:] == " " and bool(words) and words[-1] in _PREPOSITIONS


def is_cyrillic(words: list[str]) -> bool:
    """Tell whether words end in a Russian or Ukrainian cue."""
    if words and words[-1] in _CYRILLIC_LINKS:
        words = words[:-1]
    return bool(words) and (words[-1].startswith(_CYRILLIC) or words[-1] in _CYRILLIC_SHORT)
