"""How far deliveries are: a picture of one moment, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SinkProgress:
    """How far one sink is since its relay began.

    Attributes:
        name: The sink's name.
        delivered: Events that arrived.
        dead: Events that never will.
        waiting: Events that are known to wait, those that are retried and under way included.
        retrying: Those of them that were tried in vain and wait for their time.
        more: Whether further events may stand in the outbox that were not looked at yet.
        in_flight: Calls under way.
        limit: Calls that may be under way.
        rate: Events a second that arrived in the last seconds.
        paused: Whether the receiver is left alone for a while.
        reason: Why the last event that did not arrive did not; empty where all did.
        disabled: Why the receiver wants no more events; None where it does.
    """

    name: str
    delivered: int = 0
    dead: int = 0
    waiting: int = 0
    retrying: int = 0
    more: bool = True
    in_flight: int = 0
    limit: int = 1
    rate: float = 0.0
    paused: bool = False
    reason: str = ""
    disabled: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing waits for this sink."""
        return not self.waiting and not self.more


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a relay is.

    Attributes:
        sinks: Each of its sinks.
        running: Whether it delivers.
        failure: Why it ended without being asked to; None where it did not.
    """

    sinks: tuple[SinkProgress, ...] = ()
    running: bool = False
    failure: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing waits, and no sink is disabled."""
        return all(sink.settled and sink.disabled is None for sink in self.sinks)
