"""A subscription's webhook as a sink that ends by itself where nothing has arrived for days."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from quantapilot.sinks.sink import Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.sinks.sink import Message, Outcome, Sink

# The largest that fits is told.
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Patience:
    """Judges what became of one subscription's deliveries; it outlives the change of a key.

    Attributes:
        trouble: Why the last one did not arrive; empty where it did.
    """

    def __init__(
        self,
        lasts: float,
        pause: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        failing: float | None = None,
    ) -> None:
        """Begin without any trouble, or go on with what there was.

        Args:
            lasts: For how many seconds all may fail.
            pause: The longest between two tries: beyond it nothing was tried, and it begins anew.
            clock: Returns seconds of a steady clock.
            failing: For how many seconds all has failed already; None where it has not.
        """
        self.trouble = ""
        self._lasts = lasts
        self._pause = pause
        self._clock = clock
        self._last = clock()
        self._since = None if failing is None else self._last - failing

    def judged(self, outcome: Outcome) -> Outcome:
        """Return an outcome, or that the receiver gets nothing more where all fail for too long."""
        if isinstance(outcome, Delivered):
            self.trouble = ""
            self._since = None
            return outcome
        self.trouble = outcome.reason
        if not isinstance(outcome, Retry):
            return outcome
        now = self._clock()
        if self._since is None or now - self._last > self._pause:
            self._since = now
        self._last = now
        if now - self._since < self._lasts:
            return outcome
        return Disabled(f"no delivery for {_spoken(self._lasts)}: {outcome.reason}")


class Addressee:
    """Sends to a subscription's webhook, by the subscription's name."""

    batch = 1

    def __init__(
        self,
        subscription_id: str,
        webhook: Sink,
        patience: Patience,
        counted: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        """Take where events go.

        Args:
            subscription_id: What its progress goes by in the store.
            webhook: What sends.
            patience: What judges how that goes.
            counted: Is told what became of each attempt.
        """
        self.name = subscription_id
        self.in_flight = webhook.in_flight
        self._webhook = webhook
        self._patience = patience
        self._counted = counted

    async def open(self) -> None:
        """Make ready to send."""
        await self._webhook.open()

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Send events, and return what became of each."""
        outcomes = [self._patience.judged(each) for each in await self._webhook.send(batch)]
        for each in outcomes:
            self._counted(each)
        return outcomes

    async def close(self) -> None:
        """Close all connections."""
        await self._webhook.close()


def _spoken(seconds: float) -> str:
    whole = max(round(seconds), 1)
    unit, size = next(each for each in _UNITS if whole >= each[1])
    count = whole // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
