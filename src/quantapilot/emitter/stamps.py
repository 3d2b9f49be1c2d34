"""What every event is stamped with once: an id, and the time.

Ids are UUIDs of version 7 (RFC 9562, section 5.7), or such UUIDs as TypeIDs where a contract has a
prefix for them: an outbox stores either in order.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache

# Drawn from the system many at a time: each call would let another thread take the interpreter.
_BYTES = 10
_DRAWN = 256
_POOL: list[bytes] = []
# A process that is forked would draw the same.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_POOL.clear)

# Without the letters that are taken for others.
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
# The two bits of the variant (RFC 9562, section 4.1) with two that are random.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def new_id() -> str:
    """Return a new id: 48 bits of milliseconds since the epoch, and 74 that are random."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    chance = _chance().hex()
    return (
        f"{moment[:8]}-{moment[8:]}-7{chance[:3]}-{_VARIANT[chance[3]]}{chance[4:7]}-{chance[7:19]}"
    )


def new_typeid(prefix: str) -> str:
    """Return a new id as TypeID 0.3 writes it: a prefix, and a UUID in Crockford's base 32."""
    number = int(new_id().replace("-", ""), 16)
    digits = "".join([_BASE32[number >> at & 31] for at in range(125, -1, -5)])
    return f"{prefix}_{digits}"


def _chance() -> bytes:
    try:
        return _POOL.pop()
    except IndexError:
        drawn = os.urandom(_DRAWN * _BYTES)
    _POOL.extend([drawn[at : at + _BYTES] for at in range(_BYTES, len(drawn), _BYTES)])
    return drawn[:_BYTES]


def now() -> str:
    """Return the time as RFC 3339 has it, in UTC, with milliseconds."""
    moment = time.time_ns() // 1_000_000
    return f"{_second(moment // 1_000)}.{moment % 1_000:03d}Z"


@lru_cache(maxsize=8)
def _second(moment: int) -> str:
    # Asked for thousands of times a second.
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
