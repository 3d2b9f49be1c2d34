"""How many calls a receiver gets at a time: as many as it answers quickly.

The number grows while answers are good and quick, goes down by one a round while they take more
than twice the best time, and halves when failures tell that it is too much. The best time is
measured anew now and then with a single call, else the queue that the calls make themselves would
pass for the receiver.
Sources: AIMD as in RFC 5681 (slow start, one cut a round); delay as a signal as in RFC 6817.
"""

from __future__ import annotations

import math

# More than a tenth of about the last so many calls is often.
_CALLS = 32
_OFTEN = 0.1


class Limit:
    """The calls at a time that one receiver gets; times are seconds of one steady clock."""

    def __init__(self, most: int, *, quick: float = 0.1, times: float = 2.0, afresh: float = 60.0):
        """Begin with one call.

        Args:
            most: Never more than this.
            quick: An answer within so many seconds is quick, whatever the best one was.
            times: So is one within so many times the best one.
            afresh: How many seconds the best time holds.
        """
        if most < 1:
            raise ValueError("a receiver gets at least one call at a time")
        self._most = float(most)
        self._quick = quick
        self._times = times
        self._afresh = afresh
        self._failing = 0.0
        self._cut = -math.inf
        self.restart(-math.inf)

    def restart(self, now: float) -> None:
        """Begin anew with one call, and forget the best time."""
        self._value = 1.0
        self._doubles = True
        self._best = math.inf
        self._began = now
        self.allowed = 1

    def answered(self, began: float, now: float, *, full: bool) -> None:
        """Take that a call was answered well.

        Args:
            began: When it began.
            now: When it was answered.
            full: Whether as many calls ran as are allowed: only then more can be of use.
        """
        if self._began == -math.inf:
            self._began = began
        if began < self._began:
            # It began among others, before the best time was forgotten: it tells nothing of it.
            return
        self._failing -= self._failing / _CALLS
        took = now - began
        self._best = min(self._best, took)
        if took <= self._quick or took <= self._times * self._best:
            if full and self._value < self._most:
                step = 1.0 if self._doubles else 1.0 / self._value
                self._value = min(self._most, self._value + step)
        else:
            self._doubles = False
            self._value = max(1.0, self._value - 1.0 / self._value)
        if self._value < self._most and now - self._began > self._afresh:
            self.restart(now)
        else:
            self.allowed = int(self._value)

    def failed(self, began: float, now: float, *, asked: bool = False) -> None:
        """Take that a call failed.

        It halves where that tells of too much to do: the receiver asked for time, took long, or
        fails often. A few events that it refuses quickly say nothing of the others. Calls that
        began before the last cut do not count again.

        Args:
            began: When it began.
            now: When it failed.
            asked: Whether the receiver asked for time.
        """
        self._failing += (1.0 - self._failing) / _CALLS
        if began < self._cut:
            return
        slow = now - began > max(self._quick, self._times * self._best)
        unknown = self._best == math.inf
        if not (asked or slow or unknown or self._failing > _OFTEN):
            return
        self._cut = now
        self._doubles = False
        self._value = max(1.0, self._value / 2)
        self.allowed = int(self._value)
