"""How long to wait before an event is sent again: longer each time, and never all at once.

Full jitter: any time between nothing and a bound that doubles with each attempt, so that senders
that failed together do not come back together.
Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# No float holds 2 ** 1024, and every cap is reached long before.
_MOST_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times in seconds.

    Attributes:
        first: The longest wait behind the first attempt.
        cap: The longest wait at all, where the receiver did not ask for one.
        longest_after: The longest wait that a receiver may ask for.
    """

    first: float = 0.5
    cap: float = 300.0
    longest_after: float = 3600.0

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.cap:
            raise ValueError("a wait begins above zero and not above its cap")
        if self.longest_after < 0:
            raise ValueError("a wait that a receiver asks for is not negative")

    def bound(self, attempts: int) -> float:
        """Return the longest wait behind so many attempts, in seconds."""
        doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
        return min(self.cap, self.first * 2.0**doublings)

    def delay(
        self, attempts: int, random: Callable[[], float], after: float | None = None
    ) -> float:
        """Return how many seconds to wait.

        Args:
            attempts: How often it was tried so far, 1 or more.
            random: Returns a number from 0 to below 1.
            after: What the receiver asked for (RFC 9110, section 10.2.3), in seconds. It is the
                least to wait: some of the first wait comes on top, so that nothing is sent in a
                circle where it asked for no time at all.
        """
        if after is None:
            return self.bound(attempts) * random()
        return self.asked(after) + self.first * random()

    def asked(self, after: float) -> float:
        """Return what a receiver asked for within what it may ask for, in seconds."""
        # A number that is none compares to nothing.
        return min(after, self.longest_after) if after > 0 else 0.0

    @property
    def longest(self) -> float:
        """The longest wait there is, in seconds."""
        return max(self.cap, self.longest_after + self.first)
