"""How a relay delivers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from quantapilot.relay.backoff import Backoff


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How a relay delivers; the defaults suit a webhook.

    Attributes:
        ordered: Whether an event waits until the one before it of the same subject arrived or
            never will; different subjects go side by side.
        backoff: How long an event waits before it is sent again.
        pauses: How long a receiver that is down is left alone between two tries.
        max_attempts: An event that was tried so often is dead. With the default waits that is
            about three days of an event that its receiver refuses while it takes others.
        window: How many events are read from the outbox at once.
        deadline: Seconds that one call may take, whatever the sink's own deadline is.
        grace: Seconds that calls under way may take once the relay is to stop.
        give_up_after: Seconds after which `drain` ends although something waits; None: never.
    """

    ordered: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    pauses: Backoff = field(default_factory=partial(Backoff, first=0.5, cap=30.0))
    max_attempts: int = 1750
    window: int = 500
    deadline: float = 120.0
    grace: float = 10.0
    give_up_after: float | None = None

    def __post_init__(self) -> None:
        if self.max_attempts < 1 or self.window < 1:
            raise ValueError("max_attempts and window are 1 or more")
        # Written so that a number that is none is refused too.
        if not self.deadline > 0 or not self.grace >= 0:
            raise ValueError("deadline is above zero, grace not below")
        if self.give_up_after is not None and not self.give_up_after >= 0:
            raise ValueError("give_up_after is not below zero")
