"""What makes an address of something that looks like one."""

from __future__ import annotations

import re

from quantapilot.pii.candidate import Candidate, Check, word_list

_FILE_SUFFIXES = re.compile(
    r"bmp|bz2|cfg|conf|css|csv|device|gif|gz|html|ico|img|ini|jpe?g|jsx?|json|lock|log|md|mjs"
    r"|mount|path|pdf|php|png|py|rb|rs|scope|service|slice|so|socket|sock|svg|swap|tar|target|tgz"
    r"|timer|toml|tsx?|txt|webp|whl|xml|ya?ml|zip",
    re.IGNORECASE,
)
_LOGIN_OF_URL = re.compile(r"//[^\s/@]*\Z")
_SCP_PATH = re.compile(r":(?!\d+(?:\D|\Z))[\w.~/-]")


def email_address(candidate: Candidate) -> bool:
    """Accept an address; no file name, no `git@host:path`, no `user:password@` of a URL."""
    local, _, domain = candidate.value.rpartition("@")
    if _FILE_SUFFIXES.fullmatch(domain.rpartition(".")[2]):
        return False
    if local.lower() in {"git", "hg", "svn"}:
        return False
    if _SCP_PATH.match(candidate.after(3)) and "/" in candidate.after(64):
        return False
    user = _LOGIN_OF_URL.search(candidate.before(80))
    return user is None or (":" not in user[0] and not (user[0] == "//" and len(local) >= 20))


def email_value(candidate: Candidate) -> bool:
    """Accept the value of an e-mail field; in running text only what has an `@`."""
    value = candidate.value
    return "@" in value or (candidate.whole and value.lower() not in word_list("status_words"))


CHECKS: dict[str, Check] = {
    "email_address": email_address,
    "email_value": email_value,
}
