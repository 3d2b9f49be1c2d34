"""Whether a receiver is asked at all: one that fails again and again is left alone for a while.

After some failed calls in a row, or where the receiver asked to wait, nothing is sent for a time.
Then a single call shows whether it is back; each one that fails makes the next wait longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.relay.backoff import Backoff


class Circuit:
    """The state of one receiver; times are seconds of one steady clock."""

    def __init__(self, pauses: Backoff, random: Callable[[], float], *, failures: int = 8) -> None:
        """Begin closed: calls may be made.

        Args:
            pauses: How long it stays open, by how often it opened in a row.
            random: Returns a number from 0 to below 1.
            failures: So many failed calls in a row open it.
        """
        self._random = random
        self._most = failures
        self._pauses = pauses
        self._failures = 0
        self._openings = 0
        self.closed = True
        self.probing = False
        self.opens_at = 0.0

    def may_send(self, now: float) -> bool:
        """Return whether a call may begin now; where it may only be one, it is this one."""
        if self.closed:
            return True
        if self.probing or now < self.opens_at:
            return False
        self.probing = True
        return True

    def succeeded(self) -> bool:
        """Take that the receiver answered; return whether it was left alone before."""
        was_open = not self.closed
        self._failures = self._openings = 0
        self.closed = True
        self.probing = False
        return was_open

    def failed(self, now: float, asked: float | None = None) -> None:
        """Take that a call failed.

        Args:
            now: When.
            asked: How many seconds the receiver wants to be left alone.
        """
        self._failures += 1
        if self.closed and asked is None and self._failures < self._most:
            return
        if self.closed or self.probing:
            self._openings += 1
            self.opens_at = now + self._pauses.delay(self._openings, self._random)
        if asked is not None:
            self.opens_at = max(self.opens_at, now + asked)
        self.closed = False
        self.probing = False
