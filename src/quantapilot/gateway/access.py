"""Who sends a request: the live token that it proves, or nobody.

Nothing is told of why it is nobody: a token that ended, one that never was, and a wrong secret look
the same and take the same time.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.errors import SignatureError
from quantapilot.gateway.tokens import TOKEN_ID, matches, parsed
from quantapilot.signing import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.gateway.keys import Keys
    from quantapilot.gateway.model import Directory, Token

_AUTHORIZATION = b"authorization"
# RFC 9110, section 11.1: the scheme in any case, then one space or more.
_BEARER = re.compile(r"(?:bearer) +([0-9A-Za-z_]+)", re.IGNORECASE | re.ASCII)
# Of the right form and of nobody, for requests that name no key.
_NO_ID = "0" * 12


@dataclass(frozen=True, slots=True)
class SignedTrigger:
    """Who signed a trigger, and the id under which the sender would send it again."""

    token: Token
    message_id: str


class Access:
    """Tells whose token a request carries."""

    def __init__(
        self, directory: Callable[[], Directory], now: Callable[[], float] = time.time
    ) -> None:
        """Take what is known.

        Args:
            directory: Returns who may what, as of now.
            now: Returns the time, in seconds since the epoch.
        """
        self._directory = directory
        self._now = now

    def principal(self, headers: Sequence[tuple[bytes, bytes]]) -> Token | None:
        """Return the live token that a request carries in its one header `authorization`.

        Args:
            headers: All of the request, names in small letters, as ASGI has them.
        """
        token_id, secret = _sent(headers) or (_NO_ID, "")
        token = self._directory().tokens.get(token_id)
        return token if matches(token, secret, self._now()) else None


class SignedTriggers:
    """Tells who signed a trigger, by Standard Webhooks, with a key that the gateway derives."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        keys: Keys,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take what is known, and what derives the keys; else as `Access` has it."""
        self._directory = directory
        self._keys = keys
        self._now = now

    def principal(
        self, token_id: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> SignedTrigger | None:
        """Return who signed a request; None where the signature does not hold.

        The same is computed for a key that there is not: each id has a key, and only those of
        live tokens count.

        Args:
            token_id: Names the key, as the request does.
            headers: All of the request.
            body: Its bytes, as they came.
        """
        named = token_id if TOKEN_ID.fullmatch(token_id) else _NO_ID
        secret = self._keys.trigger_secret(named)
        try:
            verified = verify(headers, body, [secret], now=self._now)
        except SignatureError:
            return None
        token = self._directory().tokens.get(named)
        if token is None or token.kind != "signed" or not token.live(self._now()):
            return None
        return SignedTrigger(token, verified.message_id)


def _sent(headers: Sequence[tuple[bytes, bytes]]) -> tuple[str, str] | None:
    values = [value for name, value in headers if name == _AUTHORIZATION]
    if len(values) != 1:
        return None
    found = _BEARER.fullmatch(values[0].decode("latin-1"))
    return parsed(found[1]) if found else None
