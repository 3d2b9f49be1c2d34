"""What the emitter, the outbox and the relay ask of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.sinks.sink import Message

# A sink's position on one event. Delivered events are known by the sink's progress alone.
State = Literal["delivered", "waiting", "dead", "dropped"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to be stored; `body` is its JSON, and every sink is sent these bytes."""

    id: str
    type: str
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that a sink still has to get, how often it was tried, and when it is due.

    `due` is in seconds since the epoch; 0 where it was never tried.
    """

    message: Message
    attempts: int = 0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one event at one sink: to be recorded.

    `attempts` counts what was tried so far, `due` is when a waiting one is tried again, and
    `reason` is a few words on why it did not arrive.
    """

    seq: int
    state: State
    attempts: int = 1
    due: float = 0.0
    reason: str = ""


class Ledger(Protocol):
    """What a relay asks of an outbox: all that is durable about deliveries."""

    def register(self, sink: str) -> str | None:
        """Make a sink known, and return why it is disabled; None where it is not."""
        ...

    def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
        """Return, in order, the first events behind the place `after` that a sink has to get."""
        ...

    def settle(self, sink: str, settlements: Sequence[Settlement]) -> None:
        """Have outcomes recorded with the next commit; it does not wait for it."""
        ...

    def disable(self, sink: str, reason: str) -> None:
        """Have recorded that a sink wants no more events; its events stay."""
        ...

    def flush(self) -> None:
        """Wait until all that was to be recorded is committed."""
        ...


class TellingLedger(Ledger, Protocol):
    """A ledger that tells by itself of what it was given to be delivered."""

    def on_commit(self, told: Callable[[], None]) -> None:
        """Have `told` called, from another thread, whenever events were added."""
        ...
