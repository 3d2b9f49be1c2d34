"""What a receiver was sent, an id at a time: small enough for millions of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Heard:
    """What came under one id.

    Attributes:
        seen: How often a whole request came.
        accepted: How often it was answered 2xx.
        digest: BLAKE2b of the first body, 8 bytes long.
        differed: Whether another body came later.
    """

    seen: int
    accepted: int
    digest: bytes
    differed: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """What came in all.

    Attributes:
        requests: How many whole requests came.
        modes: How many of them met each mode.
        ids: How many ids there are.
        accepted: How many ids were answered 2xx at least once.
        repeated: How many ids were answered 2xx more than once.
        differed: How many ids came with more than one body.
        unverified: How many requests had no signature that holds.
        unnamed: How many requests had no id.
    """

    requests: int = 0
    modes: Mapping[str, int] = field(default_factory=dict)
    ids: int = 0
    accepted: int = 0
    repeated: int = 0
    differed: int = 0
    unverified: int = 0
    unnamed: int = 0


class Record:
    """What came under which id, in about 150 bytes an id.

    One number an id: 64 bits of digest, then 1 bit "differed", then 31 bits each of how often it
    was seen and accepted.
    """

    def __init__(self) -> None:
        self._heard: dict[bytes, int] = {}

    def see(self, message_id: str, body: bytes) -> bytes:
        """Note a request, and return what `accept` knows it by."""
        key = _key(message_id)
        digest = int.from_bytes(blake2b(body, digest_size=8).digest())
        known = self._heard.get(key)
        if known is None:
            known = digest << 63
        elif known >> 63 != digest:
            known |= 1 << 62
        self._heard[key] = known + (1 << 31)
        return key

    def accept(self, key: bytes) -> None:
        """Note that a request was answered 2xx."""
        self._heard[key] += 1

    def heard(self, message_id: str) -> Heard | None:
        """Return what came under an id; None where nothing did."""
        known = self._heard.get(_key(message_id))
        if known is None:
            return None
        low = (1 << 31) - 1
        return Heard(
            seen=(known >> 31) & low,
            accepted=known & low,
            digest=(known >> 63).to_bytes(8),
            differed=bool(known >> 62 & 1),
        )

    def counts(self) -> dict[str, int]:
        """Return how many ids there are, were accepted, were so repeatedly, and differed."""
        low = (1 << 31) - 1
        accepted = [each & low for each in self._heard.values()]
        return {
            "ids": len(accepted),
            "accepted": sum(each > 0 for each in accepted),
            "repeated": sum(each > 1 for each in accepted),
            "differed": sum(each >> 62 & 1 for each in self._heard.values()),
        }


def _key(message_id: str) -> bytes:
    # Ids are as long as their makers like; 16 bytes tell millions of them apart.
    return blake2b(message_id.encode("utf-8", "surrogateescape"), digest_size=16).digest()
