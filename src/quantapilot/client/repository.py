"""What to run where nobody says it: the repository and the branch that one works in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quantapilot.errors import InputError
from quantapilot.inputs.git import repository

_WEB = re.compile(r"(?P<scheme>https://)(?:[^/]*@)?(?P<rest>[^@\s]+)", re.IGNORECASE)
_SSH = re.compile(r"(?:ssh://)?git@[^@\s]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What git says of the current folder; None where it says nothing that could be run."""

    repo_url: str | None = None
    branch: str | None = None


def surroundings() -> Surroundings:
    """Return the remote `origin` and the branch of the repository around the current folder.

    Nothing that is wrong with it is an error: it is only offered.
    """
    try:
        here = repository()
        remote = here.try_to("remote", "get-url", "origin")
        branch = here.try_to("symbolic-ref", "--quiet", "--short", "HEAD")
    except InputError:
        return Surroundings()
    return Surroundings(
        without_credentials(remote) if remote else None,
        branch if branch and branch.isprintable() else None,
    )


def branches() -> list[str]:
    """Return the names of the branches of the repository around the current folder."""
    try:
        told = repository().ask("for-each-ref", "--format=%(refname:short)", "refs/heads")
    except InputError:
        return []
    return [name for name in told.decode("utf-8", "replace").splitlines() if name.isprintable()]


def without_credentials(remote: str) -> str | None:
    """Return the address of a remote as others may know it; None where it is only for oneself.

    Credentials are left out. A folder, another protocol or a user's own login is no address that a
    pipeline could clone from.
    """
    if not remote.isprintable():
        return None
    if web := _WEB.fullmatch(remote):
        return f"{web['scheme'].lower()}{web['rest']}"
    return remote if _SSH.fullmatch(remote) else None
