"""Signatures of webhooks, by Standard Webhooks v1: made for each delivery, verified on arrival.

Receivers use it too: it needs nothing but the standard library. The scheme is that of
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import re
import secrets as random
import string
import time
from base64 import b64decode, b64encode
from binascii import b2a_base64
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from quantapilot.errors import SecretError, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from quantapilot.errors import SignatureReason

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
TOLERANCE = 300

_HEADERS = frozenset({ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER})
_PREFIX = "whsec_"
# The public key of the scheme's asymmetric variant, and its secret one.
_ASYMMETRIC = ("whpk_", "whsk_")
_KEY_BYTES = range(24, 64 + 1)
# 285 bits, and no padding behind them in base64.
_NEW_KEY_CHARACTERS = 48
# With a full stop in the id, one signature would hold for several splits of what was signed.
_ID = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,10}")
_VERSION = "v1"
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")
# Some 170 signatures: more than any sender makes, and little work.
_MOST_SIGNATURE_CHARACTERS = 8192

# Reason -> what is wrong and what to do; the text of the error.
REASONS: dict[SignatureReason, str] = {
    "missing-id": f"there is no header '{ID_HEADER}'; pass on all headers of the request",
    "missing-timestamp": (
        f"there is no header '{TIMESTAMP_HEADER}'; pass on all headers of the request"
    ),
    "missing-signature": (
        f"there is no header '{SIGNATURE_HEADER}'; pass on all headers of the request, "
        "and ask the sender whether it signs"
    ),
    "duplicate-header": (
        "one of the three 'webhook-' headers stands there twice; refuse such a request, "
        "and look for a proxy that adds headers"
    ),
    "bad-id": (
        f"'{ID_HEADER}' is not 1 to 256 visible ASCII characters without a full stop; "
        "the sender must choose other ids"
    ),
    "bad-timestamp": (
        f"'{TIMESTAMP_HEADER}' is not a whole number of seconds since 1970 in plain digits; "
        "the sender must write it so"
    ),
    "bad-signature-format": (
        f"'{SIGNATURE_HEADER}' is not a list of signatures such as 'v1,' and 44 characters of "
        "base64, one space between them; it was cut or changed, or is of another scheme"
    ),
    "unknown-version": (
        f"'{SIGNATURE_HEADER}' has no signature of version v1; ask the sender to sign with "
        "HMAC-SHA256 and a 'whsec_' secret"
    ),
    "too-old": (
        "it was signed longer ago than is tolerated; it is an old request that is sent again, "
        "or a clock is wrong"
    ),
    "too-new": "it was signed in the future; set the clocks of sender and receiver",
    "no-match": (
        "no signature belongs to this body and a known secret; verify the bytes as they came, "
        "before anything parses them, and compare the secret with the sender's"
    ),
}


class HasItems(Protocol):
    """Headers as frameworks hold them: a mapping, or what gives one header several times."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the names and values."""
        ...


Headers: TypeAlias = "HasItems | Iterable[tuple[str | bytes, str | bytes]]"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signature vouches for, beside the body.

    Attributes:
        message_id: The event's id, the same in every delivery: what to de-duplicate by.
        timestamp: When this delivery was signed, in seconds since the epoch.
        key: The place of the secret that it holds for, from 0.
    """

    message_id: str
    timestamp: int
    key: int


class Signer:
    """Signs with one secret, or with several while they rotate; safe to share between threads."""

    __slots__ = ("_states",)

    def __init__(self, secrets: Sequence[str]) -> None:
        """Take the secrets; each of them makes a signature.

        Args:
            secrets: Of the form `whsec_` and base64, as `new_secret` makes them.

        Raises:
            SecretError: There is none, or one can't be used.
        """
        self._states = _states(secrets)

    def __repr__(self) -> str:
        return f"<Signer with {len(self._states)} keys>"

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """Return the value of the header `webhook-signature`: a signature for each key.

        Args:
            message_id: The event's id: visible ASCII without a full stop.
            timestamp: When it is sent, in seconds since the epoch.
            body: The bytes as they are sent.

        Raises:
            SignatureError: The id or the timestamp can't be sent; the reason is `bad-id` or
                `bad-timestamp`.
        """
        if not _ID.fullmatch(message_id):
            raise _refused("bad-id")
        if not _TIMESTAMP.fullmatch(written := str(timestamp)):
            raise _refused("bad-timestamp")
        made = _signatures(self._states, message_id, written, body)
        return " ".join([f"{_VERSION},{each}" for each in made])

    def headers(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """Return the three headers of a delivery; arguments and errors as `sign` has them."""
        return {
            ID_HEADER: message_id,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: self.sign(message_id, timestamp, body),
        }


def verify(
    headers: Headers,
    body: bytes,
    secrets: Sequence[str],
    *,
    tolerance: int = TOLERANCE,
    now: Callable[[], float] = time.time,
) -> Verified:
    """Return what a webhook's signature vouches for; it holds for one of the secrets.

    Args:
        headers: All headers of the request, in any case: a mapping, or pairs of names and values.
        body: The bytes of the request, as they came.
        secrets: The sender's, of the form `whsec_` and base64; several while they rotate.
        tolerance: How many seconds the time of signing may lie away.
        now: Returns the time, in seconds since the epoch.

    Raises:
        SignatureError: It does not hold; the reason is one of `REASONS`.
        SecretError: There is no secret, or one can't be used.
    """
    states = _states(secrets)
    found = _found(headers)
    message_id = _required(found, ID_HEADER, "missing-id")
    if not _ID.fullmatch(message_id):
        raise _refused("bad-id")
    written = _required(found, TIMESTAMP_HEADER, "missing-timestamp")
    if not _TIMESTAMP.fullmatch(written):
        raise _refused("bad-timestamp")
    candidates = _candidates(_required(found, SIGNATURE_HEADER, "missing-signature"))
    timestamp = int(written)
    age = now() - timestamp
    if not -tolerance <= age <= tolerance:
        raise _refused("too-new" if age < 0 else "too-old")
    key = _matching(_signatures(states, message_id, written, body), candidates)
    if key is None:
        raise _refused("no-match")
    return Verified(message_id, timestamp, key)


def new_secret() -> str:
    """Return a new secret: `whsec_` and the base64 of a key of 48 random letters and digits.

    Its key is text, so that programs whose keys are text can verify with `secret_text` of it.
    """
    alphabet = string.ascii_letters + string.digits
    key = "".join(random.choice(alphabet) for _ in range(_NEW_KEY_CHARACTERS))
    return _PREFIX + b64encode(key.encode()).decode()


def secret_text(secret: str) -> str:
    """Return the key of a secret as text, for programs that take a key as text, such as n8n.

    Raises:
        SecretError: The secret can't be used, or its key is not visible ASCII.
    """
    (key,) = _keys([secret])
    if not all(0x21 <= byte <= 0x7E for byte in key):
        raise SecretError(
            "the key of this secret is no text, so it can't be pasted anywhere; "
            "make another secret with new_secret()"
        )
    return key.decode()


def _refused(reason: SignatureReason) -> SignatureError:
    return SignatureError(reason, REASONS[reason])


def _keys(secrets: Sequence[str]) -> list[bytes]:
    if isinstance(secrets, (str, bytes)):
        raise SecretError("secrets are a list of texts, and one text was given")
    if not secrets:
        raise SecretError("there is no secret; give one of the form 'whsec_' and base64")
    return [_key(secret, f"secret {place}") for place, secret in enumerate(secrets, 1)]


def _key(secret: str, name: str) -> bytes:
    # As a variable of the environment that is not set.
    if not isinstance(secret, str):
        raise SecretError(f"{name} is no text; give one of the form 'whsec_' and base64")
    if secret.startswith(_ASYMMETRIC):
        raise SecretError(
            f"{name} is of an asymmetric key pair, which is not supported; "
            "ask for one that begins with 'whsec_'"
        )
    if not secret.startswith(_PREFIX):
        raise SecretError(f"{name} does not begin with 'whsec_'; copy it whole")
    encoded = secret.removeprefix(_PREFIX)
    key = None
    # The cause may hold the secret, so nothing is raised where it is caught.
    with suppress(ValueError):
        # Some makers leave the padding out.
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    if key is None:
        raise SecretError(f"{name} is not base64 behind 'whsec_'; copy it whole")
    if len(key) not in _KEY_BYTES:
        raise SecretError(
            f"{name} does not hold {_KEY_BYTES[0]} to {_KEY_BYTES[-1]} bytes; "
            "copy it whole, or make one with new_secret()"
        )
    return key


def _states(secrets: Sequence[str]) -> list[hmac.HMAC]:
    # Keyed once: a copy of a state costs less than a key.
    return [hmac.new(key, digestmod="sha256") for key in _keys(secrets)]


def _signatures(states: list[hmac.HMAC], message_id: str, written: str, body: bytes) -> list[str]:
    content = f"{message_id}.{written}.".encode() + body
    made = []
    for state in states:
        mac = state.copy()
        mac.update(content)
        made.append(b2a_base64(mac.digest(), newline=False).decode())
    return made


def _found(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    pairs = headers.items() if hasattr(headers, "items") else headers
    for name, value in pairs:
        key = _text(name).lower()
        if key not in _HEADERS:
            continue
        if key in found:
            raise _refused("duplicate-header")
        found[key] = _text(value)
    return found


def _text(part: object) -> str:
    if isinstance(part, bytes):
        # The octets of a header field, RFC 9110, section 5.5.
        return part.decode("latin-1")
    # What JSON may have made of a header, such as a list, is refused as an empty value is.
    return part if isinstance(part, str) else ""


def _required(found: dict[str, str], name: str, reason: SignatureReason) -> str:
    if name not in found:
        raise _refused(reason)
    return found[name]


def _candidates(header: str) -> list[bytes]:
    if len(header) > _MOST_SIGNATURE_CHARACTERS:
        raise _refused("bad-signature-format")
    found = []
    for part in header.split(" "):
        version, comma, signature = part.partition(",")
        if not comma or (version == _VERSION and not _SIGNATURE.fullmatch(signature)):
            raise _refused("bad-signature-format")
        if version == _VERSION:
            found.append(signature.encode())
    if not found:
        raise _refused("unknown-version")
    return found


def _matching(made: list[str], candidates: list[bytes]) -> int | None:
    """Return the place of the first key that a candidate is of.

    All are compared, whatever came out before: the time tells nothing.
    """
    matching = None
    for place, signature in enumerate(made):
        expected = signature.encode()
        equal = [hmac.compare_digest(expected, candidate) for candidate in candidates]
        if any(equal) and matching is None:
            matching = place
    return matching
