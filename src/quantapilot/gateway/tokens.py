"""Tokens of the gateway: made once, shown once, and known again by a salted hash alone.

A token is `qpt_`, its id, and a secret. The id finds what is kept of it, the secret proves it.
"""

from __future__ import annotations

import hmac
import re
import secrets as random
import string
from hashlib import blake2b
from typing import TYPE_CHECKING

from quantapilot.gateway.model import Token

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "qpt_"
_ID_CHARACTERS = 12
# 238 bits: nobody guesses them, so a fast hash keeps them as well as a slow one.
_SECRET_CHARACTERS = 40
_SALT_BYTES = 16
_IDS = string.digits + string.ascii_lowercase
_SECRETS = string.digits + string.ascii_letters

TOKEN_ID = re.compile(rf"[0-9a-z]{{{_ID_CHARACTERS}}}")
_TOKEN = re.compile(rf"{_PREFIX}({TOKEN_ID.pattern})_([0-9A-Za-z]{{{_SECRET_CHARACTERS}}})")


def new_token(
    scopes: Iterable[str],
    projects: Iterable[str],
    now: float,
    *,
    label: str = "",
    expires_at: float | None = None,
) -> tuple[str, Token]:
    """Return a new token that is sent along, as its holder writes it, and what is kept of it.

    Args:
        scopes: What it may do.
        projects: The projects that it may do it with; `*` stands for all.
        now: The time, in seconds since the epoch.
        label: What it is for.
        expires_at: When it ends; None: never.
    """
    token_id, secret = _random(_IDS, _ID_CHARACTERS), _random(_SECRETS, _SECRET_CHARACTERS)
    salt = random.token_bytes(_SALT_BYTES)
    token = Token(
        token_id,
        "bearer",
        frozenset(scopes),
        frozenset(projects),
        now,
        label,
        salt,
        _digest(salt, secret),
        expires_at,
    )
    return f"{_PREFIX}{token_id}_{secret}", token


def new_signing_token(
    scopes: Iterable[str],
    projects: Iterable[str],
    now: float,
    *,
    label: str = "",
    expires_at: float | None = None,
) -> Token:
    """Return a new token that signs: its secret is derived from its id, and nothing proves it here.

    Arguments as `new_token` has them.
    """
    return Token(
        _random(_IDS, _ID_CHARACTERS),
        "signed",
        frozenset(scopes),
        frozenset(projects),
        now,
        label,
        expires_at=expires_at,
    )


def parsed(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a token as it is sent; None where it is written otherwise."""
    found = _TOKEN.fullmatch(text)
    return (found[1], found[2]) if found else None


def matches(token: Token | None, secret: str, now: float) -> bool:
    """Return whether a secret proves a token that holds now.

    The same is computed for a token that there is not, that ended, or that only signs: how long it
    takes tells nothing.

    Args:
        token: What is kept under the id that was sent; None where nothing is.
        secret: What was sent with it.
        now: The time, in seconds since the epoch.
    """
    known = token if token is not None and token.kind == "bearer" else _NOBODY
    equal = hmac.compare_digest(_digest(known.salt, secret), known.digest)
    return equal and known is token and known.live(now)


def _random(alphabet: str, length: int) -> str:
    return "".join(random.choice(alphabet) for _ in range(length))


def _digest(salt: bytes, secret: str) -> bytes:
    # RFC 7693, keyed; unlike an HMAC of OpenSSL's it does not let go of the interpreter.
    return blake2b(secret.encode(), key=salt, digest_size=32).digest()


# What is compared with where there is no token.
_NOBODY = new_token((), (), 0.0)[1]
