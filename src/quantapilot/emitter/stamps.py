"""What every event is stamped with once: an id, and the time.

Ids are UUIDs of version 7 (RFC 9562, section 5.7): an outbox stores them in order.
"""

from __future__ import annotations

import time
from functools import lru_cache
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


def now() -> str:
    """Return the time as RFC 3339 has it, in UTC, with milliseconds."""
    moment = time.time_ns() // 1_000_000
    return f"{_second(moment // 1_000)}.{moment % 1_000:03d}Z"


@lru_cache(maxsize=8)
def _second(moment: int) -> str:
    # Asked for thousands of times a second.
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
