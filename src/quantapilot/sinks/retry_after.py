"""How long a server asks to be left alone: `Retry-After`, which nobody has to believe."""

from __future__ import annotations

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

# A server that asks for more than a day is asked again after one.
_LONGEST_WAIT = 86_400.0

_SECONDS = re.compile(r"[0-9]{1,9}")


def retry_after(value: str | None) -> float | None:
    """Return how many seconds a `Retry-After` asks for (RFC 9110, section 10.2.3).

    A day at most; None where there is none, or it can't be understood.
    """
    if value is None:
        return None
    value = value.strip(" \t")
    if _SECONDS.fullmatch(value):
        return min(float(value), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(value[:64])
        # A date without a zone is read as UTC, which HTTP's dates are in.
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - time.time()
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
