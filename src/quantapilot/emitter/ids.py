"""Ids of events: UUIDs of version 7 (RFC 9562, section 5.7), which the outbox stores in order."""

from __future__ import annotations

import time
from os import urandom

# The two bits of the variant (RFC 9562, section 4.1) with two that are random.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def new_id() -> str:
    """Return a new id: 48 bits of milliseconds since the epoch, and 74 that are random."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    chance = urandom(10).hex()
    return (
        f"{moment[:8]}-{moment[8:]}-7{chance[:3]}-{_VARIANT[chance[3]]}{chance[4:7]}-{chance[7:19]}"
    )
