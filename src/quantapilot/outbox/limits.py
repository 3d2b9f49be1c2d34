"""What an outbox may hold, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What an outbox may hold; settled events give way before anyone has to wait.

    Attributes:
        events: The most events that are kept.
        bytes: The most bytes that their bodies take in all.
        wait: Seconds that an event waits for room before it is refused; 0 refuses at once.
        keep: Seconds that an event is kept after every sink has settled it, counted from when it
            was stored. An event that is sent in again under its id is known for that long.
        queue: The most events that wait in memory to be written.
        queue_bytes: The most bytes that their bodies take.
    """

    events: int = 1_000_000
    bytes: int = 1 << 30
    wait: float = 30.0
    keep: float = 7 * 86_400.0
    queue: int = 100_000
    queue_bytes: int = 1 << 28
