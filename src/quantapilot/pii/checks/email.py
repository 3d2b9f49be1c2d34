"""What makes an address of something that looks like one."""

from __future__ import annotations

import re

from quantapilot.patterns import lazy
from quantapilot.pii.candidate import Candidate, Check, word_list

# Top-level domains that are rather a unit of systemd, a file, or a member of an object.
_NO_DOMAINS = frozenset({"map", "mov", "target", "zip"})
_FILES = frozenset({"cc", "md", "mk", "pl", "ps", "py", "rs", "sh", "so"})
# Top-level domains that are words of programs, behind a number or the hash of an object.
_WORDS = frozenset(
    {"ai", "app", "build", "call", "data", "dev", "id", "info", "link", "next", "run"}
)
_NUMBER = lazy(r"\d+|(?=\w*\d)[0-9a-f]{6,16}")
_UNITS = frozenset(
    "automount device mount path scope service slice socket swap target timer".split()  # noqa: SIM905
)
# What an address ends in when more stands behind it: `alice@example.com.json`.
_STRONG = frozenset({"com", "edu", "example", "gov", "net", "org"})
# A word that begins right behind: `alice@example.comThen`.
_GLUED = lazy(r"(?:(?<=\.com)|(?<=\.org)|(?<=\.net)|(?<=\.edu)|(?<=\.[a-z]{2}))[A-Z]\w*\Z")
_INTERNAL = frozenset(
    "cluster corp home internal intranet lan local localdomain private svc".split()  # noqa: SIM905
)
# Programs that name their nodes like addresses, and users of a URL that are no person.
_NODES = frozenset({"celery", "couchdb", "ejabberd", "emqx", "rabbit", "rabbitmq", "riak"})
_MACHINES = frozenset(
    "anonymous apikey key oauth2 public secret svn token user username x-access-token"  # noqa: SIM905
    " x-oauth-basic x-token-auth".split()
)
_MASKED = frozenset({"hidden", "masked", "redacted", "removed", "xxx", "xxxx", "xxxxx"})
_MASK_BEFORE = frozenset("*•…#$%")
_DATABASE = lazy(
    r"(?:amqps?|mongodb(?:\+srv)?|mssql|mysql|oracle|postgres(?:ql)?|rediss?|sqlserver|jdbc:\w+)"
    r"(?:\+\w+)?://\S*\Z",
    re.IGNORECASE,
)
_LOGIN_OF_URL = lazy(r"//[^\s/@]*\Z")
_SCP_PATH = lazy(r":(?!\d+(?:\D|\Z))(?:~|[\w.-]*/|[\w./~-]+\.git\b)")
_GIT_PATH = lazy(r"(?::\d+)?/[\w./~-]+\.git\b")
_REMOTE_SHELL = lazy(r"\b(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id|sshpass)\b[^|;&]{0,60}\Z")
_NUMBERED_HOST = lazy(r"(?:[a-z]+-?)+\d+|ip-[\d-]+|ec2-[\d-]+")
_VERSION = lazy(r"v?\d+(?:\.\d+)+(?:\.|\Z)|v\d+\.[a-z]+\Z|\d{1,2}x\.|latest\.|main\.|master\.")
_MESSAGE_ID = lazy(
    r"(?:(?:message|msg|content|call|event)[ _-]?id|in[ _-]reply[ _-]to|references)\W{1,6}\Z",
    re.IGNORECASE,
)
# Where `name@version` follows: a repository, a registry, an action.
_PINNED = lazy(
    r"(?:\bgit\+\S*|\b(?:git(?:hub|lab)\.com|bitbucket\.org|golang\.org|gopkg\.in|pkg\.go\.dev"
    r"|npmjs\.(?:com|org)|jsdelivr\.net|unpkg\.com|esm\.sh)/\S+|\buses:\s*\S*|\bpkg:\w+/\S*)/\Z"
)
_MADE_BY_MACHINE = lazy(
    r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[0-9A-Fa-f]{24,}"
    r"|\d{6,}[._-][\w.-]*\d{2,}[\w.-]*|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+=-]{32,}"
)
# Where letters and digits take turns.
_TURNS = lazy(r"(?<=\d)[A-Za-z]|(?<=[A-Za-z])\d")
_AT = lazy(
    r"(?P<at>\s*(?:[\[({<]\s?(?:at|@|ät|arroba|klammeraffe)\s?[\])}>]|[_-]at[_-]|\bat\b|@|=40)\s*)",
    re.IGNORECASE,
)
_DOT = lazy(
    r"\s*(?:[\[({<]\s?(?:dot|punkt|point|punto|\.)\s?[\])}>]|[_-]dot[_-]|\s(?:dot|punkt|punto)\s|\.)\s*",
    re.IGNORECASE,
)
_MAIL_CUE = lazy(
    r"\b(?:e-?mail\w*|mail\w*|contact\w*|address\w*|write|reach|ask|ping|cc|from|send|sent|to)"
    r"\W{1,3}(?:to\W{1,3})?\Z",
    re.IGNORECASE,
)
_NO_PERSONS = frozenset(
    "us me it him her them you this that page site more here there live hosted running available"  # noqa: SIM905
    " located served deployed resides reachable online arrived".split()
)
_NO_ADDRESS = lazy(
    r"[\W\d_]+|[0-9A-Fa-f-]{16,}|(?:sha\d+|md5|hash|hmac)[:_-].*|https?://\S*|smtp\S*"
    r"|(?:opt(?:ed)?|un)[-_ ]?\w*(?:in|out|ed)"
    r"|(?:usr|user|uid|id|acc|cus|tpl|tmpl|template|msg)[_-]\w*\d\w*",
    re.IGNORECASE,
)
# Names of algorithms and requests that no standard has, by who made them (RFC 4251, section 6).
_SSH_MAKERS = frozenset({"libssh.org", "lysator.liu.se", "openssh.com", "ssh.com"})
_SSH_NAME = lazy(r"(?=[a-z0-9-]*[0-9-]|zlib|fsync|statvfs|eow|keepalive|hostkeys)[a-z0-9-]+")
_NAME_LETTERS = lazy(r"[^\W\d_]+")


def email_address(candidate: Candidate) -> bool:
    """Accept an address; no file, version, unit, remote, node or login of a program."""
    local, _, domain = candidate.value.rpartition("@")
    if _is_masked(local, candidate.before(1)) or local.lower() in {"git", "hg", "svn"}:
        return False
    if domain.startswith("["):
        return _is_person(local)
    if local.isdigit() and len(local) < 5 and domain[0].isdigit():
        return False
    if domain in _SSH_MAKERS and _SSH_NAME.fullmatch(local):
        return False
    kind = _kind(domain, candidate)
    if not kind or _is_remote(local, domain, candidate) or _is_id(local, domain, candidate):
        return False
    return kind == "mail" or _is_named(local)


def email_quoted(candidate: Candidate) -> bool:
    """Accept a quoted first part before a domain that exists."""
    return bool(_kind(candidate.value.rpartition("@")[2], candidate))


def email_spelled(candidate: Candidate) -> bool:
    """Accept an address that is spelled out, by its domain and by who stands before it.

    Brackets around `at` are sign enough. A bare `at` or `@` stands in many sentences: there the
    first part must be a person's, or a word about mail stand before it.
    """
    found = _AT.search(candidate.value, 1)
    if found is None:
        return False
    local = ".".join(_DOT.split(candidate.value[: found.start()]))
    sign = found["at"].strip()
    domain = ".".join(_DOT.split(candidate.value[found.end() :]))
    if _kind(domain, candidate) != "mail" or _is_masked(local, candidate.before(1)):
        return False
    if sign[0] in "[({<":
        return not local.isdigit()
    if sign == "=40" or sign[0] in "_-":
        return _is_named(local)
    if sign == "@" and found["at"] == "@":
        return True
    enclosed = candidate.before(1) + candidate.after(1) == "<>"
    return (
        (enclosed and sign != "@")
        or _is_named(local)
        or (
            local.lower() not in _NO_PERSONS
            and not local.lower().endswith(("ed", "ing"))
            and local.lower() not in word_list("function_words")
            and _MAIL_CUE.search(candidate.before(24)) is not None
        )
    )


def email_value(candidate: Candidate) -> bool:
    """Accept the value of an e-mail field; in running text only what has an `@`."""
    value = candidate.value.strip()
    if re.search(r"\*{2,}|[•…]|\[[A-Z_]+\]", value):
        return False
    if "@" in value:
        return candidate.whole or not value.startswith("@")
    if not candidate.whole or " " in value or value.lower() in word_list("status_words"):
        return False
    return _NO_ADDRESS.fullmatch(value) is None


def email_mailbox(candidate: Candidate) -> bool:
    """Accept `name@host` unless a machine or a program stands on either side."""
    local, _, host = candidate.value.partition("@")
    return _is_person(local) and not any(map(str.isdigit, host))


def _kind(domain: str, candidate: Candidate) -> str:
    """Return `mail` for a domain that may hold mailboxes, `internal` for one within a network."""
    domain = _GLUED.sub("", domain)
    labels = domain.lower().split(".")
    top = labels[-1]
    if len(labels) < 2 or _VERSION.match(domain.lower()) or top in _UNITS:
        return ""
    if top in _INTERNAL:
        return "internal"
    if not (top.isascii() and top in word_list("top_level_domains")) and not (
        not top.isascii() or top.startswith("xn--")
    ):
        strong = any(label in _STRONG for label in labels[1:-1])
        return "mail" if strong else ""
    if top in _NO_DOMAINS or (len(labels) == 2 and top in _WORDS and _NUMBER.fullmatch(labels[0])):
        return ""
    if top in _FILES and ("/" in candidate.before(64) or re.match(r":\d", candidate.after(2))):
        return ""
    return "mail"


def _is_masked(local: str, before: str) -> bool:
    """Tell whether a first part is masked in part or whole, or a variable."""
    return (
        before in _MASK_BEFORE
        or local.lower() in _MASKED
        or re.fullmatch(r"%[a-z]|%\w+%?", local) is not None
    )


def _is_remote(local: str, domain: str, candidate: Candidate) -> bool:
    """Tell whether an address is where a program logs in: a remote, a URL's user, a node."""
    before = candidate.before(80)
    if "//" in before and (user := _LOGIN_OF_URL.search(before)) is not None:
        return _is_program_of_url(local, user[0], candidate)
    if (
        _SCP_PATH.match(candidate.after(64))
        or (before.endswith("/") and _PINNED.search(before))
        or local.lower() in _NODES
        # A service of Kerberos and the host that it runs on.
        or (before.endswith("/") and domain.isupper() and "." in local)
    ):
        return True
    on_host = _REMOTE_SHELL.search(before) or (
        domain.count(".") > 1 and _NUMBERED_HOST.fullmatch(domain.lower().partition(".")[0])
    )
    return bool(on_host) and not _is_person(local)


def _is_program_of_url(local: str, user: str, candidate: Candidate) -> bool:
    """Tell whether what stands between `//` and a host is a token, a role or a program."""
    if ":" in user or (user == "//" and len(local) >= 20) or not _is_person(local):
        return True
    before = candidate.before(80)
    if before.endswith("ssh://") and _GIT_PATH.match(candidate.after(120)):
        return True
    return _DATABASE.search(before) is not None


def _is_id(local: str, domain: str, candidate: Candidate) -> bool:
    """Tell whether it is the id of a message or an event, which looks like an address."""
    if domain.lower().endswith(("noreply.github.com", "qq.com")):
        return False
    return _MADE_BY_MACHINE.fullmatch(local) is not None or (
        len(_TURNS.findall(local)) > 5 or _MESSAGE_ID.search(candidate.before(24)) is not None
    )


def _is_person(local: str) -> bool:
    """Tell whether a login may be a person's: no service account, no number."""
    name = local.lower()
    return not (
        name in word_list("service_accounts")
        or name in _MACHINES
        or name in _NODES
        or name.isdigit()
    )


def _is_named(local: str) -> bool:
    """Tell whether a login is made of a person's name: `alice`, `alice.smith`, `a.smith`."""
    given = word_list("given_names")
    parts = _NAME_LETTERS.findall(local.lower())
    if any(part in given for part in parts):
        return True
    return re.fullmatch(r"[a-z]\.[a-z]{3,}", local.lower()) is not None


CHECKS: dict[str, Check] = {
    "email_address": email_address,
    "email_mailbox": email_mailbox,
    "email_quoted": email_quoted,
    "email_spelled": email_spelled,
    "email_value": email_value,
}
