"""Moving windows in this process's memory: who did how much lately.

The memory storage of `limits` looks through all its keys every few milliseconds, which stalls a
gateway with a thousand callers for tens of milliseconds; this one looks at two keys a call. What is
shared between processes is left to `limits` and Redis.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Address classes are many, and a window may last for hours.
_MOST_CALLERS = 100_000
_SWEPT = 2


class Window:
    """At most so many calls of each caller in any so many seconds."""

    def __init__(self, amount: int, seconds: float, now: Callable[[], float]) -> None:
        """Take the limit, and what tells the time in seconds; it never goes back."""
        self._amount = amount
        self._seconds = seconds
        self._now = now
        # Caller -> when its latest calls were; who called last stands last.
        self._calls: OrderedDict[bytes, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._calls)

    def hit(self, who: bytes) -> float | None:
        """Count a call, or return for how many seconds the caller must wait; then none counts."""
        now = self._now()
        self._forget(now)
        calls = self._calls.get(who)
        if calls is None:
            calls = self._calls[who] = deque(maxlen=self._amount)
        elif len(calls) == self._amount and (wait := calls[0] + self._seconds - now) > 0:
            return wait
        calls.append(now)
        self._calls.move_to_end(who)
        return None

    def _forget(self, now: float) -> None:
        # A call adds one at most, and two are looked at: all are found in time.
        for _ in range(_SWEPT):
            if not self._calls:
                return
            who, calls = next(iter(self._calls.items()))
            if calls[-1] + self._seconds > now and len(self._calls) < _MOST_CALLERS:
                return
            del self._calls[who]
